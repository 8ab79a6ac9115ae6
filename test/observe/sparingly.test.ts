import { test } from "uvu";
import * as assert from "uvu/assert";
import { sparingly } from "../../src/observe/sparingly.js";

/** Values 1, 2, ... of which each takes this long to make, asked for once a second from 0 on. */
function askEverySecond(costMs: (made: number) => number, seconds: number): number[] {
	let nowMs = 0;
	let made = 0;
	const ask = sparingly(
		() => {
			made += 1;
			nowMs += costMs(made);
			return made;
		},
		() => nowMs,
	);
	return Array.from({ length: seconds }, (_, second) => {
		nowMs = second * 1_000;
		return ask();
	});
}

test("what takes up to 50 ms is made every second", () => {
	assert.equal(
		askEverySecond(() => 0, 4),
		[1, 2, 3, 4],
	);
	assert.equal(
		askEverySecond(() => 50, 4),
		[1, 2, 3, 4],
	);
});

test("what takes longer is made so much less often that it takes no more than a twentieth of the time", () => {
	assert.equal(
		askEverySecond(() => 51, 6),
		[1, 2, 2, 3, 3, 4],
	);
	assert.equal(
		askEverySecond(() => 150, 8),
		[1, 2, 2, 2, 3, 3, 3, 4],
	);
});

test("whatever it takes, it is made every five seconds", () => {
	assert.equal(
		askEverySecond(() => 900, 12),
		[1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4],
	);
});

test("one that took long for once, as the first does, keeps nobody waiting", () => {
	assert.equal(
		askEverySecond((made) => (made === 1 || made === 4 ? 900 : 5), 6),
		[1, 2, 3, 4, 5, 6],
	);
});

test.run();
