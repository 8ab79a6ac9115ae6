// What is made of timedatectl's word about the clock, and that it is asked again.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isSynchronised, watchClockSync } from "../../src/run/clock-sync.js";
import { until } from "../support/wait.js";

const NOW_MS = Date.UTC(2026, 10, 21);

test("timedatectl's word counts, and where it says nothing a plausible clock is taken as good", () => {
	assert.is(isSynchronised("yes\n", 0), true);
	assert.is(isSynchronised("no\n", NOW_MS), false);
	for (const nothing of ["", "\n", "Failed to connect to bus"]) {
		assert.is(isSynchronised(nothing, NOW_MS), true, nothing);
		assert.is(isSynchronised(nothing, Date.UTC(1970, 0, 2)), false, nothing);
	}
});

test("the clock counts as not synchronised until the first answer", async () => {
	const clock = watchClockSync(async () => true);
	assert.is(clock.synchronised(), false);
	await until("the first answer", () => clock.synchronised());
	clock.stop();
});

test.run();
