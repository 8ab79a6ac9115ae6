// Runs a command inside the virtual board: a Linux kernel that is an ordinary process of this machine (User-Mode Linux),
// with simulated hardware. Its root is the machine's own, read-only: the same node, the same node_modules, no image. Owns
// the kernel's command line and the folder through which the two sides talk; what happens inside is init.sh's.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { answerCpuTime } from "./cpu-time.mjs";

const here = import.meta.dirname;
const boards = join(here, "../../boards");

/** A test, an agent, mosquitto and a subscriber need about 180 MiB. */
const MEMORY_MIB = 256;
/** USB adapters that can be plugged in. */
const ADAPTERS = 3;
/** After the time limit, until the kernel is killed. */
const KILL_MS = 5_000;
/** Enough for every failure of a suite, and a test that prints without end fills no memory. */
const OUTPUT_CHARS_MAX = 1_000_000;

/**
 * Runs `command` (an array) in the folder `cwd`. Resolves with its output and exit status; where it did not come to an end
 * the status is null, `problem` says why, and `isLate` whether that was the time limit.
 * options: kernel, command, cwd, board (an id of boards/), env (what else to set), timeTravel (time in which nothing happens
 * passes at once), network (the machine's loopback is 10.0.2.2), timeoutMs, onOutput(text)
 */
export async function runOnBoard(options) {
	const folder = mkdtempSync(join(tmpdir(), "board-"));
	const remove = () => rmSync(folder, { recursive: true, force: true });
	process.on("exit", remove);
	try {
		writeFileSync(join(folder, "chips"), chipsOf(options.board));
		writeFileSync(join(folder, "settings"), settingsOf(options));
		writeFileSync(join(folder, "command"), `${options.command.map(quote).join(" ")}\n`);
		const { output, messages, isLate } = await runKernel(options, folder);
		const file = join(folder, "status");
		if (existsSync(file)) return { status: Number(readFileSync(file, "utf8")), output, problem: null, isLate: false };
		const problem = isLate ? `did not end within ${options.timeoutMs / 1_000} s` : `the kernel failed:\n${messages}`;
		return { status: null, output, problem, isLate };
	} finally {
		process.off("exit", remove);
		remove();
	}
}

/** The program that gives the board a network: kept with the kernel, or the machine's. Undefined: there is none. */
export function findSlirp(kernel) {
	return [join(dirname(kernel), "slirp"), "/usr/bin/slirp-fullbolt"].find((file) => existsSync(file));
}

function runKernel(options, folder) {
	const child = spawn(options.kernel, kernelArguments(options, folder), {
		detached: true, // a process group of its own: the kernel is many processes
		// Its memory is a file, which has to be executable.
		env: { PATH: process.env.PATH, HOME: folder, TMPDIR: memoryFolder(folder) },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let output = "";
	let messages = ""; // the kernel's own
	let isLate = false;
	child.stdout.setEncoding("utf8").on("data", (text) => {
		output = (output + text).slice(-OUTPUT_CHARS_MAX);
		options.onOutput?.(text);
	});
	child.stderr.setEncoding("utf8").on("data", (text) => {
		messages = (messages + text).slice(-OUTPUT_CHARS_MAX);
	});
	const kill = (signal) => {
		try {
			process.kill(-child.pid, signal);
		} catch (error) {
			if (error.code !== "ESRCH") throw error;
		}
	};
	const killNow = () => kill("SIGKILL");
	const stopAnswering = answerCpuTime(folder, child.pid);
	process.on("exit", killNow);
	const limit = setTimeout(() => {
		isLate = true;
		kill("SIGTERM");
		setTimeout(killNow, KILL_MS).unref();
	}, options.timeoutMs);
	const end = () => {
		clearTimeout(limit);
		stopAnswering();
		process.off("exit", killNow);
	};
	return new Promise((resolve, reject) => {
		child.on("error", (error) => {
			end();
			reject(error);
		});
		child.on("exit", killNow);
		child.on("close", () => {
			end();
			resolve({ output, messages, isLate });
		});
	});
}

function kernelArguments({ kernel, timeTravel, network }, folder) {
	const slirp = network ? findSlirp(kernel) : undefined;
	return [
		...[`mem=${MEMORY_MIB}M`, "root=none", "rootfstype=hostfs", "rootflags=/", "ro", `init=${join(here, "init.sh")}`],
		...[
			"con=null",
			"con0=null,fd:1",
			"ssl=null",
			"quiet",
			"loglevel=1",
			`dummy_hcd.num=${ADAPTERS}`,
			`BOARD=${folder}`,
		],
		...(timeTravel ? ["time-travel"] : []),
		...(slirp === undefined ? [] : [`eth0=slirp,,${slirp}`]),
	];
}

/** In memory where there is room for it: containers often have 64 MB there, and the kernel would die of it later. */
function memoryFolder(folder) {
	const shared = "/dev/shm";
	if (!existsSync(shared)) return folder;
	const { bavail, bsize } = statfsSync(shared);
	return bavail * bsize > 2 * MEMORY_MIB * 1_048_576 ? shared : folder;
}

function settingsOf({ board, cwd, env = {} }) {
	const all = Object.entries({ VB_BOARD: board, ...env });
	return [...all.map(([name, value]) => `export ${name}=${quote(value)}`), `cd ${quote(cwd)} || exit 1`, ""].join("\n");
}

/** One line for each chip of the board: label, number of lines, names of the lines (see init.sh). */
function chipsOf(board) {
	const file = join(boards, `${board}.json`);
	if (!existsSync(file)) throw new Error(`there is no board ${board}: no ${file}`);
	const { chips } = JSON.parse(readFileSync(file, "utf8"));
	const lines = chips.map(({ label, lines }) => {
		const names = Object.entries(lines).flatMap(([name, offset]) => expand(name, offset));
		const count = Math.max(...names.map(([offset]) => offset)) + 1;
		return [label, count, ...names.map(([offset, name]) => `${offset}=${name}`)].join(" ");
	});
	return `${lines.join("\n")}\n`;
}

/** `GPIO{4-6}` at offset 4 is three lines (see boards/). */
function expand(name, offset) {
	const range = /^(.*)\{(\d+)-(\d+)\}(.*)$/.exec(name);
	if (range === null) return [[offset, name]];
	const [, before, first, last, after] = range;
	const count = Number(last) - Number(first) + 1;
	return Array.from({ length: count }, (_, index) => [offset + index, `${before}${Number(first) + index}${after}`]);
}

function quote(text) {
	return `'${String(text).replaceAll("'", "'\\''")}'`;
}
