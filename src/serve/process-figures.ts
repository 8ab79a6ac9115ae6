// The `process_*` figures of this process, as Prometheus' client libraries report them. Linux's /proc says how many
// file descriptors there are; elsewhere those two are null.
import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import process from "node:process";

export interface ProcessFigures {
	/** User and system time. */
	readonly cpuSeconds: number;
	readonly residentBytes: number;
	/** Unix seconds. */
	readonly startTimeSeconds: number;
	readonly openFds: number | null;
	readonly maxFds: number | null;
}

/** The figures now. About 30 µs, of which /proc is most. */
export function readProcessFigures(procRoot = "/proc"): ProcessFigures {
	const { user, system } = process.cpuUsage();
	return {
		cpuSeconds: (user + system) / 1e6,
		residentBytes: process.memoryUsage.rss(),
		startTimeSeconds: performance.timeOrigin / 1_000,
		openFds: readOpenFds(procRoot),
		maxFds: readMaxFds(procRoot),
	};
}

function readOpenFds(procRoot: string): number | null {
	try {
		// One of them is the descriptor that reads the folder.
		return readdirSync(`${procRoot}/self/fd`).length - 1;
	} catch {
		return null; // no /proc here, or it is hidden
	}
}

function readMaxFds(procRoot: string): number | null {
	try {
		const limits = readFileSync(`${procRoot}/self/limits`, "latin1");
		const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
		return soft === undefined ? null : Number(soft);
	} catch {
		return null; // no /proc here, or it is hidden
	}
}
