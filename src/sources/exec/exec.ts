// The source `exec`: lines that a program writes for as long as the agent runs (`rtl_433 -F json`, a script for an I2C
// sensor), through the parsers of serial lines. Owns when it is started again, and when it counts as up: once it has
// written something, or has lasted. The program itself is child.ts.
import { createLineSplitter } from "../parse/line-splitter.js";
import { checkParseSettings, createParser, type ParseSettings } from "../parse/parser.js";
import { nodeTimers, type Timers } from "../sampling/sampler.js";
import type { CreateSource, SourceHost, SourceSettings } from "../source.js";
import { type Child, startChild } from "./child.js";

export interface ExecSettings extends SourceSettings {
	readonly command: readonly string[];
	readonly env?: Readonly<Record<string, { reveal(): string }>>;
	readonly parse: ParseSettings;
	readonly maxLine: number;
	readonly silenceMs?: number;
	/** What a start waits for after a failed one: doubled from min to max, less up to half of it at random. */
	readonly restart: { readonly minMs: number; readonly maxMs: number };
}

export interface ExecWorld {
	readonly start: typeof startChild;
	readonly timers: Timers;
	/** From 0 to before 1. */
	readonly random: () => number;
}

/** A program that lasted this long did not fail at its start: the waits begin anew. */
export const STEADY_MS = 10_000;
/** One that says nothing for now, but runs, is up. */
export const UP_AFTER_MS = 2_000;

/** What a program has of the agent's environment. */
const HANDED_ON = ["PATH", "HOME", "LANG"] as const;

const realWorld: ExecWorld = { start: startChild, timers: nodeTimers, random: Math.random };

/** Throws for settings that have a problem, one `path: message` a line. */
export const createExecSource = ((settings: ExecSettings, host: SourceHost, _machine: unknown, world = realWorld) => {
	const problems = checkExecSettings(settings);
	if (problems.length > 0) throw new Error(problems.join("\n"));
	const { timers } = world;
	const { restart, silenceMs = Number.POSITIVE_INFINITY } = settings;
	const parser = createParser(settings.parse, host);
	const splitter = createLineSplitter({
		maxLine: settings.maxLine,
		onLine: (line, capturedMs) => parser.parse(line, capturedMs),
		onReject: (reason) => host.reject(reason),
	});
	let child: Child | null = null;
	let isStopped = false;
	/** Nothing is taken any more. */
	let isClosed = false;
	let isUp = false;
	let startedMs = 0;
	let lastBytesMs = 0;
	/** Starts in a row that did not last. */
	let failures = 0;
	/** Set when the program is ended for a reason of ours. */
	let reason: string | null = null;
	/** Until the next look at it, or until it is started again. */
	let timer: unknown = null;

	function start(): void {
		startedMs = host.now();
		lastBytesMs = startedMs;
		// One that was ended for its silence is up again with its first bytes, not for having started.
		const mustSpeak = reason !== null;
		reason = null;
		child = world.start({ command: settings.command, env: environment(settings), onBytes, onEnd, timers });
		watch(mustSpeak);
	}

	/** Looks after the program that runs: has it lasted, has it been silent for too long? */
	function watch(mustSpeak: boolean): void {
		const nowMs = host.now();
		if (!mustSpeak && nowMs - startedMs >= UP_AFTER_MS) up();
		const silentMs = nowMs - lastBytesMs;
		if (silentMs >= silenceMs) {
			reason = `${settings.command[0]} has written nothing for ${silenceMs / 1_000} s: starting it again`;
			void child?.stop();
		} else timer = timers.setTimeout(() => watch(mustSpeak), Math.min(silenceMs - silentMs, UP_AFTER_MS));
	}

	function onBytes(bytes: Buffer): void {
		if (isClosed) return;
		lastBytesMs = host.now();
		up();
		splitter.push(bytes, bytes.length, lastBytesMs);
	}

	function onEnd(why: string): void {
		timers.clearTimeout(timer);
		child = null;
		splitter.reset();
		if (isStopped) return;
		isUp = false;
		host.down(reason ?? why);
		failures = host.now() - startedMs >= STEADY_MS ? 0 : failures + 1;
		const ceilingMs = Math.min(restart.maxMs, restart.minMs * 2 ** Math.max(0, failures - 1));
		timer = timers.setTimeout(start, ceilingMs * (1 - world.random() / 2));
	}

	function up(): void {
		if (isUp || isStopped) return;
		isUp = true;
		host.up();
	}

	return {
		start,
		async stop() {
			isStopped = true;
			timers.clearTimeout(timer);
			await child?.stop();
			isClosed = true;
			splitter.reset();
		},
	};
}) satisfies CreateSource<ExecSettings>;

function checkExecSettings({ command, parse, restart }: ExecSettings): string[] {
	const problems = checkParseSettings(parse).map(({ path, message }) => `parse.${path}: ${message}`);
	if (command[0]?.trim() === "") problems.push("command: the first of it is the program to run");
	if (restart.minMs > restart.maxMs) problems.push("restart.min: is longer than restart.max");
	return problems;
}

function environment({ env = {} }: ExecSettings): Record<string, string | undefined> {
	return {
		...Object.fromEntries(HANDED_ON.map((name) => [name, process.env[name]])),
		...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.reveal()])),
	};
}
