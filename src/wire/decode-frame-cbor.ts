// A frame from CBOR. Two passes: the first checks every byte and allocates no more than a list of offsets, the second
// builds the columns, which cannot fail any more. So a payload that is refused costs its bytes read once and nothing else.
import { Buffer } from "node:buffer";
import type { Value } from "../core/value.js";
import {
	argumentAt,
	BYTES,
	type CborReader,
	createCborReader,
	DOUBLE,
	FALSE,
	fail,
	HALF,
	MAP,
	NEGATIVE,
	passItem,
	passString,
	readArray,
	readHead,
	readUint,
	SIMPLE,
	SINGLE,
	TEXT,
	TRUE,
	UINT,
} from "./cbor-reader.js";
import {
	DEVICE_PATTERN,
	KEY_BYTES_MAX,
	NAME_BYTES_MAX,
	READINGS_MAX,
	RUN_PATTERN,
	UNKNOWN_KEYS_MAX,
} from "./decode-bounds.js";
import { type FirstFailure, failure } from "./decode-error.js";
import type { DecodedFrame } from "./decoded.js";
import { PLACES_MAX } from "./scale.js";

/** A frame at the start of the bytes, and how many of them are its own. */
export interface FirstFrame {
	readonly ok: true;
	readonly frame: DecodedFrame;
	readonly length: number;
}

const REQUIRED = ["v", "device", "run", "seq", "sent", "time", "streams", "stream", "dt", "value"] as const;
const KEYS = [...REQUIRED, "clock", "scale"] as const;
type Key = (typeof KEYS)[number];

/** What the first pass found: where each key's value is, and what has to agree between them. */
interface Layout {
	/** Offset of a key's value, by its place in KEYS; -1 where the key is missing. */
	readonly valueAt: number[];
	names: number;
	scales: number;
	/** Lengths of the columns `stream`, `dt` and `value`. */
	readonly lengths: [number, number, number];
	/** The largest index in `stream`. */
	highest: number;
	clockSynchronised: boolean;
}

/** Reads the frame at the start of `bytes`; what follows it is left alone. */
export function readCborFrame(bytes: Uint8Array): FirstFrame | FirstFailure {
	const reader = createCborReader(bytes);
	const layout: Layout = {
		valueAt: KEYS.map(() => -1),
		names: 0,
		scales: -1,
		lengths: [0, 0, 0],
		highest: 0,
		clockSynchronised: true,
	};
	const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
	if (!checkMap(reader, buffer, layout) || !checkWhole(reader, layout)) {
		const { at, error, errorAt } = reader;
		return { ...failure(error ?? "type", errorAt), looked: Math.max(at, errorAt + 1) };
	}
	return { ok: true, frame: build(buffer, layout), length: reader.at };
}

function checkMap(reader: CborReader, buffer: Buffer, layout: Layout): boolean {
	if (!readHead(reader)) return false;
	if (reader.major !== MAP) return fail(reader, "not_a_map", 0);
	const pairs = reader.argument;
	if (pairs * 2 > reader.bytes.length - reader.at) return fail(reader, "truncated", 0);
	if (pairs > KEYS.length + UNKNOWN_KEYS_MAX) return fail(reader, "too_many", 0);
	const unknown: string[] = [];
	for (let i = 0; i < pairs; i++) {
		const keyAt = reader.at;
		const key = readKey(reader, buffer);
		if (key === null) return false;
		const index = KEYS.indexOf(key as Key);
		if (index < 0) {
			if (unknown.includes(key)) return fail(reader, "duplicate_key", keyAt);
			if (unknown.length === UNKNOWN_KEYS_MAX) return fail(reader, "too_many", keyAt);
			unknown.push(key);
			if (!passItem(reader)) return false;
			continue;
		}
		if ((layout.valueAt[index] as number) >= 0) return fail(reader, "duplicate_key", keyAt);
		layout.valueAt[index] = reader.at;
		if (!checkValueOf(KEYS[index] as Key, reader, buffer, layout)) return false;
	}
	return true;
}

function readKey(reader: CborReader, buffer: Buffer): string | null {
	const at = reader.at;
	if (!readHead(reader)) return null;
	if (reader.major !== TEXT || reader.argument > KEY_BYTES_MAX) {
		fail(reader, "key", at);
		return null;
	}
	const from = reader.at;
	return passString(reader) ? textAt(buffer, from, reader.at) : null;
}

/** Checks the value of a key of the contract, all of it. */
function checkValueOf(key: Key, reader: CborReader, buffer: Buffer, layout: Layout): boolean {
	const at = reader.at;
	switch (key) {
		case "v":
			return readUint(reader) && (reader.argument === 1 || fail(reader, "version", at));
		case "device":
			return checkName(reader, buffer, DEVICE_PATTERN);
		case "run":
			return checkName(reader, buffer, RUN_PATTERN);
		case "seq":
		case "sent":
		case "time":
			return readUint(reader);
		case "clock":
			if (!readHead(reader)) return false;
			layout.clockSynchronised = reader.info === TRUE;
			return (reader.major === SIMPLE && (reader.info === FALSE || reader.info === TRUE)) || fail(reader, "type", at);
		case "streams":
			return checkStreams(reader, layout);
		case "stream":
			return checkIndices(reader, layout);
		case "dt":
			return checkSteps(reader, layout);
		case "scale":
			return checkScale(reader, layout);
		case "value":
			return checkValues(reader, layout);
		default:
			return key satisfies never;
	}
}

