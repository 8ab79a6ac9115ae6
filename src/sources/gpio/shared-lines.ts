// No line serves two sources: in sysfs they would fight over its edge, and one unexport ends both.
// Said before anything is opened where the configuration shows it, and again at the line where only the kernel does.
import { findLine } from "../../boards/gpio-lines.js";
import type { Board } from "../../boards/load.js";
import type { SourceSettings } from "../source.js";
import { lineKey } from "./backend.js";

export interface SharedLine {
	/** The second source on the line. */
	readonly index: number;
	readonly message: string;
}

/** The first line that two sources share, or null where none do. Sources of other types are passed over. */
export function findSharedLine(board: Board, sources: readonly SourceSettings[]): SharedLine | null {
	const owners = new Map<string, string>();
	for (const [index, source] of sources.entries()) {
		if (source.type !== "gpio" || !("pin" in source) || typeof source.pin !== "string") continue;
		const found = findLine(board, source.pin);
		if (!found.ok) continue; // refused for itself when the source is made
		const owner = owners.get(lineKey(found.line));
		if (owner !== undefined) {
			return { index, message: `${found.line.name} is used by two sources: "${owner}" and "${source.name}"` };
		}
		owners.set(lineKey(found.line), source.name);
	}
	return null;
}

/** Lines in use in this process, by sysfs root and number: at most one entry per gpio source. */
const claims = new Map<string, string>();

/** Takes a line for a source; answers with the source that has it already, or null. */
export function claimLine(key: string, source: string): string | null {
	const owner = claims.get(key);
	if (owner !== undefined) return owner;
	claims.set(key, source);
	return null;
}

/** Gives a line back. */
export function releaseLine(key: string): void {
	claims.delete(key);
}
