// The books at one instant, as the core reports them. Totals are of this run; all counts are readings.
import type { DropReason, LossRange } from "./value.js";

/** The counters of G2. */
export interface Books {
	readonly stamped: number;
	readonly buffered: number;
	readonly sent: number;
	readonly confirmed: number;
	readonly inFlight: number;
	readonly uncertain: number;
	readonly dropped: Readonly<Record<DropReason, number>>;
	/** Whether both equations of G2 hold. False is a bug of this program, shown rather than hidden. */
	readonly balanced: boolean;
}

export interface Snapshot extends Books {
	/** Age of the oldest reading in the buffer, ms; 0 when it is empty. */
	readonly oldestAgeMs: number;
	/** The newest loss ranges in order of seq (at most LOSS_RANGES_MAX). */
	readonly losses: readonly LossRange[];
}
