// Which slots of the buffer are in use, in order of age, over all and per source: linked lists in typed arrays, so that a
// reading can be taken out anywhere in O(1) and the source that holds the most is known when somebody has to give way.
// Free slots are used again last in, first out: a buffer that is never full touches little of its memory.
import { assert } from "./assert.js";
import { SOURCES_MAX } from "./limits.js";

/** The end of a list. */
export const NO_SLOT = 0xffff_ffff;

export interface SlotLists {
	/** Slots in use. */
	count(): number;
	/** Slots that a source holds. */
	held(source: number): number;
	/** The oldest slot of all, or NO_SLOT. */
	oldest(): number;
	/** The next younger slot of all, or NO_SLOT. */
	younger(slot: number): number;
	oldestOf(source: number): number;
	newestOf(source: number): number;
	/** The source that holds the most slots; of several, the first. */
	longest(): number;
	/** Takes a free slot as the newest of all and of its source. There has to be one. */
	append(source: number): number;
	/** Gives a slot back that is the oldest or the newest of its source. */
	remove(slot: number): void;
}

/** The columns of the lists, one entry a slot each, all zero. */
export interface SlotColumns {
	readonly older: Uint32Array;
	readonly younger: Uint32Array;
	readonly nextOfSource: Uint32Array;
	readonly source: Uint8Array;
}

/** Makes the lists of as many slots as the columns have, all free. */
export function createSlotLists(columns: SlotColumns): SlotLists {
	const { older: olderLinks, younger: youngerLinks, nextOfSource, source: sourceAt } = columns;
	const firstOf = new Uint32Array(SOURCES_MAX).fill(NO_SLOT);
	const lastOf = new Uint32Array(SOURCES_MAX).fill(NO_SLOT);
	const heldBy = new Uint32Array(SOURCES_MAX);
	let oldest = NO_SLOT;
	let newest = NO_SLOT;
	let count = 0;
	/** Sources that have ever held a slot have a lower index: a full buffer looks at no more of them. */
	let sources = 0;
	const free = createFreeSlots(youngerLinks);

	/** The slot of this source before `slot`; its neighbours in age are mostly of the source that holds the most. */
	function beforeOfSource(slot: number, source: number): number {
		let at = olderLinks[slot] as number;
		while (at !== NO_SLOT && sourceAt[at] !== source) at = olderLinks[at] as number;
		return at;
	}

	function unlinkFromSource(slot: number, source: number): void {
		heldBy[source] = (heldBy[source] as number) - 1;
		if (firstOf[source] === slot) {
			firstOf[source] = nextOfSource[slot] as number;
			if (firstOf[source] === NO_SLOT) lastOf[source] = NO_SLOT;
			return;
		}
		assert(lastOf[source] === slot, "a slot leaves its source at one of the two ends");
		const before = beforeOfSource(slot, source);
		lastOf[source] = before;
		nextOfSource[before] = NO_SLOT;
	}

	function longest(): number {
		let most = 0;
		for (let source = 1; source < sources; source++) {
			if ((heldBy[source] as number) > (heldBy[most] as number)) most = source;
		}
		return most;
	}

	return {
		count: () => count,
		held: (source) => heldBy[source] as number,
		oldest: () => oldest,
		younger: (slot) => youngerLinks[slot] as number,
		oldestOf: (source) => firstOf[source] as number,
		newestOf: (source) => lastOf[source] as number,
		longest,
		append(source) {
			assert(source < SOURCES_MAX, "a source is one of SOURCES_MAX");
			const slot = free.take();
			if (source >= sources) sources = source + 1;
			sourceAt[slot] = source;
			olderLinks[slot] = newest;
			youngerLinks[slot] = NO_SLOT;
			nextOfSource[slot] = NO_SLOT;
			if (newest === NO_SLOT) oldest = slot;
			else youngerLinks[newest] = slot;
			newest = slot;
			const last = lastOf[source] as number;
			if (last === NO_SLOT) firstOf[source] = slot;
			else nextOfSource[last] = slot;
			lastOf[source] = slot;
			heldBy[source] = (heldBy[source] as number) + 1;
			count += 1;
			return slot;
		},
		remove(slot) {
			unlinkFromSource(slot, sourceAt[slot] as number);
			const older = olderLinks[slot] as number;
			const younger = youngerLinks[slot] as number;
			if (older === NO_SLOT) oldest = younger;
			else youngerLinks[older] = younger;
			if (younger === NO_SLOT) newest = older;
			else olderLinks[younger] = older;
			free.give(slot);
			count -= 1;
		},
	};
}

/** The slots that are not in use, linked through a column that they do not need meanwhile. */
function createFreeSlots(links: Uint32Array): { take(): number; give(slot: number): void } {
	let untouched = 0;
	let top = NO_SLOT;
	return {
		take() {
			if (top === NO_SLOT) {
				assert(untouched < links.length, "a slot is free when one is taken");
				untouched += 1;
				return untouched - 1;
			}
			const slot = top;
			top = links[slot] as number;
			return slot;
		},
		give(slot) {
			links[slot] = top;
			top = slot;
		},
	};
}
