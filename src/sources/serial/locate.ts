// Where a serial port is at this moment: by its path, whatever links lead there, or by what a USB adapter says of itself
// in sysfs. Owns the notion of "the same port": a port that was unplugged and came back is another one. Reads small
// kernel files only, so it is cheap enough to be asked again and again.
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Machine } from "../source.js";
import { missing } from "./port-error.js";
import type { PortSettings, UsbMatch } from "./settings.js";

export type Located =
	| {
			readonly found: true;
			readonly path: string;
			/** Equal as long as it is the same device. */
			readonly device: string;
			/** Equal as long as it may be opened by the same people: udev grants access a moment after the port appears. */
			readonly access: string;
	  }
	| { readonly found: false; readonly why: string };

export interface SerialProblem {
	/** Below the source, as written in the configuration: `parse.pattern`. */
	readonly path: string;
	readonly message: string;
}

/** What is wrong with where a source of `type` is to find its port. */
export function checkPlace(type: string, { path, usb }: Pick<PortSettings, "path" | "usb">): SerialProblem[] {
	if (path === undefined && usb === undefined) {
		return [{ path: "path", message: `a ${type} source needs \`path\` (/dev/ttyUSB0) or \`usb\` (vendor, product)` }];
	}
	return path === undefined || usb === undefined ? [] : [{ path: "usb", message: "either `path` or `usb`, not both" }];
}

/** Looks for the port of the settings. Never throws. */
export function locatePort(settings: Pick<PortSettings, "path" | "usb">, machine: Machine): Located {
	if (settings.usb !== undefined) return locateUsb(settings.usb, machine);
	return locatePath(settings.path ?? "");
}

/** Looks at a path. Never throws. */
export function locatePath(path: string): Located {
	try {
		const stat = statSync(path, { throwIfNoEntry: false });
		if (stat === undefined) return { found: false, why: missing(path) };
		return {
			found: true,
			path,
			device: `${stat.dev}:${stat.ino}:${stat.rdev}`,
			access: `${stat.mode}:${stat.uid}:${stat.gid}`,
		};
	} catch (error) {
		// A link in a circle, a folder that may not be entered, a file used as a folder.
		return { found: false, why: `cannot look at ${path}: ${error instanceof Error ? error.message : String(error)}` };
	}
}

/** Ports that an answer names when it cannot choose. */
const NAMED_MAX = 8;

interface UsbPort {
	readonly name: string;
	readonly vendor: string;
	readonly product: string;
	readonly serial: string;
	readonly interface: number;
}

function locateUsb(wanted: UsbMatch, machine: Machine): Located {
	const ports = listUsbPorts(machine.sysRoot);
	const matches = ports.filter((port) => isMatch(port, wanted));
	const [first, second] = matches;
	if (first !== undefined && second === undefined) return locatePath(join(machine.devRoot, first.name));
	const ids = `${wanted.vendor}:${wanted.product}${wanted.serial === undefined ? "" : ` serial ${wanted.serial}`}`;
	if (second !== undefined) {
		return { found: false, why: `several USB ports are ${ids}: ${describe(matches)}; add usb.serial or usb.interface` };
	}
	const others = ports.length === 0 ? "there is no USB serial port" : `there is ${describe(ports)}`;
	return { found: false, why: `no USB port is ${ids}: is it plugged in? (${others})` };
}

function isMatch(port: UsbPort, wanted: UsbMatch): boolean {
	return (
		port.vendor === wanted.vendor.toLowerCase() &&
		port.product === wanted.product.toLowerCase() &&
		(wanted.serial === undefined || port.serial === wanted.serial) &&
		(wanted.interface === undefined || port.interface === wanted.interface)
	);
}

function describe(ports: readonly UsbPort[]): string {
	const named = ports.slice(0, NAMED_MAX).map((port) => {
		const serial = port.serial === "" ? "" : ` serial ${port.serial}`;
		return `${port.name} (${port.vendor}:${port.product}${serial}, interface ${port.interface})`;
	});
	return named.join(", ");
}

/** Virtual consoles and old pseudo terminals, of which a kernel may have hundreds: never on USB, not worth a look. */
const NEVER_USB = /^(?:tty\d*|console|ptmx|[pt]ty[a-ep-z][0-9a-f])$/;

/** The serial ports on USB, in the order of their names. */
function listUsbPorts(sysRoot: string): readonly UsbPort[] {
	const folder = join(sysRoot, "class", "tty");
	let names: readonly string[];
	try {
		names = readdirSync(folder);
	} catch {
		return []; // No sysfs is no USB port; the message that follows says that there is none.
	}
	return names
		.filter((name) => !NEVER_USB.test(name))
		.sort()
		.flatMap((name) => readUsbPort(join(folder, name), name) ?? []);
}

/** From the tty to its USB interface to the USB device: two levels, three where a driver puts its own port between. */
const LEVELS_MAX = 4;

function readUsbPort(folder: string, name: string): UsbPort | undefined {
	const device = join(folder, "device");
	try {
		// Hundreds of pseudo terminals have none, and an exception for each would cost more than all the rest.
		if (statSync(device, { throwIfNoEntry: false }) === undefined) return undefined;
		return walkToUsb(realpathSync.native(device), name);
	} catch {
		return undefined; // Unplugged between two looks.
	}
}

function walkToUsb(device: string, name: string): UsbPort | undefined {
	let folder = device;
	let number = 0;
	for (let level = 0; level < LEVELS_MAX; level += 1) {
		number = Number.parseInt(readAttribute(folder, "bInterfaceNumber") ?? number.toString(16), 16);
		const vendor = readAttribute(folder, "idVendor");
		const product = readAttribute(folder, "idProduct");
		if (vendor !== undefined && product !== undefined) {
			const serial = readAttribute(folder, "serial") ?? "";
			return { name, vendor: vendor.toLowerCase(), product: product.toLowerCase(), serial, interface: number };
		}
		folder = dirname(folder);
	}
	return undefined;
}

function readAttribute(folder: string, name: string): string | undefined {
	const path = join(folder, name);
	if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
	return readFileSync(path, "latin1").trim();
}
