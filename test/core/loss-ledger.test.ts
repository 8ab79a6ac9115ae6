import { test } from "uvu";
import * as assert from "uvu/assert";
import { createLossLedger } from "../../src/core/loss-ledger.js";

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

test("what is booked late below the mixed range is merged into it when there is no room", () => {
	const ledger = createLossLedger(3);
	for (const seq of [2, 4, 6, 8]) ledger.add(seq, seq, "overflow");
	ledger.add(7, 7, "overflow");
	assert.equal(ledger.ranges(), [
		[2, 4, "mixed"],
		[6, 8, "overflow"],
	]);
	ledger.add(1, 1, "uncertain");
	ledger.add(0, 0, "expired");
	assert.equal(ledger.ranges(), [
		[0, 4, "mixed"],
		[6, 8, "overflow"],
	]);
});

test.run();
