// Serial ports: which there are, whether this user may open them, and whether the console sits on one that is configured.
import { constants, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Board } from "../../boards/load.js";
import type { Config } from "../../config/config.js";
import { type Check, fail, ok, warn } from "./check.js";
import { accessError, type DoctorMachine, joinGroup, readGroups, readText } from "./machine.js";

/** Real ports by their driver's name. ttyS0 to ttyS3 are there on every PC, with or without hardware: only if configured. */
const PORT = /^(ttyUSB|ttyACM|ttyAMA|ttyXRUSB|ttymxc|ttyTHS|rfcomm)\d+$/;
/** Ports that are listed; a machine with more is told how many. */
const PORTS_MAX = 16;

/** One check a port, those of the configuration first. */
export function checkPorts(machine: DoctorMachine, config: Config | null, board: Board | null): Check[] {
	const configured = serialPaths(config);
	const named = configured.map(({ source, path }) => checkConfigured(machine, source, path, board));
	const taken = new Set(configured.map(({ path }) => realPath(machine, path)));
	const found = listPorts(machine).filter(({ path }) => !taken.has(path));
	const others = found.slice(0, PORTS_MAX).map((port) => checkFound(machine, port, board));
	if (found.length > PORTS_MAX) others.push(ok(`and ${found.length - PORTS_MAX} serial ports more`));
	if (named.length === 0 && others.length === 0) {
		return [ok("no serial ports: an adapter that is plugged in shows up as /dev/serial/by-id/…")];
	}
	return [...named, ...others];
}

export interface Port {
	/** The device file. */
	readonly path: string;
	/** The name that stays with the adapter, where udev gives one. */
	readonly stable: string | null;
}

/** All ports, in the order of their names. */
export function listPorts(machine: DoctorMachine): Port[] {
	const stable = new Map<string, string>();
	for (const name of list(join(machine.devRoot, "serial/by-id"))) {
		const path = realPath(machine, `/dev/serial/by-id/${name}`);
		if (path !== null) stable.set(path, `/dev/serial/by-id/${name}`);
	}
	const paths = new Set([
		...stable.keys(),
		...list(machine.devRoot)
			.filter((name) => PORT.test(name))
			.map((name) => join(machine.devRoot, name)),
	]);
	return [...paths].sort().map((path) => ({ path, stable: stable.get(path) ?? null }));
}

function checkFound(machine: DoctorMachine, port: Port, board: Board | null): Check {
	const name = port.stable ?? `/dev/${basename(port.path)}`;
	const about = port.stable === null ? hintOf(board, name) : ` (now ${basename(port.path)})`;
	const error = accessError(port.path, constants.R_OK | constants.W_OK);
	if (error === null) return ok(`serial port ${name}${about}`);
	return warn(`serial port ${name}${about}: not open to ${machine.user.name}`, mendAccess(machine, port.path));
}

function checkConfigured(machine: DoctorMachine, source: string, path: string, board: Board | null): Check {
	const text = `source ${source}: ${path}`;
	const real = realPath(machine, path);
	if (real === null) {
		const ports = listPorts(machine).map((port) => port.stable ?? `/dev/${basename(port.path)}`);
		const there = ports.length === 0 ? "no serial port is plugged in" : `there are: ${ports.slice(0, 4).join(", ")}`;
		return fail(
			`${text} is not there; ${there}`,
			"ls -l /dev/serial/by-id/ /dev/serial/by-path/   # then correct `path`, or plug it in",
		);
	}
	if (accessError(real, constants.R_OK | constants.W_OK) !== null) {
		return fail(`${text} is not open to ${machine.user.name}`, mendAccess(machine, real));
	}
	const console = consoleOn(machine, basename(real));
	if (console !== null) {
		return fail(
			`${text}: the kernel's console (${console}) is on this port and takes part of what it sends`,
			"sudo raspi-config nonint do_serial_cons 1 && sudo reboot   # elsewhere: take console= off the kernel's command line",
			`sudo systemctl disable --now serial-getty@${basename(real)}`,
		);
	}
	return ok(`${text} is there and open to ${machine.user.name}${hintOf(board, path)}`);
}

/** `sudo usermod`, for the group that has the port. */
function mendAccess(machine: DoctorMachine, path: string): string {
	try {
		const { gid, mode } = statSync(path);
		const group = readGroups(machine.etcRoot).get(gid);
		if (group !== undefined && group !== "root" && (mode & 0o060) === 0o060) return joinGroup(machine, group);
	} catch {
		// The port went away while it was looked at: the usual group is as good an answer as any.
	}
	return joinGroup(machine, "dialout");
}

/** The `console=` of the kernel's command line that is this port, or null. */
export function consoleOn(machine: DoctorMachine, port: string): string | null {
	const consoles = readText(join(machine.procRoot, "cmdline")).match(/(?<=\bconsole=)[^\s,]+/g) ?? [];
	const isPort = (name: string) => {
		const real = realPath(machine, `/dev/${name}`);
		return name === port || (real !== null && basename(real) === port);
	};
	return consoles.find(isPort) ?? null;
}

function hintOf(board: Board | null, path: string): string {
	const uart = board?.uarts.find((own) => own.path === path);
	if (uart === undefined) return "";
	return ` (${uart.pins.length === 0 ? "" : `${uart.pins.join(", ")}; `}${uart.hint})`;
}

function serialPaths(config: Config | null): { source: string; path: string }[] {
	return (config?.sources ?? []).flatMap((source) =>
		(source.type === "serial" || source.type === "modbus") && "path" in source && typeof source.path === "string"
			? [{ source: source.name, path: source.path }]
			: [],
	);
}

/** Where a path of /dev leads under this machine's root, or null where it leads nowhere. */
function realPath(machine: DoctorMachine, path: string): string | null {
	try {
		return realpathSync(path.replace(/^\/dev(?=\/)/, machine.devRoot));
	} catch {
		return null;
	}
}

function list(folder: string): readonly string[] {
	try {
		return readdirSync(folder);
	} catch {
		return []; // without an adapter udev removes the folder
	}
}
