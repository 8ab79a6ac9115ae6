// `as: nmea`: NMEA 0183 sentences. Owns the checksum, the tables of what each sentence holds, and the names and units of
// the fields (a name ends with its unit; lat and lon are decimal degrees). The talker is ignored: GPRMC is GNRMC.
// Values are as sent, positions rounded to 7 decimals (1 cm). An empty field is no value, and nothing is missed.
import { createFieldStreams } from "./field-streams.js";
import { createLineAccount, type LineAccount } from "./line-account.js";
import type { Parser, ParserHost } from "./line-parser.js";
import { parseNumber } from "./number.js";

interface Column {
	/** Where in the sentence; 1 is the first field after the address. */
	readonly at: number;
	readonly name: string;
	/** A position is followed by its hemisphere. */
	readonly as?: "latitude" | "longitude";
	/** The name depends on other fields, for example on the unit: their text, joined, is the key. */
	readonly names?: { readonly at: readonly number[]; readonly of: Readonly<Record<string, string>> };
	/** Holds without a fix as well. */
	readonly always?: true;
}

interface Sentence {
	/** The field that says whether the rest holds, and the values that say it does not. */
	readonly validity?: { readonly at: number; readonly bad: string };
	readonly columns: readonly Column[];
}

const WIND: Column["names"] = {
	at: [2, 4],
	of: {
		RK: "wind_relative_kmh",
		RM: "wind_relative_ms",
		RN: "wind_relative_kn",
		TK: "wind_true_kmh",
		TM: "wind_true_ms",
		TN: "wind_true_kn",
	},
};
const WIND_ANGLE: Column["names"] = { at: [2], of: { R: "wind_relative_deg", T: "wind_true_deg" } };

const position = (at: number): readonly Column[] => [
	{ at, name: "lat", as: "latitude" },
	{ at: at + 2, name: "lon", as: "longitude" },
];

const SENTENCES: ReadonlyMap<string, Sentence> = new Map<string, Sentence>([
	["DBK", { columns: [{ at: 3, name: "depth_below_keel_m" }] }],
	["DBS", { columns: [{ at: 3, name: "depth_below_surface_m" }] }],
	["DBT", { columns: [{ at: 3, name: "depth_m" }] }],
	["DPT", { columns: [at(1, "depth_m"), at(2, "depth_offset_m")] }],
	[
		"GGA",
		{
			validity: { at: 6, bad: "0" },
			columns: [
				...position(2),
				{ at: 6, name: "fix", always: true },
				{ at: 7, name: "satellites", always: true },
				at(8, "hdop"),
				at(9, "altitude_m"),
				at(11, "geoid_m"),
			],
		},
	],
	["GLL", { validity: { at: 6, bad: "V" }, columns: position(1) }],
	[
		"GNS",
		{
			columns: [
				...position(2),
				{ at: 7, name: "satellites", always: true },
				at(8, "hdop"),
				at(9, "altitude_m"),
				at(10, "geoid_m"),
			],
		},
	],
	[
		"GSA",
		{
			validity: { at: 2, bad: "1" },
			columns: [{ at: 2, name: "fix_mode", always: true }, at(15, "pdop"), at(16, "hdop"), at(17, "vdop")],
		},
	],
	["HDG", { columns: [at(1, "heading_magnetic_deg")] }],
	["HDM", { columns: [at(1, "heading_magnetic_deg")] }],
	["HDT", { columns: [at(1, "heading_deg")] }],
	[
		"MDA",
		{
			columns: [
				at(3, "pressure_bar"),
				at(5, "air_temperature_c"),
				at(7, "water_temperature_c"),
				at(9, "humidity_percent"),
				at(11, "dew_point_c"),
				at(13, "wind_direction_deg"),
				at(15, "wind_direction_magnetic_deg"),
				at(17, "wind_speed_kn"),
				at(19, "wind_speed_ms"),
			],
		},
	],
	["MTW", { columns: [at(1, "water_temperature_c")] }],
	[
		"MWD",
		{
			columns: [
				at(1, "wind_direction_deg"),
				at(3, "wind_direction_magnetic_deg"),
				at(5, "wind_speed_kn"),
				at(7, "wind_speed_ms"),
			],
		},
	],
	[
		"MWV",
		{
			validity: { at: 5, bad: "V" },
			columns: [
				{ at: 1, name: "", names: WIND_ANGLE },
				{ at: 3, name: "", names: WIND },
			],
		},
	],
	["RMC", { validity: { at: 2, bad: "V" }, columns: [...position(3), at(7, "speed_kn"), at(8, "course_deg")] }],
	["ROT", { validity: { at: 2, bad: "V" }, columns: [at(1, "rate_of_turn_deg_min")] }],
	["THS", { validity: { at: 2, bad: "V" }, columns: [at(1, "heading_deg")] }],
	[
		"VHW",
		{
			columns: [at(1, "heading_deg"), at(3, "heading_magnetic_deg"), at(5, "water_speed_kn"), at(7, "water_speed_kmh")],
		},
	],
	[
		"VTG",
		{
			validity: { at: 9, bad: "N" },
			columns: [at(1, "course_deg"), at(3, "course_magnetic_deg"), at(5, "speed_kn"), at(7, "speed_kmh")],
		},
	],
]);

