// The machine itself: Node and processor, board, user and groups, memory, clock, the folder for run-time files.
import { accessSync, constants, readFileSync } from "node:fs";
import { arch, platform, tmpdir, totalmem, userInfo } from "node:os";
import { join } from "node:path";
import { detectBoard } from "../../boards/detect.js";
import { type Board, loadBoard } from "../../boards/load.js";
import type { Config } from "../../config/config.js";
import { memoryBound } from "../../config/memory-bound.js";
import { type Check, fail, ok, warn } from "./check.js";

/** What `doctor` looks at; a test brings a machine of its own. */
export interface DoctorMachine {
	readonly procRoot: string;
	readonly sysRoot: string;
	readonly devRoot: string;
	readonly etcRoot: string;
	readonly temporaryFolder: string;
	/** `v20.19.0`. */
	readonly nodeVersion: string;
	readonly arch: string;
	readonly platform: string;
	/** `6`, `7`, `8` on 32-bit ARM, else null. */
	readonly armVersion: string | null;
	readonly user: { readonly name: string; readonly uid: number; readonly gids: readonly number[] };
	readonly memoryBytes: number;
}

/** The least Node that runs the agent (package.json, engines). */
const NODE_MIN = [20, 19] as const;

/** What the program itself holds, idle and connected: 52 MB measured, and room for Node's own heap. */
const PROGRAM_BYTES = 64 * 1_048_576;

/** This machine. */
export function thisDoctorMachine(): DoctorMachine {
	const variables: Readonly<Record<string, unknown>> = { ...process.config.variables };
	const armVersion = variables["arm_version"];
	const { username, uid } = userInfo();
	return {
		procRoot: "/proc",
		sysRoot: "/sys",
		devRoot: "/dev",
		etcRoot: "/etc",
		temporaryFolder: tmpdir(),
		nodeVersion: process.version,
		arch: arch(),
		platform: platform(),
		armVersion: armVersion === undefined || armVersion === "default" ? null : String(armVersion),
		user: { name: username, uid, gids: process.getgroups?.() ?? [] },
		memoryBytes: totalmem(),
	};
}

export function checkNode({ nodeVersion, arch, platform, armVersion }: DoctorMachine): Check {
	const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
	const text = `Node ${nodeVersion.replace(/^v/, "")} on ${platform} ${arch}`;
	if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
		return fail(
			`${text}: ${NODE_MIN.join(".")} or later is needed`,
			"curl -fsSL https://deb.nodesource.com/setup_22.x | sudo -E bash - && sudo apt-get install -y nodejs",
		);
	}
	if (arch === "arm" && armVersion === "6") {
		return warn(`${text}: a build for ARMv6 is nobody's release; expect to keep it up to date yourself`);
	}
	return ok(text);
}

/** The board in force: the configuration's, else what this machine is. */
export function checkBoard(machine: DoctorMachine, config: Config | null): { check: Check; board: Board | null } {
	const { procRoot, sysRoot, platform } = machine;
	const detected = detectBoard({ procRoot, sysRoot, platform });
	const id = config?.board ?? detected.id;
	const loaded = loadBoard(id);
	if (!loaded.ok)
		return { check: fail(`board ${id}: ${loaded.message}`, "sudo npm install -g tallywire"), board: null };
	const { board } = loaded;
	const model = detected.model === null ? "" : `, this machine says "${detected.model}"`;
	const text = `board ${id}: ${board.name}${model}`;
	if (detected.id !== id) {
		const check = warn(`${text}; configured, though it looks like ${detected.id}`, "board: auto");
		return { check, board };
	}
	if (detected.note !== null) return { check: warn(`${text}. ${detected.note}`), board };
	return { check: ok(text), board };
}

/** Names of groups by number, from /etc/group; empty where it cannot be read. */
export function readGroups(etcRoot: string): ReadonlyMap<number, string> {
	const groups = new Map<number, string>();
	for (const line of readText(join(etcRoot, "group")).split("\n")) {
		const [name, , gid] = line.split(":");
		if (name !== undefined && gid !== undefined) groups.set(Number(gid), name);
	}
	return groups;
}

export function checkUser({ user, etcRoot }: DoctorMachine): Check {
	if (user.uid === 0) {
		return warn("user root: it works, but the agent needs no more than the groups dialout and gpio");
	}
	const groups = readGroups(etcRoot);
	return ok(`user ${user.name}, groups ${user.gids.map((gid) => groups.get(gid) ?? gid).join(" ")}`);
}

/** The command that puts this user into a group. */
export function joinGroup({ user }: DoctorMachine, group: string): string {
	return `sudo usermod -aG ${group} ${user.name}   # then log in again, or restart the service`;
}

/** What the configuration can make the agent hold, against what the machine has. */
export function checkMemory({ memoryBytes }: DoctorMachine, config: Config | null): Check {
	const has = `${mebibytes(memoryBytes)} MiB of memory`;
	if (config === null) return ok(has);
	const bound = memoryBound(config).bytes;
	const text = `${has}; this configuration holds at most ${mebibytes(bound)} MiB beside the program`;
	const fits = Math.max(1_024, Math.floor((config.buffer.capacity * memoryBytes) / 4 / bound));
	if (bound + PROGRAM_BYTES > memoryBytes / 2) return fail(text, `buffer: { capacity: ${fits} }`);
	if (bound > memoryBytes / 4) return warn(text, `buffer: { capacity: ${fits} }`);
	return ok(text);
}

/** A clock that is not synchronised stops nothing: frames then say `clock: false`. */
export async function checkClock(readSynchronised: () => Promise<boolean>): Promise<Check> {
	if (await readSynchronised()) return ok("the clock is synchronised");
	return warn(
		"the clock is not synchronised: frames carry clock: false until it is",
		"sudo timedatectl set-ntp true",
		"timedatectl timesync-status   # when it stays so: which server, and does it answer",
	);
}

/** Where the last counters of a run are kept for the next one. Without it `previous` stays null. */
export function checkRuntimeFolder(machine: DoctorMachine, runtimeFolder: string | undefined): Check {
	const folder = runtimeFolder ?? machine.temporaryFolder;
	const error = accessError(folder, constants.W_OK | constants.X_OK);
	if (error === null) return ok(`${folder} takes the run-time file`);
	return warn(
		`${folder} takes no run-time file (${error}): a run that is killed leaves no last counters`,
		`sudo install -d -o ${machine.user.name} ${folder}`,
	);
}

/** Why a file is closed to us, as the kernel's code; null where it is open. */
export function accessError(path: string, mode: number): string | null {
	try {
		accessSync(path, mode);
		return null;
	} catch (error) {
		return error instanceof Error && "code" in error ? String(error.code) : String(error);
	}
}

/** A small file, or nothing. */
export function readText(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return ""; // missing or closed: the caller treats both as unknown
	}
}

function mebibytes(bytes: number): string {
	const size = bytes / 1_048_576;
	return size < 100 ? size.toFixed(1) : String(Math.round(size));
}
