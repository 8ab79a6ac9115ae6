// A memory limit by cgroup, version 2 or 1, for a process that a test starts. Where none can be made, the reason.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface MemoryLimit {
	/** The command through which a process is started inside (StartOptions). */
	readonly through: readonly string[];
	/** The most that was charged so far, bytes; null where the kernel does not keep it. */
	peakBytes(): number | null;
	/** Processes that were killed for want of memory. */
	kills(): number;
	/** Takes the limit away; everything in it must have ended. */
	remove(): void;
}

interface Layout {
	readonly root: string;
	readonly limit: string;
	readonly peak: string;
	readonly events: string;
	/** Written where it is there: without it memory over the limit would go to the swap. */
	readonly swap: readonly [file: string, value: string];
}

const LAYOUTS: readonly Layout[] = [
	{
		root: "/sys/fs/cgroup",
		limit: "memory.max",
		peak: "memory.peak",
		events: "memory.events",
		swap: ["memory.swap.max", "0"],
	},
	{
		root: "/sys/fs/cgroup/memory",
		limit: "memory.limit_in_bytes",
		peak: "memory.max_usage_in_bytes",
		events: "memory.oom_control",
		swap: ["memory.swappiness", "0"],
	},
];

/** Makes one, or says why there is none. */
export function createMemoryLimit(bytes: number): MemoryLimit | string {
	let why = "no memory cgroup is mounted";
	for (const layout of LAYOUTS) {
		const folder = join(layout.root, `tallywire-test-${process.pid}`);
		try {
			mkdirSync(folder);
		} catch (error) {
			why = (error as Error).message;
			continue;
		}
		if (existsSync(join(folder, layout.limit))) return limitIn(folder, layout, bytes);
		rmdirSync(folder); // a cgroup without the memory controller
		why = `${layout.root} has no memory controller`;
	}
	return why;
}

function limitIn(folder: string, { limit, peak, events, swap }: Layout, bytes: number): MemoryLimit {
	writeFileSync(join(folder, limit), String(bytes));
	if (existsSync(join(folder, swap[0]))) writeFileSync(join(folder, swap[0]), swap[1]);
	return {
		through: ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', folder],
		peakBytes: () => (existsSync(join(folder, peak)) ? Number(readFileSync(join(folder, peak), "latin1")) : null),
		kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, events), "latin1"))?.[1]),
		remove: () => rmdirSync(folder),
	};
}
