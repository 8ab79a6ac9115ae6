// A GPIO line as a source: resolved, opened, watched, and opened again with backoff when it fails.
// What the edges mean is signals.ts, how the kernel is asked is a back end (backend.ts). Back end and number of the line
// are looked up at every opening: after an adapter was unplugged, or a kernel was changed, they may be others.
import { findLine, resolveOn } from "../../boards/gpio-lines.js";
import { type Board, loadBoard } from "../../boards/load.js";
import type { CreateSource, Machine, SourceHost, SourceSettings } from "../source.js";
import type { BackendName, Edge, LineHandlers, OpenLine, Refusal } from "./backend.js";
import {
	type BackendWishes,
	type ChosenBackend,
	chooseBackend,
	createBackends,
	wishProblem,
} from "./choose-backend.js";
import type { GpioTimers } from "./debounce.js";
import { claimLine, releaseLine } from "./shared-lines.js";
import { createCounter, createLevel, type Signal } from "./signals.js";

export interface GpioSettings extends SourceSettings, BackendWishes {
	readonly type: "gpio";
	/** As on the board: `GPIO17`, `pin 11`, the line's own name, or `{chip label}:{offset}`. */
	readonly pin: string;
	/** Changes that are offered, edges that are counted. Default: both for `level`, rising for `counter`. */
	readonly edge?: Edge;
	readonly debounceMs?: number;
	readonly activeLow?: boolean;
	/** `counter`: time between two counts. */
	readonly everyMs?: number;
}

/** What the source needs of the world, so that a test can bring its own. */
export interface GpioWorld {
	/** The back end for these settings, as this machine is now. Never rejects. */
	readonly choose: (wishes: BackendWishes) => Promise<ChosenBackend>;
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
	const problem = wishProblem(settings);
	if (problem !== null) throw new Error(problem);
	const { choose, timers } = world(host, machine);
	const isActiveLow = settings.activeLow ?? false;
	const slot: Slot = { line: null };
	const signal = createSignal(settings, host, timers, () => slot.line?.isHigh() !== isActiveLow);
	const keeper = createKeeper({
		settings,
		board: loaded.board,
		host,
		machine,
		choose,
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
	const backends = createBackends({ sysRoot: machine.sysRoot, now: host.now });
	return { choose: (wishes) => chooseBackend(wishes, backends), timers: nodeTimers };
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
	const { host, timers, signal, slot, isActiveLow } = options;
	let isStopped = false;
	let timer: unknown = null;
	let failures = 0;
	let openedMs = 0;
	let opening: Promise<void> = Promise.resolve();
	let closing: Promise<void> = Promise.resolve();

	function start(): void {
		timer = null;
		opening = open();
	}

	async function open(): Promise<void> {
		await closing; // the line's old handler is gone before there is a new one
		// One object per opening: a call that comes late from a line that was given up is told apart by it.
		const attempt = { isCurrent: true };
		const opened = await openLine(options, {
			edge(isHigh, atMs) {
				if (attempt.isCurrent && !isStopped) signal.edge(isHigh !== isActiveLow, atMs);
			},
			lost(edges) {
				if (attempt.isCurrent && !isStopped) attempt.isCurrent = !lost(edges);
			},
			failed(message) {
				if (!attempt.isCurrent) return;
				attempt.isCurrent = false;
				fail(message);
			},
		});
		if (!opened.ok) return fail(opened.message);
		slot.line = opened.line;
		if (isStopped) release();
		else begin(opened, attempt);
	}

	/** Counts them, and opens the line anew where the last of them may be what its level is; true: it did. */
	function lost(edges: number): boolean {
		for (let edge = 0; edge < edges; edge += 1) host.reject("missed");
		if (!signal.lost(edges)) return false;
		release();
		start();
		return true;
	}

	function begin({ line, backend }: Opened, attempt: { readonly isCurrent: boolean }): void {
		openedMs = host.now();
		const isHigh = line.isHigh();
		if (!attempt.isCurrent) return; // gone between opening and reading: `failed` has dealt with it
		host.up(backend);
		signal.opened(isHigh !== isActiveLow, openedMs);
		timer = timers.setTimeout(probe, PROBE_MS);
	}

	/** Reads the line, so that one that is gone is noticed, and a level whose edge was lost is reported. */
	function probe(): void {
		timer = null;
		const line = slot.line;
		if (line === null) return;
		const isHigh = line.probe();
		if (slot.line !== line) return;
		signal.seen(isHigh !== isActiveLow, host.now());
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
			closing = line.close();
		}
	}

	return {
		start,
		async stop() {
			isStopped = true;
			await opening;
			release();
			await closing;
		},
	};
}

interface Opened {
	readonly ok: true;
	readonly line: OpenLine;
	readonly backend: BackendName;
}

/** Finds the back end and the line as they are now, takes the line for this source, and opens it. */
async function openLine(options: KeeperOptions, handlers: LineHandlers): Promise<Opened | Refusal> {
	const { settings, machine, signal, isActiveLow } = options;
	const chosen = await options.choose(settings);
	if (!chosen.ok) return chosen;
	const { backend } = chosen;
	const found = await backend.chips();
	if (!found.ok) return found;
	const line = resolveOn(options.board, settings.pin, found.chips);
	if (!line.ok) return line;
	const claim = `${machine.sysRoot}:${line.label}:${line.offset}`;
	const owner = claimLine(claim, settings.name);
	if (owner !== null) return { ok: false, message: `${line.lineName} is already in use by source "${owner}"` };
	const { bias = null, kernelDebounceMs = 0 } = settings;
	const edge = wireEdge(signal.needs, isActiveLow);
	const result = await backend.open({ line, edge, bias, kernelDebounceMs }, handlers);
	if (!result.ok) {
		releaseLine(claim);
		return result;
	}
	const close = () => result.line.close().finally(() => releaseLine(claim));
	return { ok: true, line: { ...result.line, close }, backend: backend.name };
}

/** The edge on the wire: an active-low line rises, logically, when the wire falls. */
function wireEdge(edge: Edge, isActiveLow: boolean): Edge {
	if (!isActiveLow || edge === "both") return edge;
	return edge === "rising" ? "falling" : "rising";
}
