// The last value of each stream, for the page. Kept always and not only while somebody looks, so that a stream of one
// reading an hour has a value when the page opens; so the way of a number is two stores into typed arrays.
// A text is kept as it came, and with it at most the line that it was cut from (config/memory-bound.ts).
import { STREAMS_SHOWN_MAX } from "../core/limits.js";
import type { Value } from "../core/value.js";
import type { LatestValue } from "../wire/agent-view.js";

/** Stands in the numbers where the value is none; every real one is finite. */
const NO_NUMBER = Number.NaN;

/** Characters of a text that are shown: a line of a phone, two of a screen. */
const TEXT_CHARS_MAX = 80;

export interface LatestValues {
	/** Names the stream of an index; indexes are given out from 0 on. */
	name(stream: number, name: string): void;
	note(stream: number, value: Value, capturedMs: number): void;
	/** The streams that have a value, in order of index. */
	values(nowMs: number): readonly LatestValue[];
	/** Streams there are, those that are not kept included. */
	streams(): number;
}

/** Makes an empty table of STREAMS_SHOWN_MAX rows. */
export function createLatestValues(): LatestValues {
	const numbers = new Float64Array(STREAMS_SHOWN_MAX);
	const capturedAtMs = new Float64Array(STREAMS_SHOWN_MAX).fill(NO_NUMBER);
	const others = new Array<string | boolean>(STREAMS_SHOWN_MAX).fill(false);
	const names: string[] = [];
	let streams = 0;

	return {
		name(stream, name) {
			streams = Math.max(streams, stream + 1);
			if (stream < STREAMS_SHOWN_MAX) names[stream] = name;
		},
		note(stream, value, capturedMs) {
			if (stream >= STREAMS_SHOWN_MAX) return;
			capturedAtMs[stream] = capturedMs;
			if (typeof value === "number") {
				numbers[stream] = value;
				return;
			}
			numbers[stream] = NO_NUMBER;
			// Of bytes the number alone: a source may use their memory again.
			others[stream] = typeof value === "object" ? `${value.length} bytes` : value;
		},
		values(nowMs) {
			return names.flatMap((name, stream) => {
				const ageMs = nowMs - (capturedAtMs[stream] as number);
				if (Number.isNaN(ageMs)) return [];
				const number = numbers[stream] as number;
				const value = Number.isNaN(number) ? shown(others[stream] as string | boolean) : number;
				return [{ name, value, ageMs: Math.max(0, ageMs) }];
			});
		},
		streams: () => streams,
	};
}

function shown(value: string | boolean): string | boolean {
	return typeof value === "string" && value.length > TEXT_CHARS_MAX ? `${value.slice(0, TEXT_CHARS_MAX)}…` : value;
}
