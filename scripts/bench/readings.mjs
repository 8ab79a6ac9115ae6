// What the benchmarks feed: eight streams of one device in turn, as sensors give them, the same values in every run.
// Decimals as they are printed by a sensor, a position of six places, a door, and a meter's pulses that pass 65,536.

export const SOURCE = "env";

/** The fields in the order in which they are read, one round after the other. */
export const FIELDS = ["temperature", "humidity", "pressure", "voltage", "latitude", "longitude", "door", "pulses"];

/** Values made before the clock runs: a whole number of rounds. */
const TABLE_READINGS = FIELDS.length * 8_192;

/** Value i belongs to field i modulo their number. */
export function makeValues(readings = TABLE_READINGS) {
	const random = createRandom(7);
	const walk = { temperature: 21.5, humidity: 48, pressure: 1_013.25, voltage: 3.3, latitude: 52.52, longitude: 13.4 };
	const step = { temperature: 0.05, humidity: 0.3, pressure: 0.05, voltage: 0.01, latitude: 2e-6, longitude: 2e-6 };
	const places = { temperature: 2, humidity: 1, pressure: 2, voltage: 3, latitude: 6, longitude: 6 };
	let pulses = 60_000;
	return Array.from({ length: readings }, (_, i) => {
		const field = FIELDS[i % FIELDS.length];
		if (field === "door") return random() < 0.5;
		if (field === "pulses") {
			pulses += Math.floor(random() * 4);
			return pulses;
		}
		walk[field] += (random() - 0.5) * 2 * step[field];
		return Number(walk[field].toFixed(places[field]));
	});
}

/** A reading as a plain MQTT publisher sends it, one message each. */
export function readingAsJson(field, value, ts) {
	return JSON.stringify({ ts, name: `${SOURCE}.${field}`, value });
}

/** mulberry32. */
function createRandom(seed) {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
