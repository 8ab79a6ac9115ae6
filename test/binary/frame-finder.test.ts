import { Buffer } from "node:buffer";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CHECKSUMS } from "../../src/sources/binary/checksum.js";
import { createFrameFinder } from "../../src/sources/binary/frame-finder.js";
import { createBinaryFormat } from "../../src/sources/binary/frame-format.js";
import type { BinarySettings } from "../../src/sources/binary/settings.js";
import "../support/seed.js";
import { readFrames } from "./read-frames.js";

const test = suite("frame finder");

/** A header of two, a length, a number of two bytes, what the length says, a CRC. */
const FREE: BinarySettings = {
	as: "binary",
	header: "aa 55",
	length: { at: 2, type: "u8", adds: 5 },
	fields: { n: { at: 3, type: "u16be" } },
	checksum: { as: "crc16-modbus" },
};
const FRAME_MAX = 64;

/** A frame of FREE with `extra` behind its number. */
function frame(n: number, extra: Uint8Array = new Uint8Array(0)): Buffer {
	const body = Buffer.from([0xaa, 0x55, 2 + extra.length, n >> 8, n & 0xff, ...extra, 0, 0]);
	body.writeUInt16LE(CHECKSUMS["crc16-modbus"].over(body, 0, body.length - 2), body.length - 2);
	return body;
}

const numbers = (reads: readonly Buffer[]): readonly unknown[] =>
	readFrames(FREE, reads, { maxLine: FRAME_MAX }).readings.map(([, value]) => value);

/** Header bytes are as frequent as all others, so that false headers are. */
const noiseByte = fc.oneof(fc.constant(0xaa), fc.constant(0x55), fc.nat(8), fc.nat(255));
const noise = fc
	.uint8Array({ maxLength: 40 })
	.chain((some) => fc.array(noiseByte, { maxLength: 40 }).map((more) => Buffer.from([...some.slice(0, 8), ...more])));
const goodFrame = fc
	.record({ n: fc.nat(0xffff), extra: fc.array(noiseByte, { maxLength: 40 }) })
	.map(({ n, extra }) => ({ bytes: frame(n, Uint8Array.from(extra)), n }));
const cutFrame = fc.tuple(goodFrame, fc.nat(60)).map(([{ bytes }, at]) => bytes.subarray(0, at % bytes.length));
const flipped = fc.tuple(goodFrame, fc.nat(1_000)).map(([{ bytes }, at]) => {
	const copy = Buffer.from(bytes);
	copy[(at >> 3) % copy.length] = (copy[(at >> 3) % copy.length] as number) ^ (1 << (at & 7));
	return copy;
});
const pieces = fc.array(
	fc.oneof(
		goodFrame,
		noise.map((bytes) => ({ bytes, n: null })),
		cutFrame.map((bytes) => ({ bytes, n: null })),
		flipped.map((bytes) => ({ bytes, n: null })),
	),
	{ maxLength: 12 },
);

/** Cuts bytes into reads of the sizes given, again and again. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
	const reads: Buffer[] = [];
	for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
		const size = sizes[turn % sizes.length] as number;
		reads.push(bytes.subarray(at, at + size));
		at += size;
	}
	return reads;
}

/** What is to be found, by looking at one byte after the other in all that there is. */
function naive(bytes: Buffer): number[] {
	const found: number[] = [];
	for (let at = 0; at + 7 <= bytes.length; at += 1) {
		if (bytes[at] !== 0xaa || bytes[at + 1] !== 0x55) continue;
		const length = (bytes[at + 2] as number) + 5;
		if (length < 7 || length > FRAME_MAX) continue;
		if (at + length > bytes.length) break;
		const sum = CHECKSUMS["crc16-modbus"].over(bytes, at, at + length - 2);
		if (sum !== bytes.readUInt16LE(at + length - 2)) continue;
		found.push(bytes.readUInt16BE(at + 3));
		at += length - 1;
	}
	return found;
}

test("finds what looking at every byte finds, whatever the reads the bytes come in", () => {
	const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 });
	fc.assert(
		fc.property(pieces, sizes, (parts, split) => {
			const stream = Buffer.concat(parts.map(({ bytes }) => bytes));
			const whole = readFrames(FREE, [stream], { maxLine: FRAME_MAX });
			const inPieces = readFrames(FREE, cut(stream, split), { maxLine: FRAME_MAX });
			assert.equal(
				whole.readings.map(([, value]) => value),
				naive(stream),
			);
			assert.equal(inPieces.readings, whole.readings);
			assert.equal(inPieces.rejects, whole.rejects);
		}),
		{ numRuns: 1_000 },
	);
});

test("every good frame is found, whatever noise is before, between and behind", () => {
	fc.assert(
		fc.property(pieces, (parts) => {
			const sent = parts.flatMap(({ n }) => (n === null ? [] : [n]));
			const stream = [...parts.map(({ bytes }) => bytes), Buffer.alloc(FRAME_MAX)];
			const found = numbers(stream);
			// Noise may hold a frame of its own, one in 65,536 headers; it is never the one that is missing.
			let at = 0;
			for (const n of found) if (n === sent[at]) at += 1;
			assert.is(at, sent.length, `sent ${sent}, found ${found}`);
		}),
		{ numRuns: 1_000 },
	);
});

