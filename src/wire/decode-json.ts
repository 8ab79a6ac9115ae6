// The shape of a JSON object (RFC 8259) from untrusted bytes, before JSON.parse sees any of it: grammar, depth, UTF-8,
// duplicate keys, and of each member that is asked for where its value is, its type and how many elements it has. So
// JSON.parse only ever gets pieces that are known to be well-formed and small enough, and no object has keys from outside.
import { Buffer, isUtf8 } from "node:buffer";
import { KEY_BYTES_MAX, UNKNOWN_DEPTH_MAX, UNKNOWN_KEYS_MAX } from "./decode-bounds.js";
import type { DecodeErrorKind } from "./decode-error.js";
import { createJsonNumber, type JsonNumber, scanJsonNumber } from "./decode-json-number.js";
import { invalidUtf8At } from "./decode-utf8.js";

/** Types of JSON as bits, so that a set of them is a number. */
export const JSON_NULL = 1;
export const JSON_BOOLEAN = 2;
export const JSON_NUMBER = 4;
export const JSON_TEXT = 8;
export const JSON_ARRAY = 16;
export const JSON_OBJECT = 32;

/** What a member's numbers are, together: one below 0, one with a fraction, one beyond every double. */
export const NEGATIVE_NUMBER = 1;
export const FRACTION = 2;
export const INFINITE_NUMBER = 4;

/** One member's value: what is known of it and all within it, before any of it is parsed. */
interface Contents {
	/** Its bytes are [from, to). */
	from: number;
	to: number;
	type: number;
	/** Elements of an array, members of an object. */
	length: number;
	/** Types of the elements of an array, together. */
	elements: number;
	/** Arrays and objects within it, at any depth. */
	containers: number;
	/** Members of all objects within it, its own included. */
	members: number;
	/** Values within it, at any depth, itself included. */
	values: number;
	/** Of its numbers: NEGATIVE_NUMBER, FRACTION, INFINITE_NUMBER. */
	numbers: number;
	/** The largest of its whole numbers without their signs; exact up to 2^53 - 1. */
	largest: number;
	/** UTF-8 bytes of its shortest and its longest text, escapes undone; keys of objects are none of them. */
	shortest: number;
	longest: number;
}

export type JsonMember = Readonly<Contents>;

export interface JsonReader {
	readonly bytes: Buffer;
	/** Offset of what is read next; within a member, of its beginning or of a place in it. */
	at: number;
	/** The top-level member that is being read. */
	member: Contents;
	/** Read last. */
	readonly number: JsonNumber;
	/** UTF-8 bytes of the text, or of the escape, read last. */
	textBytes: number;
	escapeBytes: number;
	/** The first thing that was wrong, and where. */
	error: DecodeErrorKind | null;
	errorAt: number;
}

/** The values of an object's known keys, in the order of `keys`; undefined where one is missing. */
export type JsonMembers = readonly (JsonMember | undefined)[];

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const LETTER_U = 0x75;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Makes a reader from the first byte on. */
export function createJsonReader(bytes: Uint8Array): JsonReader {
	return {
		bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
		at: 0,
		member: createMember(0),
		number: createJsonNumber(),
		textBytes: 0,
		escapeBytes: 0,
		error: null,
		errorAt: 0,
	};
}

function createMember(from: number): Contents {
	return {
		from,
		to: from,
		type: 0,
		length: 0,
		elements: 0,
		containers: 0,
		members: 0,
		values: 0,
		numbers: 0,
		largest: 0,
		shortest: Number.POSITIVE_INFINITY,
		longest: 0,
	};
}

/** Notes what is wrong. Returns WRONG. */
function failJson(reader: JsonReader, error: DecodeErrorKind, at: number): number {
	if (reader.error === null) {
		reader.error = error;
		reader.errorAt = at;
	}
	return WRONG;
}

/** Notes that something else should stand at `at`. */
function failHere(reader: JsonReader, at: number): number {
	return failJson(reader, at < reader.bytes.length ? "json" : "truncated", at);
}

/**
 * Reads the object at the start of the bytes; `reader.at` is then behind it. Keys that are not in `keys` are passed over,
 * UNKNOWN_KEYS_MAX at the most. Null where something is wrong: see `reader.error`.
 */
