// `publish.max_rate`: a token bucket of readings, so that a backlog after an outage does not flood a slow link.

export interface RateLimit {
	/** Whether there is a limit at all. */
	readonly limited: boolean;
	/** How many of `wanted` readings may go now: all that one frame may hold, or 0 until `readyAtMs`. */
	allowed(nowMs: number, wanted: number): number;
	/** When `wanted` readings may go, ms; 0 without a limit. */
	readyAtMs(wanted: number): number;
	spend(readings: number): void;
}

/** A limit of `perSecond` readings (0: none) with bursts of up to one frame, or one second's worth where that is less. */
export function createRateLimit(perSecond: number, frameReadings: number): RateLimit {
	const burst = Math.max(1, Math.min(frameReadings, perSecond));
	let tokens = burst;
	let atMs = 0;
	if (perSecond === 0) {
		return { limited: false, allowed: (_nowMs, wanted) => wanted, readyAtMs: () => 0, spend: () => {} };
	}
	return {
		limited: true,
		allowed(nowMs, wanted) {
			tokens = Math.min(burst, tokens + (Math.max(0, nowMs - atMs) * perSecond) / 1000);
			atMs = nowMs;
			const frame = Math.min(wanted, Math.floor(burst));
			// A thousandth of a token is forgiven, or rounding could leave the frame due and never allowed.
			return tokens + 0.001 >= frame ? frame : 0;
		},
		readyAtMs: (wanted) => atMs + (Math.max(0, Math.min(wanted, Math.floor(burst)) - tokens) * 1000) / perSecond,
		spend(readings) {
			tokens -= readings;
		},
	};
}
