import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
	addLoss,
	countReasons,
	countUncertain,
	createLossRanges,
	forgetLosses,
	NAMED_REASONS,
} from "../../src/reconcile/loss-ranges.js";
import { seed } from "../support/seed.js";

test("neighbours of different reasons stay apart, of one reason become one", () => {
	const ranges = createLossRanges();
	assert.ok(addLoss(ranges, 10, 19, "overflow"));
	assert.ok(addLoss(ranges, 20, 29, "uncertain"));
	assert.ok(addLoss(ranges, 30, 30, "uncertain"));
	assert.ok(addLoss(ranges, 5, 9, "overflow"));
	assert.equal(ranges.list, [5, 19, 0, 20, 30, 4]);
	assert.is(ranges.uncertain, 11);
});

test("another reason for the same reading is a contradiction; mixed names nothing", () => {
	const ranges = createLossRanges();
	addLoss(ranges, 10, 19, "overflow");
	assert.not(addLoss(ranges, 19, 25, "expired"));
	assert.not(addLoss(ranges, 0, 10, "uncertain"));
	assert.ok(addLoss(ranges, 0, 99, "mixed"));
	assert.equal([ranges.list, ranges.mixedTo], [[10, 19, 0], 99]);
});

test("against a map of reasons: pieces of true ranges, in any order and as often as they come", () => {
	const truth = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(5)), { minLength: 1, maxLength: 20 });
	const picks = fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000), fc.nat(1_000)), { maxLength: 80 });
	fc.assert(
		fc.property(truth, picks, fc.nat(120), (lengths, pieces, forgetAt) => {
			const all: [number, number, number][] = [];
			let at = 0;
			for (const [length, reason] of lengths) {
				if (reason < 5) all.push([at, at + length - 1, reason]);
				at += length;
			}
			const ranges = createLossRanges();
			const model = new Map<number, number>();
			for (const [which, low, high] of all.length === 0 ? [] : pieces) {
				const [from, to, reason] = all[which % all.length] as [number, number, number];
				const first = from + (low % (to - from + 1));
				const last = first + (high % (to - first + 1));
				assert.ok(addLoss(ranges, first, last, NAMED_REASONS[reason] ?? "mixed"));
				for (let seq = first; seq <= last; seq++) model.set(seq, reason);
			}
			const count = (from: number, to: number, reason: number): number =>
				[...model].filter(([seq, each]) => from <= seq && seq < to && each === reason).length;
			assert.is(ranges.uncertain, count(0, 1_000, 4));
			assert.is(countUncertain(ranges, 20, 60), count(20, 60, 4));
			const counts = [0, 0, 0, 0, 0];
			countReasons(ranges, 10, 70, counts);
			assert.equal(
				counts,
				[0, 1, 2, 3, 4].map((reason) => count(10, 70, reason)),
			);
			assert.is(forgetLosses(ranges, forgetAt), count(0, forgetAt, 4));
			assert.is(ranges.uncertain, count(forgetAt, 1_000, 4));
			assert.is(countUncertain(ranges, 0, 1_000), ranges.uncertain);
		}),
		{ seed, numRuns: 1_000 },
	);
});

test.run();
