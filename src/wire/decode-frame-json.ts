// A frame from JSON: the same keys as in CBOR, checked as strictly. Numbers are what JSON says they are, so an integer may
// be written 5.0, and there is no `scale`. A key's value is parsed only when the shape of the whole is known to be right.
import type { Value } from "../core/value.js";
import { DEVICE_PATTERN, NAME_BYTES_MAX, READINGS_MAX, RUN_PATTERN } from "./decode-bounds.js";
import { type DecodeErrorKind, type DecodeFailure, failure } from "./decode-error.js";
import type { FirstFrame } from "./decode-frame-cbor.js";
import {
	createJsonReader,
	JSON_ARRAY,
	JSON_BOOLEAN,
	JSON_NUMBER,
	JSON_TEXT,
	type JsonMember,
	type JsonReader,
	parseMember,
	readJsonObject,
} from "./decode-json.js";

const TYPES = {
	v: JSON_NUMBER,
	device: JSON_TEXT,
	run: JSON_TEXT,
	seq: JSON_NUMBER,
	sent: JSON_NUMBER,
	time: JSON_NUMBER,
	streams: JSON_ARRAY,
	stream: JSON_ARRAY,
	dt: JSON_ARRAY,
	value: JSON_ARRAY,
	clock: JSON_BOOLEAN,
	scale: JSON_ARRAY,
} as const;
type Key = keyof typeof TYPES;
const KEYS = Object.keys(TYPES) as Key[];

/** Types that the elements of an array may have. */
const ELEMENTS: ReadonlyMap<Key, number> = new Map([
	["streams", JSON_TEXT],
	["stream", JSON_NUMBER],
	["dt", JSON_NUMBER],
	["value", JSON_NUMBER | JSON_TEXT | JSON_BOOLEAN],
]);

type Members = Readonly<Record<Exclude<Key, "clock" | "scale">, JsonMember>> & { readonly clock?: JsonMember };

/** Reads the frame at the start of `bytes`; what follows it is left alone. */
export function readJsonFrame(bytes: Uint8Array): FirstFrame | DecodeFailure {
	const reader = createJsonReader(bytes);
	const found = readJsonObject(reader, KEYS);
	if (found === null) return failure(reader.error ?? "json", reader.errorAt);
	const members = checkShape(found);
	return "error" in members ? members : readColumns(reader, members);
}

/** What can be said before anything is parsed. */
function checkShape(found: readonly (JsonMember | undefined)[]): Members | DecodeFailure {
	const members = new Map<Key, JsonMember>();
	for (const [index, key] of KEYS.entries()) {
		const member = found[index];
		if (member === undefined) {
			if (key === "clock" || key === "scale") continue;
			return failure("missing_key", 0);
		}
		if (key === "scale") return failure("scale", member.from);
		if (member.type !== TYPES[key]) return failure("type", member.from);
		if (member.type === JSON_ARRAY) {
			if (member.length > READINGS_MAX) return failure("too_many", member.from);
			if ((member.elements & ~(ELEMENTS.get(key) ?? 0)) !== 0) return failure("type", member.from);
		}
		members.set(key, member);
	}
	const checked = Object.fromEntries(members) as unknown as Members;
	const { stream, dt, value } = checked;
	if (stream.length < 1) return failure("columns", stream.from);
	if (dt.length !== stream.length) return failure("columns", dt.from);
	return value.length === stream.length ? checked : failure("columns", value.from);
}

function readColumns(reader: JsonReader, members: Members): FirstFrame | DecodeFailure {
	const parse = (key: keyof Members): unknown => parseMember(reader, members[key] as JsonMember);
	const wrong = (error: DecodeErrorKind, key: keyof Members): DecodeFailure =>
		failure(error, (members[key] as JsonMember).from);

	if (parse("v") !== 1) return wrong("version", "v");
	const device = parse("device") as string;
	if (!DEVICE_PATTERN.test(device)) return wrong("name", "device");
	const run = parse("run") as string;
	if (!RUN_PATTERN.test(run)) return wrong("name", "run");
	const [seq, sent, timeMs] = [parse("seq") as number, parse("sent") as number, parse("time") as number];
	for (const [key, number] of [
		["seq", seq],
		["sent", sent],
		["time", timeMs],
	] as const) {
		if (!isUint(number)) return wrong(isFraction(number) ? "type" : "range", key);
	}
	const streams = parse("streams") as string[];
	if (!streams.every((name) => isStreamName(name))) return wrong("name", "streams");
	const stream = parse("stream") as number[];
	if (!stream.every(isUint)) return wrong(stream.some(isFraction) ? "type" : "range", "stream");
	if (!stream.every((index) => index < streams.length)) return wrong("stream_index", "stream");
	const dt = parse("dt") as number[];
	if (!dt.every(Number.isSafeInteger)) return wrong(dt.some(isFraction) ? "type" : "range", "dt");
	const value = parse("value") as Value[];
	if (value.includes(Number.POSITIVE_INFINITY) || value.includes(Number.NEGATIVE_INFINITY)) {
		return wrong("not_finite", "value");
	}
	const clockSynchronised = members.clock === undefined || parse("clock") === true;
	const frame = { device, run, seq, sent, timeMs, clockSynchronised, streams, stream, dt, value };
	return { ok: true, frame, length: reader.at };
}

function isUint(number: number): boolean {
	return Number.isSafeInteger(number) && number >= 0;
}

/** 1e999 is none: it is beyond every range. */
function isFraction(number: number): boolean {
	return !Number.isInteger(number) && Number.isFinite(number);
}

function isStreamName(name: string): boolean {
	return name !== "" && name.length <= NAME_BYTES_MAX && Buffer.byteLength(name) <= NAME_BYTES_MAX;
}
