// What a configuration needs of its service, as a drop-in for the unit: the devices that it names, and no others, and the
// memory that it is bounded to. Made on the machine that it is for; nothing is opened.
import { realpathSync } from "node:fs";
import { basename } from "node:path";
import type { Config } from "../config/config.js";
import { memoryBound } from "../config/memory-bound.js";
import { printable } from "../core/unprintable.js";
import { locatePort } from "../sources/serial/locate.js";
import type { PortSettings } from "../sources/serial/settings.js";
import type { Machine, SourceSettings } from "../sources/source.js";

/**
 * The program itself, Node.js and the page cache it is charged for included: under 20,000 readings/s and a broker that
 * stands still it lives with 64 MiB (test/faults/memory.test.ts); half as much again for a machine of another kind.
 */
const PROGRAM_BYTES = 96 * 1_048_576;
/** A program of an exec source: what it takes is its own affair, but it has to fit in. */
const EXEC_BYTES = 64 * 1_048_576;
/** A gpiomon. */
const GPIO_BYTES = 4 * 1_048_576;

/**
 * Ports on USB by their driver's major number: the port of an adapter has another name after it was unplugged, and systemd
 * looks for a device, or for the name of a driver, only while it starts the service.
 */
const USB_DRIVERS = [
	{ name: "ttyUSB", rule: "char-188 rw" },
	{ name: "ttyACM", rule: "char-166 rw" },
] as const;

/** gpiodetect opens every chip to find the one, and their numbers are the kernel's to choose. */
const GPIO_RULE = "char-gpiochip rw";

/** The drop-in's text. */
export function serviceDropIn(config: Config, machine: Machine): string {
	const devices = config.sources.flatMap((source) => {
		const rules = deviceRules(source, machine);
		return rules.length === 0 ? [] : [`# ${source.name}`, ...rules.map((rule) => `DeviceAllow=${rule}`)];
	});
	return [
		`# What the service needs for ${printable(config.file)}: made by tallywire check --devices.`,
		"[Service]",
		"DeviceAllow=",
		...devices,
		`MemoryMax=${memoryMax(config)}`,
		"",
	].join("\n");
}

/** What a source has to be allowed; most read files of the kernel, and need nothing. */
function deviceRules(source: SourceSettings, machine: Machine): readonly string[] {
	switch (source.type) {
		case "gpio":
			return [GPIO_RULE];
		case "modbus":
		case "serial":
			return portRules(source as SourceSettings & PortSettings, machine);
		default:
			return [];
	}
}

function portRules(settings: PortSettings, machine: Machine): readonly string[] {
	const path = devicePath(settings, machine);
	if (path === null || /^\/dev\/serial\/by-(?:id|path)\//.test(path)) return USB_DRIVERS.map(({ rule }) => rule);
	const driver = USB_DRIVERS.find(({ name }) => basename(path).startsWith(name));
	// What a unit would read as something else (a blank, a quote, a specifier) has never been seen in a device's name.
	if (!/^\/[\w./:@+-]+$/.test(path)) return [];
	return [driver?.rule ?? `${path} rw`];
}

/** The port's own device file where it is there, else the path that was given; null for a USB port that is not there. */
function devicePath(settings: PortSettings, machine: Machine): string | null {
	const located = locatePort(settings, machine);
	if (!located.found) return settings.path ?? null;
	return realpathSync(located.path);
}

function memoryMax(config: Config): number {
	const count = (type: string) => config.sources.filter((source) => source.type === type).length;
	return memoryBound(config).bytes + PROGRAM_BYTES + count("exec") * EXEC_BYTES + count("gpio") * GPIO_BYTES;
}
