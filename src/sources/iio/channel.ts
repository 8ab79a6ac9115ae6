// The channels of an IIO device by their file names (Documentation/ABI/testing/sysfs-bus-iio), and their units.
// Owns what a channel's value is: `_input` as it is, else (`_raw` + `_offset`) * `_scale`, in the ABI's unit, which a
// power of ten turns into SenML's.

export interface Channel {
	/** As in the file names: `temp`, `voltage0`, `accel_x`. */
	readonly name: string;
	/** Whether the driver gives the processed value. */
	readonly hasInput: boolean;
}

interface Unit {
	readonly symbol: string;
	/** SenML's unit is the ABI's times ten to this. */
	readonly power: number;
}

const UNITS: Readonly<Record<string, Unit>> = {
	accel: { symbol: "m/s2", power: 0 },
	angl: { symbol: "rad", power: 0 },
	anglvel: { symbol: "rad/s", power: 0 },
	capacitance: { symbol: "F", power: -9 },
	concentration: { symbol: "%", power: 0 },
	current: { symbol: "A", power: -3 },
	distance: { symbol: "m", power: 0 },
	energy: { symbol: "J", power: 0 },
	humidityrelative: { symbol: "%RH", power: -3 },
	illuminance: { symbol: "lx", power: 0 },
	magn: { symbol: "T", power: -4 },
	massconcentration: { symbol: "ug/m3", power: 0 },
	ph: { symbol: "pH", power: 0 },
	power: { symbol: "W", power: -3 },
	pressure: { symbol: "hPa", power: 1 },
	resistance: { symbol: "Ohm", power: 0 },
	temp: { symbol: "Cel", power: -3 },
	velocity: { symbol: "m/s", power: 0 },
	voltage: { symbol: "V", power: -3 },
};

const VALUE_FILE = /^in_([a-z][a-z0-9_-]*)_(input|raw)$/;

/** The channels among the files of a device, each once. */
export function listChannels(files: readonly string[]): Channel[] {
	const channels = new Map<string, Channel>();
	for (const file of files) {
		const [, name, kind] = VALUE_FILE.exec(file) ?? [];
		if (name === undefined) continue;
		channels.set(name, { name, hasInput: kind === "input" || channels.get(name)?.hasInput === true });
	}
	return [...channels.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The unit of a channel's values; undefined for kinds without one, whose values are given as they are. */
export function unitOf(channel: string): Unit | undefined {
	const kind = kindOf(channel);
	return Object.hasOwn(UNITS, kind) ? UNITS[kind] : undefined;
}

/** Where a channel's scale or offset may be: its own file, or one that all channels of the kind share. */
export function sharedFiles(channel: string, attribute: "scale" | "offset"): string[] {
	// voltage0-voltage1 -> voltage-voltage; accel_x -> accel.
	const names = new Set([channel, channel.replace(/\d+/g, ""), kindOf(channel)]);
	return [...names].map((name) => `in_${name}_${attribute}`);
}

function kindOf(channel: string): string {
	return /^[a-z]+/.exec(channel)?.[0] ?? "";
}
