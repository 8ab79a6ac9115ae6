import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createReadingBuffer, isExpired, type Policy, type ReadingBuffer } from "../../src/core/reading-buffer.js";
import type { DropReason, Value } from "../../src/core/value.js";
import { seed } from "../support/seed.js";

interface Entry {
	readonly seq: number;
	readonly stream: number;
	readonly source: number;
	readonly value: Value;
	readonly capturedMs: number;
}

function make(capacity: number, policy: Policy = "drop-oldest", ttlMs = 1_000) {
	const dropped: [number, DropReason][] = [];
	const buffer = createReadingBuffer({ capacity, ttlMs, policy, drop: (seq, reason) => dropped.push([seq, reason]) });
	return { buffer, dropped };
}

function content(buffer: ReadingBuffer): Omit<Entry, "source">[] {
	const entries: Omit<Entry, "source">[] = [];
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
	assert.equal(dropped, [
		[1, "oversize"],
		[2, "oversize"],
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

const anyValue = fc.oneof(
	fc.double({ noNaN: true, noDefaultInfinity: true }),
	fc.boolean(),
	fc.string({ unit: "binary", maxLength: 40 }),
	// Long enough that a handful fills the arena of 65,536 bytes, so that its own overflow and wrap are met.
	fc.integer({ min: 1, max: 30_000 }).map((length) => "abcdefghij".repeat(length / 10)),
	fc.uint8Array({ maxLength: 30 }),
);
const command = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constant("push" as const),
			value: anyValue,
			lagMs: fc.nat(3),
			source: fc.constantFrom(0, 0, 0, 0, 1, 2, 63),
		}),
	},
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("take" as const), readings: fc.nat(5) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const), afterMs: fc.nat(400) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const) }) },
);

/** Bytes a value takes in the arena. */
const sizeOf = (value: Value): number =>
	typeof value === "string" ? Buffer.byteLength(value) : value instanceof Uint8Array ? value.length : 0;

/** Whose reading gives way in a full buffer, by the rule in words: the source that holds the most, the newcomer's at a tie. */
function victim(list: readonly Entry[], entry: Entry, policy: Policy): number {
	const held = (source: number): number => list.filter((each) => each.source === source).length;
	const most = Math.max(...list.map((each) => held(each.source)));
	const from =
		held(entry.source) === most
			? entry.source
			: Math.min(...list.map(({ source }) => source).filter((source) => held(source) === most));
	const own = list.filter(({ source }) => source === from).map(({ seq }) => seq);
	if (policy === "drop-oldest") return own[0] as number;
	return from === entry.source ? entry.seq : (own.at(-1) as number);
}

test("does what a plain list does, whatever is pushed, taken, expired and dropped", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 9 }),
			fc.constantFrom<Policy>("drop-oldest", "drop-newest"),
			fc.array(command, { maxLength: 120 }),
			(capacity, policy, commands) => {
				const { buffer, dropped } = make(capacity, policy);
				let list: Entry[] = [];
				const gone: [number, DropReason][] = [];
				let nowMs = 0;
				let seq = 0;
				let textBytes = 0;
				for (const step of commands) {
					if (step.do === "push") {
						const { value, source } = step;
						const entry = { seq: seq++, stream: seq % 5, source, value, capturedMs: nowMs - step.lagMs };
						buffer.push(entry.seq, entry.stream, source, value, entry.capturedMs);
						// How much text fits depends on where entries lie in the arena: the list follows what the buffer says
						// of text, and checks that it never gives up while all text since there was none would fit.
						const told = dropped.slice(gone.length);
						gone.push(...told);
						const expected = list.length === capacity ? [victim(list, entry, policy)] : [];
						textBytes = (list.some((each) => sizeOf(each.value) > 0) ? textBytes : 0) + sizeOf(value) + 4;
						list = [...list, entry].filter((each) => !told.some(([lost]) => lost === each.seq));
						if (sizeOf(value) === 0 || textBytes < 16_384) {
							assert.equal(
								told,
								expected.map((lost) => [lost, "overflow"]),
							);
						}
						assert.ok(told.every(([, reason]) => reason === "overflow"));
					} else if (step.do === "take") {
						const readings = Math.min(step.readings, list.length);
						buffer.take(readings);
						list = list.slice(readings);
					} else if (step.do === "expire") {
						nowMs += step.afterMs;
						buffer.expire(nowMs);
						while (list[0] && nowMs - list[0].capturedMs >= 1_000) gone.push([(list.shift() as Entry).seq, "expired"]);
					} else if (list.length > 0) {
						buffer.dropOldest("shutdown");
						gone.push([(list.shift() as Entry).seq, "shutdown"]);
					}
					assert.equal(dropped, gone);
					assert.equal(
						content(buffer),
						list.map(({ source: _, ...rest }) => rest),
					);
				}
			},
		),
		{ seed, numRuns: 2_000 },
	);
});

test.run();
