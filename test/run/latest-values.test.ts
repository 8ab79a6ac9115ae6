import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STREAMS_SHOWN_MAX } from "../../src/core/limits.js";
import { createLatestValues } from "../../src/run/latest-values.js";

const test = suite("latest values");

test("has the last value of each stream that has one, whatever its type was before", () => {
	const latest = createLatestValues();
	for (const [stream, name] of ["a.x", "a.y", "b.z"].entries()) latest.name(stream, name);
	assert.equal(latest.values(0), []);
	latest.note(2, "open", 100);
	latest.note(0, 1, 100);
	latest.note(0, -0.5, 250);
	assert.equal(latest.values(300), [
		{ name: "a.x", value: -0.5, ageMs: 50 },
		{ name: "b.z", value: "open", ageMs: 200 },
	]);
	latest.note(2, 3, 300);
	latest.note(0, false, 300);
	assert.equal(
		latest.values(300).map(({ value }) => value),
		[false, 3],
	);
	assert.is(latest.streams(), 3);
});

test("keeps of bytes how many they are, and shows the beginning of a long text", () => {
	const latest = createLatestValues();
	latest.name(0, "a.x");
	latest.note(0, new Uint8Array(7), 0);
	assert.is(latest.values(0)[0]?.value, "7 bytes");
	latest.note(0, "x".repeat(81), 0);
	assert.is(latest.values(0)[0]?.value, `${"x".repeat(80)}…`);
});

test("keeps no more streams than it has room for, and counts the others", () => {
	const latest = createLatestValues();
	for (let stream = 0; stream < STREAMS_SHOWN_MAX + 9; stream++) {
		latest.name(stream, `a.${stream}`);
		latest.note(stream, stream, 0);
	}
	assert.is(latest.values(0).length, STREAMS_SHOWN_MAX);
	assert.is(latest.values(0).at(-1)?.value, STREAMS_SHOWN_MAX - 1);
	assert.is(latest.streams(), STREAMS_SHOWN_MAX + 9);
});

test.run();
