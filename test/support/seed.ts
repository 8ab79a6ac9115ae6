// The seed of a random test: new for each run, printed, and taken from TALLYWIRE_SEED to see a failure again.
// fast-check takes it from here too, and makes arrays and texts as long as their maxLength says, not of ten at the most.
import fc from "fast-check";

/** A 31-bit seed. */
export const seed: number = Number(process.env["TALLYWIRE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${seed}`);
fc.configureGlobal({ seed, defaultSizeToMaxWhenMaxSpecified: true });

/** Uniform numbers in [0, 1) from a seed (mulberry32), for tests that drive a model of their own. */
export function createRandom(from: number): () => number {
	let state = from >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
