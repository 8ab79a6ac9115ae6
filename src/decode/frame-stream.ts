// Frames one behind the other without separators, as `mosquitto_sub -N` prints payloads, or with line ends between them.
// CBOR maps and JSON objects end by themselves. After a bad one the next place that looks like a frame is sought, so one
// damaged byte costs one frame.
import { PAYLOAD_BYTES_MAX } from "../wire/decode-bounds.js";
import { decodeFirstFrame } from "../wire/decode-frame.js";
import type { DecodedFrame } from "../wire/decoded.js";
import type { FrameInput, OnProblem } from "./frame-input.js";

/** How a frame of ours begins: a CBOR map of 9 to 23 pairs and its key `v`, or the same in JSON. */
const CBOR_BEGIN = Buffer.from("\x61v\x01", "latin1");
const JSON_BEGIN = Buffer.from('{"v":1');

/** Makes the splitter of one input. */
export function createFrameStream(problem: OnProblem): FrameInput {
	const held = Buffer.alloc(2 * PAYLOAD_BYTES_MAX);
	let count = 0;
	/** Offset in the input of the first byte held. */
	let offset = 0;
	/** Whether the place where a frame begins is not known. */
	let isLost = false;

	function* drain(isEnd: boolean): Iterable<DecodedFrame> {
		let at = 0;
		while (at < count) {
			if (isLost) {
				const next = beginning(held, at, count);
				isLost = next < 0;
				// What could be the first bytes of a beginning stays.
				at = isLost ? (isEnd ? count : Math.max(at, count - JSON_BEGIN.length + 1)) : next;
				if (isLost) break;
			}
			at = passSpace(held, at, count);
			if (at === count) break;
			const result = decodeFirstFrame(held.subarray(at, count));
			if (result.ok) {
				at += result.length;
				yield result.frame;
			} else if (result.error === "truncated" && !isEnd) break;
			else {
				problem(result.error, `byte ${offset + at + result.at}`);
				isLost = true;
				at += 1;
			}
		}
		held.copyWithin(0, at, count);
		count -= at;
		offset += at;
	}

	function* push(chunk: Uint8Array): Iterable<DecodedFrame> {
		for (let from = 0; from < chunk.length; ) {
			const part = chunk.subarray(from, from + held.length - count);
			held.set(part, count);
			count += part.length;
			from += part.length;
			yield* drain(false);
		}
	}

	return { push, end: () => drain(true) };
}

/** Offset at or after `from` where a frame may begin, or -1. */
function beginning(bytes: Uint8Array, from: number, to: number): number {
	for (let at = from; at < to; at++) {
		const head = bytes[at] as number;
		if (head === JSON_BEGIN[0] && isAt(bytes, at, JSON_BEGIN)) return at;
		if (head >= 0xa9 && head <= 0xb7 && isAt(bytes, at + 1, CBOR_BEGIN)) return at;
	}
	return -1;
}

function isAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
	return wanted.every((byte, i) => bytes[at + i] === byte);
}

function passSpace(bytes: Uint8Array, from: number, to: number): number {
	let at = from;
	while (at < to && isSpace(bytes[at] as number)) at += 1;
	return at;
}

/** White space of JSON. No frame begins with it. */
export function isSpace(byte: number): boolean {
	return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
