// The source `hwmon`: the chips of the kernel's hardware monitoring, found by name. Owns the units of their files
// (Documentation/hwmon/sysfs-interface).
import { join } from "node:path";
import { toNumber } from "../sampling/decimal.js";
import { createDeviceFinder } from "../sampling/find-device.js";
import { createSampledSource, fieldProblems, listFolder, type Round } from "../sampling/sampled-source.js";
import type { CreateSource, SourceSettings } from "../source.js";

export interface HwmonSettings extends SourceSettings {
	readonly chip: string;
	readonly everyMs: number;
	/** Field to channel; without them all channels, each named as the kernel does. */
	readonly channels?: Readonly<Record<string, string>>;
}

/** By kind of channel: SenML's unit, and the power of ten from the file's number to it. */
const UNITS: Readonly<Record<string, { readonly symbol: string; readonly power: number }>> = {
	curr: { symbol: "A", power: -3 },
	energy: { symbol: "J", power: -6 },
	fan: { symbol: "1/min", power: 0 },
	freq: { symbol: "Hz", power: 0 },
	humidity: { symbol: "%RH", power: -3 },
	in: { symbol: "V", power: -3 },
	power: { symbol: "W", power: -6 },
	temp: { symbol: "Cel", power: -3 },
};

const VALUE_FILE = /^([a-z]+)\d+_input$/;

/** Throws for settings that have a problem, one `path: message` a line. */
export const createHwmonSource: CreateSource<HwmonSettings> = (settings, host, machine) => {
	const { chip, everyMs, channels } = settings;
	const problems = fieldProblems("channels", channels);
	if (problems.length > 0) throw new Error(problems.join("\n"));
	const kind = { folder: join(machine.sysRoot, "class/hwmon"), pattern: /^hwmon\d+$/, called: "hwmon chip" };
	const findChip = createDeviceFinder(kind, chip);

	async function sample(round: Round): Promise<void> {
		const folder = await findChip(round);
		if (folder === null) return;
		const found = listFolder(folder, VALUE_FILE).map((file) => file.replace("_input", ""));
		const wanted = channels ?? Object.fromEntries(found.map((name) => [name, name]));
		for (const [field, channel] of Object.entries(wanted)) {
			const absent = `${chip} has no channel ${channel}; it has: ${found.join(", ") || "none"}`;
			const value = await round.readDecimal(join(folder, `${channel}_input`), absent);
			const unit = UNITS[/^[a-z]+/.exec(channel)?.[0] ?? ""];
			if (value !== null) round.take(field, toNumber(value, unit?.power), unit?.symbol);
			if (round.isOver()) return;
		}
		if (Object.keys(wanted).length === 0) round.miss(`${chip} has no channels to read`);
	}

	return createSampledSource({ everyMs, host, sample });
};
