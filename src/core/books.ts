// The counters of G2 and the ledger of losses. Every reading that is stamped ends in exactly one of them.
import { LOSS_RANGES_MAX } from "./limits.js";
import { createLossLedger } from "./loss-ledger.js";
import type { Books } from "./snapshot.js";
import type { DropReason, LossRange } from "./value.js";

export interface BookKeeper {
	/** Stamps a reading: its seq. */
	stamp(): number;
	/** The buffer gave a reading up. */
	drop(seq: number, reason: DropReason): void;
	/** Readings went to the transport. */
	send(readings: number): void;
	/** Readings of this run sent so far. */
	sent(): number;
	/** A barrier returned. */
	confirm(readings: number): void;
	/** A frame's connection ended before a barrier covered it. */
	doubt(seq: number, readings: number): void;
	/** The totals beside what waits and what is in flight now. */
	read(buffered: number, inFlight: number): Books;
	losses(): readonly LossRange[];
}

/** Makes the books of a run; `past` readings of it were stamped, sent and confirmed before. */
export function createBooks(past: number): BookKeeper {
	const ledger = createLossLedger(LOSS_RANGES_MAX);
	const dropped: Record<DropReason, number> = { overflow: 0, expired: 0, oversize: 0, shutdown: 0 };
	let stamped = past;
	let sent = past;
	let confirmed = past;
	let uncertain = 0;
	return {
		stamp() {
			stamped += 1;
			return stamped - 1;
		},
		drop(seq, reason) {
			dropped[reason] += 1;
			ledger.add(seq, seq, reason);
		},
		send(readings) {
			sent += readings;
		},
		sent: () => sent,
		confirm(readings) {
			confirmed += readings;
		},
		doubt(seq, readings) {
			uncertain += readings;
			ledger.add(seq, seq + readings - 1, "uncertain");
		},
		read(buffered, inFlight) {
			const lost = dropped.overflow + dropped.expired + dropped.oversize + dropped.shutdown;
			const balanced = stamped === buffered + sent + lost && sent === confirmed + inFlight + uncertain;
			return { stamped, buffered, sent, confirmed, inFlight, uncertain, dropped: { ...dropped }, balanced };
		},
		losses: ledger.ranges,
	};
}
