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
	window.statusSent();
	window.barrierReturned(2);
	assert.is(window.admitsStatus(), false, "that barrier was sent before it");
	assert.is(window.barrierDue(2, false), true, "its own is due at once");
	assert.is(window.wakeAtMs(), 0);
	window.barrierSent(3);
	window.barrierReturned(4);
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

test.run();
