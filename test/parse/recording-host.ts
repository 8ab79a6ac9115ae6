// A host that writes down what a parser or a source does with it.
import type { RejectReason, Value } from "../../src/core/value.js";
import type { SourceHost } from "../../src/sources/source.js";

export interface Recording {
	readonly host: SourceHost;
	/** `[field, value]` in the order they were offered. */
	readonly readings: [string, Value][];
	readonly capturedMs: number[];
	readonly rejects: RejectReason[];
	/** `up`, or the text of a `down`. */
	readonly states: string[];
}

export function createRecording(now: () => number = () => 0): Recording {
	const fields: string[] = [];
	const recording = {
		readings: [] as [string, Value][],
		capturedMs: [] as number[],
		rejects: [] as RejectReason[],
		states: [] as string[],
	};
	const host: SourceHost = {
		now,
		stream(field) {
			return fields.push(field) - 1;
		},
		offer(stream, value, capturedMs) {
			recording.readings.push([fields[stream] ?? "?", value]);
			recording.capturedMs.push(capturedMs);
		},
		reject(reason) {
			recording.rejects.push(reason);
		},
		up() {
			recording.states.push("up");
		},
		down(error) {
			recording.states.push(error);
		},
	};
	return { host, ...recording };
}
