// The simulation as far as every check plays it, in worlds that are the same each time. `npm run sim` plays more of them,
// and any of them again.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { failureWords, playForCheck } from "./for-check.js";
import { RARE_STATES } from "./rare-states.js";
import { scenarioOf } from "./scenario.js";
import { batchWords, rarelyReached } from "./seeds.js";
import { simulate } from "./simulate.js";

const SAME_SEEDS = 400;
/** Then as many more as a machine has time for: all of them in about a minute on two idle cores. */
const MORE_SEEDS = 600;
const MORE_MS = 90_000;
/** Reached at least this often in the worlds that are the same each time. */
const REACHED_MIN = 10;

test("every invariant holds in every world, and every rare state is reached", async () => {
	const batch = await playForCheck(1, SAME_SEEDS);
	console.log(`seeds from 1: ${batchWords(batch)}`);
	assert.is(failureWords(batch), "");
	assert.ok(RARE_STATES.length >= 50);
	assert.equal(rarelyReached(batch, REACHED_MIN), []);
});

test("and in more of them, as far as the time goes", async () => {
	const batch = await playForCheck(1 + SAME_SEEDS, MORE_SEEDS, MORE_MS);
	console.log(`seeds from ${1 + SAME_SEEDS}: ${batchWords(batch)}`);
	assert.is(failureWords(batch), "");
});

test("a seed is the same world each time", () => {
	const first = simulate(scenarioOf(4));
	assert.equal(simulate(scenarioOf(4)), first);
	assert.equal(simulate(JSON.parse(JSON.stringify(scenarioOf(4)))), first, "and so is its scenario as JSON");
});

test.run();
