// Child processes of a test: what they print is kept within a bound, and none outlives the test process.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeTempDir } from "./temp-dir.js";
import { until } from "./wait.js";

/** The folder this was compiled into: build, or another that scripts/build.mjs was given. */
export const buildDir: string = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const projectDir: string = dirname(buildDir);
/** Where scripts/build.mjs puts the bundle that belongs to `buildDir`. */
export const distDir: string = join(projectDir, basename(buildDir).replace(/^build/, "dist"));
export const bundleFile: string = join(distDir, "tallywire.mjs");

/** Characters kept of each output stream, the newest. */
const OUTPUT_CHARS_MAX = 1_000_000;

export interface Exit {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
}

export interface Running {
	readonly pid: number;
	/** Resolves when the process has ended and all it printed has been read. */
	readonly exited: Promise<Exit>;
	isRunning(): boolean;
	stdout(): string;
	stderr(): string;
	/** Writes to its stdin; only where it was started with `stdin: true`. */
	write(text: string | Uint8Array): void;
	endInput(): void;
	/** Stops reading what it prints, for good: its next write finds nobody. */
	closeOutput(): void;
	signal(name: NodeJS.Signals): void;
	/** SIGTERM, then SIGKILL if it has not ended within the time. */
	stop(timeoutMs?: number): Promise<Exit>;
	kill(): Promise<Exit>;
	/** Resolves with the match as soon as stdout and stderr together hold one; rejects after the time. */
	waitForOutput(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
}

export interface StartOptions {
	/** Added to this process's environment; undefined removes a variable. */
	readonly env?: Readonly<Record<string, string | undefined>>;
	readonly cwd?: string;
	/** A command that becomes the agent, for example `["prlimit", "--nofile=32"]`; only for those that start an agent. */
	readonly through?: readonly string[];
	readonly stdin?: boolean;
	/** Called with every whole line of stdout; then nothing of stdout is kept. */
	readonly onLine?: (line: string) => void;
}

const children = new Set<ChildProcess>();

process.on("exit", () => {
	for (const child of children) child.kill("SIGKILL");
});

/** Starts a process. A command that cannot be started shows as exit code 127. */
export function startProcess(command: string, args: readonly string[], options: StartOptions = {}): Running {
	const child = spawn(command, [...args], {
		cwd: options.cwd ?? projectDir,
		env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin`, NO_COLOR: "1", ...options.env },
		stdio: [options.stdin === true ? "pipe" : "ignore", "pipe", "pipe"],
	});
	children.add(child);
	const output = { stdout: "", stderr: "" };
	collect(child, "stderr", (text) => {
		output.stderr = (output.stderr + text).slice(-OUTPUT_CHARS_MAX);
	});
	const keep = (text: string): void => {
		output.stdout = (output.stdout + text).slice(-OUTPUT_CHARS_MAX);
	};
	collect(child, "stdout", options.onLine === undefined ? keep : byLine(options.onLine));
	let ended: Exit | undefined;
	const exited = new Promise<Exit>((resolve) => {
		const end = (exit: Exit): void => {
			children.delete(child);
			ended ??= exit;
			resolve(ended);
		};
		child.once("error", (error) => {
			output.stderr += String(error);
			if (child.pid === undefined) end({ code: 127, signal: null });
		});
		child.once("close", (code, signal) => end({ code, signal }));
	});
	child.stdin?.on("error", () => undefined); // it ended before it had read everything
	const running: Running = {
		pid: child.pid ?? -1,
		exited,
		isRunning: () => ended === undefined && child.exitCode === null && child.signalCode === null,
		stdout: () => output.stdout,
		stderr: () => output.stderr,
		write: (text) => void child.stdin?.write(text),
		endInput: () => void child.stdin?.end(),
		closeOutput: () => {
			child.stdout?.destroy();
			child.stderr?.destroy();
		},
		signal: (name) => void child.kill(name),
		stop: (timeoutMs = 10_000) => stopChild(child, exited, timeoutMs),
		kill: () => stopChild(child, exited, 0),
		waitForOutput: (pattern, timeoutMs = 10_000) => {
			const text = (): string => output.stdout + output.stderr;
			return until(
				() => `${pattern} from ${basename(command)} ${args.join(" ")}, which printed:\n${text()}`,
				() => {
					const match = pattern.exec(text());
					if (match === null && !running.isRunning() && ended !== undefined) {
						throw new Error(
							`${basename(command)} ended (${ended.signal ?? ended.code}) without ${pattern}:\n${text()}`,
						);
					}
					return match ?? undefined;
				},
				timeoutMs,
			);
		},
	};
	return running;
}

function collect(child: ChildProcess, name: "stdout" | "stderr", take: (text: string) => void): void {
	child[name]?.setEncoding("utf8").on("data", take);
}

function byLine(onLine: (line: string) => void): (text: string) => void {
	let rest = "";
	return (text) => {
		const lines = (rest + text).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) onLine(line);
	};
}

async function stopChild(child: ChildProcess, exited: Promise<Exit>, timeoutMs: number): Promise<Exit> {
	child.kill(timeoutMs > 0 ? "SIGTERM" : "SIGKILL");
	child.kill("SIGCONT"); // one that was suspended could not end
	const limit = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
	const exit = await exited;
	clearTimeout(limit);
	return exit;
}

export interface Finished extends Exit {
	readonly stdout: string;
	readonly stderr: string;
}

/** Runs a command to its end. */
export async function runProcess(
	command: string,
	args: readonly string[],
	options: StartOptions & { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<Finished> {
	const running = startProcess(command, args, { ...options, stdin: options.input !== undefined });
	if (options.input !== undefined) running.write(options.input);
	running.endInput();
	const limit = setTimeout(() => running.signal("SIGKILL"), options.timeoutMs ?? 30_000);
	const exit = await running.exited;
	clearTimeout(limit);
	return { ...exit, stdout: running.stdout(), stderr: running.stderr() };
}

/** Runs a command that has to succeed; its stdout. */
export async function runOrThrow(
	command: string,
	args: readonly string[],
	options: StartOptions = {},
): Promise<string> {
	const { code, signal, stdout, stderr } = await runProcess(command, args, options);
	if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${signal ?? code}\n${stdout}${stderr}`);
	return stdout;
}

/** Whether there is a bundle, and it was made of the compiled files that are there now. */
export function isBundleFresh(): boolean {
	return existsSync(bundleFile) && statSync(bundleFile).mtimeMs >= statSync(join(buildDir, "src/main.js")).mtimeMs;
}

/** What `tallywire` is under test: the bundle that ships, or the compiled files where only tsc has run. */
export function agentEntry(): string {
	return isBundleFresh() ? bundleFile : join(buildDir, "src/main.js");
}

/** Starts any command of the agent: `startTallywire(["check", "-c", file])`. */
export function startTallywire(args: readonly string[], options: StartOptions = {}): Running {
	const [command = process.execPath, ...rest] = [...(options.through ?? []), process.execPath, agentEntry(), ...args];
	return startProcess(command, rest, options);
}

/** Runs a command of the agent to its end. */
export function runTallywire(
	args: readonly string[],
	options: StartOptions & { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<Finished> {
	return runProcess(process.execPath, [agentEntry(), ...args], options);
}

export interface Agent extends Running {
	readonly configFile: string;
	/** Where it keeps what it needs to report a run that died; the next run of the device is given the same. */
	readonly runtimeDir: string;
}

/**
 * Starts `tallywire run` with a configuration: an object, or YAML. The HTTP server is off unless the object says otherwise.
 */
export function startAgent(
	config: string | Readonly<Record<string, unknown>>,
	options: StartOptions & { readonly runtimeDir?: string } = {},
): Agent {
	const configFile = join(makeTempDir("config"), "tallywire.yaml");
	writeFileSync(configFile, typeof config === "string" ? config : JSON.stringify({ http: false, ...config }, null, 2));
	const runtimeDir = options.runtimeDir ?? makeTempDir("runtime");
	const env = { RUNTIME_DIRECTORY: runtimeDir, ...options.env };
	return { ...startTallywire(["run", "-c", configFile], { ...options, env }), configFile, runtimeDir };
}
