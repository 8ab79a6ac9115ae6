// How long to wait before the next connection attempt: exponential with full jitter, so that a thousand gateways whose
// broker restarts do not come back in one instant. Only a connection that has held and delivered starts it anew;
// one that is accepted and then thrown out (two agents with one client id) goes on backing off.

/** A connection that lived this long and returned a barrier counts as good. */
export const STABLE_MS = 10_000;

export interface Backoff {
	/** The next delay, ms: uniform between 0 and min(maxMs, minMs * 2^n). */
	next(): number;
	/** A connection ended. */
	ended(lastedMs: number, delivered: boolean): void;
}

/** Makes a backoff; `random` gives numbers in [0, 1). */
export function createBackoff(minMs: number, maxMs: number, random: () => number): Backoff {
	let ceilingMs = minMs;
	return {
		next() {
			const delayMs = random() * ceilingMs;
			ceilingMs = Math.min(maxMs, ceilingMs * 2);
			return delayMs;
		},
		ended(lastedMs, delivered) {
			if (delivered && lastedMs >= STABLE_MS) ceilingMs = minMs;
		},
	};
}