export function readJsonObject(reader: JsonReader, keys: readonly string[]): JsonMembers | null {
	const found: (JsonMember | undefined)[] = keys.map(() => undefined);
	const unknown: string[] = [];
	const from = reader.at;
	if (reader.bytes[from] !== OPEN_OBJECT) {
		failJson(reader, "not_a_map", from);
		return null;
	}
	reader.at = passSpace(reader.bytes, from + 1);
	/** Of the key that comes next where they come in order, as from an agent they do. */
	let next = 0;
	for (let isFirst = true; reader.bytes[reader.at] !== CLOSE_OBJECT; isFirst = false) {
		if (!isFirst && !passComma(reader)) return null;
		const at = reader.at;
		const key = readKey(reader, at, keys[next]);
		if (key === null) return null;
		const index = key === keys[next] ? next : keys.indexOf(key);
		if (unknown.includes(key) || (index >= 0 && found[index] !== undefined)) {
			failJson(reader, "duplicate_key", at);
			return null;
		}
		if (index < 0 && unknown.push(key) > UNKNOWN_KEYS_MAX) {
			failJson(reader, "too_many", at);
			return null;
		}
		const member = readMember(reader);
		if (member === null) return null;
		if (index >= 0) {
			found[index] = member;
			next = index + 1;
		}
		reader.at = passSpace(reader.bytes, member.to);
	}
	reader.at += 1;
	if (isUtf8(reader.bytes.subarray(from, reader.at))) return found;
	failJson(reader, "utf8", invalidUtf8At(reader.bytes, from, reader.at));
	return null;
}

function passComma(reader: JsonReader): boolean {
	const { bytes, at } = reader;
	if (bytes[at] !== COMMA) return failHere(reader, at) !== WRONG;
	reader.at = passSpace(bytes, at + 1);
	return true;
}

/** Reads a key, which may be the `expected` one, and its colon; `reader.at` is then at its value. */
function readKey(reader: JsonReader, from: number, expected: string | undefined): string | null {
	reader.at = from;
	const to = passKey(reader, from);
	if (to < 0) return null;
	reader.at = to;
	if (to - from - 2 > KEY_BYTES_MAX) {
		failJson(reader, "key", from);
		return null;
	}
	const key =
		expected !== undefined && isWritten(reader.bytes, from, to, expected) ? expected : keyAt(reader, from, to);
	const valueAt = passColon(reader, to);
	if (valueAt < 0) return null;
	reader.at = valueAt;
	return key;
}

/** Whether a key between quotes is this one, which is of ASCII: to compare bytes is cheaper than to make a string. */
function isWritten(bytes: Buffer, from: number, to: number, key: string): boolean {
	if (to - from - 2 !== key.length) return false;
	for (let i = 0; i < key.length; i++) if (bytes[from + 1 + i] !== key.charCodeAt(i)) return false;
	return true;
}

/** The key that was passed over last; most have no escape. */
function keyAt({ bytes, textBytes }: JsonReader, from: number, to: number): string {
	if (textBytes === to - from - 2) return bytes.toString("utf8", from + 1, to - 1);
	return JSON.parse(bytes.toString("utf8", from, to)) as string;
}

function readMember(reader: JsonReader): JsonMember | null {
	const member = createMember(reader.at);
	reader.member = member;
	const to = passValue(reader, member.from);
	if (to < 0) return null;
	reader.at = to;
	member.to = to;
	member.type = TYPES[reader.bytes[member.from] as number] as number;
	return member;
}

// What passes over something takes the offset where it begins and returns the offset behind it. To read and write the
// reader's own offset for each of thirty thousand elements would take longer than all the rest.

/** Returned instead of an offset where something is wrong. */
const WRONG = -1;

/** The type of what begins with a byte; 0 for what begins nothing. */
const TYPES = new Uint8Array(256);
for (const digit of "-0123456789") TYPES[digit.charCodeAt(0)] = JSON_NUMBER;
TYPES[QUOTE] = JSON_TEXT;
TYPES[OPEN_ARRAY] = JSON_ARRAY;
TYPES[OPEN_OBJECT] = JSON_OBJECT;
TYPES[LETTER_T] = JSON_BOOLEAN;
TYPES[LETTER_F] = JSON_BOOLEAN;
TYPES[LETTER_N] = JSON_NULL;

