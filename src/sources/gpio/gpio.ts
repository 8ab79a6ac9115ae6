// A GPIO line as a source: resolved, opened, watched, and opened again with backoff when it fails.
// What the edges mean is signals.ts, how the kernel is asked is a back end (backend.ts). The number of the line is looked
// up at every opening: after an adapter was unplugged, or a kernel was changed, it may be another.
import { findLine, resolveLine } from "../../boards/gpio-lines.js";
import { type Board, loadBoard } from "../../boards/load.js";
import type { CreateSource, Machine, SourceHost, SourceSettings } from "../source.js";
import type { Edge, GpioBackend, OpenLine } from "./backend.js";
import type { GpioTimers } from "./debounce.js";
import { createOnoffBackend } from "./onoff-backend.js";
import { claimLine, releaseLine } from "./shared-lines.js";
import { createCounter, createLevel, type Signal } from "./signals.js";

export interface GpioSettings extends SourceSettings {
	readonly type: "gpio";
	/** As on the board: `GPIO17`, `pin 11`, the line's own name, or `{chip label}:{offset}`. */
	readonly pin: string;
	readonly mode?: "level" | "counter";
	/** Changes that are offered, edges that are counted. Default: both for `level`, rising for `counter`. */
	readonly edge?: Edge;
	readonly debounceMs?: number;
	readonly activeLow?: boolean;
	/** `counter`: time between two counts. */
	readonly everyMs?: number;
}

/** What the source needs of the world, so that a test can bring its own. */
export interface GpioWorld {
	readonly backend: GpioBackend;
	readonly timers: GpioTimers;
}

/** Waits between two tries: short at first for a chip that udev is still setting up, then once in half a minute. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;
/** A line that was open for so long has worked: the next failure begins with the short wait again. */
const STEADY_MS = 10_000;
/** A chip that vanishes wakes nobody, so the line is read now and then. One wake in 5 s costs nothing that shows. */
const PROBE_MS = 5_000;
const EVERY_MS_DEFAULT = 10_000;

const nodeTimers: GpioTimers = {
	setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
	clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** Makes a gpio source. Throws an Error for a pin that the board's profile refuses, before anything is opened. */
export const createGpioSource = ((settings: GpioSettings, host: SourceHost, machine: Machine, world = realWorld) => {
	const loaded = loadBoard(machine.board);
	if (!loaded.ok) throw new Error(loaded.message);
	const found = findLine(loaded.board, settings.pin);
	if (!found.ok) throw new Error(`pin: ${found.message}`);
	const { backend, timers } = world(host, machine);
	const isActiveLow = settings.activeLow ?? false;
	const slot: Slot = { line: null };
	const signal = createSignal(settings, host, timers, () => slot.line?.isHigh() !== isActiveLow);
	const keeper = createKeeper({
		settings,
		board: loaded.board,
		host,
		machine,
		backend,
		timers,
		signal,
		isActiveLow,
		slot,
	});
	return {
		start: keeper.start,
		async stop() {
			await keeper.stop();
			signal.finish();
		},
	};
}) satisfies CreateSource<GpioSettings>;

function realWorld(host: SourceHost, machine: Machine): GpioWorld {
	return { backend: createOnoffBackend({ sysRoot: machine.sysRoot, now: host.now }), timers: nodeTimers };
}

function createSignal(settings: GpioSettings, host: SourceHost, timers: GpioTimers, read: () => boolean): Signal {
	const { debounceMs = 0, everyMs = EVERY_MS_DEFAULT } = settings;
	const mode: "level" | "counter" = settings.mode ?? "level";
	const common = { host, timers, debounceMs, read };
	switch (mode) {
		case "level":
			return createLevel({ ...common, edge: settings.edge ?? "both" });
		case "counter":
			return createCounter({ ...common, edge: settings.edge ?? "rising", everyMs });
	}
}

/** The line while it is open. */
interface Slot {
	line: OpenLine | null;
}

interface KeeperOptions extends GpioWorld {
	readonly settings: GpioSettings;
	readonly board: Board;
	readonly host: SourceHost;
	readonly machine: Machine;
	readonly signal: Signal;
	readonly isActiveLow: boolean;
	readonly slot: Slot;
}

/** Keeps the line open: tries, watches, gives up, tries again. One timer at a time, for the next try or the next probe. */
function createKeeper(options: KeeperOptions): { start(): void; stop(): Promise<void> } {
	const { settings, host, machine, timers, signal, slot } = options;
	let isStopped = false;
	let timer: unknown = null;
	let claim: string | null = null;
	let failures = 0;
	let openedMs = 0;
	let opening: Promise<void> = Promise.resolve();

	function start(): void {
		timer = null;
		opening = open();
	}

	async function open(): Promise<void> {
		const found = resolveLine(options.board, settings.pin, machine.sysRoot);
		if (!found.ok) return fail(found.message);
		const key = `${machine.sysRoot}:${found.number}`;
		const owner = claimLine(key, settings.name);
		if (owner !== null) return fail(`${found.lineName} is already in use by source "${owner}"`);
		claim = key;
		// One object per opening: a call that comes late from a line that was given up is told apart by it.
		const attempt = { isCurrent: true };
		const result = await options.backend.open(
			{ line: found, edge: wireEdge(signal.needs, options.isActiveLow) },
			{
				edge: (isHigh, atMs, missed) => {
					if (attempt.isCurrent && !isStopped) signal.edge(isHigh !== options.isActiveLow, atMs, missed);
				},
				failed: (message) => {
					if (!attempt.isCurrent) return;
					attempt.isCurrent = false;
					fail(message);
				},
			},
		);
		if (!result.ok) return fail(result.message);
		if (isStopped) return result.line.close();
		begin(result.line, attempt);
	}

	function begin(line: OpenLine, attempt: { readonly isCurrent: boolean }): void {
		slot.line = line;
		openedMs = host.now();
		const isHigh = line.isHigh();
		if (!attempt.isCurrent) return; // gone between opening and reading: `failed` has dealt with it
		host.up();
		signal.opened(isHigh !== options.isActiveLow, openedMs);
		timer = timers.setTimeout(probe, PROBE_MS);
	}

	/** Reads the line, so that one that is gone is noticed, and a level whose edge was lost is reported. */
	function probe(): void {
		timer = null;
		const line = slot.line;
		if (line === null) return;
		const isHigh = line.isHigh();
		if (slot.line !== line) return;
		signal.seen(isHigh !== options.isActiveLow, host.now());
		timer = timers.setTimeout(probe, PROBE_MS);
	}

	function fail(message: string): void {
		const wasSteady = slot.line !== null && host.now() - openedMs >= STEADY_MS;
		release();
		if (isStopped) return;
		failures = wasSteady ? 1 : failures + 1;
		host.down(message);
		timer = timers.setTimeout(start, Math.min(RETRY_MIN_MS * 2 ** (failures - 1), RETRY_MAX_MS));
	}

	function release(): void {
		if (timer !== null) timers.clearTimeout(timer);
		timer = null;
		const line = slot.line;
		slot.line = null;
		if (line !== null) {
			signal.closed();
			line.close();
		}
		if (claim !== null) releaseLine(claim);
		claim = null;
	}

	return {
		start,
		async stop() {
			isStopped = true;
			await opening;
			release();
		},
	};
}

/** The edge on the wire: an active-low line rises, logically, when the wire falls. */
function wireEdge(edge: Edge, isActiveLow: boolean): Edge {
	if (!isActiveLow || edge === "both") return edge;
	return edge === "rising" ? "falling" : "rising";
}
