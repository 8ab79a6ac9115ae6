// The ring of readings that wait to be sent: columns made once, 27 bytes a slot, and a ring of bytes for text.
// It keeps capacity and TTL, and tells `drop` of every reading that leaves it unsent. A reading that has been taken
// never comes back. Order is the order of offers, so seq only rises from the oldest to the newest.
import { type Arena, arenaBytes, createArena } from "./arena.js";
import { assert } from "./assert.js";
import type { DropReason, Value } from "./value.js";

export type Policy = "drop-oldest" | "drop-newest";

export interface BufferOptions {
	/** Slots. */
	readonly capacity: number;
	readonly ttlMs: number;
	readonly policy: Policy;
	/** Told of each reading that is dropped, in the instant it is. */
	readonly drop: (seq: number, reason: DropReason) => void;
}

export interface ReadingBuffer {
	readonly capacity: number;
	/** Slots in use. */
	count(): number;
	/** Takes one stamped reading in; a full buffer drops by its policy, text beyond the arena is `oversize`. */
	push(seq: number, stream: number, value: Value, capturedMs: number): void;
	/** Drops what has expired from the oldest on. */
	expire(nowMs: number): void;
	/** The reading `index` places behind the oldest; index < count(). */
	seqAt(index: number): number;
	capturedAt(index: number): number;
	streamAt(index: number): number;
	valueAt(index: number): Value;
	/** Removes the oldest `readings` because they are being sent. */
	take(readings: number): void;
	/** Drops the oldest reading. */
	dropOldest(reason: DropReason): void;
}

/** Whether a reading's TTL has passed: at `ttlMs` of age it has. */
export function isExpired(capturedMs: number, nowMs: number, ttlMs: number): boolean {
	return nowMs - capturedMs >= ttlMs;
}

const KIND_NUMBER = 0;
const KIND_BOOLEAN = 1;
const KIND_TEXT = 2;
const KIND_BYTES = 3;

/** Makes an empty buffer; all its memory is reserved here (untouched pages cost nothing until used). */
export function createReadingBuffer(options: BufferOptions): ReadingBuffer {
	const { capacity, ttlMs, policy, drop } = options;
	assert(Number.isInteger(capacity) && capacity >= 1, "a buffer has at least one slot");
	const seqs = new Float64Array(capacity);
	const captured = new Float64Array(capacity);
	const streams = new Uint16Array(capacity);
	const kinds = new Uint8Array(capacity);
	const numbers = new Float64Array(capacity);
	const arena = createArena(arenaBytes(capacity));
	let head = 0;
	let count = 0;

	const slot = (index: number): number => {
		const at = head + index;
		return at < capacity ? at : at - capacity;
	};

	function forgetOldest(): void {
		if ((kinds[head] as number) >= KIND_TEXT) arena.free(numbers[head] as number);
		head = head + 1 === capacity ? 0 : head + 1;
		count -= 1;
	}

	function dropOldest(reason: DropReason): void {
		assert(count > 0, "only a reading that is there can be dropped");
		const seq = seqs[head] as number;
		forgetOldest();
		drop(seq, reason);
	}

	/** Room for `length` bytes, made by the policy; false where the newest has to go. */
	function makeRoom(length: number): boolean {
		while (!arena.fits(length)) {
			if (policy === "drop-newest") return false;
			dropOldest("overflow");
		}
		return true;
	}

	function push(seq: number, stream: number, value: Value, capturedMs: number): void {
		if (count === capacity) {
			if (policy === "drop-newest") {
				drop(seq, "overflow");
				return;
			}
			dropOldest("overflow");
		}
		let kind = KIND_NUMBER;
		let held: number;
		if (typeof value === "number") held = value;
		else if (typeof value === "boolean") {
			kind = KIND_BOOLEAN;
			held = value ? 1 : 0;
		} else {
			kind = typeof value === "string" ? KIND_TEXT : KIND_BYTES;
			const length = arena.load(value);
			if (length < 0 || !makeRoom(length)) {
				drop(seq, length < 0 ? "oversize" : "overflow");
				return;
			}
			held = arena.store(length);
		}
		const at = slot(count);
		seqs[at] = seq;
		captured[at] = capturedMs;
		streams[at] = stream;
		kinds[at] = kind;
		numbers[at] = held;
		count += 1;
	}

	return {
		capacity,
		count: () => count,
		push,
		expire(nowMs) {
			while (count > 0 && isExpired(captured[head] as number, nowMs, ttlMs)) dropOldest("expired");
		},
		seqAt: (index) => seqs[slot(index)] as number,
		capturedAt: (index) => captured[slot(index)] as number,
		streamAt: (index) => streams[slot(index)] as number,
		valueAt: (index) => heldValue(kinds[slot(index)] as number, numbers[slot(index)] as number, arena),
		take(readings) {
			assert(readings <= count, "no more is taken than is there");
			for (let i = 0; i < readings; i++) forgetOldest();
		},
		dropOldest,
	};
}

function heldValue(kind: number, held: number, arena: Arena): Value {
	if (kind === KIND_NUMBER) return held;
	if (kind === KIND_BOOLEAN) return held === 1;
	return kind === KIND_TEXT ? arena.text(held) : arena.bytes(held);
}
