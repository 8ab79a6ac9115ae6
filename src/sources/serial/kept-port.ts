// One serial port for as long as the agent runs: find it, open it, read it, lose it, come back. Owns the states and the
// timers; what a port is comes from outside (world.ts), so that tests run it on a fake clock, and what its bytes mean is
// for the intake to say: lines, frames, or the answers of a bus.
//
//   waiting --port is there, or its time has come--> opening --> open --hang-up, vanished, silent--> closing --> waiting
//
// A port that is not there is looked for every POLL_MS and opened when it appears. One that is there but fails is tried
// again after BACKOFF_MIN_MS to BACKOFF_MAX_MS, or at once when it becomes another device or its permissions change.
import { Buffer } from "node:buffer";
import type { Source, SourceHost } from "../source.js";
import { HUNG_UP, type OpenPort } from "./binding.js";
import type { Located } from "./locate.js";
import { createPacer, PAUSE_MAX_MS, type Pacer } from "./pacing.js";
import { explainPortError } from "./port-error.js";
import type { PortSettings } from "./settings.js";
import type { SerialWorld, Timer } from "./world.js";

/** How often to look for a port that is not there: with the time udev takes, it is open within 2 s. */
const POLL_MS = 500;
/** How often to look whether an open port is still the same: not every unplug makes the line hang up. */
const WATCH_MS = 1_000;
const BACKOFF_MIN_MS = 250;
const BACKOFF_MAX_MS = 10_000;
/** Closing waits in the kernel for what was to be sent; that is a few bytes, so more than this is a driver that hangs. */
const CLOSE_LIMIT_MS = 1_000;
/** Opening takes a few ms; after this the status says that it hangs. */
const OPEN_SLOW_MS = 5_000;
/** Woken up this often in a row for nothing: the line is gone, whatever the kernel says of it. */
const EMPTY_READS_MAX = 50;
/** Four times what the kernel holds for a line (pacing.ts): one read takes all that is there. */
const READ_BYTES = 16_384;

/** Writes to the port; false where the kernel does not take all of it. What came before is handed on first. */
export type Send = (bytes: Uint8Array) => boolean;

/** Whom the bytes of a port are for. */
export interface Intake {
	/** The port is open. `send` works until `end`, and is not to be called from within `push`. */
	begin(send: Send): void;
	/** The first `length` bytes of `bytes`, which are overwritten afterwards. */
	push(bytes: Buffer, length: number, capturedMs: number): void;
	/** The port is lost or closed: what waits for its end is cut off. */
	end(): void;
}

/** What is told about the port: open and working, or not and why. */
export type PortHost = Pick<SourceHost, "now" | "up" | "down">;

type Found = Extract<Located, { readonly found: true }>;

interface Keeper {
	readonly settings: PortSettings;
	readonly host: PortHost;
	readonly world: SerialWorld;
	readonly intake: Intake;
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

/** Makes the port, as a source that is up while it is open. */
export function createKeptPort(settings: PortSettings, host: PortHost, world: SerialWorld, intake: Intake): Source {
	const keeper: Keeper = {
		settings,
		host,
		world,
		intake,
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
			if (keeper.phase === "idle") tryOpen(keeper);
		},
		stop: () => stop(keeper),
	};
}

function tryOpen(keeper: Keeper): void {
	const { world, settings } = keeper;
	const located = world.locate();
	if (!located.found) {
		keeper.located = null;
		report(keeper, located.why);
		wait(keeper, Number.POSITIVE_INFINITY);
		return;
	}
	keeper.phase = "opening";
	keeper.located = located;
	keeper.timer = world.setTimer(() => report(keeper, `opening ${located.path} hangs: unplug the device`), OPEN_SLOW_MS);
	keeper.busy = world
		.open(located.path, settings, () => onReadable(keeper))
		.then(
			(port) => opened(keeper, port, located),
			(error: unknown) => {
				if (keeper.phase !== "opening") return;
				clearTimers(keeper);
				report(keeper, explainPortError(error, located.path));
				wait(keeper, nextBackoff(keeper));
			},
		);
}

function opened(keeper: Keeper, port: OpenPort, located: Found): Promise<void> | undefined {
	if (keeper.phase !== "opening") return closePort(keeper, port);
	clearTimers(keeper);
	keeper.phase = "open";
	keeper.port = port;
	keeper.pacer = createPacer(keeper.settings.baud);
	keeper.emptyReads = 0;
	keeper.lastBytesMs = keeper.host.now();
	if (!keeper.isSilent) reportUp(keeper);
	keeper.intake.begin((bytes) => send(keeper, port, bytes));
	watch(keeper, located);
	port.arm();
	return undefined;
}

function onReadable(keeper: Keeper): void {
	const { port } = keeper;
	if (keeper.phase !== "open" || port === null) return;
	const bytes = take(keeper, port);
	if (bytes > 0) {
		armAfter(keeper, port, keeper.pacer.pauseAfter(bytes));
		return;
	}
	keeper.emptyReads += 1;
	if (bytes === HUNG_UP || keeper.emptyReads > EMPTY_READS_MAX) {
		lose(keeper, `${pathOf(keeper)} hung up: is it plugged in?`);
	} else armAfter(keeper, port, PAUSE_MAX_MS);
}

