// The heads of CBOR items (RFC 8949, 3) from untrusted bytes: definite lengths that fit in what is left, no tags, nothing
// reserved. Heads longer than they need to be are taken: some encoders always write a length in 16 bits.
// Nothing here allocates, recurses beyond its bound, or throws.

import { UNKNOWN_DEPTH_MAX } from "./decode-bounds.js";
import type { DecodeErrorKind } from "./decode-error.js";
import { invalidUtf8At } from "./decode-utf8.js";

/** Major types (RFC 8949, 3.1). */
export const UINT = 0;
export const NEGATIVE = 1;
export const BYTES = 2;
export const TEXT = 3;
export const ARRAY = 4;
export const MAP = 5;
export const TAG = 6;
export const SIMPLE = 7;

/** Additional information of major type 7. */
export const FALSE = 20;
export const TRUE = 21;
export const HALF = 25;
export const SINGLE = 26;
export const DOUBLE = 27;

export interface CborReader {
	readonly bytes: Uint8Array;
	/** Offset of what is read next. */
	at: number;
	/** Of the head that was read last. */
	major: number;
	info: number;
	/** Infinity where it is beyond 2^53 - 1. */
	argument: number;
	/** The first thing that was wrong, and where. */
	error: DecodeErrorKind | null;
	errorAt: number;
}

/** Makes a reader from the first byte on. */
export function createCborReader(bytes: Uint8Array): CborReader {
	return { bytes, at: 0, major: 0, info: 0, argument: 0, error: null, errorAt: 0 };
}

/** Notes what is wrong. Returns false, as every reading function does then. */
export function fail(reader: CborReader, error: DecodeErrorKind, at: number): false {
	reader.error = error;
	reader.errorAt = at;
	return false;
}

/** Reads the next head into `major`, `info` and `argument`. */
export function readHead(reader: CborReader): boolean {
	const { bytes, at } = reader;
	if (at >= bytes.length) return fail(reader, "truncated", at);
	const first = bytes[at] as number;
	const info = first & 31;
	reader.major = first >> 5;
	reader.info = info;
	if (reader.major === TAG) return fail(reader, "tag", at);
	if (info < 24) {
		reader.argument = info;
		reader.at = at + 1;
		return true;
	}
	if (info > 27) return fail(reader, info === 31 ? "indefinite" : "reserved", at);
	const size = 1 << (info - 24);
	if (at + 1 + size > bytes.length) return fail(reader, "truncated", at);
	reader.argument = argumentAt(bytes, at + 1, size);
	reader.at = at + 1 + size;
	// RFC 8949, 3.3: a simple value below 32 has no second byte.
	if (reader.major === SIMPLE && info === 24 && reader.argument < 32) return fail(reader, "reserved", at);
	return true;
}

/** The big-endian integer of 1, 2, 4 or 8 bytes; Infinity beyond 2^53 - 1. */
export function argumentAt(bytes: Uint8Array, at: number, size: number): number {
	if (size === 1) return bytes[at] as number;
	if (size === 2) return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
	let argument = 0;
	for (let i = 0; i < size; i++) argument = argument * 256 + (bytes[at + i] as number);
	return argument <= Number.MAX_SAFE_INTEGER ? argument : Number.POSITIVE_INFINITY;
}

/** Reads an unsigned integer of at most 2^53 - 1 into `argument`. */
export function readUint(reader: CborReader): boolean {
	const at = reader.at;
	if (!readHead(reader)) return false;
	if (reader.major !== UINT) return fail(reader, reader.major === NEGATIVE ? "range" : "type", at);
	return reader.argument <= Number.MAX_SAFE_INTEGER || fail(reader, "range", at);
}

/** Reads the head of an array of at most `max` elements; their number is in `argument`, and fits in what is left. */
export function readArray(reader: CborReader, max: number): boolean {
	const at = reader.at;
	if (!readHead(reader)) return false;
	if (reader.major !== ARRAY) return fail(reader, "type", at);
	if (reader.argument > reader.bytes.length - reader.at) return fail(reader, "truncated", at);
	return reader.argument <= max || fail(reader, "too_many", at);
}

/** Passes over the text or bytes of the head just read; text has to be UTF-8. */
export function passString(reader: CborReader): boolean {
	const { bytes, at, argument } = reader;
	if (argument > bytes.length - at) return fail(reader, "truncated", at);
	if (reader.major === TEXT) {
		const invalidAt = invalidUtf8At(bytes, at, at + argument);
		if (invalidAt >= 0) return fail(reader, "utf8", invalidAt);
	}
	reader.at = at + argument;
	return true;
}

/** Bytes that are an item by themselves: small integers, empty strings, simple values. Most elements are one. */
const IS_WHOLE = Uint8Array.from({ length: 256 }, (_, byte) => {
	const [major, info] = [byte >> 5, byte & 31];
	const isString = major === BYTES || major === TEXT;
	return (isString ? info === 0 : major <= NEGATIVE || major === SIMPLE) && info < 24 ? 1 : 0;
});

/** Items of what a byte alone begins an array or a map of; -1 for all other bytes. */
const FEW_ITEMS = Int8Array.from({ length: 256 }, (_, byte) => {
	const [major, info] = [byte >> 5, byte & 31];
	if (info >= 24 || (major !== ARRAY && major !== MAP)) return -1;
	return major === MAP ? info * 2 : info;
});

/** Items that are left at each level around the one being passed: one list for all, as nothing here calls itself. */
const LEFT = new Float64Array(UNKNOWN_DEPTH_MAX);

/** Passes over one item of any type, nested at most UNKNOWN_DEPTH_MAX deep. */
export function passItem(reader: CborReader): boolean {
	const { bytes } = reader;
	let depth = 0;
	let left = 1;
	for (;;) {
		while (left === 0) {
			if (depth === 0) return true;
			depth -= 1;
			left = LEFT[depth] as number;
		}
		left -= 1;
		const at = reader.at;
		const first = bytes[at] as number;
		if (IS_WHOLE[first] === 1) {
			reader.at = at + 1;
			continue;
		}
		let items = FEW_ITEMS[first] ?? -1;
		if (items >= 0) reader.at = at + 1;
		else {
			if (!readHead(reader)) return false;
			if (reader.major === BYTES || reader.major === TEXT) {
				if (!passString(reader)) return false;
				continue;
			}
			if (reader.major !== ARRAY && reader.major !== MAP) continue; // all head: integers, floats, simple values
			items = reader.major === MAP ? reader.argument * 2 : reader.argument;
		}
		if (depth === UNKNOWN_DEPTH_MAX) return fail(reader, "too_deep", at);
		if (items > bytes.length - reader.at) return fail(reader, "truncated", at);
		LEFT[depth] = left;
		depth += 1;
		left = items;
	}
}
