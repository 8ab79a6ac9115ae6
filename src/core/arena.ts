// The bytes of text and byte values that wait in the buffer: a ring. Entries are whole, so one that does not fit before the
// end starts again at 0. They may be given back in any order; room is there again once the oldest has been.
import { assert } from "./assert.js";
import { ARENA_BYTES_MIN, ARENA_BYTES_PER_SLOT } from "./limits.js";

/** A handle is `start * SPAN + length` of the bytes: both fit a double's 53 bits, since arenas stay under 2^27 bytes. */
const SPAN = 2 ** 20;

/** In front of each entry: its length, and whether it has been given back. */
const HEADER_BYTES = 4;

/** Bytes of text and byte values that a buffer of `capacity` slots holds. */
export function arenaBytes(capacity: number): number {
	return Math.max(ARENA_BYTES_MIN + HEADER_BYTES, capacity * ARENA_BYTES_PER_SLOT);
}

export interface Arena {
	/** Puts a value into the scratch; its length in bytes, or -1 beyond ARENA_BYTES_MIN. */
	load(value: string | Uint8Array): number;
	fits(length: number): boolean;
	/** Moves the scratch's first `length` bytes in; a handle. */
	store(length: number): number;
	/** Gives an entry back; its room is free when all entries before it are. */
	free(handle: number): void;
	text(handle: number): string;
	bytes(handle: number): Uint8Array;
}

/** Makes an empty arena in `memory`, which has arenaBytes() bytes. */
export function createArena(memory: Uint8Array): Arena {
	const size = memory.length;
	assert(size < SPAN * 128, "an arena's offsets fit beside a length in a double");
	const headers = new DataView(memory.buffer, memory.byteOffset, size);
	const scratch = new Uint8Array(ARENA_BYTES_MIN);
	const encoder = new TextEncoder();
	const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	let entries = 0;
	let start = 0;
	let end = 0;
	/** Where the entries that lie behind the start end, before they go on at 0. */
	let wrapAt = size;

	/** Where an entry of `total` bytes can go, or -1; an empty arena has room for whatever the scratch holds. */
	function place(total: number): number {
		if (entries === 0) return 0;
		if (end <= start) return total <= start - end ? end : -1;
		if (total <= size - end) return end;
		return total <= start ? 0 : -1;
	}

	/** Entries at the start that have been given back make room. */
	function reclaim(): void {
		while (entries > 0) {
			const header = headers.getInt32(start);
			if (header >= 0) return;
			start += HEADER_BYTES + ~header;
			if (start === wrapAt) {
				start = 0;
				wrapAt = size;
			}
			entries -= 1;
		}
	}

	const view = (handle: number): Uint8Array =>
		memory.subarray(Math.floor(handle / SPAN), Math.floor(handle / SPAN) + (handle % SPAN));

	return {
		load(value) {
			if (typeof value !== "string") {
				if (value.length > scratch.length) return -1;
				scratch.set(value);
				return value.length;
			}
			const { read, written } = encoder.encodeInto(value, scratch);
			return read < value.length ? -1 : written;
		},
		fits: (length) => length === 0 || place(HEADER_BYTES + length) >= 0,
		store(length) {
			if (length === 0) return 0;
			const at = place(HEADER_BYTES + length);
			assert(at >= 0, "room was made before the bytes are stored");
			if (entries === 0) {
				start = 0;
				wrapAt = size;
			} else if (at < end) wrapAt = end;
			headers.setInt32(at, length);
			memory.set(scratch.subarray(0, length), at + HEADER_BYTES);
			end = at + HEADER_BYTES + length;
			entries += 1;
			return (at + HEADER_BYTES) * SPAN + length;
		},
		free(handle) {
			const length = handle % SPAN;
			if (length === 0) return;
			headers.setInt32(Math.floor(handle / SPAN) - HEADER_BYTES, ~length);
			reclaim();
		},
		text: (handle) => decoder.decode(view(handle)),
		bytes: (handle) => view(handle).slice(),
	};
}
