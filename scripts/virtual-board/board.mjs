// Runs a command inside the virtual board: a Linux kernel with simulated hardware, on one of the machines (user-mode.mjs,
// arm64.mjs). Owns the folder through which the two sides talk, and ends whatever does not end; what happens inside is
// init.sh's.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findArm64 } from "./arm64.mjs";
import { answerCpuTime } from "./cpu-time.mjs";
import { findUserMode } from "./user-mode.mjs";

const boards = join(import.meta.dirname, "../../boards");

/** By the names that a command line has for them; each gives the machine, or why there is none here. */
export const MACHINES = { "user-mode": findUserMode, arm64: findArm64 };

/** USB adapters that can be plugged in. */
const ADAPTERS = 3;
/** After the time limit, until the kernel is killed. */
const KILL_MS = 5_000;
/** Enough for every failure of a suite, and a test that prints without end fills no memory. */
const OUTPUT_CHARS_MAX = 1_000_000;

/**
 * Runs `command` (an array) in the folder `cwd`. Resolves with its output and exit status; where it did not come to an end
 * the status is null, `problem` says why, and `isLate` whether that was the time limit.
 * options: machine, command, cwd (in this project), board (an id of boards/), env (what else to set), timeTravel (time in
 * which nothing happens passes at once), network (this machine's loopback is 10.0.2.2), timeoutMs, onOutput(text)
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

function runKernel(options, folder) {
	const { machine, timeTravel = false, network = false } = options;
	const { program, args, env } = machine.command({ folder, adapters: ADAPTERS, timeTravel, network });
	const child = spawn(program, args, {
		detached: true, // a process group of its own: the kernel may be many processes
		env: { PATH: process.env.PATH, HOME: folder, ...env },
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
