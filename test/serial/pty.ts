// A pair of pseudo terminals: what is written to `far` arrives at `near`, as from a sensor on a cable.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Cable {
	readonly folder: string;
	readonly near: string;
	readonly far: string;
	/** Makes both ends appear. */
	plug(): Promise<void>;
	/** Takes both ends away, at once. */
	unplug(): void;
	/** Writes to the far end, a few KiB at the most. */
	write(text: string): void;
	/** Runs a shell command whose output goes to the far end. */
	run(command: string): ChildProcess;
	/** Ends everything that was started. */
	dispose(): Promise<void>;
}

export function createCable(): Cable {
	const folder = mkdtempSync(join(tmpdir(), "pty-"));
	const near = join(folder, "near");
	const far = join(folder, "far");
	const children: ChildProcess[] = [];
	let socat: ChildProcess | null = null;
	let farFd: number | null = null;

	function unplug(): void {
		socat?.kill("SIGKILL");
		socat = null;
		for (const path of [near, far]) rmSync(path, { force: true });
		if (farFd !== null) closeSync(farFd);
		farFd = null;
	}

	return {
		folder,
		near,
		far,
		async plug() {
			socat = spawn("socat", [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`], { stdio: "ignore" });
			children.push(socat);
			await until(() => existsSync(near) && existsSync(far), "socat makes both ends");
		},
		unplug,
		write(text) {
			farFd ??= openSync(far, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
			writeSync(farFd, text);
		},
		run(command) {
			const child = spawn("sh", ["-c", `exec >"$0"; ${command}`, far], { stdio: "ignore" });
			children.push(child);
			return child;
		},
		async dispose() {
			unplug();
			for (const child of children) await end(child);
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const ended = new Promise((resolve) => {
		child.once("exit", resolve);
	});
	child.kill("SIGKILL");
	await ended;
}

/** Waits for something to become true; the time limit only says that it never will. */
export async function until(condition: () => boolean, what: string, limitMs = 15_000): Promise<void> {
	const startMs = performance.now();
	while (!condition()) {
		if (performance.now() - startMs > limitMs) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
		await sleep(5);
	}
}
