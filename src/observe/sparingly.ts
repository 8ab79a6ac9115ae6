// What costs much is made less often: of a value that is asked for every second, a large fleet's would take a good part of
// the processor.

/** A value is given again for this many times as long as it took to make: making takes at most 5 % of the time. */
const REST = 20;
/** But no longer than this. */
const REST_MS_MAX = 5_000;

/** Gives `make`'s value, or the one before while that is still good. */
export function sparingly<T>(make: () => T, nowMs: () => number): () => T {
	let made: { readonly value: T; readonly untilMs: number } | null = null;
	let tookMs = 0;
	return () => {
		const startMs = nowMs();
		if (made !== null && startMs < made.untilMs) return made.value;
		const value = make();
		const beforeMs = tookMs;
		tookMs = nowMs() - startMs;
		// The cheaper of two: the first is cold, and any may be interrupted.
		made = { value, untilMs: startMs + Math.min(REST_MS_MAX, REST * Math.min(beforeMs, tookMs)) };
		return value;
	};
}
