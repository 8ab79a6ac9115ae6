// The source `system`: the machine that the agent runs on, and the agent itself. Most is asked of the system at once and
// without waiting; disks and files can hang (a network mount), so they are read in turn like every kernel file.
import { statfs } from "node:fs/promises";
import { freemem, loadavg, totalmem, uptime } from "node:os";
import { join } from "node:path";
import { kernelCall } from "../sampling/kernel-reads.js";
import { createSampledSource, fieldProblems, type Round } from "../sampling/sampled-source.js";
import type { CreateSource, SourceSettings } from "../source.js";
import { findPowerFile, type PowerFile, readPower } from "./power.js";

export interface SystemSettings extends SourceSettings {
	readonly everyMs: number;
	/** Paths on the file systems to be looked at. */
	readonly disks: readonly string[];
	readonly interfaces: readonly string[];
}

const LOADS = ["load1", "load5", "load15"] as const;

/** Throws for settings that have a problem, one `path: message` a line. */
export const createSystemSource: CreateSource<SystemSettings> = (settings, host, machine) => {
	const { everyMs, disks, interfaces } = settings;
	const problems = fieldProblems(
		"disks",
		Object.fromEntries(disks.map((disk) => [diskField(disk, "available"), disk])),
	);
	if (problems.length > 0) throw new Error(problems.join("\n"));
	/** undefined until it has been looked for. */
	let power: PowerFile | null | undefined;

	async function sample(round: Round): Promise<void> {
		takeMachine(round);
		for (const disk of disks) await takeDisk(round, disk);
		for (const name of interfaces) await takeInterface(round, join(machine.sysRoot, "class/net", name), name);
		if (power === undefined) power = await findPowerFile(round, machine.sysRoot);
		if (power !== null) await readPower(round, power);
	}

	return createSampledSource({ everyMs, host, sample });
};

function takeMachine(round: Round): void {
	const loads = loadavg();
	for (const [index, field] of LOADS.entries()) round.take(field, rounded(loads[index] ?? 0, 2));
	// MemAvailable: what programs could have, caches included.
	const available = freemem();
	const total = totalmem();
	round.take("memory_available", available, "B");
	round.take("memory_used", percent(total - available, total), "%");
	round.take("agent_memory", process.memoryUsage.rss(), "B");
	round.take("uptime", rounded(uptime(), 2), "s");
}

async function takeDisk(round: Round, path: string): Promise<void> {
	try {
		const { bsize, blocks, bfree, bavail } = await round.watch(path, () => kernelCall(() => statfs(path)));
		round.take(diskField(path, "available"), bavail * bsize, "B");
		// As df has it: of what a user may have at all. blocks - bfree is in use, and some is kept for root.
		const used = blocks - bfree;
		round.take(diskField(path, "used"), percent(used, used + bavail), "%");
	} catch (error) {
		round.miss(`disks: cannot look at ${path}: ${(error as Error).message}`);
	}
}

/** An interface that is not there (a modem, a tunnel) is down, and no error. */
async function takeInterface(round: Round, folder: string, name: string): Promise<void> {
	const state = await round.lookUp(join(folder, "operstate"));
	// Tunnels and modems know no state of their own; they are up while they carry.
	const isUp = state === "up" || (state === "unknown" && (await round.lookUp(join(folder, "carrier"))) === "1");
	round.take(`${name}.up`, isUp);
}

function diskField(path: string, what: "available" | "used"): string {
	return `disk.${path}.${what}`;
}

function percent(part: number, whole: number): number {
	return whole === 0 ? 0 : rounded((100 * part) / whole, 1);
}

function rounded(value: number, places: number): number {
	return Number(value.toFixed(places));
}
