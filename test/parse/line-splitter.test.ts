import { Buffer } from "node:buffer";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createLineSplitter, type LineSplitter } from "../../src/sources/parse/line-splitter.js";
import "../support/seed.js";

const test = suite("line splitter");

interface Split {
	readonly splitter: LineSplitter;
	/** Lines, and `!reason` for rejections, in their order. */
	readonly events: string[];
	/** One read. */
	feed(bytes: Buffer | string): void;
}

function createSplit(maxLine = 32): Split {
	const events: string[] = [];
	const splitter = createLineSplitter({
		maxLine,
		onLine: (line) => events.push(line),
		onReject: (reason) => events.push(`!${reason}`),
	});
	return {
		splitter,
		events,
		feed(bytes) {
			const read = Buffer.concat([Buffer.from(bytes), Buffer.from("\nstale")]);
			splitter.push(read, read.length - 6, 0);
		},
	};
}

function eventsOf(reads: readonly (Buffer | string)[], maxLine = 32): readonly string[] {
	const split = createSplit(maxLine);
	for (const read of reads) split.feed(read);
	split.splitter.reset();
	return split.events;
}

test("cuts at \\n, takes off a \\r before it, and ignores empty lines", () => {
	assert.equal(eventsOf(["a\nb\r\n\n\r\nc\n"]), ["a", "b", "c"]);
	assert.equal(eventsOf(["a\n", "\n", "\r", "\n", "b\r", "\nc", "\n"]), ["a", "b", "c"]);
	assert.equal(eventsOf([" \n"]), [" "]);
});

test("joins a line that is spread over reads, with the capture time of its end", () => {
	const times: number[] = [];
	const splitter = createLineSplitter({
		maxLine: 32,
		onLine: (_, capturedMs) => times.push(capturedMs),
		onReject: () => assert.unreachable(),
	});
	splitter.push(Buffer.from("he"), 2, 1);
	splitter.push(Buffer.from("llo\nwor"), 7, 2);
	splitter.push(Buffer.from("ld\n"), 3, 3);
	assert.equal(times, [2, 3]);
});

test("throws a line beyond max_line away up to its end and counts it once", () => {
	const most = "x".repeat(32);
	assert.equal(eventsOf([`${most}\n`]), [most]);
	assert.equal(eventsOf([`${most}\r\n`]), [most]);
	assert.equal(eventsOf([most, "\r", "\n"]), [most]);
	assert.equal(eventsOf([`${most}x\nb\n`]), ["!too_long", "b"]);
	assert.equal(eventsOf([`${most}x\r\nb\n`]), ["!too_long", "b"]);
	assert.equal(eventsOf([most, "x", most, most, "\nb\n"]), ["!too_long", "b"]);
	assert.equal(eventsOf([most, "\r", "x", "\nb\n"]), ["!too_long", "b"]);
	assert.equal(eventsOf([most, most, most]), ["!too_long"]);
});

test("counts what a lost port cut off as partial, and forgets it", () => {
	const split = createSplit();
	split.feed("a\nhal");
	split.splitter.reset();
	split.feed("b\n");
	split.splitter.reset();
	assert.equal(split.events, ["a", "!partial", "b"]);
});

test("throws the first line away where that is wanted, and counts it", () => {
	const split = createSplit();
	split.splitter.reset(true);
	split.feed(".37\n21.38\n");
	split.splitter.reset(true);
	split.feed("\n21.39\n");
	split.splitter.reset(true);
	split.feed(".3");
	split.feed("7\r");
	split.feed("\n1\n");
	assert.equal(split.events, ["!partial", "21.38", "21.39", "!partial", "1"]);
});

test("takes UTF-8, whole or split, and rejects the rest as encoding", () => {
	assert.equal(eventsOf(["21 °C\n"]), ["21 °C"]);
	const bytes = Buffer.from("😀é\n");
	assert.equal(eventsOf([...bytes].map((byte) => Buffer.of(byte))), ["😀é"]);
	assert.equal(eventsOf([Buffer.from([0xff, 0x0a, 0x61, 0x0a])]), ["!encoding", "a"]);
	assert.equal(eventsOf([Buffer.from([0xc3, 0x0a])]), ["!encoding"]);
	assert.equal(eventsOf([Buffer.from([0xed, 0xa0, 0x80, 0x0a])]), ["!encoding"]);
});

test("rejects control characters, but takes tabs", () => {
	assert.equal(eventsOf(["a\tb\n"]), ["a\tb"]);
	for (const bad of ["\0", "\x1b[1m", "a\x07", "\x7f", "a\rb", "\r\r", "\u0085"]) {
		assert.equal(eventsOf([`${bad}\nok\n`]), ["!encoding", "ok"], JSON.stringify(bad));
	}
});

/** What a splitter does, written the slow way: over the whole stream at once. */
function naive(stream: Buffer, maxLine: number): readonly string[] {
	const events: string[] = [];
	const pieces: Buffer[] = [];
	let start = 0;
	for (let at = stream.indexOf(10); at !== -1; at = stream.indexOf(10, start)) {
		pieces.push(stream.subarray(start, at));
		start = at + 1;
	}
	for (const piece of pieces) {
		const line = piece.at(-1) === 13 ? piece.subarray(0, -1) : piece;
		if (line.length === 0) continue;
		const text = line.toString("utf8");
		if (line.length > maxLine) events.push("!too_long");
		else if (!Buffer.from(text).equals(line) || /[^\P{Cc}\t]/u.test(text)) events.push("!encoding");
		else events.push(text);
	}
	const rest = stream.subarray(start);
	const waiting = rest.at(-1) === 13 ? rest.length - 1 : rest.length;
	if (waiting > maxLine) events.push("!too_long");
	else if (rest.length > 0) events.push("!partial");
	return events;
}

const byte = fc.oneof(
	{ weight: 6, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
	{ weight: 2, arbitrary: fc.constantFrom(0x0a, 0x0d) },
	{ weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
);
const noise = fc.array(byte, { maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const text = fc
	.array(fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), fc.constantFrom("\n", "\r\n", "\n\n")), {
		maxLength: 30,
	})
	.map((parts) => Buffer.from(parts.join("")));

test("gives the same however the stream is cut into reads, and what a naive splitter gives", () => {
	fc.assert(
		fc.property(
			fc.oneof(noise, text),
			fc.array(fc.nat(40)),
			fc.integer({ min: 16, max: 48 }),
			(stream, cuts, maxLine) => {
				const reads: Buffer[] = [];
				let at = 0;
				for (const length of cuts) {
					reads.push(stream.subarray(at, at + length));
					at = Math.min(stream.length, at + length);
				}
				reads.push(stream.subarray(at));
				const expected = naive(stream, maxLine);
				assert.equal(eventsOf([stream], maxLine), expected, "whole");
				assert.equal(eventsOf(reads, maxLine), expected, "cut");
			},
		),
		{ numRuns: 3_000 },
	);
});

test("holds nothing of a line without an end", () => {
	const split = createSplit(1_024);
	const read = Buffer.alloc(4_096, "x");
	const before = process.memoryUsage().arrayBuffers;
	for (let count = 0; count < 10_000; count += 1) split.splitter.push(read, read.length, 0);
	assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
	assert.equal(split.events, ["!too_long"]);
});

test.run();
