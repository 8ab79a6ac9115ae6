// What the page shows of an agent beside its report. The agent keeps it within named bounds whether anybody looks or
// not; put together only when somebody does.
import type { DropReason } from "../core/value.js";
import type { AgentReport } from "./status.js";

/** The newest reading of a stream. */
export interface LatestValue {
	readonly name: string;
	/** Of bytes only how many they are; a long text is cut. */
	readonly value: number | boolean | string;
	readonly ageMs: number;
}

/** Readings that were lost, may be lost, or never came to be. */
export type LossCounts = Readonly<Record<DropReason | "uncertain" | "rejected", number>>;

export interface AgentView {
	readonly report: AgentReport;
	/** At most STREAMS_SHOWN_MAX. */
	readonly latest: readonly LatestValue[];
	/** Streams there are. */
	readonly streams: number;
	/** At most LOSS_MINUTES whole minutes and, last, the one that runs. */
	readonly lossMinutes: readonly LossCounts[];
	/** Readings that may be in flight at once. */
	readonly atRisk: number;
}
