// From the settings of a binary sensor to the format of its frames. Owns what is allowed: every position has to be inside
// the shortest frame there can be, so nothing is read beyond one later.
import { isFieldName } from "../host.js";
import type { ParseProblem } from "../parse/line-parser.js";
import { CHECKSUMS } from "./checksum.js";
import type { FrameFormat } from "./frame-finder.js";
import { readNumber, widthOf } from "./number.js";
import { PRESETS, type Preset } from "./presets.js";
import type { BinarySettings, FieldSettings } from "./settings.js";

/** The longest frame, whatever `max_line` says: sensors' frames have a few dozen bytes, and two of these are kept. */
export const FRAME_BYTES_MAX = 4_096;

export interface BinaryFormat extends FrameFormat {
	readonly fields: readonly Field[];
	/** Written to the port to make the sensor speak. */
	readonly request: Uint8Array | null;
}

export interface Field extends FieldSettings {
	readonly name: string;
	readonly unit?: string;
}

/** The format; settings with a problem (see checkBinarySettings) throw. */
export function createBinaryFormat(settings: BinarySettings, maxLine: number): BinaryFormat {
	const problem = checkBinarySettings(settings, maxLine)[0];
	if (problem !== undefined) throw new Error(`${problem.path}: ${problem.message}`);
	const layout = layoutOf(settings);
	const { length, checksum } = layout;
	const header = parseHex(layout.header);
	const trailer = parseHex(layout.trailer ?? "");
	const sum = checksum === undefined ? null : CHECKSUMS[checksum.as];
	const sumBytes = sum === null ? 0 : widthOf(sum.type);
	const request = settings.request?.bytes ?? layout.request;
	return {
		header,
		frameMin: frameMinOf(layout),
		frameMax: frameMaxOf(layout, maxLine),
		fields: fieldsOf(settings, layout),
		request: request === undefined ? null : parseHex(request),
		lengthOf(view, at) {
			return typeof length === "number" ? length : readNumber(length.type, view, at + length.at) + (length.adds ?? 0);
		},
		check(bytes, view, at, frameBytes) {
			const trailerAt = at + frameBytes - trailer.length;
			const sumAt = trailerAt - sumBytes;
			if (sum !== null && sum.over(bytes, at + (checksum?.from ?? 0), sumAt) !== readNumber(sum.type, view, sumAt)) {
				return "checksum";
			}
			return trailer.every((byte, index) => bytes[trailerAt + index] === byte) ? null : "syntax";
		},
	};
}

/** A frame in one shape, whether it is from a preset or from the configuration. */
interface Layout extends Pick<Preset, "header" | "length" | "trailer" | "request"> {
	readonly checksum?: Preset["checksum"];
	readonly fields: Readonly<Record<string, FieldSettings & { readonly unit?: string }>>;
}

function layoutOf(settings: BinarySettings): Layout {
	if (settings.preset !== undefined) return PRESETS[settings.preset];
	const { header = "", length = 0, fields = {}, checksum, trailer } = settings;
	return {
		header,
		length,
		fields: isList(fields) ? {} : fields,
		...(checksum === undefined ? {} : { checksum }),
		...(trailer === undefined ? {} : { trailer }),
	};
}

function fieldsOf(settings: BinarySettings, layout: Layout): readonly Field[] {
	const wanted = isList(settings.fields) ? settings.fields : Object.keys(layout.fields);
	return Object.entries(layout.fields).flatMap(([name, field]) => (wanted.includes(name) ? [{ name, ...field }] : []));
}

/** Everything that is wrong with the settings beyond what a schema can say. */
export function checkBinarySettings(settings: BinarySettings, maxLine: number): readonly ParseProblem[] {
	const problems = settings.preset === undefined ? checkOwn(settings, maxLine) : checkPreset(settings, settings.preset);
	if (settings.request === undefined || settings.request.bytes !== undefined) return problems;
	const hasRequest = settings.preset !== undefined && layoutOf(settings).request !== undefined;
	return hasRequest
		? problems
		: [...problems, { path: "request.bytes", message: "what is to be written? Bytes in hex" }];
}

