// What `tallywire decode` gets on stdin, frames in a row or lines of hex: in pieces of any size the same frames come out,
// each a frame by itself, and no byte is read in vain more often than it may be.
import * as assert from "uvu/assert";
import { createFrameInput } from "../../../src/decode/detect-input.js";
import { createFrameStream, VAIN_READS_MAX } from "../../../src/decode/frame-stream.js";
import { PAYLOAD_BYTES_MAX } from "../../../src/wire/decode-bounds.js";
import { decodeFirstFrame } from "../../../src/wire/decode-frame.js";
import type { Target } from "../fuzz.js";

const PIECES = [3, 1_000, Number.MAX_SAFE_INTEGER];
const SMALL_PIECES = 7;

function readDetected(input: Buffer, pieceBytes: number): { readonly frames: string[]; readonly problems: string[] } {
	const [frames, problems]: [string[], string[]] = [[], []];
	const reader = createFrameInput("auto", (problem) => void problems.push(problem));
	const take = ({ run, seq, value }: { run: string; seq: number; value: readonly unknown[] }): void =>
		void frames.push(`${run} ${seq} ${value.length}`);
	for (let at = 0; at < input.length; at += pieceBytes) {
		for (const frame of reader.push(input.subarray(at, at + pieceBytes))) take(frame);
	}
	for (const frame of reader.end()) take(frame);
	return { frames, problems };
}

/** Bytes looked at by the decoder, in vain or not. */
function lookedAt(input: Buffer, pieceBytes: number): number {
	let looked = 0;
	const stream = createFrameStream(
		() => undefined,
		(rest) => {
			const result = decodeFirstFrame(rest);
			looked += result.ok ? result.length : result.looked;
			return result;
		},
	);
	for (let at = 0; at < input.length; at += pieceBytes)
		for (const _ of stream.push(input.subarray(at, at + pieceBytes)));
	for (const _ of stream.end());
	return looked;
}

export const stdin: Target = {
	name: "stdin",
	words: ["\xa9\x61v\x01", '{"v":1', "\n", "\r\n", " ", "a96176", "\x00", "{", "}", "ff"],
	feed(input) {
		const [first, ...others] = PIECES.map((pieceBytes) => readDetected(input, pieceBytes));
		for (const other of others) assert.equal(other.frames, first?.frames, "the same in pieces of any size");
		const allowed = (VAIN_READS_MAX + 1) * input.length + 2 * PAYLOAD_BYTES_MAX;
		const looked = lookedAt(input, SMALL_PIECES);
		assert.ok(looked <= allowed, `${looked} bytes read of ${input.length}`);
		return [`${Math.min(4, first?.frames.length ?? 0)} frames`, ...new Set(first?.problems)];
	},
};
