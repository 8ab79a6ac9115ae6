import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createPacer, PAUSE_MAX_MS } from "../../src/sources/serial/pacing.js";
import "../support/seed.js";

const test = suite("pacing");

test("pauses for PAUSE_MAX_MS on slow lines, and less where the kernel's buffer would fill", () => {
	const first = (baud: number): number => createPacer(baud).pauseAfter(1);
	assert.is(first(9_600), PAUSE_MAX_MS);
	assert.is(first(921_600), PAUSE_MAX_MS);
	assert.is(first(2_000_000), 5);
	assert.is(first(4_000_000), 2);
});

test("follows a port that brings more than its baud: down to none, and back", () => {
	const pacer = createPacer(9_600);
	const down = [4_095, 4_095, 4_095, 4_095, 4_095].map((bytes) => pacer.pauseAfter(bytes));
	assert.equal(down, [5, 2, 1, 0, 0]);
	const up = [100, 100, 100, 100, 100].map((bytes) => pacer.pauseAfter(bytes));
	assert.equal(up, [1, 3, 7, 10, 10]);
	assert.is(pacer.pauseAfter(1_000), 10);
});

test("is never negative, never beyond its bound", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 50, max: 4_000_000 }),
			fc.array(fc.integer({ min: 1, max: 16_384 })),
			(baud, reads) => {
				const pacer = createPacer(baud);
				for (const bytes of reads) {
					const pauseMs = pacer.pauseAfter(bytes);
					assert.ok(Number.isInteger(pauseMs) && pauseMs >= 0 && pauseMs <= PAUSE_MAX_MS);
				}
			},
		),
	);
});

test.run();
