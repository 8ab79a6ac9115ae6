// Sensors that the kernel drives, and programs that are to be run: which there are, and whether those of the configuration
// are among them. Only names are read: no sensor is asked to measure, no program is started.
import { constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Config } from "../../config/config.js";
import type { SourceSettings } from "../../sources/source.js";
import { type Check, fail, ok, warn } from "./check.js";
import { accessError, type DoctorMachine, readText } from "./machine.js";

/** Names of one kind that are listed. */
const NAMED_MAX = 8;

interface Found {
	readonly buses: readonly string[];
	readonly thermometers: readonly string[];
	readonly devices: readonly string[];
	readonly chips: readonly string[];
	readonly zones: readonly string[];
}

/** What is there, and one check for each source that needs some of it; nothing on a machine with and for none. */
export function checkSensors({ sysRoot }: DoctorMachine, config: Config | null, path: string): Check[] {
	const found = findSensors(sysRoot);
	const kinds = [
		["1-Wire", found.thermometers],
		["IIO", found.devices],
		["hwmon", found.chips],
		["thermal", found.zones],
	] as const;
	const parts = kinds.flatMap(([kind, names]) => (names.length === 0 ? [] : [`${kind} ${listed(names)}`]));
	const sources = (config?.sources ?? []).flatMap((source) => checkSource(source, found, path));
	return [...(parts.length === 0 ? [] : [ok(`sensors of the kernel: ${parts.join("; ")}`)]), ...sources];
}

function findSensors(sysRoot: string): Found {
	const wire = join(sysRoot, "bus/w1/devices");
	const buses = list(wire, /^w1_bus_master\d+$/).map((bus) => join(wire, bus));
	const named = (folder: string, pattern: RegExp, file = "name") =>
		list(join(sysRoot, folder), pattern).map((entry) => readText(join(sysRoot, folder, entry, file)).trim());
	return {
		buses,
		thermometers: buses.flatMap((bus) => list(bus, /^(?:10|22|28|3b|42)-/)),
		devices: named("bus/iio/devices", /^iio:device\d+$/),
		chips: named("class/hwmon", /^hwmon\d+$/),
		zones: named("class/thermal", /^thermal_zone\d+$/, "type"),
	};
}

function checkSource(source: SourceSettings, found: Found, path: string): Check[] {
	const text = `source ${source.name}`;
	// The schema of each type has said what these are.
	const { sensors, device, chip, command } = source as Partial<{
		readonly sensors: Readonly<Record<string, string>>;
		readonly device: string;
		readonly chip: string;
		readonly command: readonly string[];
	}>;
	switch (source.type) {
		case "onewire":
			return [checkWire(text, Object.values(sensors ?? {}), found)];
		case "iio":
			return [checkNamed(text, "IIO device", device ?? "", found.devices, "ls -l /sys/bus/iio/devices/")];
		case "hwmon":
			return [checkNamed(text, "hwmon chip", chip ?? "", found.chips, "ls -l /sys/class/hwmon/")];
		case "exec":
			return [checkProgram(text, command?.[0] ?? "", path)];
		default:
			return [];
	}
}

function checkWire(text: string, wanted: readonly string[], { buses, thermometers }: Found): Check {
	const overlay = "echo dtoverlay=w1-gpio | sudo tee -a /boot/firmware/config.txt && sudo reboot";
	if (buses.length === 0) return fail(`${text}: there is no 1-Wire bus`, overlay);
	const missing = wanted.filter((id) => !thermometers.includes(id));
	if (missing.length > 0 || thermometers.length === 0) {
		const what =
			missing.length > 0 ? `${listed(missing)} is not on the 1-Wire bus` : "no thermometer is on the 1-Wire bus";
		return fail(
			`${text}: ${what}; there is: ${listed(thermometers)}`,
			"ls /sys/bus/w1/devices/   # wiring, 4.7 kΩ pull-up",
		);
	}
	const closed = buses
		.map((bus) => join(bus, "therm_bulk_read"))
		.filter((file) => accessError(file, constants.W_OK) === "EACCES");
	if (closed.length === 0 || thermometers.length === 1) return ok(`${text}: its thermometers are there`);
	return warn(
		`${text}: its thermometers are there, but cannot convert together: reading them takes 750 ms each`,
		`sudo chmod a+w ${closed.join(" ")}   # until the next start; a udev rule does it for good`,
	);
}

function checkNamed(text: string, kind: string, wanted: string, there: readonly string[], look: string): Check {
	if (there.includes(wanted.split("@")[0] ?? "")) return ok(`${text}: the ${kind} ${wanted} is there`);
	return fail(`${text}: no ${kind} is named ${wanted}; there is: ${listed(there)}`, look);
}

function checkProgram(text: string, program: string, path: string): Check {
	const places = program.includes("/") ? [program] : path.split(delimiter).map((folder) => join(folder, program));
	if (places.some((place) => accessError(place, constants.X_OK) === null)) return ok(`${text}: ${program} can be run`);
	return fail(
		`${text}: ${program} is not there, or may not be run`,
		`command -v ${program}   # install it, or give its path`,
	);
}

function listed(names: readonly string[]): string {
	if (names.length === 0) return "none";
	const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : "";
	return names.slice(0, NAMED_MAX).join(", ") + more;
}

function list(folder: string, pattern: RegExp): string[] {
	try {
		return readdirSync(folder)
			.filter((name) => pattern.test(name))
			.sort();
	} catch {
		return []; // this kernel has no such sensors
	}
}
