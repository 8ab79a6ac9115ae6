// The last counters of a run, in a few bytes on tmpfs, for the run after it (CONTRACT, Status: `previous`). Written before
// anything is sent, and a moment after something was only stamped (driver.ts); a process that is killed leaves them
// behind, one that ends cleanly removes them. After a power cut, or on a file system where it cannot be kept, there is
// none, and nothing depends on it.
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Books } from "../core/snapshot.js";
import type { PreviousRun } from "../wire/status.js";
import { createRecord, RECORD_BYTES, runOf, type Writer, writeCounters, writerOf } from "./black-box-record.js";

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
		// Under another name it may be a file of ours that somebody linked to this one.
		if (!stat.isFile() || stat.uid !== process.getuid?.() || stat.nlink !== 1) {
			closeSync(fd);
			throw new Error("it belongs to somebody else, or is linked");
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
	const record = createRecord(thisProcess(), run);
	let works = true;
	return {
		previous,
		record(books) {
			if (!works) return;
			writeCounters(record, books);
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
	const writer = writerOf(record);
	if (writer === null || writer.bootId !== bootId() || startTicks(writer.pid) === writer.startTicks) return null;
	return runOf(record);
}

function thisProcess(): Writer {
	return { pid: process.pid, startTicks: startTicks(process.pid), bootId: bootId() };
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
		return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
	} catch {
		return "-"; // not Linux: a record of an earlier boot is then taken for one of this
	}
}
