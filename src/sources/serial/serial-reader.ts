// One serial port for as long as the agent runs: find it, open it, read lines, lose it, come back. Owns the states and
// the timers; what a port is comes from outside (SerialWorld), so that tests run it on a fake clock.
//
//   waiting --port is there, or its time has come--> opening --> open --hang-up, vanished, silent--> closing --> waiting
//
// A port that is not there is looked for every POLL_MS and opened when it appears. One that is there but fails is tried
// again after BACKOFF_MIN_MS to BACKOFF_MAX_MS, or at once when it becomes another device or its permissions change.
import { Buffer } from "node:buffer";
import { createLineSplitter, type LineSplitter } from "../parse/line-splitter.js";
import { createParser } from "../parse/parser.js";
import type { Source, SourceHost } from "../source.js";
import { HUNG_UP, type OpenPort, type openPort } from "./binding.js";
import type { Located } from "./locate.js";
import { createPacer, PAUSE_MAX_MS, type Pacer } from "./pacing.js";
import { explainPortError } from "./port-error.js";
import type { SerialSettings } from "./settings.js";

/** How often to look for a port that is not there: with the time udev takes, it is open within 2 s. */
const POLL_MS = 500;
/** How often to look whether an open port is still the same: not every unplug makes the line hang up. */
const WATCH_MS = 1_000;
const BACKOFF_MIN_MS = 250;
const BACKOFF_MAX_MS = 10_000;
/** Closing waits in the kernel for what was to be sent; nothing was, so more than this is a driver that hangs. */
const CLOSE_LIMIT_MS = 1_000;
/** Opening takes a few ms; after this the status says that it hangs. */
const OPEN_SLOW_MS = 5_000;
/** Woken up this often in a row for nothing: the line is gone, whatever the kernel says of it. */
const EMPTY_READS_MAX = 50;
/** Four times what the kernel holds for a line (pacing.ts): one read takes all that is there. */
const READ_BYTES = 16_384;

export type Timer = { readonly timer: unknown };

/** All that the reader uses of the machine. */
export interface SerialWorld {
	/** Looks for the port of the settings. */
	locate(): Located;
	/** Looks at the path of a port that is open. */
	look(path: string): Located;
	readonly open: typeof openPort;
	setTimer(callback: () => void, delayMs: number): Timer;
	clearTimer(timer: Timer): void;
	/** From 0 to before 1. */
	random(): number;
}

type Found = Extract<Located, { readonly found: true }>;

interface Reader {
	readonly settings: SerialSettings;
	readonly host: SourceHost;
	readonly world: SerialWorld;
	readonly splitter: LineSplitter;
	readonly buffer: Buffer;
	phase: "idle" | "waiting" | "opening" | "open" | "closing" | "stopped";
	port: OpenPort | null;
	/** Where the port was when it was last opened or tried; null while it is not there. */
	located: Found | null;
	pacer: Pacer;
	/** Of the phase: the next look or try while waiting, the next read while open. */
	timer: Timer | null;
	watchTimer: Timer | null;
	/** Ends when what is being opened or closed is. */
	busy: Promise<void>;
	/** Tries since the last byte. */
	failures: number;
	emptyReads: number;
	lastBytesMs: number;
	/** Reopened because nothing came: it counts as down until something does. */
	isSilent: boolean;
	error: string | null;
}

/** Makes the source. Throws for settings that have a problem (see checkSerialSettings). */
export function createSerialReader(settings: SerialSettings, host: SourceHost, world: SerialWorld): Source {
	const parser = createParser(settings.parse, host);
	const reader: Reader = {
		settings,
		host,
		world,
		splitter: createLineSplitter({
			maxLine: settings.maxLine,
			onLine: (line, capturedMs) => parser.parse(line, capturedMs),
			onReject: (reason) => host.reject(reason),
		}),
		buffer: Buffer.alloc(READ_BYTES),
		phase: "idle",
		port: null,
		located: null,
		pacer: createPacer(settings.baud),
		timer: null,
		watchTimer: null,
		busy: Promise.resolve(),
		failures: 0,
		emptyReads: 0,
		lastBytesMs: 0,
		isSilent: false,
		error: null,
	};
	return {
		start() {
			if (reader.phase === "idle") tryOpen(reader);
		},
		stop: () => stop(reader),
	};
}

function tryOpen(reader: Reader): void {
	const { world, settings } = reader;
	const located = world.locate();
	if (!located.found) {
		reader.located = null;
		report(reader, located.why);
		wait(reader, Number.POSITIVE_INFINITY);
		return;
	}
	reader.phase = "opening";
	reader.located = located;
	reader.timer = world.setTimer(() => report(reader, `opening ${located.path} hangs: unplug the device`), OPEN_SLOW_MS);
	reader.busy = world
		.open(located.path, settings, () => onReadable(reader))
		.then(
			(port) => opened(reader, port, located),
			(error: unknown) => {
				if (reader.phase !== "opening") return;
				clearTimers(reader);
				report(reader, explainPortError(error, located.path));
				wait(reader, nextBackoff(reader));
			},
		);
}

function opened(reader: Reader, port: OpenPort, located: Found): Promise<void> | undefined {
	if (reader.phase !== "opening") return closePort(reader, port);
	clearTimers(reader);
	reader.phase = "open";
	reader.port = port;
	reader.pacer = createPacer(reader.settings.baud);
	reader.emptyReads = 0;
	reader.lastBytesMs = reader.host.now();
	reader.splitter.reset(reader.settings.skipFirst);
	if (!reader.isSilent) reportUp(reader);
	watch(reader, located);
	port.arm();
	return undefined;
}

