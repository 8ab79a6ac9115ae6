// The loss ranges of a run, gathered from every status of it that came: a status names only the newest 64, all together
// name nearly every loss. Sorted, disjoint, ends included. The order in which the statuses came does not matter.

import type { LossReason } from "../core/value.js";
import { at, firstEndingAt } from "./triples.js";

/** The reasons that a range can name, in the order of `countReasons`. */
export const NAMED_REASONS = ["overflow", "expired", "oversize", "shutdown", "uncertain"] as const;
export type NamedReason = (typeof NAMED_REASONS)[number];
const UNCERTAIN = NAMED_REASONS.indexOf("uncertain");

export interface LossRanges {
	/** from, to, index of the reason, of each range in turn. */
	list: number[];
	/** Readings that ranges of reason `uncertain` name. */
	uncertain: number;
	/** End of the newest range of reason `mixed`, which names nothing; -1 for none. */
	mixedTo: number;
}

export function createLossRanges(): LossRanges {
	return { list: [], uncertain: 0, mixedTo: -1 };
}

/** Adds a range. False when it contradicts one that is there: another reason for the same reading. */
export function addLoss(ranges: LossRanges, from: number, to: number, reason: LossReason): boolean {
	if (reason === "mixed") {
		ranges.mixedTo = Math.max(ranges.mixedTo, to);
		return true;
	}
	const { list } = ranges;
	const index = NAMED_REASONS.indexOf(reason);
	let first = firstEndingAt(list, from - 1);
	if (first < list.length && at(list, first + 1) === from - 1 && at(list, first + 2) !== index) first += 3;
	let [low, high, last, named] = [from, to, first, 0];
	for (; last < list.length && at(list, last) <= to + 1; last += 3) {
		const isSame = at(list, last + 2) === index;
		if (!isSame && at(list, last) === to + 1) break;
		if (!isSame) return false;
		low = Math.min(low, at(list, last));
		high = Math.max(high, at(list, last + 1));
		named += at(list, last + 1) - at(list, last) + 1;
	}
	if (last - first === 3 && at(list, first) === low && at(list, first + 1) === high) return true;
	list.splice(first, last - first, low, high, index);
	if (index === UNCERTAIN) ranges.uncertain += high - low + 1 - named;
	return true;
}

/** Adds to `counts`, per reason, how many readings of [from, to) are named. */
export function countReasons(ranges: LossRanges, from: number, to: number, counts: number[]): void {
	const { list } = ranges;
	for (let i = firstEndingAt(list, from); i < list.length && at(list, i) < to; i += 3) {
		const named = Math.min(at(list, i + 1) + 1, to) - Math.max(at(list, i), from);
		counts[at(list, i + 2)] = (counts[at(list, i + 2)] ?? 0) + named;
	}
}

/** Readings of [from, to) that are named uncertain. */
export function countUncertain(ranges: LossRanges, from: number, to: number): number {
	const { list } = ranges;
	let count = 0;
	for (let i = firstEndingAt(list, from); i < list.length && at(list, i) < to; i += 3) {
		if (at(list, i + 2) !== UNCERTAIN) continue;
		count += Math.min(at(list, i + 1) + 1, to) - Math.max(at(list, i), from);
	}
	return count;
}

/** Visits each range that says the device dropped it, ends included. */
export function forEachDrop(ranges: LossRanges, visit: (from: number, to: number) => void): void {
	for (let i = 0; i < ranges.list.length; i += 3) {
		if (at(ranges.list, i + 2) !== UNCERTAIN) visit(at(ranges.list, i), at(ranges.list, i + 1));
	}
}

/** Forgets what lies below `seq`; says how many uncertain readings that named. */
export function forgetLosses(ranges: LossRanges, seq: number): number {
	const forgotten = countUncertain(ranges, 0, seq);
	ranges.uncertain -= forgotten;
	const keep = firstEndingAt(ranges.list, seq);
	ranges.list.splice(0, keep);
	if (ranges.list.length > 0 && at(ranges.list, 0) < seq) ranges.list[0] = seq;
	return forgotten;
}
