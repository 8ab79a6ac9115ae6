// What every part of a simulated world shares: its time, what it has seen, and how much of it there was.
import type { EventQueue } from "./event-queue.js";
import type { RareCounts, RareState } from "./rare-states.js";

export interface Totals {
	events: number;
	/** Readings handed to a transport. */
	handOvers: number;
	stamped: number;
	received: number;
	frames: number;
	faults: number;
	runs: number;
	/** Devices whose verdict was held against the truth to the reading; of the others, only that nothing was wrong. */
	exactVerdicts: number;
	boundedVerdicts: number;
}

export function createTotals(): Totals {
	return {
		...{ events: 0, handOvers: 0, stamped: 0, received: 0, frames: 0, faults: 0, runs: 0 },
		...{ exactVerdicts: 0, boundedVerdicts: 0 },
	};
}

export interface World {
	readonly queue: EventQueue;
	readonly rare: RareCounts;
	readonly totals: Totals;
	/** Unix ms at true time 0. */
	readonly epochMs: number;
}

export function reach(world: World, state: RareState): void {
	world.rare[state] += 1;
}
