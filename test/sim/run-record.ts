// A run as the simulation remembers it: the truth, how it ended, and what of it the reconciler can know.
import type { RunTruth } from "./run-truth.js";

export type RunEnd = "alive" | "clean" | "killed" | "power cut";

export interface RunRecord {
	readonly truth: RunTruth;
	end: RunEnd;
	/** The newest point in its log that a status, or `previous` of the run after it, told the reconciler. -1: none did. */
	known: number;
	/** The same of the newest status that the broker took. */
	taken: number;
	/** Whether the reconciler was told that it is over. */
	isKnownOver: boolean;
	/** End of the newest reading that the reconciler has. */
	receivedTo: number;
	received: number;
	/** Of the newest frame that the reconciler has: end of its readings, and readings sent up to there. */
	lastEnd: number;
	lastSent: number;
	/** The log at the last write of the black box. */
	recorded: number;
	/** It may not be vouched for: no status of it reached a reconciler that listened. */
	isVouched: boolean;
}

export function createRunRecord(truth: RunTruth): RunRecord {
	return {
		truth,
		end: "alive",
		known: -1,
		taken: -1,
		isKnownOver: false,
		receivedTo: truth.past,
		received: 0,
		lastEnd: -1,
		lastSent: 0,
		recorded: 0,
		isVouched: false,
	};
}
