// The simulation in worlds of the day, so that all checks together see more than any one of them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { failureWords, playForCheck } from "./for-check.js";
import { batchWords } from "./seeds.js";

const SEEDS = 50;
const DAY_MS = 86_400_000;

test("every invariant holds in the worlds of the day", async () => {
	const from = 1_000_000 + (Math.floor(Date.now() / DAY_MS) % 1_000_000) * 1_000;
	const batch = await playForCheck(from, SEEDS);
	console.log(`seeds from ${from}: ${batchWords(batch)}`);
	assert.is(failureWords(batch), "");
});

test.run();