function at(index: number, name: string): Column {
	return { at: index, name };
}

export function createNmeaParser(host: ParserHost): Parser {
	const account = createLineAccount(host);
	const streamOf = createFieldStreams(host);

	function take(name: string, value: number, capturedMs: number): void {
		const stream = streamOf(name);
		if (stream === undefined) account.miss("stream");
		else if (Number.isNaN(value)) account.miss("value");
		else account.take(stream, value, capturedMs);
	}

	/** XDR: any number of transducers, each as type, value, unit and name. */
	function takeTransducers(fields: readonly string[], capturedMs: number): void {
		for (let index = 1; index + 2 < fields.length; index += 4) {
			const text = fields[index + 1] ?? "";
			const name = fields[index + 3] || fields[index] || "";
			if (text !== "") take(`xdr.${name}`, parseNumber(text, 0, text.length), capturedMs);
		}
	}

	return {
		parse(line, capturedMs) {
			const start = line[0];
			if (start !== "$" && start !== "!") return host.reject("syntax");
			const star = checkedLength(line);
			if (star === -1) return host.reject("checksum");
			const fields = line.slice(1, star).split(",");
			const address = fields[0] ?? "";
			// `!` carries packed bits (AIS), $P is a maker's own.
			const type = start === "$" && address.length === 5 && address[0] !== "P" ? address.slice(2) : "";
			const sentence = SENTENCES.get(type);
			if (type === "XDR") takeTransducers(fields, capturedMs);
			else if (sentence === undefined) return host.reject("unsupported");
			else takeColumns(sentence, fields, account, (name, value) => take(name, value, capturedMs));
			account.settle("empty");
		},
	};
}

function takeColumns(
	sentence: Sentence,
	fields: readonly string[],
	account: LineAccount,
	take: (name: string, value: number) => void,
): void {
	const { validity } = sentence;
	const isValid = validity === undefined || fields[validity.at] !== validity.bad;
	for (const column of sentence.columns) {
		const text = fields[column.at] ?? "";
		if (text === "" || !(isValid || column.always === true)) continue;
		const name = column.names === undefined ? column.name : nameOf(column.names, fields);
		if (name === undefined) account.miss("value");
		else if (column.as === undefined) take(name, parseNumber(text, 0, text.length));
		else take(name, parseAngle(text, fields[column.at + 1] ?? "", column.as));
	}
}

function nameOf(names: NonNullable<Column["names"]>, fields: readonly string[]): string | undefined {
	const key = names.at.map((index) => fields[index] ?? "").join("");
	return Object.hasOwn(names.of, key) ? names.of[key] : undefined;
}

const ANGLE = /^(\d{1,3})(\d\d(?:\.\d*)?)$/;
/** 10^-7 degrees are 1.1 cm, finer than what is measured; a value that is a short decimal stays small on the wire. */
const DEGREE_STEPS = 1e7;

/** `ddmm.mmmm` or `dddmm.mmmm` and a hemisphere, as decimal degrees; NaN where it is none. */
function parseAngle(text: string, hemisphere: string, as: "latitude" | "longitude"): number {
	const match = ANGLE.exec(text);
	const [positive, negative, degreesMax] = as === "latitude" ? ["N", "S", 90] : ["E", "W", 180];
	const minutes = Number(match?.[2]);
	const degrees = Number(match?.[1]) + minutes / 60;
	if (match === null || minutes >= 60 || degrees > Number(degreesMax)) return Number.NaN;
	if (hemisphere !== positive && hemisphere !== negative) return Number.NaN;
	const rounded = Math.round(degrees * DEGREE_STEPS) / DEGREE_STEPS;
	return hemisphere === negative ? -rounded : rounded;
}

const CHECKSUM = /\*([0-9a-f]{2}) *$/i;

/** Where the text under the checksum ends; -1 without a checksum, or with a wrong one. */
function checkedLength(line: string): number {
	const match = CHECKSUM.exec(line);
	if (match === null) return -1;
	let sum = 0;
	for (let index = 1; index < match.index; index += 1) sum ^= line.charCodeAt(index);
	return sum === Number.parseInt(match[1] ?? "", 16) ? match.index : -1;
}
