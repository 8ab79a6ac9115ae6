// The source `iio`: sensors that the kernel itself drives (BME280, ADS1115, ...) through their files in sysfs, found by
// name. Channels and units are in channel.ts.
import { join } from "node:path";
import { add, type Decimal, multiply, toNumber } from "../sampling/decimal.js";
import { createDeviceFinder } from "../sampling/find-device.js";
import { createSampledSource, fieldProblems, listFolder, type Round } from "../sampling/sampled-source.js";
import type { CreateSource, SourceSettings } from "../source.js";
import { type Channel, listChannels, sharedFiles, unitOf } from "./channel.js";

export interface IioSettings extends SourceSettings {
	readonly device: string;
	readonly everyMs: number;
	/** Field to channel; without them all channels, each named as the kernel does. */
	readonly channels?: Readonly<Record<string, string>>;
}

const ZERO: Decimal = { digits: 0n, places: 0 };
const ONE: Decimal = { digits: 1n, places: 0 };

/** Throws for settings that have a problem, one `path: message` a line. */
export const createIioSource: CreateSource<IioSettings> = (settings, host, machine) => {
	const { device, everyMs, channels } = settings;
	const problems = fieldProblems("channels", channels);
	if (problems.length > 0) throw new Error(problems.join("\n"));
	const kind = { folder: join(machine.sysRoot, "bus/iio/devices"), pattern: /^iio:device\d+$/, called: "IIO device" };
	const findDevice = createDeviceFinder(kind, device);

	async function sample(round: Round): Promise<void> {
		const folder = await findDevice(round);
		if (folder === null) return;
		const files = listFolder(folder, /^in_/);
		const found = listChannels(files);
		const wanted = channels ?? Object.fromEntries(found.map(({ name }) => [name, name]));
		for (const [field, name] of Object.entries(wanted)) {
			const channel = found.find((candidate) => candidate.name === name);
			if (channel !== undefined) await readChannel(round, { folder, files, field, channel });
			else round.miss(`${device} has no channel ${name}; it has: ${found.map((one) => one.name).join(", ")}`);
			if (round.isOver()) return;
		}
		if (found.length === 0) round.miss(`${device} has no input channels`);
	}

	return createSampledSource({ everyMs, host, sample });
};

interface Wanted {
	readonly folder: string;
	/** All that the device has. */
	readonly files: readonly string[];
	readonly field: string;
	readonly channel: Channel;
}

async function readChannel(round: Round, { folder, files, field, channel }: Wanted): Promise<void> {
	const { name, hasInput } = channel;
	const value = await round.readDecimal(join(folder, `in_${name}_${hasInput ? "input" : "raw"}`));
	if (value === null) return;
	/** The number in the first of these files that is there; null, and reported, where it cannot be read. */
	const readShared = async (names: readonly string[], otherwise: Decimal): Promise<Decimal | null> => {
		const file = names.find((candidate) => files.includes(candidate));
		return file === undefined ? otherwise : round.readDecimal(join(folder, file));
	};
	const offset = hasInput ? ZERO : await readShared(sharedFiles(name, "offset"), ZERO);
	const scale = hasInput ? ONE : await readShared(sharedFiles(name, "scale"), ONE);
	if (offset === null || scale === null) return;
	const unit = unitOf(name);
	round.take(field, toNumber(multiply(add(value, offset), scale), unit?.power), unit?.symbol);
}
