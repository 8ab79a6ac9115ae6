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

/**
 * Bytes that may be read in vain for each byte of the input, frames that are not complete yet included. Damage costs less
 * than one. An input made of beginnings that come to nothing would cost as many as a payload has: past this, the next
 * beginnings are passed over.
 */
export const VAIN_READS_MAX = 16;

/** Makes the splitter of one input. */
export function createFrameStream(problem: OnProblem, decodeFirst = decodeFirstFrame): FrameInput {
	const held = Buffer.alloc(2 * PAYLOAD_BYTES_MAX);
	/** What is held is [at, end). */
	let at = 0;
	let end = 0;
	/** Offset in the input of `held`. */
	let offset = 0;
	/** Whether the place where a frame begins is not known. */
	let isLost = false;
	/** How many bytes may still be read in vain; less than none by one payload at the most. */
	let credit = 0;

	function* drain(isEnd: boolean): Iterable<DecodedFrame> {
		while (at < end) {
			if (isLost && !seek(isEnd)) return;
			at = passSpace(held, at, end);
			if (at === end) return;
			if (credit < 0) {
				if (end - at < PAYLOAD_BYTES_MAX && !isEnd) return;
				lose();
				continue;
			}
			const result = decodeFirst(held.subarray(at, end));
			if (result.ok) {
				at += result.length;
				yield result.frame;
				continue;
			}
			credit -= result.looked;
			if (result.error === "truncated" && !isEnd) return;
			problem(result.error, `byte ${offset + at + result.at}`);
			lose();
		}
	}

	function lose(): void {
		isLost = true;
		at += 1;
	}

	/** Goes on to where a frame may begin, or to the end; what could be the first bytes of a beginning stays. */
	function seek(isEnd: boolean): boolean {
		const next = beginning(held, at, end);
		isLost = next < 0;
		at = !isLost ? next : isEnd ? end : Math.max(at, end - JSON_BEGIN.length + 1);
		return !isLost;
	}

	function* push(chunk: Uint8Array): Iterable<DecodedFrame> {
		for (let from = 0; from < chunk.length; ) {
			if (end === held.length) makeRoom();
			const part = chunk.subarray(from, from + held.length - end);
			held.set(part, end);
			end += part.length;
			from += part.length;
			credit += part.length * VAIN_READS_MAX;
			yield* drain(false);
		}
	}

	/** Only when all is full: what is moved is no more than what has been read since. */
	function makeRoom(): void {
		held.copyWithin(0, at, end);
		offset += at;
		end -= at;
		at = 0;
	}

	function* finish(): Iterable<DecodedFrame> {
		credit = Math.max(credit, 0) + (end - at) * VAIN_READS_MAX;
		yield* drain(true);
	}

	return { push, end: finish };
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
