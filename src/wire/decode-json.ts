// The shape of a JSON object (RFC 8259) from untrusted bytes, before JSON.parse sees any of it: grammar, depth, UTF-8,
// duplicate keys, and of each member that is asked for where its value is, its type and how many elements it has. So
// JSON.parse only ever gets pieces that are known to be well-formed and small enough, and no object has keys from outside.
import { Buffer } from "node:buffer";
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

/** What is known of a value and all within it, before any of it is parsed. */
interface Contents {
	/** Arrays and objects within it, at any depth. */
	containers: number;
	/** Members of all objects within it, its own included. */
	members: number;
	/** Of its numbers: NEGATIVE_NUMBER, FRACTION, INFINITE_NUMBER. */
	numbers: number;
	/** The largest of its whole numbers without their signs; exact up to 2^53 - 1. */
	largest: number;
	/** UTF-8 bytes of its shortest and its longest text, escapes undone; keys of objects are none of them. */
	shortest: number;
	longest: number;
}

/** One member's value. */
export interface JsonMember extends Readonly<Contents> {
	/** Its bytes are [from, to). */
	readonly from: number;
	readonly to: number;
	readonly type: number;
	/** Elements of an array, members of an object. */
	readonly length: number;
	/** Types of the elements of an array, together. */
	readonly elements: number;
}

export interface JsonReader {
	readonly bytes: Buffer;
	/** Offset of what is read next. */
	at: number;
	/** Of the value read last: see JsonMember. */
	length: number;
	elements: number;
	/** Since the top-level member began. */
	contents: Contents;
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
		length: 0,
		elements: 0,
		contents: noContents(),
		number: createJsonNumber(),
		textBytes: 0,
		escapeBytes: 0,
		error: null,
		errorAt: 0,
	};
}

function noContents(): Contents {
	return { containers: 0, members: 0, numbers: 0, largest: 0, shortest: Number.POSITIVE_INFINITY, longest: 0 };
}

/** Notes what is wrong. Returns 0, which is no type. */
export function failJson(reader: JsonReader, error: DecodeErrorKind, at: number): 0 {
	if (reader.error === null) {
		reader.error = error;
		reader.errorAt = at;
	}
	return 0;
}

/** The value of a member, parsed. */
export function parseMember(reader: JsonReader, member: JsonMember): unknown {
	return JSON.parse(reader.bytes.toString("utf8", member.from, member.to));
}

/**
 * Reads the object at the start of the bytes; `reader.at` is then behind it. Keys that are not in `keys` are passed over,
 * UNKNOWN_KEYS_MAX at the most. Null where something is wrong: see `reader.error`.
 */
export function readJsonObject(reader: JsonReader, keys: readonly string[]): JsonMembers | null {
	const found: (JsonMember | undefined)[] = keys.map(() => undefined);
	const unknown: string[] = [];
	const from = reader.at;
	if (byteHere(reader) !== OPEN_OBJECT) {
		failJson(reader, "not_a_map", reader.at);
		return null;
	}
	reader.at += 1;
	for (let isFirst = true; ; isFirst = false) {
		const separator = readSeparator(reader, isFirst, CLOSE_OBJECT);
		if (separator === END) break;
		const keyAt = reader.at;
		const key = separator === MORE ? readKey(reader) : null;
		if (key === null) return null;
		const index = keys.indexOf(key);
		if (unknown.includes(key) || (index >= 0 && found[index] !== undefined)) {
			failJson(reader, "duplicate_key", keyAt);
			return null;
		}
		if (index < 0 && unknown.push(key) > UNKNOWN_KEYS_MAX) {
			failJson(reader, "too_many", keyAt);
			return null;
		}
		const member = readMember(reader);
		if (member === null) return null;
		if (index >= 0) found[index] = member;
	}
	const invalidAt = invalidUtf8At(reader.bytes, from, reader.at);
	if (invalidAt < 0) return found;
	failJson(reader, "utf8", invalidAt);
	return null;
}

function readKey(reader: JsonReader): string | null {
	const at = reader.at;
	if (byteHere(reader) !== QUOTE) {
		failJson(reader, at < reader.bytes.length ? "json" : "truncated", at);
		return null;
	}
	if (passText(reader) === 0) return null;
	if (reader.at - at - 2 > KEY_BYTES_MAX) {
		failJson(reader, "key", at);
		return null;
	}
	const key = JSON.parse(reader.bytes.toString("utf8", at, reader.at)) as string;
	return passColon(reader) ? key : null;
}