function checkName(reader: CborReader, buffer: Buffer, pattern: RegExp): boolean {
	const at = reader.at;
	if (!readHead(reader)) return false;
	if (reader.major !== TEXT) return fail(reader, "type", at);
	const from = reader.at;
	if (!passString(reader)) return false;
	if (reader.at - from > NAME_BYTES_MAX) return fail(reader, "name", at);
	return pattern.test(buffer.toString("latin1", from, reader.at)) || fail(reader, "name", at);
}

function checkStreams(reader: CborReader, layout: Layout): boolean {
	if (!readArray(reader, READINGS_MAX)) return false;
	layout.names = reader.argument;
	for (let i = 0; i < layout.names; i++) {
		const at = reader.at;
		if (!readHead(reader)) return false;
		if (reader.major !== TEXT) return fail(reader, "type", at);
		if (reader.argument === 0 || reader.argument > NAME_BYTES_MAX) return fail(reader, "name", at);
		if (!passString(reader)) return false;
	}
	return true;
}

function checkIndices(reader: CborReader, layout: Layout): boolean {
	if (!readArray(reader, READINGS_MAX)) return false;
	const n = reader.argument;
	const { bytes } = reader;
	layout.lengths[0] = n;
	for (let i = 0; i < n; i++) {
		const first = bytes[reader.at] as number;
		if (first < 24) {
			reader.at += 1;
			if (first > layout.highest) layout.highest = first;
			continue;
		}
		if (!readUint(reader)) return false;
		if (reader.argument > layout.highest) layout.highest = reader.argument;
	}
	return true;
}

function checkSteps(reader: CborReader, layout: Layout): boolean {
	if (!readArray(reader, READINGS_MAX)) return false;
	const n = reader.argument;
	layout.lengths[1] = n;
	for (let i = 0; i < n; i++) {
		if ((reader.bytes[reader.at] as number) < 24) reader.at += 1;
		else if (!checkInteger(reader)) return false;
	}
	return true;
}

/** An integer of either sign; -1 - argument is one of at least -(2^53 - 1). */
function checkInteger(reader: CborReader): boolean {
	const at = reader.at;
	if (!readHead(reader)) return false;
	if (reader.major > NEGATIVE) return fail(reader, "type", at);
	return reader.argument + reader.major <= Number.MAX_SAFE_INTEGER || fail(reader, "range", at);
}

function checkScale(reader: CborReader, layout: Layout): boolean {
	if (!readArray(reader, READINGS_MAX)) return false;
	layout.scales = reader.argument;
	for (let i = 0; i < layout.scales; i++) {
		const at = reader.at;
		if (!readUint(reader)) return false;
		if (reader.argument > PLACES_MAX) return fail(reader, "scale", at);
	}
	return true;
}

/** Bytes that are a value by themselves: small integers, empty strings, booleans. */
const IS_VALUE = Uint8Array.from({ length: 256 }, (_, byte) => {
	const [major, info] = [byte >> 5, byte & 31];
	if (major === SIMPLE) return info === FALSE || info === TRUE ? 1 : 0;
	return (major <= NEGATIVE && info < 24) || (major <= TEXT && info === 0) ? 1 : 0;
});

function checkValues(reader: CborReader, layout: Layout): boolean {
	if (!readArray(reader, READINGS_MAX)) return false;
	const n = reader.argument;
	layout.lengths[2] = n;
	for (let i = 0; i < n; i++) {
		const at = reader.at;
		if (IS_VALUE[reader.bytes[at] as number] === 1) {
			reader.at = at + 1;
			continue;
		}
		if (!readHead(reader)) return false;
		switch (reader.major) {
			case UINT:
			case NEGATIVE:
				if (reader.argument + reader.major > Number.MAX_SAFE_INTEGER) return fail(reader, "range", at);
				break;
			case BYTES:
			case TEXT:
				if (!passString(reader)) return false;
				break;
			case SIMPLE:
				if (!isFloatOrBoolean(reader)) return fail(reader, "type", at);
				if (!isFiniteFloat(reader, at)) return fail(reader, "not_finite", at);
				break;
			default:
				return fail(reader, "type", at);
		}
	}
	return true;
}

function isFloatOrBoolean({ info }: CborReader): boolean {
	return info === FALSE || info === TRUE || (info >= HALF && info <= DOUBLE);
}

/** An exponent of all ones is NaN or an infinity (IEEE 754). */
function isFiniteFloat({ bytes, info }: CborReader, at: number): boolean {
	const high = bytes[at + 1] as number;
	const low = bytes[at + 2] as number;
	switch (info) {
		case HALF:
			return (high & 0x7c) !== 0x7c;
		case SINGLE:
			return (high & 0x7f) !== 0x7f || (low & 0x80) === 0;
		case DOUBLE:
			return (high & 0x7f) !== 0x7f || (low & 0xf0) !== 0xf0;
		default:
			return true;
	}
}