/** Hands on what has come; says how many bytes that were, as OpenPort.read does. */
function take(keeper: Keeper, port: OpenPort): number {
	const bytes = port.read(keeper.buffer);
	if (bytes <= 0) return bytes;
	const nowMs = keeper.host.now();
	keeper.failures = 0;
	keeper.emptyReads = 0;
	keeper.lastBytesMs = nowMs;
	if (keeper.isSilent) reportUp(keeper);
	keeper.intake.push(keeper.buffer, bytes, nowMs);
	return bytes;
}

function send(keeper: Keeper, port: OpenPort, bytes: Uint8Array): boolean {
	if (keeper.port !== port) return false;
	take(keeper, port);
	return port.write(bytes) === bytes.length;
}

function armAfter(keeper: Keeper, port: OpenPort, pauseMs: number): void {
	if (pauseMs === 0) {
		port.arm();
		return;
	}
	keeper.timer = keeper.world.setTimer(() => {
		keeper.timer = null;
		port.arm();
	}, pauseMs);
}

/** Looks after an open port: is it still there, is it still the same, does anything come? */
function watch(keeper: Keeper, opened: Found): void {
	const { silenceMs = Number.POSITIVE_INFINITY } = keeper.settings;
	keeper.watchTimer = keeper.world.setTimer(
		() => {
			const located = keeper.world.look(opened.path);
			if (!located.found) lose(keeper, located.why);
			else if (located.device !== opened.device) lose(keeper, `${opened.path} is another device now: reopening it`);
			else if (keeper.host.now() - keeper.lastBytesMs >= silenceMs) {
				lose(keeper, `nothing came from ${opened.path} for ${silenceMs / 1_000} s: reopening it`);
				keeper.isSilent = true;
			} else watch(keeper, opened);
		},
		Math.min(WATCH_MS, silenceMs),
	);
}

function lose(keeper: Keeper, why: string): void {
	const { port } = keeper;
	clearTimers(keeper);
	keeper.phase = "closing";
	keeper.port = null;
	keeper.isSilent = false;
	keeper.intake.end();
	report(keeper, why);
	if (port === null) return;
	keeper.busy = closePort(keeper, port).then(() => {
		if (keeper.phase === "closing") wait(keeper, nextBackoff(keeper));
	});
}

/** Tries again after `delayMs`, or as soon as the port is another one than that which failed. */
function wait(keeper: Keeper, delayMs: number): void {
	const { host, world } = keeper;
	keeper.phase = "waiting";
	const deadlineMs = host.now() + delayMs;
	const look = (): void => {
		keeper.timer = null;
		const located = world.locate();
		if (host.now() >= deadlineMs || (located.found && isAnother(located, keeper.located))) {
			tryOpen(keeper);
			return;
		}
		if (!located.found) {
			keeper.located = null;
			report(keeper, located.why);
		}
		sleep();
	};
	const sleep = (): void => {
		keeper.timer = world.setTimer(look, Math.min(POLL_MS, Math.max(1, deadlineMs - host.now())));
	};
	sleep();
}

function isAnother(located: Found, before: Found | null): boolean {
	return before === null || located.device !== before.device || located.access !== before.access;
}

/** Doubles with each try, less up to half of it, so that ports of one hub do not come back in step. */
function nextBackoff(keeper: Keeper): number {
	const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** keeper.failures);
	keeper.failures += 1;
	return ceilingMs * (1 - keeper.world.random() / 2);
}

/** Closes a port, or leaves it to the kernel when that takes too long. */
function closePort(keeper: Keeper, port: OpenPort): Promise<void> {
	return within(keeper, port.close(), CLOSE_LIMIT_MS);
}

/** Resolves when `work` has ended, however it ended, and after `limitMs` at the latest. */
function within(keeper: Keeper, work: Promise<void>, limitMs: number): Promise<void> {
	return new Promise((resolve) => {
		const timer = keeper.world.setTimer(resolve, limitMs);
		const done = (): void => {
			keeper.world.clearTimer(timer);
			resolve();
		};
		// A close that fails has nothing left to close.
		work.then(done, done);
	});
}

function stop(keeper: Keeper): Promise<void> {
	if (keeper.phase === "stopped") return within(keeper, keeper.busy, CLOSE_LIMIT_MS);
	const { port } = keeper;
	clearTimers(keeper);
	keeper.phase = "stopped";
	keeper.port = null;
	if (port !== null) {
		// What came during the last pause was received, and counts.
		take(keeper, port);
		keeper.intake.end();
		keeper.busy = closePort(keeper, port);
	}
	return within(keeper, keeper.busy, CLOSE_LIMIT_MS);
}

function clearTimers(keeper: Keeper): void {
	if (keeper.timer !== null) keeper.world.clearTimer(keeper.timer);
	if (keeper.watchTimer !== null) keeper.world.clearTimer(keeper.watchTimer);
	keeper.timer = null;
	keeper.watchTimer = null;
}

function report(keeper: Keeper, why: string): void {
	if (keeper.error === why) return;
	keeper.error = why;
	keeper.host.down(why);
}

function reportUp(keeper: Keeper): void {
	keeper.isSilent = false;
	keeper.error = null;
	keeper.host.up();
}

function pathOf(keeper: Keeper): string {
	return keeper.located?.path ?? "the port";
}
