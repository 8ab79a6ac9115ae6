// GPIO through the character device, by libgpiod's gpiomon as a child process: one for each line, alive for as long as the
// line is open. The kernel stamps each edge and keeps 16 of them for us, so a counter misses none at rates that a small
// board carries, and what was lost after all is known (lost-edges.ts). A line that gpiomon has can be read by nobody else:
// the level at the start is gpioget's, and after that the last edge's.
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type GpioChip, lineNames } from "../../boards/gpio-lines.js";
import { type Child, startChild } from "../exec/child.js";
import { createLineSplitter } from "../parse/line-splitter.js";
import { nodeTimers } from "../sampling/sampler.js";
import type { FoundChips, GpioBackend, LineHandlers, LineRequest, OpenedLine, OpenLine, Refusal } from "./backend.js";
import { parseChips, parseEdge, parseHolder, parseLevel, type WatchedLine } from "./gpiod-syntax.js";
import { findGpiodTools, type GpiodTools, runTool, toolEnvironment } from "./gpiod-tools.js";
import { createLostEdges, interruptsOf, type LostEdges } from "./lost-edges.js";

export interface GpiomonOptions {
	/** Root of sysfs, `/sys`. */
	readonly sysRoot: string;
	readonly now: () => number;
	/** Root of procfs, `/proc`. */
	readonly procRoot?: string;
	/** Where the programs are looked for; $PATH. */
	readonly path?: string;
	/** CLOCK_MONOTONIC in ms: what the kernel stamps edges with. */
	readonly kernelNow?: () => number;
}

/** How long gpiomon may take to get the line. One that still runs then counts as watching: /proc may be hidden from us. */
const HOLD_MS_MAX = 1_000;
const HOLD_POLL_MS = 5;
/** An edge is 23 bytes; no line of gpiomon's is longer. */
const EDGE_BYTES_MAX = 64;

type World = Required<GpiomonOptions>;

/** Makes the back end. */
export function createGpiomonBackend(options: GpiomonOptions): GpioBackend {
	const world: World = {
		procRoot: "/proc",
		path: process.env["PATH"] ?? "/usr/bin:/bin",
		kernelNow: monotonicMs,
		...options,
	};
	/** As `missing` found them last. */
	let tools: GpiodTools | string | null = null;
	return {
		name: "chardev",
		async missing() {
			if (!hasChips(world.sysRoot)) return "this kernel shows no GPIO chip by its device file (/dev/gpiochip0)";
			tools = await findGpiodTools(world.path);
			return typeof tools === "string" ? tools : null;
		},
		chips: () => findChips(world),
		async open(request, handlers) {
			tools ??= await findGpiodTools(world.path);
			return typeof tools === "string" ? refuse(tools) : open(world, tools, request, handlers);
		},
	};
}

async function open(
	world: World,
	tools: GpiodTools,
	request: LineRequest,
	handlers: LineHandlers,
): Promise<OpenedLine> {
	const { lineName, node, offset } = request.line;
	if (node === null) return refuse(`${lineName}: its chip has no device file`);
	if (request.kernelDebounceMs > 0 && !tools.canDebounce) {
		return refuse(
			`${lineName}: kernel_debounce needs libgpiod 2, this is ${tools.version}: use debounce, which the agent does itself`,
		);
	}
	const line: WatchedLine = { ...request, node, offset };
	const read = await runTool(tools.read(line), world.path);
	if (!read.ok) return refuse(await explain(world, tools, lineName, line, read.message));
	const level = parseLevel(read.stdout);
	if (level === null) return refuse(`${lineName}: gpioget printed no level, but "${read.stdout.slice(0, 40).trim()}"`);
	const watch = createWatch(world, tools, lineName, line, level, handlers);
	const why = await watch.held;
	return why === null ? { ok: true, line: watch.line } : refuse(await explain(world, tools, lineName, line, why));
}

/** gpiomon at work. `held` resolves once it has the line (null), or has ended before (why). */
function createWatch(
	world: World,
	tools: GpiodTools,
	lineName: string,
	line: WatchedLine,
	level: boolean,
	handlers: LineHandlers,
): { readonly line: OpenLine; readonly held: Promise<string | null> } {
	let state: "starting" | "open" | "ended" = "starting";
	let isHigh = level;
	let endedWith = "";
	let lostEdges: LostEdges | null = null;
	/** What the kernel's stamps are behind `now()`: both run alike, and the difference is looked up for each piece. */
	let offsetMs = 0;
	const chip = chipIdentity(world, line.node);
	const readInterrupts = () => interrupts(world, tools.consumer(line), line);

	const splitter = createLineSplitter({
		maxLine: EDGE_BYTES_MAX,
		onLine(text, nowMs) {
			const edge = parseEdge(text);
			if (edge === null || state === "ended") return;
			isHigh = edge.isHigh;
			lostEdges?.arrived(edge.kernelMs);
			// Kernels before 5.7 stamp with the wall clock, which is far in this clock's future.
			if (state === "open") handlers.edge(isHigh, Math.min(edge.kernelMs + offsetMs, nowMs));
		},
		onReject() {}, // gpiomon prints nothing else; a cut line is that of its death, which is told
	});
	const child = startChild({
		command: [...tools.tether, ...tools.monitor(line)],
		env: toolEnvironment(world.path),
		timers: nodeTimers,
		onBytes(bytes) {
			const nowMs = world.now();
			offsetMs = nowMs - world.kernelNow();
			splitter.push(bytes, bytes.length, nowMs);
		},
		onEnd(why) {
			endedWith = why.replace(/^setpriv /, "gpiomon ");
			const wasOpen = state === "open";
			state = "ended";
			if (wasOpen) fail(`${lineName}: ${endedWith}`);
		},
	});

	function fail(message: string): void {
		state = "ended";
		handlers.failed(message);
	}

	async function hold(): Promise<string | null> {
		for (let waitedMs = 0; state !== "ended" && waitedMs < HOLD_MS_MAX; waitedMs += HOLD_POLL_MS) {
			if (hasLine(world, child)) break;
			await wait(HOLD_POLL_MS);
		}
		if (state === "ended") return endedWith;
		const count = line.kernelDebounceMs > 0 ? null : readInterrupts();
		lostEdges = count === null ? null : createLostEdges(count);
		state = "open";
		return null;
	}

	function probe(): boolean {
		if (state !== "open") return isHigh;
		if (chipIdentity(world, line.node) !== chip) {
			fail(`${lineName} is gone: its chip was removed`);
			return isHigh;
		}
		const count = lostEdges === null ? null : readInterrupts();
		const lost = count === null ? 0 : (lostEdges?.check(count, world.kernelNow()) ?? 0);
		if (lost > 0) handlers.lost(lost);
		return isHigh;
	}

	return {
		held: hold(),
		line: {
			isHigh: () => isHigh,
			probe,
			close() {
				state = "ended";
				return child.stop();
			},
		},
	};
}

