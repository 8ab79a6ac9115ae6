// The newest value of each stream of one device, out of its frames.
import type { Value } from "../core/value.js";
import type { DecodedFrame } from "../wire/decoded.js";

/** Streams whose last value is kept: more rows than a person reads. */
export const STREAMS_KEPT_MAX = 256;

export interface LatestValues {
	take(frame: DecodedFrame, nowMs: number): void;
	/** In the order in which the streams were first seen; ages are since arrival, as the device's clock may be wrong. */
	latest(nowMs: number): { readonly stream: string; readonly value: Value; readonly ageMs: number }[];
}

/** Makes the table; whoever asks for more than STREAMS_KEPT_MAX streams sees the first. */
export function createLatestValues(): LatestValues {
	const kept = new Map<string, { value: Value; atMs: number }>();
	return {
		take({ streams, stream, value }, nowMs) {
			stream.forEach((at, i) => {
				const name = streams[at];
				const newest = value[i];
				if (name === undefined || newest === undefined) return;
				if (kept.has(name) || kept.size < STREAMS_KEPT_MAX) kept.set(name, { value: newest, atMs: nowMs });
			});
		},
		latest: (nowMs) =>
			[...kept].map(([stream, { value, atMs }]) => ({ stream, value, ageMs: Math.max(0, nowMs - atMs) })),
	};
}
