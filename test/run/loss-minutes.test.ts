import { mock } from "node:test";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LOSS_MINUTES } from "../../src/core/limits.js";
import { createLossMinutes } from "../../src/run/loss-minutes.js";

const test = suite("loss minutes");

const MINUTE_MS = 60_000;

test.before.each(() => mock.timers.enable({ apis: ["setInterval"] }));
test.after.each(() => mock.timers.reset());

/** A run whose counters the test moves. */
function createRun() {
	const totals = { overflow: 0, expired: 0, oversize: 0, shutdown: 0, uncertain: 0, rejected: 0 };
	const record = createLossMinutes(() => ({ ...totals }));
	record.start();
	return { totals, record, overflow: () => record.minutes().map(({ overflow }) => overflow) };
}

test("tells each loss in the minute in which it happened, that which runs included", () => {
	const { totals, record, overflow } = createRun();
	totals.overflow = 5;
	assert.equal(overflow(), [5]);
	mock.timers.tick(MINUTE_MS);
	assert.equal(overflow(), [5, 0]);
	totals.overflow = 7;
	totals.uncertain = 1;
	mock.timers.tick(2 * MINUTE_MS);
	assert.equal(overflow(), [5, 2, 0, 0]);
	assert.equal(
		record.minutes().map(({ uncertain }) => uncertain),
		[0, 1, 0, 0],
	);
});

test("a loss stays for a whole hour, and no longer than the minute that runs", () => {
	const { totals, record, overflow } = createRun();
	totals.overflow = 5;
	mock.timers.tick(LOSS_MINUTES * MINUTE_MS);
	assert.is(overflow().length, LOSS_MINUTES + 1);
	assert.is(overflow()[0], 5);
	mock.timers.tick(MINUTE_MS);
	assert.is(overflow().length, LOSS_MINUTES + 1);
	assert.ok(overflow().every((lost) => lost === 0));
	totals.overflow = 6;
	assert.is(overflow().at(-1), 1);
	record.stop();
	mock.timers.tick(MINUTE_MS);
	assert.is(overflow().at(-1), 1);
});

test.run();
