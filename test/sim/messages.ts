// What travels from a device to the reconciler, with the truth about it alongside: each message is known from the moment
// it is handed to the transport, and has to be the next one of its kind wherever it arrives.

import type { StatusSeen } from "../../src/wire/decode-status.js";
import type { DecodedFrame } from "../../src/wire/decoded.js";
import type { PreviousRun } from "../../src/wire/status.js";
import type { Handed } from "./naive-window.js";
import type { RunRecord } from "./run-record.js";

/** A status on its way. */
export interface HandedStatus {
	readonly run: RunRecord;
	/** What was true when it was made: a point in the log of its run. */
	readonly logLength: number;
	readonly isLast: boolean;
	readonly counts: { readonly stamped: number; readonly sent: number; readonly fates: Float64Array };
	readonly previous: PreviousRun | null;
}

/** A message that the broker hands on. */
export type Message =
	| { readonly kind: "frame"; readonly device: string; readonly frame: DecodedFrame; readonly handed: Handed }
	| { readonly kind: "status"; readonly device: string; readonly status: StatusSeen; readonly handed: HandedStatus }
	| { readonly kind: "state"; readonly device: string; readonly state: "online" | "offline" };
