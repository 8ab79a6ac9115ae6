import { test } from "uvu";
import * as assert from "uvu/assert";
import { createLossLedger } from "../../src/core/loss-ledger.js";
import type { LossReason } from "../../src/core/value.js";
import { createRandom, seed } from "../support/seed.js";

test("neighbours of one reason become one range, at either end and between", () => {
	const ledger = createLossLedger(8);
	ledger.add(10, 12, "expired");
	ledger.add(13, 13, "expired");
	ledger.add(16, 17, "expired");
	ledger.add(9, 9, "expired");
	ledger.add(14, 15, "expired");
	assert.equal(ledger.ranges(), [[9, 17, "expired"]]);
});

test("neighbours of different reasons stay apart", () => {
	const ledger = createLossLedger(8);
	ledger.add(0, 4, "overflow");
	ledger.add(5, 9, "uncertain");
	assert.equal(ledger.ranges(), [
		[0, 4, "overflow"],
		[5, 9, "uncertain"],
	]);
});

test("when full, the two oldest become one mixed range, and later losses inside it are part of it", () => {
	const ledger = createLossLedger(3);
	for (const seq of [0, 10, 20, 30]) ledger.add(seq, seq, "overflow");
	assert.equal(ledger.ranges(), [
		[0, 10, "mixed"],
		[20, 20, "overflow"],
		[30, 30, "overflow"],
	]);
	ledger.add(4, 6, "uncertain");
	assert.equal(ledger.ranges()[0], [0, 10, "mixed"]);
	ledger.add(40, 40, "expired");
	assert.equal(ledger.ranges()[0], [0, 20, "mixed"]);
});

test("a seq beyond 2^32 keeps every digit", () => {
	const ledger = createLossLedger(4);
	ledger.add(2 ** 40 + 1, 2 ** 40 + 3, "shutdown");
	assert.equal(ledger.ranges(), [[2 ** 40 + 1, 2 ** 40 + 3, "shutdown"]]);
});

test("against a set of all losses: bounded, sorted, disjoint, nothing missing, no reason wrong", () => {
	const reasons: readonly LossReason[] = ["overflow", "expired", "uncertain"];
	for (let round = 0; round < 400; round++) {
		const random = createRandom(seed + round);
		const max = 2 + Math.floor(random() * 8);
		const ledger = createLossLedger(max);
		const truth = new Map<number, LossReason>();
		let at = 0;
		const late: [number, number, LossReason][] = [];
		for (let step = 0; step < 60; step++) {
			at += Math.floor(random() * 4);
			const to = at + Math.floor(random() * 5);
			const range: [number, number, LossReason] = [at, to, reasons[Math.floor(random() * 3)] as LossReason];
			at = to + 1;
			// Some are booked late, as readings in flight are when their connection ends.
			if (random() < 0.3) late.push(range);
			else book(range);
			if (random() < 0.2) for (const each of late.splice(0)) book(each);
		}
		function book([from, to, reason]: [number, number, LossReason]): void {
			ledger.add(from, to, reason);
			for (let seq = from; seq <= to; seq++) truth.set(seq, reason);
			check();
		}
		function check(): void {
			const where = `seed ${seed + round}`;
			const ranges = ledger.ranges();
			assert.ok(ranges.length <= max, where);
			ranges.forEach(([from, to, reason], i) => {
				const next = ranges[i + 1];
				assert.ok(from <= to && (next === undefined || to < next[0]), where);
				assert.ok(next === undefined || to + 1 < next[0] || reason !== next[2] || reason === "mixed", where);
				if (reason !== "mixed") for (let seq = from; seq <= to; seq++) assert.is(truth.get(seq), reason, where);
				if (reason === "mixed") assert.is(i, 0, `${where}: only the oldest range is mixed`);
			});
			for (const seq of truth.keys())
				assert.ok(
					ranges.some(([from, to]) => from <= seq && seq <= to),
					`${where}: ${seq}`,
				);
		}
	}
});

test.run();
