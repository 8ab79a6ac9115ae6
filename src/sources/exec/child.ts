// One life of a program: started without a shell in a process group of its own, read at a measured pace, and ended with all
// that it started. Its environment is what is given here; the agent's own, which may hold secrets, is not handed on.
// If the agent itself is killed, the program finds its pipe closed (SIGPIPE, EPIPE) at its next write.
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Timers } from "../sampling/sampler.js";

export interface ChildOptions {
	readonly command: readonly string[];
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Its stdout; the bytes may be overwritten afterwards. */
	readonly onBytes: (bytes: Buffer) => void;
	/** Once, when it has ended and all it wrote has been read: why, on one line. */
	readonly onEnd: (why: string) => void;
	readonly timers: Timers;
}

export interface Child {
	/** 0: it was never started. */
	readonly pid: number;
	/** SIGTERM to the group, SIGKILL after TERM_MS. Resolves after `onEnd`, or when the kernel does not let it end. */
	stop(): Promise<void>;
}

/** Between two reads of a pipe: a flood waits in the pipe, and the agent takes 64 KiB a time. A line is this late at most. */
export const PAUSE_MS = 10;
/** From SIGTERM to SIGKILL: with KILL_MS it fits the two seconds that sources have to stop. */
export const TERM_MS = 1_000;
/** After SIGKILL only a program that hangs in the kernel is still there. */
const KILL_MS = 500;
/** Who holds the pipe of a program that has ended, and left its group, is not waited for any longer. */
const DRAIN_MS = 500;
/** Of stderr the last line is kept, for the status. */
const TAIL_BYTES = 512;

/** The groups that are alive, to be ended with the agent, however it ends by itself. */
const groups = new Set<number>();
let isWatching = false;

/** Starts the program; what fails is told by `onEnd`, after this has returned. */
export function startChild(options: ChildOptions): Child {
	const { timers, onEnd } = options;
	const [program = "", ...args] = options.command;
	let tail = Buffer.alloc(0);
	let drain: unknown = null;
	let hasEnded = false;
	let resolveEnded = (): void => {};
	const ended = new Promise<void>((resolve) => {
		resolveEnded = resolve;
	});

	function end(why: string): void {
		if (hasEnded) return;
		hasEnded = true;
		timers.clearTimeout(drain);
		onEnd(why);
		resolveEnded();
	}

	let child: ChildProcess;
	try {
		// A group of its own: what it starts ends with it, and Ctrl-C on the agent's terminal reaches the agent alone.
		child = spawn(program, args, { env: options.env, stdio: ["ignore", "pipe", "pipe"], detached: true });
	} catch (error) {
		setImmediate(() => end(explain(program, error as NodeJS.ErrnoException)));
		return { pid: 0, stop: () => ended };
	}
	const { pid = 0, stdout, stderr } = child;
	let why = "";
	if (pid !== 0) remember(pid);
	if (stdout !== null) readPaced(stdout, options.onBytes, timers);
	if (stderr !== null) {
		readPaced(
			stderr,
			(bytes) => {
				tail = Buffer.concat([tail, bytes.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
			},
			timers,
		);
	}
	child.once("error", (error) => end(explain(program, error)));
	child.once("exit", (code, signal) => {
		// Whom it leaves behind in its group would hold the pipe open, and the sensor.
		signalGroup(pid, "SIGKILL");
		groups.delete(pid);
		why = `${program} ended with ${signal ?? `status ${code}`}`;
		drain = timers.setTimeout(() => {
			stdout?.destroy();
			stderr?.destroy();
		}, DRAIN_MS);
	});
	child.once("close", () => {
		const last = lastLine(tail);
		end(last === "" ? why : `${why}: ${last}`);
	});
	return { pid, stop: () => (hasEnded ? ended : stopGroup(pid, ended, timers)) };
}

async function stopGroup(pid: number, ended: Promise<void>, timers: Timers): Promise<void> {
	signalGroup(pid, "SIGTERM");
	const kill = timers.setTimeout(() => signalGroup(pid, "SIGKILL"), TERM_MS);
	let giveUp: unknown = null;
	const late = new Promise<void>((resolve) => {
		giveUp = timers.setTimeout(resolve, TERM_MS + KILL_MS);
	});
	await Promise.race([ended, late]);
	timers.clearTimeout(kill);
	timers.clearTimeout(giveUp);
}

/** Hands on what comes, with a pause after each piece, during which the pipe fills and holds the writer up. */
function readPaced(stream: Readable, onBytes: (bytes: Buffer) => void, timers: Timers): void {
	stream.on("data", (bytes: Buffer) => {
		onBytes(bytes);
		stream.pause();
		timers.setTimeout(() => stream.resume(), PAUSE_MS);
	});
	stream.on("error", () => stream.destroy()); // the end of the stream, however it came about
}

function remember(pid: number): void {
	if (!isWatching) process.once("exit", endGroups);
	isWatching = true;
	groups.add(pid);
}

function endGroups(): void {
	for (const pid of groups) signalGroup(pid, "SIGKILL");
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
	if (pid === 0) return; // never started; 0 would mean the agent's own group
	try {
		process.kill(-pid, signal);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		// Nobody is left in it, or it became another user's (sudo), whom only that user can end.
		if (code !== "ESRCH" && code !== "EPERM") throw error;
	}
}

function lastLine(tail: Buffer): string {
	const lines = tail.toString("utf8").split(/[\r\n]+/);
	return lines.filter((line) => line.trim() !== "").at(-1) ?? "";
}

function explain(program: string, error: NodeJS.ErrnoException): string {
	switch (error.code) {
		case "ENOENT":
			return `${program} is not there: install it, or give its full path`;
		case "EACCES":
			return `${program} may not be run by this user: is it executable (chmod +x)?`;
		case "ENOEXEC":
			return `${program} is no program for this machine: a script needs a first line such as #!/usr/bin/env python3`;
		default:
			return `${program} cannot be started: ${error.message}`;
	}
}
