// The source `thermal`: the kernel's thermal zones, a processor's temperature for the most part. A zone is named by its
// type, the second of one type `<type>_2`, in the order of the zones' numbers.
import { join } from "node:path";
import { toNumber } from "../sampling/decimal.js";
import { createSampledSource, listFolder, type Round } from "../sampling/sampled-source.js";
import type { CreateSource, SourceSettings } from "../source.js";

export interface ThermalSettings extends SourceSettings {
	readonly everyMs: number;
}

export const createThermalSource: CreateSource<ThermalSettings> = ({ everyMs }, host, machine) => {
	const folder = join(machine.sysRoot, "class/thermal");

	async function sample(round: Round): Promise<void> {
		const zones = listFolder(folder, /^thermal_zone\d+$/);
		if (zones.length === 0) round.miss("this kernel has no thermal zones");
		const counts = new Map<string, number>();
		for (const zone of zones) {
			const type = await round.read(join(folder, zone, "type"));
			if (type === null) continue;
			const count = (counts.get(type) ?? 0) + 1;
			counts.set(type, count);
			const milli = await round.readDecimal(join(folder, zone, "temp"));
			if (milli !== null) round.take(count === 1 ? type : `${type}_${count}`, toNumber(milli, -3), "Cel");
			if (round.isOver()) return;
		}
	}

	return createSampledSource({ everyMs, host, sample });
};
