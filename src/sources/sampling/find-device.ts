// A device of a kernel class (iio, hwmon) by what it calls itself: the numbers in iio:device0 and hwmon2 are the order in
// which drivers came up and change with every boot. Two of one name are told apart by where they sit: lm75@1-0048.
import { statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { listFolder, type Round } from "./sampled-source.js";

export interface DeviceClass {
	/** Where the class has its devices. */
	readonly folder: string;
	readonly pattern: RegExp;
	/** What a person calls one of them. */
	readonly called: string;
}

interface Device {
	readonly folder: string;
	/** Empty where it has none. */
	readonly name: string;
	/** What it sits on: the address on its bus, as a rule. */
	readonly place: string;
}

/** Devices that an answer names when it cannot choose. */
const NAMED_MAX = 6;

/**
 * Makes what finds the folder of the device called `wanted`; null, and reported, where there is not exactly one. To be asked
 * in every round: it looks anew where a device of the class came or went, or the one that it found is another one now.
 */
export function createDeviceFinder(kind: DeviceClass, wanted: string): (round: Round) => Promise<string | null> {
	let found: string | null = null;
	let foundAmong = "";
	return async (round) => {
		const names = listFolder(kind.folder, kind.pattern);
		// The kernel gives no inode twice.
		const among = (): string => `${names} ${statSync(found ?? "", { throwIfNoEntry: false })?.ino}`;
		if (found !== null && among() === foundAmong) return found;
		found = await findDevice(round, kind, wanted, names);
		foundAmong = among();
		return found;
	};
}

async function findDevice(
	round: Round,
	kind: DeviceClass,
	wanted: string,
	names: readonly string[],
): Promise<string | null> {
	const devices: Device[] = [];
	for (const name of names) devices.push(await describe(round, join(kind.folder, name)));
	const matches = devices.filter(({ name, place }) => wanted === name || wanted === `${name}@${place}`);
	const [first, second] = matches;
	if (first !== undefined && second === undefined) return first.folder;
	const list = (second === undefined ? devices : matches)
		.filter(({ name }) => name !== "")
		.slice(0, NAMED_MAX)
		.map(({ name, place }) => `${name}@${place}`)
		.join(", ");
	if (second !== undefined) round.miss(`several ${kind.called}s are named ${wanted}; say which: ${list}`);
	else if (list === "") round.miss(`there is no ${kind.called}: is its driver loaded (on a Pi, its dtoverlay)?`);
	else round.miss(`no ${kind.called} is named ${wanted}; there are: ${list}`);
	return null;
}

async function describe(round: Round, folder: string): Promise<Device> {
	const name = (await round.lookUp(join(folder, "name"))) ?? "";
	const parent = dirname(await realpath(folder).catch(() => folder));
	// .../1-0048/hwmon/hwmon2 sits on 1-0048; .../1-0076/iio:device0 on 1-0076.
	return { folder, name, place: basename(basename(parent) === "hwmon" ? dirname(parent) : parent) };
}
