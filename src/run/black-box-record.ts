// The bytes of the black box: who wrote them, and the counters of its run. Fixed in size and place, so that one write of
// the whole record is all it takes.
import type { Books } from "../core/snapshot.js";
import { DROP_REASONS } from "../core/value.js";
import type { PreviousRun } from "../wire/status.js";

/** "TWB1": the layout below. Another one is not read. */
const MAGIC = 0x54574231;
const RUN_CHARS = 11;
const BOOT_CHARS = 36;
const COUNTERS_AT = 64;
const COUNTERS = 4 + DROP_REASONS.length;
export const RECORD_BYTES = COUNTERS_AT + COUNTERS * 8;

/** Names a process among all that ever were on this machine. */
export interface Writer {
	readonly pid: number;
	/** When it started, clock ticks since boot. */
	readonly startTicks: number;
	readonly bootId: string;
}

/** A record of `run` without counters yet. */
export function createRecord({ pid, startTicks, bootId }: Writer, run: string): Buffer {
	const record = Buffer.alloc(RECORD_BYTES);
	record.writeUInt32LE(MAGIC, 0);
	record.writeUInt32LE(pid, 4);
	record.writeUInt32LE(startTicks, 8);
	record.write(run, 12, "latin1");
	record.write(bootId.slice(0, BOOT_CHARS).padEnd(BOOT_CHARS), 12 + RUN_CHARS, "latin1");
	return record;
}

/** Puts the counters into a record. */
export function writeCounters(record: Buffer, books: Books): void {
	const dropped = DROP_REASONS.map((reason) => books.dropped[reason]);
	const counters = [books.stamped, books.sent, books.confirmed, books.uncertain, ...dropped];
	counters.forEach((counter, i) => {
		record.writeDoubleLE(counter, COUNTERS_AT + i * 8);
	});
}

/** Who wrote the record, or null where it is none. */
export function writerOf(record: Buffer): Writer | null {
	if (record.length !== RECORD_BYTES || record.readUInt32LE(0) !== MAGIC) return null;
	return {
		pid: record.readUInt32LE(4),
		startTicks: record.readUInt32LE(8),
		bootId: record.toString("latin1", 12 + RUN_CHARS, 12 + RUN_CHARS + BOOT_CHARS).trimEnd(),
	};
}

/** The run in a record. */
export function runOf(record: Buffer): PreviousRun {
	const counter = (i: number): number => record.readDoubleLE(COUNTERS_AT + i * 8);
	return {
		run: record.toString("latin1", 12, 12 + RUN_CHARS),
		stamped: counter(0),
		sent: counter(1),
		confirmed: counter(2),
		uncertain: counter(3),
		dropped: { overflow: counter(4), expired: counter(5), oversize: counter(6), shutdown: counter(7) },
	};
}