test("no bit of a frame can flip unseen, and the frame behind it is found", () => {
	const good = frame(0x1234, Uint8Array.of(0xaa, 0x55, 0x02, 7));
	const next = frame(2);
	for (let bit = 0; bit < good.length * 8; bit += 1) {
		const wrong = Buffer.from(good);
		wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7));
		const { readings, rejects } = readFrames(FREE, [wrong, next, Buffer.alloc(FRAME_MAX)], { maxLine: FRAME_MAX });
		assert.equal(readings, [["n", 2]], `bit ${bit}`);
		assert.ok(rejects.length >= 2 && rejects.length <= 3, `bit ${bit}: ${rejects}`);
	}
});

test("counts a frame that failed once, with the headers in it, and noise once a stretch", () => {
	const broken = frame(1, Uint8Array.of(0xaa, 0x55, 2, 9, 9, 9, 9));
	broken[4] = 99;
	const rows: readonly (readonly [string, readonly Buffer[], readonly string[]])[] = [
		["two frames", [frame(1), frame(2)], []],
		["a frame that failed", [broken, frame(2)], ["checksum"]],
		["two of them", [broken, broken, frame(2)], ["checksum", "checksum"]],
		["noise", [Buffer.alloc(200, 1), frame(2)], ["syntax"]],
		["noise around a frame", [Buffer.alloc(9), frame(2), Buffer.alloc(9)], ["syntax", "syntax"]],
		["noise behind a frame that failed", [broken, Buffer.alloc(9), frame(2)], ["checksum", "syntax"]],
		["a frame in mid-frame", [frame(1).subarray(3), frame(2)], ["syntax"]],
		["a frame that is too long", [Buffer.from("aa55ff", "hex"), Buffer.alloc(20), frame(2)], ["too_long"]],
		["a frame that is too short", [Buffer.from("aa5501", "hex"), Buffer.alloc(4), frame(2)], ["syntax"]],
		["a frame that is cut off", [frame(2), frame(1).subarray(0, 6)], ["partial"]],
		["a header that is cut off", [frame(2), Buffer.of(0xaa)], ["partial"]],
		[
			"a frame that failed, its last byte like a header's first",
			[Buffer.from("aa55040001090900aa", "hex")],
			["checksum"],
		],
	];
	for (const [name, reads, rejects] of rows) {
		assert.equal(readFrames(FREE, reads, { maxLine: FRAME_MAX }).rejects, rejects, name);
	}
});

test("a frame behind a false header has the time of its own last byte", () => {
	const lie = Buffer.from("aa5530", "hex"); // would be 53 bytes long
	const { readings, capturedMs } = readFrames(FREE, [
		...[lie, frame(1).subarray(0, 3), frame(1).subarray(3), frame(2), frame(3)],
		Buffer.alloc(FRAME_MAX),
	]);
	assert.equal(
		readings.map(([, value]) => value),
		[1, 2, 3],
	);
	assert.equal(capturedMs, [2, 3, 4]);
});

test("nothing of a frame outlives the connection", () => {
	const recorded: number[] = [];
	const finder = createFrameFinder({
		format: createBinaryFormat(FREE, FRAME_MAX),
		onFrame: (view, at) => recorded.push(view.getUint16(at + 3)),
		onReject: () => undefined,
	});
	const bytes = frame(7);
	finder.push(bytes, 4, 0);
	finder.reset();
	finder.push(bytes.subarray(4), bytes.length - 4, 0);
	finder.push(bytes, bytes.length, 0);
	assert.equal(recorded, [7]);
});

test("the work is a check of one frame for each byte at the most, and none twice, whatever comes", () => {
	const floods: readonly (readonly [string, Buffer])[] = [
		["headers alone", Buffer.from("aa55".repeat(5_000), "hex")],
		["headers that claim the longest frame", Buffer.from("aa553b".repeat(5_000), "hex")],
		["noise", Buffer.alloc(10_000, 0xaa)],
		["good frames", Buffer.concat(Array.from({ length: 1_000 }, (_, n) => frame(n)))],
	];
	for (const [name, flood] of floods) {
		const once = countWork([flood]);
		const byByte = countWork(cut(flood, [1]));
		assert.equal(byByte, once, name);
		assert.ok(once.checks <= flood.length / 2, `${name}: ${once.checks} checks`);
		assert.ok(once.checkedBytes <= (flood.length * FRAME_MAX) / 2, `${name}: ${once.checkedBytes} bytes checked`);
		const twice = countWork([flood, flood]);
		assert.ok(twice.checkedBytes <= 2 * once.checkedBytes + FRAME_MAX ** 2, `${name}: ${twice.checkedBytes} of twice`);
	}
});

function countWork(reads: readonly Buffer[]): { checks: number; checkedBytes: number } {
	const format = createBinaryFormat(FREE, FRAME_MAX);
	const work = { checks: 0, checkedBytes: 0 };
	const finder = createFrameFinder({
		format: {
			...format,
			check(bytes, view, at, length) {
				work.checks += 1;
				work.checkedBytes += length;
				return format.check(bytes, view, at, length);
			},
		},
		onFrame: () => undefined,
		onReject: () => undefined,
	});
	for (const read of reads) finder.push(read, read.length, 0);
	return work;
}

test.run();
