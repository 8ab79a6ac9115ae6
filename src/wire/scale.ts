// Decimal readings as scaled integers (CONTRACT, Frame: `scale`). 21.37 travels as 2137 with k = 2, and 2137 / 10^2 is
// the very double that 21.37 is, because one division of two exact doubles is rounded once (IEEE 754).
// Per stream and frame k is the largest number of places a value needs, up to PLACES_MAX; what is exact at no k stays a
// float, which readers take as it is.
import type { Frame } from "../core/frame.js";
import type { Value } from "../core/value.js";

/** The contract's bound on k. */
export const PLACES_MAX = 9;

const POWERS = Array.from({ length: PLACES_MAX + 1 }, (_, k) => 10 ** k);

/** Places a value needs to be an integer over a power of ten, or -1 where no k up to PLACES_MAX is exact. */
export function decimalPlaces(value: number, from = 0): number {
	for (let k = from; k <= PLACES_MAX; k++) {
		const power = POWERS[k] as number;
		const scaled = Math.round(value * power);
		if (scaled > Number.MAX_SAFE_INTEGER || scaled < Number.MIN_SAFE_INTEGER) return -1;
		if (scaled / power === value) return k;
	}
	return -1;
}

export interface Scaled {
	/** Per stream: decimal places, or null where all are 0. */
	readonly scale: number[] | null;
	/** The values as they travel. Valid until the next call. */
	readonly value: unknown[];
}

/** Makes the scaler of one encoder; its columns are made once and filled again for each frame. */
export function createScaler(): (frame: Frame) => Scaled {
	const places: number[] = [];
	const largest: number[] = [];
	const value: unknown[] = [];

	/** What each stream needs: the most places of its values, and the largest magnitude that has to fit with them. */
	function measure(frame: Frame): boolean {
		places.length = frame.streams.length;
		largest.length = frame.streams.length;
		places.fill(0);
		largest.fill(0);
		let any = false;
		for (let i = 0; i < frame.value.length; i++) {
			const reading = frame.value[i] as Value;
			if (typeof reading !== "number") continue;
			const at = frame.stream[i] as number;
			const before = places[at] as number;
			const k = decimalPlaces(reading, Number.isInteger(reading) ? 0 : before);
			if (k < 0) continue;
			const size = Math.abs(reading);
			if (size > (largest[at] as number)) largest[at] = size;
			if (k > before) {
				places[at] = k;
				any = true;
			}
		}
		return any;
	}

	return (frame) => {
		const any = measure(frame);
		for (let at = 0; any && at < places.length; at++) {
			const fits = Number.MAX_SAFE_INTEGER / (largest[at] as number);
			while ((places[at] as number) > 0 && (POWERS[places[at] as number] as number) > fits) {
				places[at] = (places[at] as number) - 1;
			}
		}
		for (let i = 0; i < frame.value.length; i++) {
			const reading = frame.value[i] as Value;
			value[i] = typeof reading === "number" ? onWire(reading, places[frame.stream[i] as number] as number) : reading;
		}
		value.length = frame.value.length;
		return { scale: any ? places : null, value };
	};
}

function onWire(reading: number, k: number): number | bigint {
	const power = POWERS[k] as number;
	const scaled = Math.round(reading * power);
	return Number.isSafeInteger(scaled) && scaled / power === reading ? wireInteger(scaled) : reading;
}

/** An integer as cbor-x has to be given it to come out as a CBOR integer. */
export function wireInteger(integer: number): number | bigint {
	return integer >= -0x80000000 && integer <= 0xffffffff ? integer : BigInt(integer);
}
