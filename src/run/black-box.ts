// The last counters of a run, in a few bytes on tmpfs, for the run after it (CONTRACT, Status: `previous`). Written before
// anything is sent, and a moment after something was only stamped (driver.ts); a process that is killed leaves them
// behind, one that ends cleanly removes them. After a power cut, or on a file system where it cannot be kept, there is
// none, and nothing depends on it.
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Books } from "../core/snapshot.js";
import { DROP_REASONS } from "../core/value.js";
import type { PreviousRun } from "../wire/status.js";

/** "TWB1": the layout below. Another one is not read. */
const MAGIC = 0x54574231;
const RUN_CHARS = 11;
const BOOT_CHARS = 36;
const COUNTERS_AT = 64;
const COUNTERS = 4 + DROP_REASONS.length;
const RECORD_BYTES = COUNTERS_AT + COUNTERS * 8;

export interface BlackBox {
	/** The run before this one, if it died without its last status. */
	readonly previous: PreviousRun | null;
	record(books: Books): void;
	/** The run ended cleanly. */
	close(): void;
}

/** Without a place to write: remembers nothing. */
const NONE: BlackBox = { previous: null, record() {}, close() {} };

/**
 * Opens the box of `device` in `folder` and starts it anew for `run`. Never throws: `failed` gets one line.
 * The file is made for this user only, and is not followed through a link or taken from somebody else.
 */
export function openBlackBox(folder: string, device: string, run: string, failed: (why: string) => void): BlackBox {
	const file = join(folder, `tallywire-${device}.run`);
	try {
		const fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
		const stat = fstatSync(fd);
		if (!stat.isFile() || stat.uid !== process.getuid?.()) {
			closeSync(fd);
			throw new Error("it belongs to somebody else");
		}
		const before = Buffer.alloc(RECORD_BYTES);
		const previous = readSync(fd, before, 0, RECORD_BYTES, 0) === RECORD_BYTES ? readRecord(before) : null;
		return createBox(fd, file, run, previous, failed);
	} catch (error) {
		failed(`${file}: ${(error as Error).message}`);
		return NONE;
	}
}

function createBox(
	fd: number,
	file: string,
	run: string,
	previous: PreviousRun | null,
	failed: (why: string) => void,
): BlackBox {
	const record = Buffer.alloc(RECORD_BYTES);
	record.writeUInt32LE(MAGIC, 0);
	record.writeUInt32LE(process.pid, 4);
	record.writeUInt32LE(startTicks(process.pid), 8);
	record.write(run, 12, "latin1");
	record.write(bootId(), 12 + RUN_CHARS, "latin1");
	let works = true;
	return {
		previous,
		record(books) {
			if (!works) return;
			const dropped = DROP_REASONS.map((reason) => books.dropped[reason]);
			const counters = [books.stamped, books.sent, books.confirmed, books.uncertain, ...dropped];
			counters.forEach((counter, i) => {
				record.writeDoubleLE(counter, COUNTERS_AT + i * 8);
			});
			try {
				writeSync(fd, record, 0, RECORD_BYTES, 0);
			} catch (error) {
				works = false; // a full file system must not stop a reading
				failed(`${file}: ${(error as Error).message}`);
			}
		},
		close() {
			works = false;
			rmSync(file, { force: true });
			closeSync(fd);
		},
	};
}

/** The run in a record, unless it is of another boot or its process is still alive. */
function readRecord(record: Buffer): PreviousRun | null {
	if (record.readUInt32LE(0) !== MAGIC) return null;
	const pid = record.readUInt32LE(4);
	const boot = record.toString("latin1", 12 + RUN_CHARS, 12 + RUN_CHARS + BOOT_CHARS);
	if (boot !== bootId() || startTicks(pid) === record.readUInt32LE(8)) return null;
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

/** When a process started, in clock ticks since boot (proc_pid_stat(5), field 22): with its pid that names it. 0: gone. */
function startTicks(pid: number): number {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]) >>> 0;
	} catch {
		return 0; // no such process, or no /proc: then nothing claims to be alive
	}
}

function bootId(): string {
	try {
		return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim().slice(0, BOOT_CHARS).padEnd(BOOT_CHARS);
	} catch {
		return "-".repeat(BOOT_CHARS); // not Linux: a record of an earlier boot is then taken for one of this
	}
}
