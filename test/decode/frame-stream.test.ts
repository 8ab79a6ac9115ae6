// What it costs to find frames in a row without separators: bytes that the decoder reads, counted and not timed.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFrameStream, VAIN_READS_MAX } from "../../src/decode/frame-stream.js";
import { PAYLOAD_BYTES_MAX } from "../../src/wire/decode-bounds.js";
import { decodeFirstFrame } from "../../src/wire/decode-frame.js";
import { bytes, double, frameBytes, head, longFrame, text, uint } from "./cbor.js";

interface Cost {
	readonly seqs: number[];
	/** Bytes that the decoder read, the frames' own included. */
	looked: number;
}

function read(input: Uint8Array, pieceBytes: number): Cost {
	const cost: Cost = { seqs: [], looked: 0 };
	const stream = createFrameStream(
		() => {},
		(rest) => {
			const result = decodeFirstFrame(rest);
			cost.looked += result.ok ? result.length : result.looked;
			return result;
		},
	);
	for (let at = 0; at < input.length; at += pieceBytes) {
		for (const frame of stream.push(input.subarray(at, at + pieceBytes))) cost.seqs.push(frame.seq);
	}
	for (const frame of stream.end()) cost.seqs.push(frame.seq);
	return cost;
}

/** In vain, and once for the frames themselves; the last attempt may go past it by a payload, and so may the end's. */
function allowed(inputBytes: number): number {
	return (VAIN_READS_MAX + 1) * inputBytes + 2 * PAYLOAD_BYTES_MAX;
}

/** A beginning whose values are the beginnings behind it, which are byte strings to it: each reads all that follow. */
const BEGINNING = bytes(0xa9, ...text("v"), 1, ...text("value"), ...head(4, 4_000));
const last = (seq: number): Buffer => frameBytes({ seq: uint(seq) });

for (const pieceBytes of [1_000_000, 65_536, 100]) {
	test(`beginnings that come to nothing cost a fixed number of reads a byte, in pieces of ${pieceBytes}`, () => {
		const hostile = Array.from({ length: 40_000 }, () => BEGINNING);
		const input = Buffer.concat([last(1), ...hostile, Buffer.alloc(PAYLOAD_BYTES_MAX), last(2)]);
		const { seqs, looked } = read(input, pieceBytes);
		assert.ok(looked <= allowed(input.length), `${looked} bytes read of ${input.length}`);
		assert.equal(seqs, [1, 2]);
	});
}

test("a large frame in small pieces costs a fixed number of reads a byte, and comes", () => {
	const input = Buffer.concat([1, 2, 3].map((seq) => longFrame(5_000, double(0.1), { seq: uint(seq) })));
	for (const pieceBytes of [1, 100, 4_096, 65_536]) {
		const { seqs, looked } = read(input, pieceBytes);
		assert.equal(seqs, [1, 2, 3]);
		assert.ok(looked <= allowed(input.length), `${looked} bytes read of ${input.length}, pieces of ${pieceBytes}`);
	}
});

test("damage costs the damaged frames, however many there are", () => {
	const frames = Array.from({ length: 10_000 }, (_, i) => (i % 3 === 0 ? last(i) : frameBytes({ v: uint(2) })));
	const input = Buffer.concat(frames);
	const { seqs, looked } = read(input, 65_536);
	assert.is(seqs.length, Math.ceil(frames.length / 3));
	assert.ok(looked <= 2 * input.length, `${looked} bytes read of ${input.length}`);
});

test("a frame comes with its last byte, when pieces are as large as a pipe's", () => {
	const frame = longFrame(5_000, double(0.1));
	const stream = createFrameStream(() => {});
	let came = 0;
	for (let at = 0; at < frame.length; at += 4_096) {
		assert.is(came, 0);
		for (const _ of stream.push(frame.subarray(at, at + 4_096))) came += 1;
	}
	assert.is(came, 1);
});

test.run();
