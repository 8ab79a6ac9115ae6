// The readings that wait to be sent: columns made once, 40 bytes a slot, and a ring of bytes for text.
// It keeps capacity and TTL, and tells `drop` of every reading that leaves it unsent. A reading that has been taken
// never comes back. Order is the order of offers, so seq only rises from the oldest to the newest.
//
// When it is full, the source that holds the most gives way ("longest queue drop", Suter et al., INFOCOM 1998): its
// oldest reading, or with drop-newest its newest. So a flooding source pushes out its own readings and nobody else's
// (CONTRACT G9), and with one source it is a plain ring.
import { type Arena, arenaBytes, createArena } from "./arena.js";
import { assert } from "./assert.js";
import { createSlotLists, NO_SLOT } from "./slot-lists.js";
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

/** Sees a reading in the buffer; false ends the walk. */
export type Visit = (seq: number, stream: number, value: Value, capturedMs: number) => boolean;

export interface ReadingBuffer {
	readonly capacity: number;
	/** Slots in use. */
	count(): number;
	/** Takes one stamped reading in; a full buffer drops by its policy, text beyond the arena is `oversize`. */
	push(seq: number, stream: number, source: number, value: Value, capturedMs: number): void;
	/** Drops what has expired from the oldest on. */
	expire(nowMs: number): void;
	/** When the oldest reading was captured; there is one. */
	oldestMs(): number;
	/** Shows the oldest `limit` readings in order, until `visit` says false. */
	walk(limit: number, visit: Visit): void;
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

/** TypeScript has this only in the DOM's typings. */
declare const WebAssembly: { readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } };

/** The unit in which WebAssembly's memory is measured (WebAssembly Core 2.0, 4.2.8). */
const PAGE_BYTES = 65_536;

/**
 * All columns, cut out of one piece of memory. It is WebAssembly's, since that comes from the system as pages nobody has
 * touched, and pages that no reading has been in cost nothing. What ArrayBuffer allocates may be recycled and cleared by
 * hand, and is then resident from the start: 3.6 MB with the default capacity, in about every other run.
 */
function createColumns(capacity: number) {
	const bytes = capacity * 40 + arenaBytes(capacity);
	const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) }).buffer;
	return {
		seqs: new Float64Array(memory, 0, capacity),
		captured: new Float64Array(memory, capacity * 8, capacity),
		numbers: new Float64Array(memory, capacity * 16, capacity),
		lists: {
			older: new Uint32Array(memory, capacity * 24, capacity),
			younger: new Uint32Array(memory, capacity * 28, capacity),
			nextOfSource: new Uint32Array(memory, capacity * 32, capacity),
			source: new Uint8Array(memory, capacity * 39, capacity),
		},
		streams: new Uint16Array(memory, capacity * 36, capacity),
		kinds: new Uint8Array(memory, capacity * 38, capacity),
		text: new Uint8Array(memory, capacity * 40, arenaBytes(capacity)),
	};
}

/** Makes an empty buffer; all its memory is reserved here. */
export function createReadingBuffer(options: BufferOptions): ReadingBuffer {
	const { capacity, ttlMs, policy, drop } = options;
	assert(Number.isInteger(capacity) && capacity >= 1, "a buffer has at least one slot");
	const { seqs, captured, numbers, streams, kinds, lists, text } = createColumns(capacity);
	const arena = createArena(text);
	const slots = createSlotLists(lists);

	function forget(slot: number): void {
		if ((kinds[slot] as number) >= KIND_TEXT) arena.free(numbers[slot] as number);
		slots.remove(slot);
	}

	function dropSlot(slot: number, reason: DropReason): void {
		assert(slot !== NO_SLOT, "only a reading that is there can be dropped");
		const seq = seqs[slot] as number;
		forget(slot);
		drop(seq, reason);
	}

	/** A full buffer gives a slot up for a reading of `source`; false where that reading itself has to go. */
	function giveWay(source: number): boolean {
		const longest = slots.longest();
		const own = slots.held(source) >= slots.held(longest);
		if (policy === "drop-newest" && own) return false;
		const from = own ? source : longest;
		dropSlot(policy === "drop-newest" ? slots.newestOf(from) : slots.oldestOf(from), "overflow");
		return true;
	}

	/** Whether `length` bytes of text fit now, made to by the policy. */
	function makeRoom(length: number): boolean {
		while (!arena.fits(length)) {
			if (policy === "drop-newest") return false;
			dropSlot(slots.oldest(), "overflow");
		}
		return true;
	}

	function push(seq: number, stream: number, source: number, value: Value, capturedMs: number): void {
		const isText = typeof value === "string" || value instanceof Uint8Array;
		const length = isText ? arena.load(value) : 0;
		if (length < 0) {
			drop(seq, "oversize");
			return;
		}
		if ((slots.count() === capacity && !giveWay(source)) || !makeRoom(length)) {
			drop(seq, "overflow");
			return;
		}
		const slot = slots.append(source);
		seqs[slot] = seq;
		captured[slot] = capturedMs;
		streams[slot] = stream;
		kinds[slot] = kindOf(value);
		numbers[slot] = isText ? arena.store(length) : Number(value);
	}

	return {
		capacity,
		count: slots.count,
		push,
		expire(nowMs) {
			for (let slot = slots.oldest(); slot !== NO_SLOT; slot = slots.oldest()) {
				if (!isExpired(captured[slot] as number, nowMs, ttlMs)) return;
				dropSlot(slot, "expired");
			}
		},
		oldestMs: () => captured[slots.oldest()] as number,
		walk(limit, visit) {
			for (let slot = slots.oldest(), i = 0; i < limit && slot !== NO_SLOT; slot = slots.younger(slot), i++) {
				const value = heldValue(kinds[slot] as number, numbers[slot] as number, arena);
				if (!visit(seqs[slot] as number, streams[slot] as number, value, captured[slot] as number)) return;
			}
		},
		take(readings) {
			for (let i = 0; i < readings; i++) forget(slots.oldest());
		},
		dropOldest: (reason) => dropSlot(slots.oldest(), reason),
	};
}

function kindOf(value: Value): number {
	switch (typeof value) {
		case "number":
			return KIND_NUMBER;
		case "boolean":
			return KIND_BOOLEAN;
		case "string":
			return KIND_TEXT;
		default:
			return KIND_BYTES;
	}
}

function heldValue(kind: number, held: number, arena: Arena): Value {
	if (kind === KIND_NUMBER) return held;
	if (kind === KIND_BOOLEAN) return held === 1;
	return kind === KIND_TEXT ? arena.text(held) : arena.bytes(held);
}