/** Passes over a value and all within it, nested at most UNKNOWN_DEPTH_MAX deep. */
function passValue(reader: JsonReader, from: number): number {
	const { bytes, member } = reader;
	let at = from;
	let depth = 0;
	/** Which of the arrays and objects around `at` are objects: a bit each, the innermost one lowest. */
	let objects = 0;
	let [values, length, elements] = [0, 0, 0];
	for (;;) {
		const type = TYPES[bytes[at] as number] as number;
		values += 1;
		if (depth === 1) {
			length += 1;
			elements |= type;
		}
		if (type === JSON_NUMBER) at = passNumber(reader, at);
		else if (type === JSON_ARRAY || type === JSON_OBJECT) {
			if (depth === UNKNOWN_DEPTH_MAX) return failJson(reader, "too_deep", at);
			member.containers += 1;
			depth += 1;
			objects = type === JSON_OBJECT ? objects * 2 + 1 : objects * 2;
			at = passSpace(bytes, at + 1);
			const here = bytes[at] as number;
			if (type === JSON_ARRAY ? here !== CLOSE_ARRAY : here !== CLOSE_OBJECT) {
				if (type === JSON_OBJECT) at = passMemberKey(reader, at);
				if (at < 0) return WRONG;
				continue;
			}
		} else at = passPlain(reader, at, type);
		// Behind a value: a comma, or the end of what it is in.
		for (;;) {
			if (at < 0) return WRONG;
			if (depth === 0) {
				member.values = values;
				member.length = length;
				member.elements = elements;
				return at;
			}
			let here = bytes[at] as number;
			if (here <= SPACE) {
				at = passSpace(bytes, at);
				here = bytes[at] as number;
			}
			at += 1;
			if (here === COMMA) break;
			if (here !== ((objects & 1) === 1 ? CLOSE_OBJECT : CLOSE_ARRAY)) return failHere(reader, at - 1);
			depth -= 1;
			objects >>= 1;
		}
		if ((bytes[at] as number) <= SPACE) at = passSpace(bytes, at);
		if ((objects & 1) === 1) at = passMemberKey(reader, at);
		if (at < 0) return WRONG;
	}
}

/** Passes over a value that is neither a number nor an array nor an object. */
function passPlain(reader: JsonReader, at: number, type: number): number {
	switch (type) {
		case JSON_TEXT:
			return passTextValue(reader, at);
		case JSON_BOOLEAN:
			return passWord(reader, at, reader.bytes[at] === LETTER_T ? TRUE : FALSE);
		case JSON_NULL:
			return passWord(reader, at, NULL);
		default:
			return failHere(reader, at);
	}
}

/** Passes over a member's key and its colon. */
function passMemberKey(reader: JsonReader, from: number): number {
	const to = passKey(reader, from);
	if (to < 0) return WRONG;
	reader.member.members += 1;
	return passColon(reader, to);
}

function passKey(reader: JsonReader, at: number): number {
	return reader.bytes[at] === QUOTE ? passText(reader, at) : failHere(reader, at);
}

function passColon(reader: JsonReader, from: number): number {
	const at = passSpace(reader.bytes, from);
	return reader.bytes[at] === COLON ? passSpace(reader.bytes, at + 1) : failHere(reader, at);
}

function passTextValue(reader: JsonReader, from: number): number {
	const to = passText(reader, from);
	const { member, textBytes } = reader;
	if (textBytes < member.shortest) member.shortest = textBytes;
	if (textBytes > member.longest) member.longest = textBytes;
	return to;
}

/** Passes over a string, its quotes included. */
function passText(reader: JsonReader, from: number): number {
	const { bytes } = reader;
	/** Bytes that escapes take beyond what they stand for. */
	let spare = 0;
	for (let at = from + 1; at < bytes.length; ) {
		const unit = bytes[at] as number;
		if (unit === QUOTE) {
			reader.textBytes = at - from - 1 - spare;
			return at + 1;
		}
		if (unit < SPACE) return failJson(reader, "json", at);
		if (unit !== BACKSLASH) at += 1;
		else {
			const length = escapeLength(reader, at);
			if (length < 0) return WRONG;
			at += length;
			spare += length - reader.escapeBytes;
		}
	}
	return failJson(reader, "truncated", from);
}

