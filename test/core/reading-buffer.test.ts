import { test } from "uvu";
import * as assert from "uvu/assert";
import { createReadingBuffer, isExpired, type Policy, type ReadingBuffer } from "../../src/core/reading-buffer.js";
import type { DropReason, Value } from "../../src/core/value.js";

function make(capacity: number, policy: Policy = "drop-oldest", ttlMs = 1_000) {
	const dropped: [number, DropReason][] = [];
	const buffer = createReadingBuffer({ capacity, ttlMs, policy, drop: (seq, reason) => dropped.push([seq, reason]) });
	return { buffer, dropped };
}

function content(buffer: ReadingBuffer) {
	const entries: { seq: number; stream: number; value: Value; capturedMs: number }[] = [];
	buffer.walk(buffer.count(), (seq, stream, value, capturedMs) => {
		entries.push({ seq, stream, value, capturedMs });
		return true;
	});
	return entries;
}

test("evicts the oldest reading when full, and says which", () => {
	const { buffer, dropped } = make(3);
	for (let seq = 0; seq < 5; seq++) buffer.push(seq, 1, 0, seq * 10, seq);
	assert.equal(dropped, [
		[0, "overflow"],
		[1, "overflow"],
	]);
	assert.equal(
		content(buffer).map(({ seq }) => seq),
		[2, 3, 4],
	);
});

test("drop-newest keeps what is there and drops what comes", () => {
	const { buffer, dropped } = make(2, "drop-newest");
	for (let seq = 0; seq < 4; seq++) buffer.push(seq, 0, 0, true, seq);
	assert.equal(dropped, [
		[2, "overflow"],
		[3, "overflow"],
	]);
	assert.equal(
		content(buffer).map(({ seq }) => seq),
		[0, 1],
	);
});

test("a reading has expired at exactly its TTL, not a tick before", () => {
	assert.is(isExpired(100, 1_099.999, 1_000), false);
	assert.is(isExpired(100, 1_100, 1_000), true);
	const { buffer, dropped } = make(4);
	buffer.push(0, 0, 0, 1, 100);
	buffer.push(1, 0, 0, 2, 101);
	buffer.expire(1_099.9);
	assert.is(buffer.count(), 2);
	buffer.expire(1_100);
	assert.equal(dropped, [[0, "expired"]]);
});

test("text beyond the arena is oversize and leaves the rest alone", () => {
	const { buffer, dropped } = make(4);
	buffer.push(0, 0, 0, "kept", 0);
	buffer.push(1, 0, 0, "x".repeat(65_537), 0);
	buffer.push(2, 0, 0, "é".repeat(32_769), 0);
	buffer.push(3, 0, 0, new Uint8Array(65_537), 0);
	assert.equal(dropped, [
		[1, "oversize"],
		[2, "oversize"],
		[3, "oversize"],
	]);
	assert.equal(content(buffer)[0]?.value, "kept");
});

test("text of the largest size fits a buffer of one slot, again and again", () => {
	const { buffer, dropped } = make(1);
	for (let seq = 0; seq < 10; seq++) buffer.push(seq, 0, 0, `${seq}`.repeat(65_536), 0);
	assert.is(dropped.length, 9);
	assert.is(content(buffer)[0]?.value, "9".repeat(65_536));
});

test("an empty text costs no bytes and comes back empty", () => {
	const { buffer } = make(3);
	for (let seq = 0; seq < 7; seq++) buffer.push(seq, 0, 0, seq % 2 ? "" : "even", 0);
	assert.equal(
		content(buffer).map(({ value }) => value),
		["even", "", "even"],
	);
});

test("a byte order mark at the start of a text is part of it", () => {
	const { buffer } = make(2);
	buffer.push(0, 0, 0, "\ufeffT=21", 0);
	assert.is(content(buffer)[0]?.value, "\ufeffT=21");
});

test("a flooding source pushes out its own readings and nobody else's", () => {
	for (const policy of ["drop-oldest", "drop-newest"] as const) {
		const { buffer, dropped } = make(100, policy);
		for (let seq = 0; seq < 10_000; seq++) buffer.push(seq, 0, seq % 500 === 0 ? 1 : 0, seq, 0);
		const quiet = content(buffer).filter(({ seq }) => seq % 500 === 0);
		assert.is(quiet.length, 20, policy);
		assert.ok(dropped.every(([seq]) => seq % 500 !== 0));
		const newest = content(buffer).at(-2)?.seq as number;
		assert.ok(policy === "drop-oldest" ? newest > 9_900 : newest < 9_600, `${policy}: ${newest}`);
	}
});

test.run();
