// Something that is done at an interval on the monotonic clock. When it is due is worked out from the start, so a late
// timer never adds up. It is never done twice at a time: an instant that comes while it still runs is missed, and counted.

export interface Timers {
	readonly setTimeout: (callback: () => void, delayMs: number) => unknown;
	readonly clearTimeout: (timer: unknown) => void;
}

export const nodeTimers: Timers = {
	setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
	clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

export interface SamplerOptions {
	/** At least 1. */
	readonly everyMs: number;
	/** The monotonic clock, ms. */
	readonly now: () => number;
	/** Never rejects. */
	readonly sample: () => Promise<void>;
	/** So many instants passed without a sample: the one before was not done, or the process was held up. */
	readonly onMissed: (instants: number) => void;
	readonly timers: Timers;
}

export interface Sampler {
	/** Takes the first sample at once. */
	start(): void;
	/** Takes no further one; the one that runs is left to itself. */
	stop(): void;
}

/** Node's longest timer; a longer delay would fire at once. */
const DELAY_MS_MAX = 2_147_483_647;

/** Makes a sampler. */
export function createSampler(options: SamplerOptions): Sampler {
	const { everyMs, now, timers } = options;
	let startMs = 0;
	/** The number of the instant that comes next; instant n is at `startMs + n * everyMs`. */
	let next = 0;
	let isSampling = false;
	let timer: unknown = null;

	const dueMs = (instant: number): number => startMs + instant * everyMs;

	function arm(): void {
		timer = timers.setTimeout(wake, Math.min(Math.max(0, Math.ceil(dueMs(next) - now())), DELAY_MS_MAX));
	}

	function wake(): void {
		const nowMs = now();
		if (nowMs < dueMs(next)) {
			arm();
			return;
		}
		// max: the division can land a hair below the whole number that dueMs has just confirmed.
		const newest = Math.max(next, Math.floor((nowMs - startMs) / everyMs));
		const missed = newest - next + (isSampling ? 1 : 0);
		if (missed > 0) options.onMissed(missed);
		next = newest + 1;
		arm();
		if (!isSampling) void run();
	}

	async function run(): Promise<void> {
		isSampling = true;
		await options.sample();
		isSampling = false;
	}

	return {
		start() {
			startMs = now();
			next = 0;
			arm();
		},
		stop() {
			if (timer !== null) timers.clearTimeout(timer);
			timer = null;
		},
	};
}