/** Bytes of the escape at `at`, both halves of a surrogate pair together. */
function escapeLength(reader: JsonReader, at: number): number {
	const { bytes } = reader;
	if (at + 1 >= bytes.length) return failJson(reader, "truncated", at);
	const letter = bytes[at + 1] as number;
	reader.escapeBytes = 1;
	if (letter !== LETTER_U) return ESCAPES.includes(letter) ? 2 : failJson(reader, "json", at);
	const unit = escapedUnit(reader, at);
	if (unit < 0) return WRONG;
	reader.escapeBytes = unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
	if (unit < 0xd800 || unit > 0xdfff) return 6;
	reader.escapeBytes = 4;
	const second = unit < 0xdc00 ? escapedUnit(reader, at + 6) : 0;
	return second >= 0xdc00 && second <= 0xdfff ? 12 : failJson(reader, "utf8", at);
}

/** The unit of `\uHHHH` at `at`. */
function escapedUnit(reader: JsonReader, at: number): number {
	const { bytes } = reader;
	let unit = 0;
	for (let i = 0; i < 6; i++) {
		const here = bytes[at + i];
		if (here === undefined) return failJson(reader, "truncated", at);
		// A first half without a second one is no text; digits that are none are no JSON.
		if (i < 2) {
			if (here !== (i === 0 ? BACKSLASH : LETTER_U)) return failJson(reader, "utf8", at);
			continue;
		}
		if (digitOf(here) < 0) return failJson(reader, "json", at);
		unit = unit * 16 + digitOf(here);
	}
	return unit;
}

/** A hexadecimal digit's value, or -1. */
function digitOf(code: number): number {
	if (code >= 0x30 && code <= 0x39) return code - 0x30;
	const letter = code | 0x20;
	return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const ESCAPES: readonly number[] = [...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0));
const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
const NULL = Buffer.from("null");

function passWord(reader: JsonReader, at: number, word: Buffer): number {
	const { bytes } = reader;
	for (let i = 1; i < word.length; i++) if (bytes[at + i] !== word[i]) return failWord(reader, at, i);
	return at + word.length;
}

function failWord(reader: JsonReader, at: number, right: number): number {
	return failJson(reader, at + right < reader.bytes.length ? "json" : "truncated", at);
}

/** Digits of a number that is exact whatever they are. */
const SHORT_DIGITS = 15;

function passNumber(reader: JsonReader, from: number): number {
	const { bytes, member } = reader;
	let at = from;
	let here = bytes[at] as number;
	const isNegative = here === MINUS;
	if (isNegative) here = bytes[++at] as number;
	const first = at;
	const isZero = here === ZERO;
	let value = 0;
	while (here >= ZERO && here <= NINE && at - first < SHORT_DIGITS) {
		value = value * 10 + (here - ZERO);
		here = bytes[++at] as number;
	}
	// Most numbers are short and whole.
	const isShort = here === COMMA || here === CLOSE_ARRAY || here === CLOSE_OBJECT || here <= SPACE;
	if (!isShort || at === first || (isZero && at > first + 1)) return passAnyNumber(reader, from);
	if (value > member.largest) member.largest = value;
	if (isNegative && value > 0) member.numbers |= NEGATIVE_NUMBER;
	return at;
}

function passAnyNumber(reader: JsonReader, from: number): number {
	const { bytes, number, member } = reader;
	if (!scanJsonNumber(bytes, from, number)) {
		return failJson(reader, number.to >= bytes.length ? "truncated" : "json", from);
	}
	if (number.isNegative && !(number.isWhole && number.magnitude === 0)) member.numbers |= NEGATIVE_NUMBER;
	if (number.isInfinite) member.numbers |= INFINITE_NUMBER;
	if (!number.isWhole) member.numbers |= FRACTION;
	else if (number.magnitude > member.largest) member.largest = number.magnitude;
	return number.to;
}

/** Passes over white space, of which there mostly is none. */
function passSpace(bytes: Buffer, from: number): number {
	let at = from;
	for (;;) {
		const here = bytes[at] as number;
		if (here > SPACE || !(here === SPACE || here === 0x0a || here === 0x0d || here === 0x09)) return at;
		at += 1;
	}
}