/** The kernel's chips, by `gpiodetect`: their labels are in no file. */
async function findChips(world: World): Promise<FoundChips> {
	const detected = await runTool(["gpiodetect"], world.path);
	const chips = detected.ok ? parseChips(detected.stdout) : [];
	if (detected.ok && chips.length > 0) {
		return { ok: true, chips: chips.map((chip) => ({ ...chip, base: 0, ...placeOf(world.sysRoot, chip.node) })) };
	}
	const why = detected.ok ? "it found no chip" : detected.message;
	const isDenied = /permission denied/i.test(why) || (detected.ok && hasChips(world.sysRoot));
	return refuse(isDenied ? NO_PERMISSION : `gpiodetect: ${why}`);
}

/** The device behind a chip, and the names of its lines where a device tree gives any. */
function placeOf(sysRoot: string, node: string | null): Pick<GpioChip, "device" | "names"> {
	const folder = join(sysRoot, "bus/gpio/devices", node ?? "");
	try {
		const device = dirname(realpathSync(folder));
		const own = lineNames(join(folder, "of_node"));
		return { device: basename(device), names: own.length > 0 ? own : lineNames(join(device, "of_node")) };
	} catch {
		return { device: null, names: [] }; // gone again
	}
}

const NO_PERMISSION =
	"no permission for GPIO (/dev/gpiochip*). Mend it: sudo usermod -aG gpio $USER, then log in again (where there is no group gpio: a udev rule, or run as root)";

/** What libgpiod's programs say ends with the kernel's error in words; what to do about it. */
async function explain(
	world: World,
	tools: GpiodTools,
	lineName: string,
	line: WatchedLine,
	message: string,
): Promise<string> {
	if (/Device or resource busy/.test(message)) {
		const inspected = await runTool(tools.inspect(line), world.path);
		const holder = inspected.ok ? parseHolder(inspected.stdout, line.offset) : null;
		const who = holder === null ? "a driver or another program" : `"${holder}"`;
		return `${lineName} is held by ${who}${holder === "sysfs" ? `: ${UNEXPORT}` : ". Who: gpioinfo; for programs: sudo fuser -v /dev/gpiochip*"}`;
	}
	if (/Permission denied|Operation not permitted/.test(message)) return `${lineName}: ${NO_PERMISSION}`;
	if (/Invalid argument/.test(message)) {
		return `${lineName}: the kernel refuses to watch line ${line.offset} of ${line.node}${line.bias === null ? "" : ` with bias ${line.bias}`}: it has no interrupt, or is not given out`;
	}
	if (/not supported|No such device or address/.test(message)) {
		return `${lineName}: the line has no interrupt${line.bias === null ? "" : ", or its chip no bias"}: ${message}`;
	}
	return `${lineName}: ${message}`;
}

const UNEXPORT = "it is exported in /sys/class/gpio; unexport it there";

/** Whether the process has asked the kernel for a line, and got it. */
function hasLine({ procRoot }: World, child: Child): boolean {
	const folder = join(procRoot, String(child.pid), "fd");
	try {
		return readdirSync(folder).some((name) => /^anon_inode:\[?gpio-/.test(readlinkSync(join(folder, name))));
	} catch {
		return false; // it has ended, or its files are hidden from us
	}
}

function interrupts({ procRoot }: World, consumer: string, line: WatchedLine): number | null {
	try {
		return interruptsOf(readFileSync(join(procRoot, "interrupts"), "utf8"), consumer, line.offset);
	} catch {
		return null; // hidden, in a container
	}
}

/** Another number after every plugging in: a chip's name is given out again. Null while it is away. */
function chipIdentity({ sysRoot }: World, node: string): number | null {
	return statSync(join(sysRoot, "bus/gpio/devices", node), { throwIfNoEntry: false })?.ino ?? null;
}

function hasChips(sysRoot: string): boolean {
	const folder = join(sysRoot, "bus/gpio/devices");
	return existsSync(folder) && readdirSync(folder).some((name) => /^gpiochip\d+$/.test(name));
}

/** What Node's own clock runs on, and Linux stamps edges with; it stands still together with them while the machine sleeps. */
function monotonicMs(): number {
	const [seconds, nanoseconds] = process.hrtime();
	return seconds * 1_000 + nanoseconds / 1e6;
}

function refuse(message: string): Refusal {
	return { ok: false, message };
}
