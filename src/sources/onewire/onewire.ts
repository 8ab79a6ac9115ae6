// The source `onewire`: thermometers of the DS18B20 family through the kernel's w1_therm. Owns which sensors are read,
// and the order on a bus: one thing at a time there, whichever source asks. Two or more sensors convert together where
// the kernel permits it (therm_bulk_read), or the reads would take 750 ms each.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { STREAMS_PER_SOURCE_MAX } from "../../core/limits.js";
import { onBus, writeKernelFile } from "../sampling/kernel-reads.js";
import { createSampledSource, fieldProblems, listFolder, type Round } from "../sampling/sampled-source.js";
import type { CreateSource, SourceSettings } from "../source.js";
import { parseSlave, parseTemperature } from "./temperature.js";

export interface OnewireSettings extends SourceSettings {
	readonly everyMs: number;
	/** Field to id; without them all that are found, each with its id for a field. */
	readonly sensors?: Readonly<Record<string, string>>;
}

interface Sensor {
	readonly id: string;
	readonly field: string;
	/** Of the bus; the sensor's is in it. */
	readonly bus: string;
}

const BUS = /^w1_bus_master\d+$/;
const THERMOMETER = /^(?:10|22|28|3b|42)-[0-9a-f]{12}$/;

/** How often to look whether all have converted: 750 ms at 12 bits, less at fewer. */
const BULK_POLL_MS = 50;
/** After this each sensor is asked by itself. */
const BULK_MS_MAX = 2_000;

/** Throws for settings that have a problem, one `path: message` a line. */
export const createOnewireSource: CreateSource<OnewireSettings> = (settings, host, machine) => {
	const { everyMs, sensors } = settings;
	const problems = fieldProblems("sensors", sensors);
	if (problems.length > 0) throw new Error(problems.join("\n"));
	const devices = join(machine.sysRoot, "bus/w1/devices");
	/** Field by id: what has to be there. Without `sensors` it is all that was ever found. */
	const expected = new Map(Object.entries(sensors ?? {}).map(([field, id]) => [id, field]));

	async function sample(round: Round): Promise<void> {
		const buses = listFolder(devices, BUS).map((name) => join(devices, name));
		if (buses.length === 0) {
			round.miss("there is no 1-Wire bus: add dtoverlay=w1-gpio to /boot/firmware/config.txt and restart the machine");
			return;
		}
		const found = buses.flatMap(findSensors);
		if (sensors === undefined) {
			for (const { id } of found.slice(0, STREAMS_PER_SOURCE_MAX - expected.size)) expected.set(id, id);
			if (expected.size === 0) round.miss("no thermometer is on the 1-Wire bus: check wiring and the 4.7 kΩ pull-up");
		}
		const there = new Set(found.map(({ id }) => id));
		for (const [id, field] of expected) {
			if (!there.has(id))
				round.miss(`${id}${field === id ? "" : ` (${field})`} is not on the 1-Wire bus${others(there)}`);
		}
		const wanted = found.flatMap(({ id, bus }) => {
			const field = expected.get(id);
			return field === undefined ? [] : [{ id, bus, field }];
		});
		// A bus that has nothing for this source is not waited for.
		const used = new Set(wanted.map(({ bus }) => bus));
		await Promise.all([...used].map((bus) => onBus(bus, () => readBus(round, bus, wanted))));
	}

	return createSampledSource({ everyMs, host, sample });
};

function findSensors(bus: string): { readonly id: string; readonly bus: string }[] {
	return listFolder(bus, THERMOMETER).map((id) => ({ id, bus }));
}

function others(there: ReadonlySet<string>): string {
	return there.size === 0 ? ": check its wiring" : `; there are: ${[...there].slice(0, 4).join(", ")}`;
}

async function readBus(round: Round, bus: string, wanted: readonly Sensor[]): Promise<void> {
	const sensors = wanted.filter((sensor) => sensor.bus === bus);
	if (sensors.length > 1) await convertAll(round, bus);
	for (const sensor of sensors) {
		if (round.isOver()) return;
		await readSensor(round, sensor);
	}
}

/** Lets all sensors of a bus convert at once, if that can be: only root may write to the file, as a rule. */
async function convertAll(round: Round, bus: string): Promise<void> {
	const path = join(bus, "therm_bulk_read");
	try {
		await writeKernelFile(path, "trigger\n");
	} catch {
		return; // each sensor then converts when it is read
	}
	for (let waitedMs = 0; waitedMs < BULK_MS_MAX && !round.isOver(); waitedMs += BULK_POLL_MS) {
		if ((await round.lookUp(path)) !== "-1") return;
		await wait(BULK_POLL_MS);
	}
}

async function readSensor(round: Round, { id, field, bus }: Sensor): Promise<void> {
	const folder = join(bus, id);
	const newFile = join(folder, "temperature");
	const isNew = existsSync(newFile);
	const file = isNew ? newFile : join(folder, "w1_slave");
	const text = await round.read(file, `${id} went off the 1-Wire bus: check its wiring`);
	if (text === null) return;
	const read = isNew ? parseTemperature(text, id) : parseSlave(text, id);
	if (read.ok) round.take(field, read.celsius, "Cel");
	else round.refuse(read.reason, `${field === id ? id : `${field} (${id})`}: ${read.error}`);
}
