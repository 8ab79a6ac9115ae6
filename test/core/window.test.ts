import { test } from "uvu";
import * as assert from "uvu/assert";
import {
	BARRIER_TIMEOUT_MS,
	BARRIERS_MAX,
	WINDOW_BYTES_MAX,
	WINDOW_BYTES_MIN,
	WINDOW_BYTES_START,
} from "../../src/core/limits.js";
import { createWindow } from "../../src/core/window.js";
import { createRandom, seed } from "../support/seed.js";

const make = (atRisk = 100) => createWindow({ atRisk, confirmMs: 5_000 });

test("a barrier confirms what was sent before it and nothing after", () => {
	const window = make();
	window.sent(0, 10, 100, 0);
	window.barrierSent(1);
	window.sent(10, 20, 100, 2);
	assert.is(window.barrierReturned(3), 10);
	assert.is(window.readings(), 20);
	assert.is(window.barrierReturned(4), -1, "no barrier is out");
});

test("no more readings than at_risk are admitted", () => {
	const window = make(100);
	window.sent(0, 60, 100, 0);
	assert.is(window.admits(40, 100), true);
	assert.is(window.admits(41, 100), false);
});

test("an empty window admits a frame beyond its byte limit, or a large one could never go", () => {
	const window = make();
	assert.is(window.admits(1, WINDOW_BYTES_MAX), true);
	window.sent(0, 1, WINDOW_BYTES_START, 0);
	assert.is(window.admits(1, 1), false);
});

test("the byte limit doubles with quick barriers and halves with slow ones, within its bounds", () => {
	const window = make();
	const room = () => {
		let bytes = WINDOW_BYTES_MAX;
		window.sent(0, 1, 1, 0);
		while (!window.admits(1, bytes - 1)) bytes /= 2;
		window.barrierSent(0);
		return bytes;
	};
	const limits: number[] = [];
	for (let i = 0; i < 5; i++) {
		limits.push(room());
		window.barrierReturned(10);
	}
	assert.equal(limits, [8_192, 16_384, 32_768, 65_536, 65_536]);
	for (let i = 0; i < 8; i++) {
		room();
		window.barrierReturned(9_000);
	}
	assert.is(room(), WINDOW_BYTES_MIN);
});

test("a barrier is due at half the window, when a frame is blocked, or after confirm", () => {
	const window = make(100);
	assert.is(window.barrierDue(10_000, false), false, "nothing in flight needs none");
	window.sent(0, 49, 10, 1_000);
	assert.is(window.barrierDue(5_999, false), false);
	assert.is(window.barrierDue(5_999, true), true);
	assert.is(window.barrierDue(6_000, false), true);
	assert.is(window.wakeAtMs(), 6_000);
	window.sent(49, 1, 10, 1_000);
	assert.is(window.barrierDue(1_000, false), true);
	window.barrierSent(1_000);
	assert.is(window.barrierDue(99_000, true), false, "one of our own at a time");
	assert.is(window.wakeAtMs(), 1_000 + BARRIER_TIMEOUT_MS);
});

test("a frame sent after the barrier still gets its own after confirm", () => {
	const window = make(100);
	window.sent(0, 1, 10, 0);
	window.barrierSent(5_000);
	window.sent(1, 1, 10, 5_500);
	window.barrierReturned(6_000);
	assert.is(window.wakeAtMs(), 10_500);
});

test("one status at a time waits for its barrier", () => {
	const window = make();
	assert.is(window.admitsStatus(), true);
	window.barrierSent(0);
	window.statusSent(1);
	window.barrierReturned(2);
	assert.is(window.admitsStatus(), false, "that barrier was sent before it");
	assert.is(window.barrierDue(5_001, false), true);
	window.barrierSent(5_001);
	window.barrierReturned(5_002);
	assert.is(window.admitsStatus(), true);
});

test("an unanswered barrier makes the link dead, and too many say so at once", () => {
	const window = make();
	assert.is(window.barrierSent(0), true);
	assert.is(window.isDead(BARRIER_TIMEOUT_MS - 1), false);
	assert.is(window.isDead(BARRIER_TIMEOUT_MS), true);
	for (let i = 1; i < BARRIERS_MAX; i++) assert.is(window.barrierSent(i), true);
	assert.is(window.barrierSent(99), false);
});

test("close gives every frame in flight and starts anew", () => {
	const window = make();
	window.sent(0, 3, 10, 0);
	window.barrierSent(0);
	window.sent(7, 2, 10, 0);
	window.barrierReturned(1);
	window.sent(20, 1, 10, 1);
	const lost: [number, number][] = [];
	window.close((seq, readings) => lost.push([seq, readings]));
	assert.equal(lost, [
		[7, 2],
		[20, 1],
	]);
	assert.equal([window.readings(), window.bytes(), window.barrierReturned(2)], [0, 0, -1]);
});

test("against a plain list of what was sent, over random histories", () => {
	for (let round = 0; round < 500; round++) {
		const random = createRandom(seed + round);
		const atRisk = 1 + Math.floor(random() * 20);
		const window = createWindow({ atRisk, confirmMs: 100 });
		let flight: { seq: number; readings: number; bytes: number }[] = [];
		const barriers: number[] = [];
		let seq = 0;
		for (let step = 0; step < 200; step++) {
			const where = `seed ${seed + round} step ${step}`;
			const dice = random();
			if (dice < 0.5) {
				const frame = { seq, readings: 1 + Math.floor(random() * atRisk), bytes: 1 + Math.floor(random() * 4_000) };
				const inFlight = flight.reduce((sum, { readings }) => sum + readings, 0);
				if (!window.admits(frame.readings, frame.bytes)) continue;
				assert.ok(inFlight + frame.readings <= atRisk, where);
				window.sent(frame.seq, frame.readings, frame.bytes, step);
				flight.push(frame);
				seq += frame.readings + Math.floor(random() * 3);
			} else if (dice < 0.7) {
				assert.is(window.barrierSent(step), barriers.length < BARRIERS_MAX, where);
				if (barriers.length < BARRIERS_MAX) barriers.push(flight.length);
			} else if (dice < 0.95) {
				const covered = barriers.shift();
				const done = covered === undefined ? [] : flight.splice(0, covered);
				const expected = covered === undefined ? -1 : done.reduce((sum, { readings }) => sum + readings, 0);
				assert.is(window.barrierReturned(step), expected, where);
				barriers.forEach((_, i) => {
					barriers[i] = (barriers[i] as number) - (covered ?? 0);
				});
			} else {
				const lost: [number, number][] = [];
				window.close((from, readings) => lost.push([from, readings]));
				assert.equal(
					lost,
					flight.map((frame) => [frame.seq, frame.readings]),
					where,
				);
				flight = [];
				barriers.length = 0;
			}
			assert.is(
				window.readings(),
				flight.reduce((sum, { readings }) => sum + readings, 0),
				where,
			);
			assert.is(
				window.bytes(),
				flight.reduce((sum, { bytes }) => sum + bytes, 0),
				where,
			);
		}
	}
});

test.run();
