import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
	add,
	addRange,
	contains,
	countWithin,
	createIntervalSet,
	forEachGap,
	forgetBelow,
	type IntervalSet,
	intervalCount,
} from "../../src/reconcile/interval-set.js";
import { seed } from "../support/seed.js";

type Gap = [from: number, to: number, before: number, after: number];

function gapsOf(set: IntervalSet): Gap[] {
	const gaps: Gap[] = [];
	forEachGap(set, (...gap) => void gaps.push(gap));
	return gaps;
}

test("a run without a gap is one interval, and holds no list", () => {
	const set = createIntervalSet();
	for (let seq = 0; seq < 1_000; seq += 10) assert.is(addRange(set, seq, seq + 10, 0), 10);
	assert.equal([set.count, intervalCount(set), set.older], [1_000, 1, null]);
});

test("a gap says how the device's drops rose over it, and closes when its readings come late", () => {
	const set = createIntervalSet();
	addRange(set, 0, 10, 0);
	addRange(set, 20, 30, 4);
	assert.equal(gapsOf(set), [[10, 20, 0, 4]]);
	addRange(set, 10, 12, 0);
	addRange(set, 16, 20, 4);
	assert.equal(gapsOf(set), [[12, 16, 0, 4]]);
	assert.is(addRange(set, 12, 13, 0), -1, "all four between were dropped");
	assert.is(set.count, 26);
});

test("drops that fall, or that rise by more than is missing, are a contradiction and change nothing", () => {
	const set = createIntervalSet();
	addRange(set, 10, 20, 5);
	const before = structuredClone(set);
	for (const [from, to, drops] of [
		[20, 30, 6],
		[25, 30, 4],
		[25, 30, 11],
		[0, 5, 6],
		[15, 25, 4],
		[8, 10, 4],
	] as const) {
		assert.is(addRange(set, from, to, drops), -1, `${from}..${to} with ${drops}`);
		assert.equal(set, before);
	}
});

test("numbers up to 2^53 keep every digit", () => {
	const set = createIntervalSet();
	const end = Number.MAX_SAFE_INTEGER;
	addRange(set, end - 5, end, 7);
	assert.is(add(set, end - 7, 7), 1);
	assert.equal(gapsOf(set), [
		[0, end - 7, 0, 7],
		[end - 6, end - 5, 7, 7],
	]);
	assert.ok(contains(set, end - 1) && !contains(set, end - 6));
});

test("against a plain set of numbers: any order, any overlap, with detail given up on the way", () => {
	const ranges = fc.array(fc.tuple(fc.nat(120), fc.integer({ min: 1, max: 12 }), fc.boolean()), { maxLength: 60 });
	// What the device dropped: those never arrive, and decide the drops of all others.
	const dropped = fc.uniqueArray(fc.nat(130), { maxLength: 40 });
	fc.assert(
		fc.property(ranges, dropped, fc.nat(140), (adds, drops, forgetAt) => {
			const set = createIntervalSet();
			const model = new Set<number>();
			const isDropped = new Set(drops);
			const dropsBelow = (seq: number): number => drops.reduce((sum, each) => sum + (each < seq ? 1 : 0), 0);
			let folded = 0;
			adds.forEach(([from, length, single], step) => {
				let to = from;
				while (to < from + length && !isDropped.has(to)) to += 1;
				if (to === from) return;
				if (single) to = from + 1;
				let fresh = 0;
				for (let seq = Math.max(from, set.floor); seq < to; seq++) {
					if (!model.has(seq)) fresh += 1;
					model.add(seq);
				}
				assert.is(addRange(set, from, to, dropsBelow(from)), fresh);
				if (step === 20) {
					forgetBelow(set, forgetAt, (low, high, before, after) => {
						folded += high - low;
						assert.is(after - before, dropsBelow(high) - dropsBelow(low));
						for (let seq = low; seq < high; seq++) assert.not(model.has(seq));
					});
				}
				assert.is(set.count, model.size);
			});
			const end = Math.max(0, ...[...model].map((seq) => seq + 1));
			assert.is(set.to, end);
			const missing = gapsOf(set).reduce((sum, [low, high]) => sum + high - low, 0);
			assert.is(missing + folded, end - model.size, "every number below the end arrived or is in one gap");
			for (const [low, high, before, after] of gapsOf(set)) {
				for (let seq = low; seq < high; seq++) assert.not(model.has(seq));
				assert.is(after - before, dropsBelow(high) - dropsBelow(low));
			}
			for (let seq = set.floor; seq < 140; seq++) assert.is(contains(set, seq), model.has(seq));
			const [low, high] = [Math.max(set.floor, 30), Math.max(set.floor, 90)];
			assert.is(countWithin(set, low, high), [...model].filter((seq) => low <= seq && seq < high).length);
		}),
		{ seed, numRuns: 2_000 },
	);
});

test.run();