/** What only shows when all keys have been read. */
function checkWhole(reader: CborReader, layout: Layout): boolean {
	const { valueAt, names, scales, highest } = layout;
	const at = (key: Key): number => valueAt[KEYS.indexOf(key)] as number;
	if (REQUIRED.some((key) => at(key) < 0)) return fail(reader, "missing_key", 0);
	const [n, steps, values] = layout.lengths;
	if (n < 1) return fail(reader, "columns", at("stream"));
	if (steps !== n) return fail(reader, "columns", at("dt"));
	if (values !== n) return fail(reader, "columns", at("value"));
	if (highest >= names) return fail(reader, "stream_index", at("stream"));
	if (scales >= 0 && scales !== names) return fail(reader, "scale", at("scale"));
	return true;
}

/** Where the second pass stands. Every byte it reads has been checked. */
interface Cursor {
	readonly bytes: Buffer;
	at: number;
}

function build(bytes: Buffer, layout: Layout): DecodedFrame {
	const from = (key: Key): Cursor => ({ bytes, at: layout.valueAt[KEYS.indexOf(key)] as number });
	const stream = numbers(from("stream"));
	return {
		device: text(from("device")),
		run: text(from("run")),
		seq: number(from("seq")),
		sent: number(from("sent")),
		timeMs: number(from("time")),
		clockSynchronised: layout.clockSynchronised,
		streams: texts(from("streams")),
		stream,
		dt: numbers(from("dt")),
		value: values(from("value"), stream, layout.scales < 0 ? null : powers(from("scale"))),
	};
}

/** The argument of the head at the cursor, which moves behind it. */
function argument(cursor: Cursor): number {
	const { bytes, at } = cursor;
	const info = (bytes[at] as number) & 31;
	if (info < 24) {
		cursor.at = at + 1;
		return info;
	}
	const size = 1 << (info - 24);
	cursor.at = at + 1 + size;
	return argumentAt(bytes, at + 1, size);
}

function number(cursor: Cursor): number {
	const isNegative = (cursor.bytes[cursor.at] as number) >= 0x20;
	const magnitude = argument(cursor);
	return isNegative ? -1 - magnitude : magnitude;
}

function numbers(cursor: Cursor): number[] {
	const column = new Array<number>(argument(cursor));
	for (let i = 0; i < column.length; i++) column[i] = number(cursor);
	return column;
}

function text(cursor: Cursor): string {
	const length = argument(cursor);
	cursor.at += length;
	return textAt(cursor.bytes, cursor.at - length, cursor.at);
}

function texts(cursor: Cursor): string[] {
	const column = new Array<string>(argument(cursor));
	for (let i = 0; i < column.length; i++) column[i] = text(cursor);
	return column;
}

/** Per stream: what its integers are divided by. */
function powers(cursor: Cursor): number[] {
	return numbers(cursor).map((places) => 10 ** places);
}

function values(cursor: Cursor, stream: readonly number[], divisors: readonly number[] | null): Value[] {
	const column = new Array<Value>(argument(cursor));
	for (let i = 0; i < column.length; i++) {
		const major = (cursor.bytes[cursor.at] as number) >> 5;
		if (major <= NEGATIVE) {
			const integer = number(cursor);
			column[i] = divisors === null ? integer : integer / (divisors[stream[i] as number] as number);
		} else column[i] = otherValue(cursor, major);
	}
	return column;
}

function otherValue(cursor: Cursor, major: number): Value {
	if (major === TEXT) return text(cursor);
	const head = cursor.at;
	const info = (cursor.bytes[head] as number) & 31;
	const size = argument(cursor);
	if (major === BYTES) {
		cursor.at += size;
		return new Uint8Array(cursor.bytes.subarray(cursor.at - size, cursor.at));
	}
	switch (info) {
		case HALF:
			return half(cursor.bytes.readUInt16BE(head + 1));
		case SINGLE:
			return cursor.bytes.readFloatBE(head + 1);
		case DOUBLE:
			return cursor.bytes.readDoubleBE(head + 1);
		default:
			return info === TRUE;
	}
}

/** A finite half-precision float (RFC 8949, appendix D). */
function half(bits: number): number {
	const exponent = (bits >> 10) & 0x1f;
	const fraction = bits & 0x3ff;
	const magnitude = exponent === 0 ? fraction * 2 ** -24 : (fraction + 1_024) * 2 ** (exponent - 25);
	return bits & 0x8000 ? -magnitude : magnitude;
}

/** Bytes that are UTF-8 as text. */
function textAt(bytes: Buffer, from: number, to: number): string {
	if (to - from > SHORT_TEXT) return bytes.toString("utf8", from, to);
	let short = "";
	for (let at = from; at < to; at++) {
		const unit = bytes[at] as number;
		if (unit >= 0x80) return bytes.toString("utf8", from, to);
		short += String.fromCharCode(unit);
	}
	return short;
}

/** Up to this many bytes of ASCII are faster put together here than by a call into the runtime. */
const SHORT_TEXT = 8;
