// Simulated sensors: what to try the agent with, and what its tests and benchmarks are fed from.
// One timer for all streams. How many readings are due is worked out from the start, so a late timer delays readings
// and never adds up. Value i of a stream depends on seed, stream name and i alone (shapes.ts).
// After a stall (a suspended laptop, a blocked process) at most the last CATCH_UP_S seconds are made up for. Older
// indices are never generated, as if nobody had read the sensor: they have no seq, so they are missing from no account.
import { isFieldName } from "../host.js";
import type { CreateSource, SourceHost, SourceSettings } from "../source.js";
import { createSimStream, type SimStream, type StreamSettings, valueAt } from "./shapes.js";

export interface SimSettings extends SourceSettings {
	/** Readings per second of each stream. */
	readonly rate?: number;
	readonly seed?: number;
	readonly streams: Readonly<Record<string, StreamSettings>>;
}

/** What the source needs of the world, so that a test can bring its own. */
export interface SimTimers {
	readonly setTimeout: (callback: () => void, delayMs: number) => unknown;
	readonly clearTimeout: (timer: unknown) => void;
}

/** Readings per second of one source, all streams together: a million is what the agent is built to carry. */
export const SIM_RATE_MAX = 1_000_000;
/** Time between two wakes at high rates: below it timers cost more than readings. */
export const TICK_MS = 10;
/** What is made up for after a stall. */
export const CATCH_UP_S = 1;
/** Node's longest timer; a longer delay would fire at once. */
const DELAY_MS_MAX = 2_147_483_647;

const nodeTimers: SimTimers = {
	setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
	clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** Makes a simulated source. Throws an Error for settings that cannot be met, before anything is started. */
export const createSimSource = ((settings: SimSettings, host: SourceHost, _machine: unknown, timers = nodeTimers) => {
	const { rate = 1, seed = 1 } = settings;
	const names = Object.keys(settings.streams);
	if (names.length * rate > SIM_RATE_MAX) {
		const most = SIM_RATE_MAX / names.length;
		throw new Error(`rate: ${names.length} streams at ${rate} readings/s each; at most ${most} for so many streams`);
	}
	const badName = names.find((name) => !isFieldName(name));
	if (badName !== undefined) throw new Error(`streams: ${JSON.stringify(badName)} cannot name a stream`);
	const streams = Object.entries(settings.streams).map(([name, stream]) => createSimStream(name, stream, rate, seed));
	let streamIds: number[] = [];
	let startMs = 0;
	/** The index that is due next, of every stream. */
	let next = 0;
	let timer: unknown = null;
	let isRunning = false;

	const dueMs = (index: number): number => startMs + (index * 1_000) / rate;

	/** One past the last index that is due. */
	function dueEnd(nowMs: number): number {
		const end = Math.floor(((nowMs - startMs) * rate) / 1_000) + 1;
		// The division can land a hair below a whole number; dueMs is what the timer goes by, so it decides.
		return dueMs(end) <= nowMs ? end + 1 : end;
	}

	function tick(): void {
		const nowMs = host.now();
		const end = dueEnd(nowMs);
		next = Math.max(next, end - Math.max(1, Math.ceil(rate * CATCH_UP_S)));
		for (; next < end && isRunning; next += 1) {
			for (let s = 0; s < streams.length; s += 1) {
				const value = valueAt(streams[s] as SimStream, next);
				if (value !== null) host.offer(streamIds[s] as number, value, nowMs);
			}
		}
		if (isRunning) arm(Math.max(dueMs(next), nowMs + TICK_MS) - nowMs);
	}

	function arm(delayMs: number): void {
		timer = timers.setTimeout(tick, Math.min(Math.ceil(delayMs), DELAY_MS_MAX));
	}

	return {
		start() {
			streamIds = names.map((name) => host.stream(name));
			startMs = host.now();
			isRunning = true;
			host.up();
			arm(0);
		},
		async stop() {
			isRunning = false;
			if (timer !== null) timers.clearTimeout(timer);
			timer = null;
		},
	};
}) satisfies CreateSource<SimSettings>;
