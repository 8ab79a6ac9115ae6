// GPIO through sysfs, by onoff 6. The line is exported and set up here, step by step, and onoff gets it ready-made:
// its own constructor turns 10,000 times around an open() that udev has not allowed yet, and passes over what an already
// exported line refuses. What sysfs tells is "there was an edge, and the level now is": edges closer together than the
// reading of them are one event, so a count is a lower bound: pulses a few ms apart may become one.
// onoff is optional and loaded when the first line is opened.
import { accessSync, closeSync, constants, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Gpio } from "onoff";
import { listChips, NO_SYSFS } from "../../boards/gpio-lines.js";
import type { GpioBackend, LineHandlers, LineRequest, OpenedLine, OpenLine } from "./backend.js";

/** As much of the package as is used. */
export interface OnoffPackage {
	readonly Gpio: new (line: number, direction: "in", edge: "both") => Gpio;
}

export interface OnoffOptions {
	/** Root of sysfs, `/sys`. onoff itself knows no other; a test that brings another brings its own `load`. */
	readonly sysRoot: string;
	readonly now: () => number;
	readonly load?: () => Promise<OnoffPackage>;
}

/** What a machine without the package is told. */
export const ONOFF_MISSING =
	"the optional package onoff is not installed or was not built. Mend it: sudo apt install python3 make g++ && npm install onoff (beside tallywire)";

/** udev opens a new line's files to the group gpio, in milliseconds or, on a busy single core, a second. A stop waits for it. */
const UDEV_MS_MAX = 1_500;
const UDEV_POLL_MS = 20;

type Failed = { readonly ok: false; readonly message: string };

/** Makes the back end. */
export function createOnoffBackend(options: OnoffOptions): GpioBackend {
	const load = options.load ?? (() => import("onoff"));
	return {
		name: "sysfs",
		async missing() {
			if (!existsSync(join(options.sysRoot, "class/gpio/export"))) return NO_SYSFS;
			return load().then(
				() => null,
				(error: unknown) => `${ONOFF_MISSING}. ${firstLine(error)}`,
			);
		},
		async chips() {
			const chips = listChips(options.sysRoot);
			return chips === null ? refuse(NO_SYSFS) : { ok: true, chips };
		},
		async open(request, handlers) {
			const folder = join(options.sysRoot, "class/gpio");
			let onoff: OnoffPackage;
			try {
				onoff = await load();
			} catch (error) {
				return refuse(`${ONOFF_MISSING}. ${firstLine(error)}`);
			}
			const exported = exportLine(folder, request, options.sysRoot);
			if (!exported.ok) return exported;
			const opened =
				(await settle(folder, request)) ??
				configure(folder, request, exported.isOurs) ??
				openLine(onoff, folder, request, handlers, options.now, exported.isOurs);
			if (!opened.ok && exported.isOurs) unexport(folder, request.line.number);
			return opened;
		},
	};
}

/** Exports the line unless it is; `isOurs` says who is to unexport it. */
function exportLine(folder: string, request: LineRequest, sysRoot: string): { ok: true; isOurs: boolean } | Failed {
	const { number, lineName } = request.line;
	if (existsSync(join(folder, `gpio${number}`))) return { ok: true, isOurs: false };
	try {
		writeFileSync(join(folder, "export"), String(number));
	} catch (error) {
		return refuse(explain(error, "export", lineName, number, sysRoot));
	}
	if (existsSync(join(folder, `gpio${number}`))) return { ok: true, isOurs: true };
	// A driver that names its lines (chip->names) gives the folder that name, where onoff does not look.
	unexport(folder, number);
	return refuse(
		`${lineName}: the kernel exported line ${number} under another name than gpio${number}, which onoff cannot use`,
	);
}

/** Waits for udev to open the files, without holding up the process. */
async function settle(folder: string, request: LineRequest): Promise<Failed | null> {
	const files = ["value", "direction", "edge"].map((name) => join(folder, `gpio${request.line.number}`, name));
	for (let waitedMs = 0; ; waitedMs += UDEV_POLL_MS) {
		const error = firstClosed(files);
		if (error === null) return null;
		if (codeOf(error) !== "EACCES" || waitedMs >= UDEV_MS_MAX) {
			return refuse(explain(error, "open", request.line.lineName, request.line.number, ""));
		}
		await wait(UDEV_POLL_MS);
	}
}

function firstClosed(files: readonly string[]): unknown {
	try {
		for (const file of files) accessSync(file, constants.R_OK | constants.W_OK);
		return null;
	} catch (error) {
		return error;
	}
}

/** Makes the line an input. A line that somebody else drives is left alone: it may hold a relay. */
function configure(folder: string, request: LineRequest, isOurs: boolean): Failed | null {
	const { number, lineName } = request.line;
	const line = join(folder, `gpio${number}`);
	try {
		if (!isOurs && read(line, "direction") === "out") {
			return refuse(
				`${lineName} is exported as an output by another program, so it is left alone. If it is not: ${unexportCommand(number)}`,
			);
		}
		write(line, "direction", "in");
		write(line, "active_low", "0");
	} catch (error) {
		return refuse(explain(error, "set up", lineName, number, ""));
	}
	return null;
}

