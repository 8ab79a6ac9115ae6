// The two files of the kernel's 1-Wire thermometers, as values. Pure; the formats are of drivers/w1/slaves/w1_therm.c:
// `temperature` holds milli-degrees, `w1_slave` (all there was before Linux 5.8) two lines with the bytes and their
// checksum. A sensor that does not answer gives an empty file and no error.
import type { RejectReason } from "../../core/value.js";

export type Temperature =
	| { readonly ok: true; readonly celsius: number }
	| { readonly ok: false; readonly reason: RejectReason; readonly error: string };

/** What the scratchpad holds after power-up: no conversion was made since, whatever the temperature is. */
const POWER_ON_MILLI = 85_000;
/** Of the DS18B20 family (10, 22, 28, 42), and of the thermocouples that share family 3b with the DS1825. */
const RANGE_MILLI = [-55_000, 125_000] as const;
const RANGE_MILLI_3B = [-270_000, 1_800_000] as const;

const EMPTY: Temperature = {
	ok: false,
	reason: "empty",
	error: "it does not answer: check its wiring and the 4.7 kΩ pull-up",
};

/** The text of `temperature`, trimmed. */
export function parseTemperature(text: string, id: string): Temperature {
	if (text === "") return EMPTY;
	const milli = /^-?\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
	const [least, most] = id.startsWith("3b-") ? RANGE_MILLI_3B : RANGE_MILLI;
	if (Number.isNaN(milli)) return refuse("value", "what it says is no temperature");
	if (milli === POWER_ON_MILLI) return refuse("value", "85 °C is its power-on value: check its supply");
	if (milli < least || milli > most) return refuse("value", `${milli / 1_000} °C is beyond what it can measure`);
	return { ok: true, celsius: milli / 1_000 + 0 }; // -0 + 0 is 0
}

/** The text of `w1_slave`, trimmed. */
export function parseSlave(text: string, id: string): Temperature {
	if (text === "") return EMPTY;
	const [, bytes = "", verdict, milli = ""] =
		/^((?:[0-9a-f]{2} ){9}): crc=[0-9a-f]{2} (YES|NO)\n.* t=(-?\d+)$/.exec(text) ?? [];
	if (verdict === undefined) return refuse("syntax", "w1_slave is not in the form that this agent knows");
	if (verdict === "NO") return refuse("checksum", "its checksum is wrong: check the length and pull-up of the bus");
	// Nine zero bytes have a valid checksum: it is what a data line that lies on ground reads as.
	if (/^(?:00 )+$/.test(bytes)) return refuse("value", "the bus reads all zeros: is its data line shorted?");
	return parseTemperature(milli, id);
}

function refuse(reason: RejectReason, error: string): Temperature {
	return { ok: false, reason, error };
}
