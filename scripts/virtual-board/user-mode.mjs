// The virtual board as an ordinary process of this machine: a Linux kernel of its own configuration (User-Mode Linux). Its
// root is the machine's own, read-only: the same node, the same node_modules, no image. Starts within a second.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";

const here = import.meta.dirname;

/** A test, an agent, mosquitto and a subscriber need about 180 MiB. */
const MEMORY_MIB = 256;

/**
 * The machine, or why there is none. Building the kernel takes minutes: `limitS` at most, 0 builds none.
 * TALLYWIRE_BOARD_KERNEL names one that is taken as it is.
 */
export function findUserMode(limitS = 3_600) {
	const { kernel, why } = findKernel(limitS);
	if (kernel === undefined) return { why };
	// Starting takes a second; on a machine that is very busy, ten.
	const limits = { startS: 60, fileS: 600 };
	const about = "a Linux kernel as a process of this machine";
	const machine = { about, node: process.execPath, hasTimeTravel: true, slowness: 1, limits };
	return { machine: { ...machine, command: (run) => command(kernel, run) } };
}

function findKernel(limitS) {
	const given = process.env.TALLYWIRE_BOARD_KERNEL;
	if (given) return isProgram(given) ? { kernel: given } : { why: `${given} is no program` };
	const { error, status, stdout } = spawnSync(join(here, "build-kernel"), [String(limitS)], {
		encoding: "utf8",
		stdio: ["ignore", "pipe", "inherit"],
	});
	const answer = error?.message ?? stdout.trim();
	return status === 0 ? { kernel: answer } : { why: answer };
}

function isProgram(file) {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

function command(kernel, { folder, adapters, timeTravel, network }) {
	const slirp = network ? findSlirp(kernel) : undefined;
	const args = [
		...[`mem=${MEMORY_MIB}M`, "root=none", "rootfstype=hostfs", "rootflags=/", "ro", `init=${join(here, "init.sh")}`],
		...["con=null", "con0=null,fd:1", "ssl=null", "quiet", "loglevel=1"],
		...[`dummy_hcd.num=${adapters}`, `BOARD=${folder}`],
		...(timeTravel ? ["time-travel"] : []),
		...(slirp === undefined ? [] : [`eth0=slirp,,${slirp}`]),
	];
	// Its memory is a file, which has to be executable.
	return { program: kernel, args, env: { TMPDIR: memoryFolder(folder) } };
}

/** The program that gives the board a network: kept with the kernel, or the machine's. Undefined: there is none. */
function findSlirp(kernel) {
	return [join(dirname(kernel), "slirp"), "/usr/bin/slirp-fullbolt"].find((file) => existsSync(file));
}

/** In memory where there is room for it: containers often have 64 MB there, and the kernel would die of it later. */
function memoryFolder(folder) {
	const shared = "/dev/shm";
	if (!existsSync(shared)) return folder;
	const { bavail, bsize } = statfsSync(shared);
	return bavail * bsize > 2 * MEMORY_MIB * 1_048_576 ? shared : folder;
}
