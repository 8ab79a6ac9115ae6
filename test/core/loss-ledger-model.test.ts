// The ledger against a map that keeps the reason of every lost seq for ever.
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createLossLedger, type LossLedger } from "../../src/core/loss-ledger.js";
import { DROP_REASONS, type LossRange, type LossReason } from "../../src/core/value.js";
import { assertFollowsModel, call } from "../support/commands.js";
import "../support/seed.js";

interface Model {
	readonly rangesMax: number;
	readonly reasons: Map<number, LossReason>;
	/** Losses that are booked late, as those of readings in flight are when their connection ends. */
	late: LossRange[];
	/** The first seq that nothing has become of yet. */
	next: number;
}

/** The ranges there are from `low` to `high`, however many. */
function rangesWithin(low: number, high: number, reasons: ReadonlyMap<number, LossReason>): LossRange[] {
	const ranges: LossRange[] = [];
	for (const seq of [...reasons.keys()].filter((each) => each >= low && each <= high).sort((a, b) => a - b)) {
		const reason = reasons.get(seq) as LossReason;
		const last = ranges.at(-1);
		if (last?.[1] === seq - 1 && last[2] === reason) ranges[ranges.length - 1] = [last[0], seq, reason];
		else ranges.push([seq, seq, reason]);
	}
	return ranges;
}

function book(model: Model, ledger: LossLedger, [from, to, reason]: LossRange): void {
	ledger.add(from, to, reason);
	for (let seq = from; seq <= to; seq++) model.reasons.set(seq, reason);
	const ranges = ledger.ranges();
	assert.ok(ranges.length <= model.rangesMax, "bounded");
	const at = ranges.findIndex(([, , reason]) => reason === "mixed");
	const [low, high] = ranges[at] ?? [];
	if (low === undefined || high === undefined) {
		assert.equal(ranges, rangesWithin(0, Infinity, model.reasons));
		return;
	}
	// What is booked late may lie below the mixed range: it has its own until there is no room.
	assert.equal(ranges.slice(0, at), rangesWithin(0, low - 1, model.reasons));
	assert.equal(ranges.slice(at + 1), rangesWithin(high + 1, Infinity, model.reasons));
	assert.ok(model.reasons.has(low) && model.reasons.has(high), "the mixed range begins and ends at a loss");
}

const loss = fc.record({
	skipped: fc.nat(3),
	length: fc.integer({ min: 1, max: 5 }),
	reason: fc.constantFrom<LossReason>(...DROP_REASONS, "uncertain"),
});

const take = (model: Model, { skipped, length, reason }: { skipped: number; length: number; reason: LossReason }) => {
	const from = model.next + skipped;
	model.next = from + length;
	return [from, model.next - 1, reason] as const;
};

const add = call("add", loss, (model: Model, ledger: LossLedger, given) => book(model, ledger, take(model, given)));
const hold = call("hold", loss, (model: Model, _: LossLedger, given) => void model.late.push(take(model, given)));
const release = call("release", fc.boolean(), (model: Model, ledger: LossLedger, newestFirst) => {
	for (const each of newestFirst ? model.late.reverse() : model.late) book(model, ledger, each);
	model.late = [];
});

test("its newest ranges are exactly those of all losses, and one mixed range holds the rest", () => {
	assertFollowsModel({
		settings: fc.integer({ min: 2, max: 9 }),
		make: (rangesMax) => ({
			real: createLossLedger(rangesMax),
			model: { rangesMax, reasons: new Map(), late: [], next: 0 },
		}),
		calls: [
			[6, add],
			[3, hold],
			[1, release],
		],
		runs: 500,
		callsMax: 80,
	});
});

test.run();