function passColon(reader: JsonReader): boolean {
	passSpace(reader);
	if (byteHere(reader) === COLON) {
		reader.at += 1;
		passSpace(reader);
		return true;
	}
	failJson(reader, reader.at < reader.bytes.length ? "json" : "truncated", reader.at);
	return false;
}

function readMember(reader: JsonReader): JsonMember | null {
	const from = reader.at;
	reader.contents = noContents();
	const type = passValue(reader, UNKNOWN_DEPTH_MAX);
	if (type === 0) return null;
	const { at: to, length, elements, contents } = reader;
	return { from, to, type, length, elements, ...contents };
}

/** Passes over one value; its type, or 0 where something is wrong. */
function passValue(reader: JsonReader, depth: number): number {
	const at = reader.at;
	if (at >= reader.bytes.length) return failJson(reader, "truncated", at);
	switch (reader.bytes[at]) {
		case OPEN_ARRAY:
			return depth === 0 ? failJson(reader, "too_deep", at) : passArray(reader, depth - 1);
		case OPEN_OBJECT:
			return depth === 0 ? failJson(reader, "too_deep", at) : passObject(reader, depth - 1);
		case QUOTE:
			return passTextValue(reader);
		case 0x74:
			return passWord(reader, TRUE, JSON_BOOLEAN);
		case 0x66:
			return passWord(reader, FALSE, JSON_BOOLEAN);
		case 0x6e:
			return passWord(reader, NULL, JSON_NULL);
		default:
			return passNumber(reader);
	}
}

const END = 0;
const MORE = 1;
const WRONG = 2;

/** Passes over what is between two elements, or the closing bracket. */
function readSeparator(reader: JsonReader, isFirst: boolean, close: number): number {
	const { bytes, at } = reader;
	// A comma and no white space, as all encoders write it.
	if (!isFirst && bytes[at] === COMMA && (bytes[at + 1] as number) > SPACE) {
		reader.at = at + 1;
		return MORE;
	}
	passSpace(reader);
	const here = byteHere(reader);
	if (here === close) {
		reader.at += 1;
		return END;
	}
	if (isFirst) return MORE;
	if (here !== COMMA) {
		failJson(reader, reader.at < bytes.length ? "json" : "truncated", reader.at);
		return WRONG;
	}
	reader.at += 1;
	passSpace(reader);
	return MORE;
}

function passArray(reader: JsonReader, depth: number): number {
	reader.at += 1;
	reader.contents.containers += 1;
	let elements = 0;
	for (let length = 0; ; length++) {
		const separator = readSeparator(reader, length === 0, CLOSE_ARRAY);
		if (separator === END) {
			reader.length = length;
			reader.elements = elements;
			return JSON_ARRAY;
		}
		const type = separator === MORE ? passValue(reader, depth) : 0;
		if (type === 0) return 0;
		elements |= type;
	}
}

function passObject(reader: JsonReader, depth: number): number {
	reader.at += 1;
	reader.contents.containers += 1;
	for (let length = 0; ; length++) {
		const separator = readSeparator(reader, length === 0, CLOSE_OBJECT);
		if (separator === END) {
			reader.length = length;
			reader.contents.members += length;
			return JSON_OBJECT;
		}
		if (separator !== MORE) return 0;
		if (byteHere(reader) !== QUOTE) {
			return failJson(reader, reader.at < reader.bytes.length ? "json" : "truncated", reader.at);
		}
		if (passText(reader) === 0 || !passColon(reader) || passValue(reader, depth) === 0) return 0;
	}
}

function passTextValue(reader: JsonReader): number {
	const type = passText(reader);
	const { contents, textBytes } = reader;
	if (textBytes < contents.shortest) contents.shortest = textBytes;
	if (textBytes > contents.longest) contents.longest = textBytes;
	return type;
}

