import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decimalPlaces } from "../../src/wire/scale.js";
import { seed } from "../support/seed.js";

test("a decimal number needs the places it is written with", () => {
	for (const [value, places] of [
		[0, 0],
		[21, 0],
		[-21.5, 1],
		[21.37, 2],
		[52.520008, 6],
		[1e-9, 9],
		[1e-10, -1],
		[0.1 + 0.2, -1],
		[Math.PI, -1],
		[2 ** 53, -1],
		[1e300, -1],
		[5e-324, -1],
	] as const) {
		assert.is(decimalPlaces(value), places, `${value}`);
	}
});

test("the scaled integer over the power of ten is the very double", () => {
	fc.assert(
		fc.property(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), fc.integer({ min: 0, max: 9 }), (digits, written) => {
			const value = Number(`${digits}e-${written}`);
			const places = decimalPlaces(value);
			if (places < 0) return;
			assert.ok(places <= written);
			assert.is(Math.round(value * 10 ** places) / 10 ** places, value);
		}),
		{ seed, numRuns: 20_000 },
	);
});

test.run();
