// The first glance of a page: what is wrong, and what to do about it. `title` is spoken by screen readers whenever it
// changes, so it holds no figure that runs; those are in `detail`.

export interface Problem {
	/** `bad`: what the program is for does not happen. `warn`: it does, but not all of it, or not for long. */
	readonly level: "bad" | "warn";
	readonly title: string;
	readonly detail: string;
	/** What to do, in a sentence or two. */
	readonly advice: string;
}

/** A number in a sentence: 65,536. */
export function count(value: number): string {
	return value.toLocaleString("en");
}

/** A number and its noun: 1 reading, 2 readings. */
export function counted(value: number, noun: string): string {
	return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A time in a sentence, in its two largest units: 12 s, 3 min 20 s, 2 h 5 min, 4 days 3 h. */
export function duration(ms: number): string {
	const seconds = Math.floor(ms / 1_000);
	const minutes = Math.floor(seconds / 60);
	const hours = Math.floor(minutes / 60);
	if (minutes === 0) return `${seconds} s`;
	if (hours === 0) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
	if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
	return `${Math.floor(hours / 24)} days ${hours % 24} h`;
}
