// The frames of sensors that many have, as data. Each is from the maker's data sheet, which is named with it.
import type { BinarySettings, FieldSettings, PresetName } from "./settings.js";

export interface Preset extends Required<Pick<BinarySettings, "header" | "length" | "checksum">> {
	readonly fields: Readonly<Record<string, FieldSettings & { readonly unit: string }>>;
	readonly trailer?: string;
	readonly request?: string;
}

/** Particles of at least a diameter in um, in 0.1 l of air. */
const PER_DECILITRE = "1/(0.1 l)";

/**
 * Plantower PMS5003 and PMS7003 (the same frame): "PMS5003 series data manual", 2016, appendix I. At 9600 baud, once a
 * second or more often. `_cf1` is the factory's calibration particle, the others are as in the atmosphere.
 */
const PMS5003: Preset = {
	header: "42 4d 00 1c",
	length: 32,
	fields: {
		pm1_cf1: { at: 4, type: "u16be", unit: "ug/m3" },
		pm2_5_cf1: { at: 6, type: "u16be", unit: "ug/m3" },
		pm10_cf1: { at: 8, type: "u16be", unit: "ug/m3" },
		pm1: { at: 10, type: "u16be", unit: "ug/m3" },
		pm2_5: { at: 12, type: "u16be", unit: "ug/m3" },
		pm10: { at: 14, type: "u16be", unit: "ug/m3" },
		n0_3: { at: 16, type: "u16be", unit: PER_DECILITRE },
		n0_5: { at: 18, type: "u16be", unit: PER_DECILITRE },
		n1: { at: 20, type: "u16be", unit: PER_DECILITRE },
		n2_5: { at: 22, type: "u16be", unit: PER_DECILITRE },
		n5: { at: 24, type: "u16be", unit: PER_DECILITRE },
		n10: { at: 26, type: "u16be", unit: PER_DECILITRE },
	},
	checksum: { as: "sum16be" },
};

/** Nova Fitness SDS011: "Laser PM2.5 sensor specification", V1.3, 2015, "UART communication protocol". At 9600 baud, once a second. */
const SDS011: Preset = {
	header: "aa c0",
	length: 10,
	fields: {
		pm2_5: { at: 2, type: "u16le", decimals: 1, unit: "ug/m3" },
		pm10: { at: 4, type: "u16le", decimals: 1, unit: "ug/m3" },
	},
	checksum: { as: "sum8", from: 2 },
	trailer: "ab",
};

/**
 * Winsen MH-Z19: "MH-Z19 intelligent infrared gas module user's manual", V1.0, 2015, command 0x86. At 9600 baud, when it is
 * asked. The temperature is no part of the manual: byte 4, plus 40, as its users have found.
 */
const MH_Z19: Preset = {
	header: "ff 86",
	length: 9,
	fields: {
		co2: { at: 2, type: "u16be", unit: "ppm" },
		temperature: { at: 4, type: "u8", add: -40, unit: "Cel" },
	},
	checksum: { as: "sum8-negated", from: 1 },
	request: "ff 01 86 00 00 00 00 00 79",
};

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
	pms5003: PMS5003,
	pms7003: PMS5003,
	sds011: SDS011,
	"mh-z19": MH_Z19,
};
