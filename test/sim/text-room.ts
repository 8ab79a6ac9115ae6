// How full the buffer's ring of text can be at the most, without knowing how it is laid out: all that was stored since the
// oldest entry that is still there takes room, and the end of the ring may waste as much as the largest entry.
import { arenaBytes } from "../../src/core/arena.js";

/** What each entry takes beside its bytes, at the most. */
const HEADER_BYTES = 8;

export interface TextRoom {
	store(seq: number, bytes: number): void;
	/** A reading left the buffer; does nothing for one without text. */
	free(seq: number): void;
	/** Whether an entry of `bytes` may find no room. */
	mayBeFull(bytes: number): boolean;
}

/** Makes the room of a buffer with `capacity` slots. */
export function createTextRoom(capacity: number): TextRoom {
	const size = arenaBytes(capacity);
	/** Entries in order, freed ones included until all before them are. */
	const entries: { readonly seq: number; readonly bytes: number; isFree: boolean }[] = [];
	const bySeq = new Map<number, { isFree: boolean }>();
	let span = 0;
	return {
		store(seq, bytes) {
			const entry = { seq, bytes: bytes + HEADER_BYTES, isFree: false };
			entries.push(entry);
			bySeq.set(seq, entry);
			span += entry.bytes;
		},
		free(seq) {
			if (bySeq.size === 0) return;
			const entry = bySeq.get(seq);
			if (entry === undefined) return;
			entry.isFree = true;
			bySeq.delete(seq);
			while (entries[0]?.isFree) span -= (entries.shift() as { bytes: number }).bytes;
		},
		mayBeFull(bytes) {
			const largest = entries.reduce((most, entry) => Math.max(most, entry.bytes), bytes + HEADER_BYTES);
			return span + bytes + HEADER_BYTES + largest > size;
		},
	};
}
