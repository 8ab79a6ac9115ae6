// The bytes of text and byte values that wait in the buffer: a ring, given out and given back in the same order.
// Entries are whole, so one that does not fit before the end starts again at 0.
import { assert } from "./assert.js";
import { ARENA_BYTES_MIN, ARENA_BYTES_PER_SLOT } from "./limits.js";

/** A handle is `start * SPAN + length`: both fit a double's 53 bits, since arenas stay under 2^27 bytes. */
const SPAN = 2 ** 20;

/** Bytes of text and byte values that a buffer of `capacity` slots holds. */
export function arenaBytes(capacity: number): number {
	return Math.max(ARENA_BYTES_MIN, capacity * ARENA_BYTES_PER_SLOT);
}

/** A handle stands for one entry; entries are freed in the order they were stored. */
export interface Arena {
	/** Puts a value into the scratch; its length in bytes, or -1 beyond ARENA_BYTES_MIN. */
	load(value: string | Uint8Array): number;
	fits(length: number): boolean;
	/** Moves the scratch's first `length` bytes in; a handle. */
	store(length: number): number;
	/** Gives the oldest handle's bytes back. */
	free(handle: number): void;
	text(handle: number): string;
	bytes(handle: number): Uint8Array;
}

/** Makes an empty arena of `size` bytes, at least ARENA_BYTES_MIN. */
export function createArena(size: number): Arena {
	assert(size < SPAN * 128, "an arena's offsets fit beside a length in a double");
	const memory = new Uint8Array(size);
	const scratch = new Uint8Array(ARENA_BYTES_MIN);
	const encoder = new TextEncoder();
	const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	let entries = 0;
	let start = 0;
	let end = 0;

	/** Where `length` bytes can go, or -1. */
	function place(length: number): number {
		if (entries === 0) return length <= size ? 0 : -1;
		if (end <= start) return length <= start - end ? end : -1;
		if (length <= size - end) return end;
		return length <= start ? 0 : -1;
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
		fits: (length) => length === 0 || place(length) >= 0,
		store(length) {
			if (length === 0) return 0;
			const at = place(length);
			assert(at >= 0, "room was made before the bytes are stored");
			memory.set(scratch.subarray(0, length), at);
			if (entries === 0) start = at;
			end = at + length;
			entries += 1;
			return at * SPAN + length;
		},
		free(handle) {
			const length = handle % SPAN;
			if (length === 0) return;
			start = Math.floor(handle / SPAN) + length;
			entries -= 1;
		},
		text: (handle) => decoder.decode(view(handle)),
		bytes: (handle) => view(handle).slice(),
	};
}