function checkPreset(settings: BinarySettings, preset: string): ParseProblem[] {
	const problems: ParseProblem[] = [];
	for (const key of ["header", "length", "checksum", "trailer"] as const) {
		if (settings[key] !== undefined) problems.push({ path: key, message: `${preset} has its own` });
	}
	const known = Object.keys(layoutOf(settings).fields);
	const { fields = known } = settings;
	if (!isList(fields))
		problems.push({ path: "fields", message: `with a preset a list of some of ${known.join(", ")}` });
	else {
		const unknown = fields.find((field) => !known.includes(field));
		if (unknown !== undefined) {
			problems.push({ path: "fields", message: `${preset} has no "${unknown}", but ${known.join(", ")}` });
		}
	}
	return problems;
}

function checkOwn(settings: BinarySettings, maxLine: number): ParseProblem[] {
	const problems: ParseProblem[] = [];
	for (const key of ["header", "length", "fields"] as const) {
		if (settings[key] === undefined) problems.push({ path: key, message: "binary needs it, or a preset" });
	}
	const { fields = {} } = settings;
	if (isList(fields)) problems.push({ path: "fields", message: "each with at and type; names alone go with a preset" });
	if (problems.length > 0) return problems;
	const layout = layoutOf(settings);
	const longest = frameMaxOf(layout, maxLine);
	const shortest = frameMinOf(layout);
	if (typeof layout.length === "object") {
		if (shortest > longest) problems.push({ path: "length", message: `a frame has ${shortest} bytes at least` });
	} else if (layout.length > longest) {
		problems.push({ path: "length", message: `at most ${longest}: the bound is max_line, and ${FRAME_BYTES_MAX}` });
	}
	for (const [name, field] of Object.entries(layout.fields)) {
		if (!isFieldName(name)) problems.push({ path: "fields", message: `${JSON.stringify(name)} cannot name a stream` });
		if (typeof layout.length === "object") continue;
		const left = layout.length - tailBytes(layout);
		if (field.at + widthOf(field.type) <= left) continue;
		problems.push({ path: `fields.${name}.at`, message: `only ${left} bytes are before the checksum and the trailer` });
	}
	if (typeof layout.length === "number" && problems.length === 0 && layout.length < shortest) {
		problems.push({ path: "length", message: `header, checksum and trailer take ${shortest} bytes` });
	}
	return problems;
}

function frameMaxOf(layout: Layout, maxLine: number): number {
	const bound = Math.min(maxLine, FRAME_BYTES_MAX);
	return typeof layout.length === "number" ? Math.min(layout.length, bound) : bound;
}

/** A frame with all that has a place in it. */
function frameMinOf(layout: Layout): number {
	const { header, length, checksum, fields } = layout;
	if (typeof length === "number" && length > 0) {
		return Math.max(length, parseHex(header).length + tailBytes(layout));
	}
	const ends = Object.values(fields).map((field) => field.at + widthOf(field.type));
	const lengthEnd = typeof length === "object" ? length.at + widthOf(length.type) : 0;
	return Math.max(parseHex(header).length, lengthEnd, checksum?.from ?? 0, ...ends) + tailBytes(layout);
}

function tailBytes({ checksum, trailer = "" }: Layout): number {
	return (checksum === undefined ? 0 : widthOf(CHECKSUMS[checksum.as].type)) + parseHex(trailer).length;
}

function isList(fields: BinarySettings["fields"]): fields is readonly string[] {
	return Array.isArray(fields);
}

/** `42 4d` or `424d`; the schema has seen to it that it is that. */
function parseHex(text: string): Uint8Array {
	return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (digits) => Number.parseInt(digits, 16));
}
