// Latencies in a fixed number of buckets whose bounds grow by a constant factor (Masson, Rim and Lee, "DDSketch", VLDB
// 2019): a quantile is within LATENCY_RELATIVE_ERROR of the true one, whatever the distribution, in 8 KiB for ever.

/** Bound of a quantile's relative error, from 1 ms up to about 9 days; what is longer counts as that. */
export const LATENCY_RELATIVE_ERROR = 0.01;

const GAMMA = (1 + LATENCY_RELATIVE_ERROR) / (1 - LATENCY_RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** 1.0202 ^ 1,023 ms are 8.9 days. */
const BUCKETS = 1_024;

export interface LatencySketch {
	/** Bucket 0 holds what is below 1 ms, bucket i what is in (GAMMA ^ (i - 1), GAMMA ^ i] ms. */
	readonly buckets: Float64Array;
	count: number;
}

export function createLatencySketch(): LatencySketch {
	return { buckets: new Float64Array(BUCKETS), count: 0 };
}

/** Adds `readings` latencies of `latencyMs` >= 0. */
export function addLatency(sketch: LatencySketch, latencyMs: number, readings = 1): void {
	const index = latencyMs < 1 ? 0 : Math.min(BUCKETS - 1, Math.max(1, Math.ceil(Math.log(latencyMs) / LOG_GAMMA)));
	sketch.buckets[index] = (sketch.buckets[index] as number) + readings;
	sketch.count += readings;
}

/** The latency that a share `q` (0 to 1) of all did not exceed, ms; null while there is none. Below 1 ms it says 0. */
export function latencyQuantile({ buckets, count }: LatencySketch, q: number): number | null {
	if (count === 0) return null;
	const rank = q * (count - 1);
	let below = 0;
	for (let i = 0; i < BUCKETS; i++) {
		below += buckets[i] as number;
		if (below > rank) return i === 0 ? 0 : (2 * GAMMA ** i) / (GAMMA + 1);
	}
	return null;
}

/** The buckets in use, as index and count in turn. */
export function latencyState({ buckets }: LatencySketch): number[] {
	return [...buckets].flatMap((count, i) => (count > 0 ? [i, count] : []));
}

/** The sketch of such a list, or null when it is none. */
export function latencyFromState(state: readonly number[]): LatencySketch | null {
	const sketch = createLatencySketch();
	if (state.length % 2 !== 0) return null;
	for (let i = 0; i < state.length; i += 2) {
		const [index, count] = [state[i] as number, state[i + 1] as number];
		if (index >= BUCKETS || count < 1) return null;
		sketch.buckets[index] = count;
		sketch.count += count;
	}
	return sketch;
}
