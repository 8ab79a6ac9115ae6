import { test } from "uvu";
import * as assert from "uvu/assert";
import { createBackoff, STABLE_MS } from "../../src/uplink/backoff.js";

test("the ceiling doubles up to the maximum, and the delay is anywhere below it", () => {
	const high = createBackoff(500, 60_000, () => 0.999_999);
	const ceilings = Array.from({ length: 10 }, () => Math.round(high.next()));
	assert.equal(ceilings, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
	const low = createBackoff(500, 60_000, () => 0);
	assert.is(low.next(), 0, "full jitter begins at zero");
});

test("only a connection that held and delivered starts it anew", () => {
	const backoff = createBackoff(500, 60_000, () => 1);
	for (let i = 0; i < 5; i++) backoff.next();
	backoff.ended(STABLE_MS - 1, true);
	assert.is(backoff.next(), 16_000, "thrown out at once, as with two agents of one client id");
	backoff.ended(STABLE_MS, false);
	assert.is(backoff.next(), 32_000, "held, but never confirmed a thing");
	backoff.ended(STABLE_MS, true);
	assert.is(backoff.next(), 500);
});

test.run();
