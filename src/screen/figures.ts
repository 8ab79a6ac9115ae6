// Numbers as a person reads them: the same on every screen and in every report. Without Intl, whose tables cost megabytes.

/** With a comma between thousands. */
export function count(value: number): string {
	return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count in so many cells (7 at least): without commas where they do not fit, in thousand millions where it does not. */
export function shortCount(value: number, cells: number): string {
	if (count(value).length <= cells) return count(value);
	if (String(value).length <= cells) return String(value);
	return `${(value / 1e9).toFixed(value < 1e13 ? 2 : 0)} G`;
}

/** A rate that may be unknown. */
export function perSecond(rate: number | null): string {
	return rate === null ? "-" : `${count(rate)}/s`;
}

export function plural(value: number, noun: string): string {
	return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A share of 0 to 1 (or below 0, of a budget) to four decimals. Never rounded up: what is not all is not shown as all. */
export function percent(share: number | null): string {
	if (share === null) return "-";
	const shown = Math.floor(share * 1_000_000) / 10_000;
	if (!Number.isFinite(shown)) return "none";
	const [whole = "", decimals] = String(Math.abs(shown)).split(".");
	return `${shown < 0 ? "-" : ""}${count(Number(whole))}${decimals === undefined ? "" : `.${decimals}`} %`;
}

/** A time in the unit that suits it. */
export function span(ms: number | null): string {
	if (ms === null) return "-";
	if (ms < 1_000) return `${Math.round(ms)} ms`;
	if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
	if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
	return ms < 172_800_000 ? `${Math.round(ms / 360_000) / 10} h` : `${Math.round(ms / 8_640_000) / 10} d`;
}

/** A time that counts up before one's eyes, in whole seconds. */
export function uptime(ms: number): string {
	const seconds = Math.floor(ms / 1_000);
	if (seconds < 60) return `${seconds} s`;
	if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
	return `${Math.floor(seconds / 3_600)} h ${Math.floor(seconds / 60) % 60} min`;
}

/** A bar of eighths of a cell; anything at all shows. */
export function bar(part: number, cells: number): string {
	const eighths = Math.max(part > 0 ? 1 : 0, Math.round(Math.min(1, part) * cells * 8));
	const full = "█".repeat(Math.floor(eighths / 8));
	const rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8] ?? "";
	return (full + rest).padEnd(cells, "░");
}
