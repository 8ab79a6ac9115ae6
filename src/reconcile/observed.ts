// What the account reads of a status: the part that decides a verdict or an indicator, named as the strict decoder names
// it (wire/decode-status.ts), so that a decoded status fits as it is.
import type { DropReason, LossRange } from "../core/value.js";

/** The counters of G2, as a status or `previous` states them. */
export interface ObservedBooks {
	readonly stamped: number;
	readonly sent: number;
	readonly confirmed: number;
	readonly uncertain: number;
	readonly dropped: Readonly<Record<DropReason, number>>;
}

export interface ObservedPrevious extends ObservedBooks {
	readonly run: string;
}

export interface ObservedStatus extends ObservedBooks {
	readonly device: string;
	readonly run: string;
	readonly state: "online" | "offline";
	/** Wall clock of the device, Unix ms. */
	readonly timeMs: number;
	readonly clockSynchronised: boolean;
	readonly uptimeMs: number;
	readonly buffered: number;
	readonly inFlight: number;
	readonly rejected: number;
	readonly losses: readonly LossRange[];
	readonly mqtt: { readonly connects: number; readonly authFailures: number };
	readonly previous: ObservedPrevious | null;
	readonly delivery: string;
}

/** Whether both equations of G2 hold. */
export function isBalanced(status: ObservedStatus): boolean {
	const { stamped, buffered, sent, confirmed, inFlight, uncertain, dropped } = status;
	const lost = dropped.overflow + dropped.expired + dropped.oversize + dropped.shutdown;
	return stamped === buffered + sent + lost && sent === confirmed + inFlight + uncertain;
}
