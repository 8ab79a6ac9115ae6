// The newest ranges of lost seq with their reasons, in order of seq, bounded. When it is full the two oldest neighbours
// become one range of reason `mixed`; exact totals are the counters' business, not the ledger's.
import { assert } from "./assert.js";
import type { LossRange, LossReason } from "./value.js";

export interface LossLedger {
	/** Books `from` to `to` (ends included) as lost for `reason`. A seq is booked once. Cost: O(1) at the newest end. */
	add(from: number, to: number, reason: LossReason): void;
	/** The ranges in order of seq: disjoint, and no two neighbours of one reason touch. */
	ranges(): readonly LossRange[];
}

interface Range {
	from: number;
	to: number;
	reason: LossReason;
}

/** Makes an empty ledger of at most `rangesMax` ranges (at least 2). */
export function createLossLedger(rangesMax: number): LossLedger {
	assert(rangesMax >= 2, "a ledger has room for two ranges");
	const ranges: Range[] = [];

	function add(from: number, to: number, reason: LossReason): void {
		assert(from <= to, "a loss range ends where it starts or later");
		let at = ranges.length;
		while (at > 0 && (ranges[at - 1] as Range).from > from) at -= 1;
		const before = ranges[at - 1];
		if (before?.reason === "mixed" && from <= before.to) {
			before.to = Math.max(before.to, to);
			return;
		}
		const after = ranges[at];
		const joinsBefore = before?.reason === reason && before.to + 1 === from;
		const joinsAfter = after?.reason === reason && to + 1 === after.from;
		if (before && joinsBefore) {
			before.to = after && joinsAfter ? after.to : to;
			if (joinsAfter) ranges.splice(at, 1);
		} else if (after && joinsAfter) {
			after.from = from;
		} else {
			ranges.splice(at, 0, { from, to, reason });
			if (ranges.length > rangesMax) mergeOldest();
		}
	}

	/** Two become one; three where the third is mixed already, since what was booked late may lie below it. */
	function mergeOldest(): void {
		const [oldest, next, third] = ranges as [Range, Range, Range];
		const isMixed = third.reason === "mixed";
		const to = isMixed ? third.to : Math.max(oldest.to, next.to);
		ranges.splice(0, isMixed ? 3 : 2, { from: oldest.from, to, reason: "mixed" });
	}

	return { add, ranges: () => ranges.map(({ from, to, reason }) => [from, to, reason] as const) };
}