function openLine(
	onoff: OnoffPackage,
	folder: string,
	request: LineRequest,
	handlers: LineHandlers,
	now: () => number,
	isOurs: boolean,
): OpenedLine {
	const { number, lineName } = request.line;
	const path = join(folder, `gpio${number}`);
	let gpio: Gpio | null = null;
	try {
		write(path, "edge", "both"); // what onoff sets too, but onoff would not tell us that the line has no interrupt
		gpio = new onoff.Gpio(number, "in", "both");
		// onoff was told "both" and so passes on every event. The kernel is told what is really wanted: with one edge,
		// an event is one pulse at least, even where the level was already back when it was read.
		if (request.edge !== "both") write(path, "edge", request.edge);
		const set = `${read(path, "direction")} ${read(path, "edge")} ${read(path, "active_low")}`;
		if (set === `in ${request.edge} 0`) return { ok: true, line: watch(gpio, folder, request, handlers, now, isOurs) };
		close(gpio, folder, number, isOurs);
		return refuse(
			`${lineName} stays "${set}" (direction, edge, active_low) although "in ${request.edge} 0" was written: does another program use it?`,
		);
	} catch (error) {
		if (gpio !== null) close(gpio, folder, number, isOurs);
		return refuse(explain(error, "watch", lineName, number, ""));
	}
}

function watch(
	gpio: Gpio,
	folder: string,
	request: LineRequest,
	handlers: LineHandlers,
	now: () => number,
	isOurs: boolean,
): OpenLine {
	const readLine = gpio.readSync.bind(gpio);
	// Changing the edge may have left an event: reading takes it away before anyone watches.
	let level = readLine();
	let state: "open" | "failed" | "closed" = "open";

	// A chip that vanishes makes onoff's own read throw inside the native callback, where nobody can catch it.
	gpio.readSync = () => {
		if (state !== "open") return level;
		try {
			level = readLine();
		} catch (error) {
			state = "failed";
			// Not from here: epoll's callback still uses the descriptor that closing gives back.
			const message = explain(error, "read", request.line.lineName, request.line.number, "");
			setImmediate(() => {
				if (state === "failed") handlers.failed(message);
			});
		}
		return level;
	};
	gpio.watch((_error, value) => {
		if (state === "open") handlers.edge(value === 1, now());
	});
	const isHigh = () => gpio.readSync() === 1;
	return {
		isHigh,
		probe: isHigh,
		async close() {
			if (state === "closed") return;
			state = "closed";
			close(gpio, folder, request.line.number, isOurs);
		},
	};
}

/** Closes the line and unexports what we exported: another program's export stays. */
function close(gpio: Gpio, folder: string, number: number, isOurs: boolean): void {
	attempt(() => gpio.unwatchAll());
	// onoff closes only together with unexporting, so for this the descriptor is asked of it by its name (6.0.3).
	const descriptor: unknown = Reflect.get(gpio, "_valueFd");
	if (typeof descriptor === "number") attempt(() => closeSync(descriptor));
	if (isOurs) unexport(folder, number);
}

function unexport(folder: string, number: number): void {
	attempt(() => writeFileSync(join(folder, "unexport"), String(number)));
}

/** For steps of giving up a line: one that fails finds the line already gone, and the others still have to be done. */
function attempt(step: () => void): void {
	try {
		step();
	} catch {
		// The line is gone, which is what was wanted.
	}
}

/** What went wrong at a line, said so that somebody can do something about it. */
function explain(error: unknown, step: string, lineName: string, number: number, sysRoot: string): string {
	switch (codeOf(error)) {
		case "EACCES":
		case "EPERM":
			return `${lineName}: no permission for GPIO. Mend it: sudo usermod -aG gpio $USER, then log in again (where there is no group gpio: a udev rule, or run as root)`;
		case "EROFS":
			return `${lineName}: /sys is read-only here (a container?): give it the host's /sys/class/gpio to write`;
		case "ENOENT":
			return step === "export"
				? `${lineName}: this kernel has no /sys/class/gpio/export (CONFIG_GPIO_SYSFS off, or a container hides it)`
				: `${lineName}: the kernel's files of the line are missing (${firstLine(error)})`;
		case "EINVAL":
			return step === "export"
				? `${lineName}: the kernel has no line ${number}, or does not give it out (masked)`
				: `${lineName}: the kernel refuses to ${step} the line as an input with interrupts`;
		case "EBUSY":
			return `${lineName} is held by ${holderOf(number, sysRoot)}. Who: sudo gpioinfo, or sudo cat /sys/kernel/debug/gpio`;
		case "EIO":
			return `${lineName}: the line has no interrupt, or is an output: edges cannot be watched on it`;
		case "ENODEV":
			return `${lineName} is gone: its chip was removed, or another program unexported it`;
		default:
			return `${lineName}: could not ${step} it: ${firstLine(error)}`;
	}
}

/** The consumer of a busy line, where this user may read debugfs. */
function holderOf(number: number, sysRoot: string): string {
	let text = "";
	attempt(() => {
		text = readFileSync(join(sysRoot, "kernel/debug/gpio"), "utf8");
	});
	const consumer = new RegExp(`gpio-${number} +\\([^|)]*\\|([^)]*)\\)`).exec(text)?.[1]?.trim();
	return consumer === undefined || consumer === "" ? "a driver or another program" : `"${consumer}"`;
}

function unexportCommand(number: number): string {
	return `echo ${number} | sudo tee /sys/class/gpio/unexport`;
}

function read(line: string, file: string): string {
	return readFileSync(join(line, file), "utf8").trim();
}

function write(line: string, file: string, text: string): void {
	writeFileSync(join(line, file), text);
}

function codeOf(error: unknown): string {
	return error instanceof Error && "code" in error ? String(error.code) : "";
}

function firstLine(error: unknown): string {
	return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}

function refuse(message: string): Failed {
	return { ok: false, message };
}
