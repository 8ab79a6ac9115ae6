import { test } from "uvu";
import * as assert from "uvu/assert";
import {
	addLatency,
	createLatencySketch,
	LATENCY_RELATIVE_ERROR,
	latencyFromState,
	latencyQuantile,
	latencyState,
} from "../../src/reconcile/latency.js";
import { createRandom, seed } from "../support/seed.js";

test("against the sorted list: every quantile within the stated error, over many distributions", () => {
	for (let round = 0; round < 200; round++) {
		const random = createRandom(seed + round);
		const spread = 1 + random() * 18;
		const sketch = createLatencySketch();
		const all: number[] = [];
		for (let i = 0; i < 1 + random() * 500; i++) {
			const latencyMs = Math.exp(random() * spread);
			addLatency(sketch, latencyMs);
			all.push(latencyMs);
		}
		all.sort((a, b) => a - b);
		for (const q of [0, 0.5, 0.9, 0.95, 0.99, 1]) {
			const truth = all[Math.floor(q * (all.length - 1))] as number;
			const found = latencyQuantile(sketch, q) ?? Number.NaN;
			assert.ok(Math.abs(found - truth) <= truth * (LATENCY_RELATIVE_ERROR + 1e-9), `seed ${seed + round} q ${q}`);
		}
		assert.equal(latencyFromState(latencyState(sketch)), sketch);
	}
});

test("nothing below 0, above the last bucket or without a reading is made up", () => {
	const sketch = createLatencySketch();
	assert.is(latencyQuantile(sketch, 0.5), null);
	addLatency(sketch, 0);
	assert.is(latencyQuantile(sketch, 0.5), 0);
	addLatency(sketch, Number.MAX_SAFE_INTEGER, 9);
	assert.ok((latencyQuantile(sketch, 0.5) ?? 0) > 8 * 86_400_000);
	assert.is(sketch.count, 10);
});

test("a state that is not one gives no sketch", () => {
	for (const state of [[1], [1_024, 5], [3, 0]]) assert.is(latencyFromState(state), null);
});

test.run();