function onReadable(reader: Reader): void {
	const { port } = reader;
	if (reader.phase !== "open" || port === null) return;
	const bytes = port.read(reader.buffer);
	if (bytes > 0) {
		const nowMs = reader.host.now();
		reader.failures = 0;
		reader.emptyReads = 0;
		reader.lastBytesMs = nowMs;
		if (reader.isSilent) reportUp(reader);
		reader.splitter.push(reader.buffer, bytes, nowMs);
		armAfter(reader, port, reader.pacer.pauseAfter(bytes));
		return;
	}
	reader.emptyReads += 1;
	if (bytes === HUNG_UP || reader.emptyReads > EMPTY_READS_MAX) {
		lose(reader, `${pathOf(reader)} hung up: is it plugged in?`);
	} else armAfter(reader, port, PAUSE_MAX_MS);
}

function armAfter(reader: Reader, port: OpenPort, pauseMs: number): void {
	if (pauseMs === 0) {
		port.arm();
		return;
	}
	reader.timer = reader.world.setTimer(() => {
		reader.timer = null;
		port.arm();
	}, pauseMs);
}

/** Looks after an open port: is it still there, is it still the same, does anything come? */
function watch(reader: Reader, opened: Found): void {
	const { silenceMs = Number.POSITIVE_INFINITY } = reader.settings;
	reader.watchTimer = reader.world.setTimer(
		() => {
			const located = reader.world.look(opened.path);
			if (!located.found) lose(reader, located.why);
			else if (located.device !== opened.device) lose(reader, `${opened.path} is another device now: reopening it`);
			else if (reader.host.now() - reader.lastBytesMs >= silenceMs) {
				lose(reader, `nothing came from ${opened.path} for ${silenceMs / 1_000} s: reopening it`);
				reader.isSilent = true;
			} else watch(reader, opened);
		},
		Math.min(WATCH_MS, silenceMs),
	);
}

function lose(reader: Reader, why: string): void {
	const { port } = reader;
	clearTimers(reader);
	reader.phase = "closing";
	reader.port = null;
	reader.isSilent = false;
	reader.splitter.reset();
	report(reader, why);
	if (port === null) return;
	reader.busy = closePort(reader, port).then(() => {
		if (reader.phase === "closing") wait(reader, nextBackoff(reader));
	});
}

/** Tries again after `delayMs`, or as soon as the port is another one than that which failed. */
function wait(reader: Reader, delayMs: number): void {
	const { host, world } = reader;
	reader.phase = "waiting";
	const deadlineMs = host.now() + delayMs;
	const look = (): void => {
		reader.timer = null;
		const located = world.locate();
		if (host.now() >= deadlineMs || (located.found && isAnother(located, reader.located))) {
			tryOpen(reader);
			return;
		}
		if (!located.found) {
			reader.located = null;
			report(reader, located.why);
		}
		sleep();
	};
	const sleep = (): void => {
		reader.timer = world.setTimer(look, Math.min(POLL_MS, Math.max(1, deadlineMs - host.now())));
	};
	sleep();
}

function isAnother(located: Found, before: Found | null): boolean {
	return before === null || located.device !== before.device || located.access !== before.access;
}

/** Doubles with each try, less up to half of it, so that ports of one hub do not come back in step. */
function nextBackoff(reader: Reader): number {
	const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** reader.failures);
	reader.failures += 1;
	return ceilingMs * (1 - reader.world.random() / 2);
}

/** Closes a port, or leaves it to the kernel when that takes too long. */
function closePort(reader: Reader, port: OpenPort): Promise<void> {
	return within(reader, port.close(), CLOSE_LIMIT_MS);
}

/** Resolves when `work` has ended, however it ended, and after `limitMs` at the latest. */
function within(reader: Reader, work: Promise<void>, limitMs: number): Promise<void> {
	return new Promise((resolve) => {
		const timer = reader.world.setTimer(resolve, limitMs);
		const done = (): void => {
			reader.world.clearTimer(timer);
			resolve();
		};
		// A close that fails has nothing left to close.
		work.then(done, done);
	});
}

function stop(reader: Reader): Promise<void> {
	if (reader.phase === "stopped") return within(reader, reader.busy, CLOSE_LIMIT_MS);
	const { port } = reader;
	clearTimers(reader);
	reader.phase = "stopped";
	reader.port = null;
	if (port !== null) {
		// What came during the last pause was received, and counts.
		const bytes = port.read(reader.buffer);
		if (bytes > 0) reader.splitter.push(reader.buffer, bytes, reader.host.now());
		reader.busy = closePort(reader, port);
	}
	reader.splitter.reset();
	return within(reader, reader.busy, CLOSE_LIMIT_MS);
}

function clearTimers(reader: Reader): void {
	if (reader.timer !== null) reader.world.clearTimer(reader.timer);
	if (reader.watchTimer !== null) reader.world.clearTimer(reader.watchTimer);
	reader.timer = null;
	reader.watchTimer = null;
}

function report(reader: Reader, why: string): void {
	if (reader.error === why) return;
	reader.error = why;
	reader.host.down(why);
}

function reportUp(reader: Reader): void {
	reader.isSilent = false;
	reader.error = null;
	reader.host.up();
}

function pathOf(reader: Reader): string {
	return reader.located?.path ?? "the port";
}
