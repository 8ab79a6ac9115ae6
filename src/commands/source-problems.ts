// What the sources themselves say about their settings, beyond what a schema can: each factory is tried on a host that
// takes nothing. A factory opens nothing (sources/source.ts), so this is safe for `check`.
import { loadBoard } from "../boards/load.js";
import type { ConfigError, LoadedConfig } from "../config/load.js";
import { findSharedLine } from "../sources/gpio/shared-lines.js";
import { loadSource, type SourceType } from "../sources/registry.js";
import type { SourceHost } from "../sources/source.js";

export interface SourceProblems {
	readonly errors: readonly ConfigError[];
	readonly warnings: readonly string[];
}

const idleHost: SourceHost = {
	now: () => 0,
	stream: () => 0,
	offer: () => undefined,
	reject: () => undefined,
	up: () => undefined,
	down: () => undefined,
};

/** What is wrong with the sources of a loaded configuration; a factory says it in lines of `path: message`. */
export async function sourceProblems(loaded: LoadedConfig): Promise<SourceProblems> {
	const { board, sources } = loaded.config;
	const machine = { sysRoot: "/sys", devRoot: "/dev", board };
	const errors: ConfigError[] = [];
	const warnings: string[] = [];
	/** A gpio source is held against the board, which `board: auto` may not be when the file is meant for another machine. */
	const report = (index: number, line: string): void => {
		const problem = loaded.sourceError(index, line);
		if (sources[index]?.type !== "gpio" || loaded.boardGiven) errors.push(problem);
		else warnings.push(`${problem.path}: on this machine (${board}) ${problem.message}; for another, name its board`);
	};
	for (const [index, settings] of sources.entries()) {
		const create = await loadSource(settings.type as SourceType).catch((error: Error) => {
			warnings.push(`sources[${index}]: the code of ${settings.type} sources cannot be loaded: ${error.message}`);
			return undefined;
		});
		if (create === undefined) continue;
		try {
			create(settings, idleHost, machine);
		} catch (error) {
			for (const line of (error as Error).message.split("\n")) report(index, line);
		}
	}
	const profile = loadBoard(board);
	const shared = profile.ok ? findSharedLine(profile.board, sources) : null;
	if (shared !== null) report(shared.index, `pin: ${shared.message}`);
	return { errors, warnings };
}
