// Random numbers of a simulation: one seed, split by name into a stream for each part of the world, so that a new draw in
// one part does not reshuffle the others.

export interface Random {
	/** Uniform in [0, 1). */
	next(): number;
	/** A whole number in [0, limit). */
	below(limit: number): number;
	/** Uniform in [from, to). */
	between(from: number, to: number): number;
	/** In [from, to), each order of magnitude as likely as the next. */
	logBetween(from: number, to: number): number;
	chance(probability: number): boolean;
	pick<T>(list: readonly T[]): T;
	/** A stream of its own, the same for the same name whatever has been drawn here. */
	split(name: string): Random;
}

/** Makes the stream of a seed (mulberry32). */
export function createRandom(seed: number): Random {
	let state = seed >>> 0;
	function next(): number {
		state = (state + 0x6d2b79f5) >>> 0;
		return mix(state) / 2 ** 32;
	}
	return {
		next,
		below: (limit) => Math.floor(next() * limit),
		between: (from, to) => from + next() * (to - from),
		logBetween: (from, to) => from * (to / from) ** next(),
		chance: (probability) => next() < probability,
		pick: <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T,
		split: (name) => createRandom(hash(seed, name)),
	};
}

function mix(state: number): number {
	let mixed = Math.imul(state ^ (state >>> 15), state | 1);
	mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
	return (mixed ^ (mixed >>> 14)) >>> 0;
}

/** FNV-1a of the name, mixed with the seed. */
function hash(seed: number, name: string): number {
	let h = 0x811c9dc5 ^ mix(seed >>> 0);
	for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
	return mix(h >>> 0);
}