/** Passes over a string, its quotes included. */
function passText(reader: JsonReader): number {
	const { bytes } = reader;
	const from = reader.at;
	/** Bytes that escapes take beyond what they stand for. */
	let spare = 0;
	for (let at = from + 1; at < bytes.length; ) {
		const unit = bytes[at] as number;
		if (unit === QUOTE) {
			reader.at = at + 1;
			reader.textBytes = at - from - 1 - spare;
			return JSON_TEXT;
		}
		if (unit < 0x20) return failJson(reader, "json", at);
		if (unit !== BACKSLASH) at += 1;
		else {
			const length = escapeLength(reader, at);
			if (length === 0) return 0;
			at += length;
			spare += length - reader.escapeBytes;
		}
	}
	return failJson(reader, "truncated", from);
}

/** Bytes of the escape at `at`, both halves of a surrogate pair together; 0 where it is none. */
function escapeLength(reader: JsonReader, at: number): number {
	const { bytes } = reader;
	if (at + 1 >= bytes.length) return failJson(reader, "truncated", at);
	const letter = bytes[at + 1] as number;
	reader.escapeBytes = 1;
	if (letter !== LETTER_U) return ESCAPES.includes(letter) ? 2 : failJson(reader, "json", at);
	const unit = escapedUnit(reader, at);
	if (unit < 0) return 0;
	reader.escapeBytes = unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
	if (unit < 0xd800 || unit > 0xdfff) return 6;
	reader.escapeBytes = 4;
	const second = unit < 0xdc00 ? escapedUnit(reader, at + 6) : 0;
	return second >= 0xdc00 && second <= 0xdfff ? 12 : failJson(reader, "utf8", at);
}

/** The unit of `\uHHHH` at `at`, or -1. */
function escapedUnit(reader: JsonReader, at: number): number {
	const { bytes } = reader;
	let unit = 0;
	for (let i = 0; i < 6; i++) {
		const here = bytes[at + i];
		if (here === undefined) failJson(reader, "truncated", at);
		// A first half without a second one is no text; digits that are none are no JSON.
		else if (i < 2 && here !== (i === 0 ? BACKSLASH : LETTER_U)) failJson(reader, "utf8", at);
		else if (i >= 2 && digitOf(here) < 0) failJson(reader, "json", at);
		else {
			if (i >= 2) unit = unit * 16 + digitOf(here);
			continue;
		}
		return -1;
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

function passWord(reader: JsonReader, word: Buffer, type: number): number {
	const { bytes, at } = reader;
	for (let i = 0; i < word.length; i++) {
		if (at + i >= bytes.length) return failJson(reader, "truncated", at);
		if (bytes[at + i] !== word[i]) return failJson(reader, "json", at);
	}
	reader.at = at + word.length;
	return type;
}

/** Digits of a number that is exact whatever they are. */
const SHORT_DIGITS = 15;

function passNumber(reader: JsonReader): number {
	const { bytes, contents, at: from } = reader;
	let at = from;
	let value = 0;
	for (; at - from < SHORT_DIGITS; at++) {
		const digit = (bytes[at] as number) - 0x30;
		if (!(digit >= 0 && digit <= 9)) break;
		value = value * 10 + digit;
	}
	// Most elements are a short whole number and a comma.
	if (bytes[at] !== COMMA || at === from || (bytes[from] === 0x30 && at > from + 1)) return passAnyNumber(reader);
	if (value > contents.largest) contents.largest = value;
	reader.at = at;
	return JSON_NUMBER;
}

function passAnyNumber(reader: JsonReader): number {
	const { bytes, number, contents, at } = reader;
	if (!scanJsonNumber(bytes, at, number)) {
		return failJson(reader, number.to >= bytes.length ? "truncated" : "json", at);
	}
	reader.at = number.to;
	if (number.isNegative && number.magnitude > 0) contents.numbers |= NEGATIVE_NUMBER;
	if (number.isInfinite) contents.numbers |= INFINITE_NUMBER;
	if (!number.isWhole) contents.numbers |= FRACTION;
	else if (number.magnitude > contents.largest) contents.largest = number.magnitude;
	return JSON_NUMBER;
}

function passSpace(reader: JsonReader): void {
	const { bytes } = reader;
	for (;;) {
		const here = bytes[reader.at];
		if (here !== 0x20 && here !== 0x0a && here !== 0x0d && here !== 0x09) return;
		reader.at += 1;
	}
}

/** The byte read next, or -1 behind the end. */
function byteHere(reader: JsonReader): number {
	return reader.bytes[reader.at] ?? -1;
}
