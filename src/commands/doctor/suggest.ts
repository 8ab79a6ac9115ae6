// `doctor --suggest`: a configuration for what is plugged in, ready to paste. Adapters by the name that stays with them,
// 1-Wire thermometers and IIO devices by id and name. What nobody can see from here (what a port sends, what hangs on a pin)
// is a comment, or a default that a comment points out. Opens no sensor; what is printed is valid as it stands.
import { readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type GpioChip, resolveOn } from "../../boards/gpio-lines.js";
import type { Board } from "../../boards/load.js";
import type { Backends } from "../../sources/gpio/choose-backend.js";
import { parseHolder } from "../../sources/gpio/gpiod-syntax.js";
import { findGpiodTools, runTool } from "../../sources/gpio/gpiod-tools.js";
import { freeLines } from "./gpio.js";
import { checkBoard, type DoctorMachine, readText } from "./machine.js";
import { consoleOn, listPorts } from "./ports.js";

/** Sources that are suggested of one kind; a machine with more has somebody who knows it. */
const SUGGESTED_MAX = 32;
const THERMOMETER = /^(?:10|22|28|3b|42)-[0-9a-f]{12}$/;

/** The configuration as text, with a line's end. */
export async function suggestConfig(machine: DoctorMachine, backends: Backends, toolPath: string): Promise<string> {
	const { board } = checkBoard(machine, null);
	const active = [...suggestPorts(machine), ...suggestOnewire(machine), ...suggestIio(machine)];
	const pins = board === null ? [] : await suggestPins(board, backends, toolPath);
	return [
		"# What `tallywire doctor --suggest` found. `tallywire check -c FILE` says what it comes to.",
		...(board === null ? [] : [`board: ${board.id}   # ${board.name}`]),
		"mqtt: { url: mqtt://localhost:1883 }",
		...(active.length === 0
			? ["sources: []   # nothing was found that shows itself; without the [] there is room for some"]
			: ["sources:", ...active]),
		...pins,
		"",
	].join("\n");
}

/** Adapters as sources. A port on the board itself shows nothing of what hangs on it: a comment. */
function suggestPorts(machine: DoctorMachine): string[] {
	const ports = listPorts(machine).slice(0, SUGGESTED_MAX);
	const adapters = ports.filter(({ stable }) => stable !== null);
	const lines = adapters.flatMap(({ stable }, index) => [
		`  - name: serial${index + 1}`,
		"    type: serial",
		`    path: ${JSON.stringify(stable)}`,
		"    baud: 9600   # as the sensor has it",
		"    parse: { as: line }   # or json, csv, kv, regex, nmea",
	]);
	const others = ports
		.filter(({ path, stable }) => stable === null && consoleOn(machine, basename(path)) === null)
		.map(
			({ path }) =>
				`  # - { name: ${basename(path)}, type: serial, path: /dev/${basename(path)}, baud: 9600 }   # if a sensor hangs on it`,
		);
	return lines.length === 0 ? [] : [...lines, ...others];
}

function suggestOnewire({ sysRoot }: DoctorMachine): string[] {
	const ids = list(join(sysRoot, "bus/w1/devices"), THERMOMETER);
	if (ids.length === 0) return [];
	return [
		"  - name: onewire",
		"    type: onewire",
		"    sensors:   # name them as the places that they measure",
		...ids.map((id, index) => `      temperature${index + 1}: ${id}`),
	];
}

/** IIO devices by name, those that share one by name and place. */
function suggestIio({ sysRoot }: DoctorMachine): string[] {
	const folder = join(sysRoot, "bus/iio/devices");
	const devices = list(folder, /^iio:device\d+$/).flatMap((entry) => {
		const name = readText(join(folder, entry, "name")).trim();
		const hasInputs = list(join(folder, entry), /^in_.*_(input|raw)$/).length > 0;
		return name === "" || !hasInputs ? [] : [{ name, place: basename(dirname(realpathSync(join(folder, entry)))) }];
	});
	const used = new Set(["onewire"]);
	return devices.flatMap(({ name, place }) => {
		const isShared = devices.filter((other) => other.name === name).length > 1;
		const device = isShared ? `${name}@${place}` : name;
		const source = sourceName(name, used);
		return [`  - { name: ${source}, type: iio, device: ${JSON.stringify(device)} }`];
	});
}

/** Lines of the header that this kernel has and nobody holds, where gpioinfo says who does; what hangs on one nobody says. */
async function suggestPins(board: Board, backends: Backends, toolPath: string): Promise<string[]> {
	const byDevice = await backends.chardev.chips();
	const found = byDevice.ok ? byDevice : await backends.sysfs.chips();
	if (!found.ok) return [];
	const inspected = await inspectChips(found.chips, toolPath);
	const free = freeLines(board).filter((name) => {
		const line = resolveOn(board, name, found.chips);
		return line.ok && parseHolder(inspected.get(line.label) ?? "", line.offset) === null;
	});
	const [first] = free;
	if (first === undefined) return [];
	return [
		`  # - { name: door, type: gpio, pin: ${first}, bias: pull-up, active_low: true, debounce: 20ms }   # a contact to ground`,
		`  # - { name: water, type: gpio, pin: ${free[1] ?? first}, mode: counter }   # a meter's pulses`,
		`  # Free pins: ${free.join(", ")}`,
	];
}

/** What gpioinfo says of each chip, by its label; nothing where it is not installed. */
async function inspectChips(chips: readonly GpioChip[], toolPath: string): Promise<ReadonlyMap<string, string>> {
	const tools = await findGpiodTools(toolPath);
	const texts = new Map<string, string>();
	for (const { label, node } of chips) {
		if (typeof tools === "string" || node === null) continue;
		const result = await runTool(tools.inspect({ node }), toolPath);
		if (result.ok) texts.set(label, result.stdout);
	}
	return texts;
}

/** A name that a source may have, and that no other has. */
function sourceName(name: string, used: Set<string>): string {
	const stem = name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 32);
	let own = stem;
	for (let count = 2; used.has(own); count += 1) own = `${stem}-${count}`;
	used.add(own);
	return own;
}

function list(folder: string, pattern: RegExp): string[] {
	try {
		return readdirSync(folder)
			.filter((name) => pattern.test(name))
			.sort()
			.slice(0, SUGGESTED_MAX);
	} catch {
		return []; // the kernel has none of these
	}
}
