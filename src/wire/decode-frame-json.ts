// A frame from JSON: the same keys as in CBOR, checked as strictly. Numbers are what JSON says they are, so an integer may
// be written 5.0, and there is no `scale`. Nothing is parsed before the whole is known to be right: what is refused costs
// its bytes read once.
import type { Value } from "../core/value.js";
import { DEVICE_PATTERN, NAME_BYTES_MAX, READINGS_MAX, RUN_PATTERN } from "./decode-bounds.js";
import { type DecodeErrorKind, type DecodeFailure, type FirstFailure, failure } from "./decode-error.js";
import type { FirstFrame } from "./decode-frame-cbor.js";
import {
	createJsonReader,
	FRACTION,
	INFINITE_NUMBER,
	JSON_ARRAY,
	JSON_BOOLEAN,
	JSON_NUMBER,
	JSON_TEXT,
	type JsonMember,
	type JsonReader,
	NEGATIVE_NUMBER,
	readJsonObject,
} from "./decode-json.js";
import { parseMember } from "./parse-json.js";

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

const PATTERNS = [
	["device", DEVICE_PATTERN],
	["run", RUN_PATTERN],
] as const;

/** Types that the elements of an array may have. */
const ELEMENTS: ReadonlyMap<Key, number> = new Map([
	["streams", JSON_TEXT],
	["stream", JSON_NUMBER],
	["dt", JSON_NUMBER],
	["value", JSON_NUMBER | JSON_TEXT | JSON_BOOLEAN],
]);

type Members = Readonly<Record<Exclude<Key, "clock" | "scale">, JsonMember>> & { readonly clock?: JsonMember };

/** Reads the frame at the start of `bytes`; what follows it is left alone. */
export function readJsonFrame(bytes: Uint8Array): FirstFrame | FirstFailure {
	const reader = createJsonReader(bytes);
	const result = readMembers(reader);
	return result.ok ? result : { ...result, looked: Math.max(reader.at, result.at + 1) };
}

function readMembers(reader: JsonReader): FirstFrame | DecodeFailure {
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

	for (const key of ["v", "seq", "sent", "time", "stream", "dt"] as const) {
		const error = integerError(members[key], key === "dt");
		if (error !== null) return wrong(error, key);
	}
	const { v, seq, sent, time, streams, stream, value } = members;
	if (v.largest !== 1) return wrong("version", "v");
	if (streams.shortest < 1 || streams.longest > NAME_BYTES_MAX) return wrong("name", "streams");
	if (stream.largest >= streams.length) return wrong("stream_index", "stream");
	if ((value.numbers & INFINITE_NUMBER) !== 0) return wrong("not_finite", "value");
	for (const [key, pattern] of PATTERNS) {
		if (members[key].longest > NAME_BYTES_MAX || !pattern.test(parse(key) as string)) return wrong("name", key);
	}
	const frame = {
		device: parse("device") as string,
		run: parse("run") as string,
		seq: seq.largest,
		sent: sent.largest,
		timeMs: time.largest,
		clockSynchronised: members.clock === undefined || parse("clock") === true,
		streams: parse("streams") as string[],
		stream: parse("stream") as number[],
		dt: parse("dt") as number[],
		value: parse("value") as Value[],
	};
	return { ok: true, frame, length: reader.at };
}

/** What is wrong with a member of integers: one that is none, below 0, or beyond 2^53 - 1. */
function integerError({ numbers, largest }: JsonMember, mayBeNegative: boolean): DecodeErrorKind | null {
	if ((numbers & FRACTION) !== 0) return "type";
	if (largest > Number.MAX_SAFE_INTEGER) return "range";
	return (numbers & NEGATIVE_NUMBER) !== 0 && !mayBeNegative ? "range" : null;
}
