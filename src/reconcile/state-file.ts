// The state file: written whole beside itself and renamed, each step forced to the disk, so that after a crash at any
// point there is the old state or the new one. Only its owner may read it.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** A state of DEVICES_MAX devices is about 16 MB; what is much larger is no state. */
const STATE_BYTES_MAX = 256 * 1_048_576;

/** Writes `state` as JSON. Throws what the file system says. */
export function saveState(file: string, state: object): void {
	const fresh = `${file}.new`;
	rmSync(fresh, { force: true }); // left by a crash, or a link that somebody put there
	const fd = openSync(fresh, "wx", 0o600);
	try {
		const bytes = Buffer.from(JSON.stringify(state));
		for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
	renameSync(fresh, file);
	const folder = openSync(dirname(file), "r");
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
}

export type LoadedState =
	| { readonly kind: "none" }
	| { readonly kind: "state"; readonly state: unknown }
	| { readonly kind: "unreadable"; readonly why: string };

/** Reads what `saveState` wrote. */
export function loadState(file: string): LoadedState {
	try {
		const stat = statSync(file);
		if (!stat.isFile()) return { kind: "unreadable", why: "it is no regular file" };
		if (stat.size > STATE_BYTES_MAX) return { kind: "unreadable", why: "it is too large" };
		return { kind: "state", state: JSON.parse(readFileSync(file, "utf8")) };
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "none" };
		return { kind: "unreadable", why: (error as Error).message };
	}
}
