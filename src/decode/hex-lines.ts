// Frames as lines of hexadecimal digits, as `mosquitto_sub -F %x` prints them, or behind a topic (`-F '%t %x'`): what
// follows the last space of a line is the payload. With a topic, status and state are passed over.

import { PAYLOAD_BYTES_MAX } from "../wire/decode-bounds.js";
import { decodeFrame } from "../wire/decode-frame.js";
import type { DecodedFrame } from "../wire/decoded.js";
import type { FrameInput, OnProblem } from "./frame-input.js";

/** The longest line: an MQTT topic, a space, the digits of the largest payload, a carriage return. */
export const LINE_BYTES_MAX = 65_535 + 1 + 2 * PAYLOAD_BYTES_MAX + 1;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
/** Ends of the contract's other topics. A frame that a bridge has renamed is still one. */
const OTHER_TOPICS = [Buffer.from("/status"), Buffer.from("/state")];

/** Values of the hexadecimal digits; 16 for what is none. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, code) => {
	const value = "0123456789abcdef".indexOf(String.fromCharCode(code).toLowerCase());
	return value < 0 ? 16 : value;
});

/** Makes the splitter of one input. */
export function createHexLines(problem: OnProblem): FrameInput {
	const payload = Buffer.alloc(PAYLOAD_BYTES_MAX);
	const held = Buffer.alloc(LINE_BYTES_MAX);
	// Bytes of the line that has begun; it goes on past the end of `held`, so that a line too long shows as one.
	let heldBytes = 0;
	let lines = 0;

	function hold(part: Uint8Array): void {
		if (heldBytes < LINE_BYTES_MAX) held.set(part.subarray(0, LINE_BYTES_MAX - heldBytes), heldBytes);
		heldBytes += part.length;
	}

	function decodeLine(line: Uint8Array): DecodedFrame | null {
		lines += 1;
		const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
		const space = line.lastIndexOf(SPACE, end - 1);
		if (end === 0 || (space >= 0 && isOtherTopic(line, space))) return null;
		const digits = line.subarray(space + 1, end);
		if (line.length > LINE_BYTES_MAX || digits.length > 2 * PAYLOAD_BYTES_MAX) {
			problem("too_large", `line ${lines}`);
			return null;
		}
		const bytes = unhex(digits, payload);
		if (bytes === null) {
			problem("not_hex", `line ${lines}`);
			return null;
		}
		const result = decodeFrame(bytes);
		if (result.ok) return result.frame;
		problem(result.error, `line ${lines}, byte ${result.at} of the payload`);
		return null;
	}

	function heldLine(): DecodedFrame | null {
		const bytes = heldBytes;
		heldBytes = 0;
		if (bytes <= LINE_BYTES_MAX) return decodeLine(held.subarray(0, bytes));
		lines += 1;
		problem("too_large", `line ${lines}`);
		return null;
	}

	function* push(chunk: Uint8Array): Iterable<DecodedFrame> {
		let from = 0;
		for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
			const rest = chunk.subarray(from, to);
			from = to + 1;
			if (heldBytes > 0) hold(rest);
			const frame = heldBytes > 0 ? heldLine() : decodeLine(rest);
			if (frame !== null) yield frame;
		}
		hold(chunk.subarray(from));
	}

	function* end(): Iterable<DecodedFrame> {
		const frame = heldBytes > 0 ? heldLine() : null;
		if (frame !== null) yield frame;
	}

	return { push, end };
}

/** Whether the topic in front of the space at `end` is one of status or state. */
function isOtherTopic(line: Uint8Array, end: number): boolean {
	return OTHER_TOPICS.some((last) => end >= last.length && last.compare(line, end - last.length, end) === 0);
}

/** The bytes of hexadecimal digits, in `into`, which they fit; null where they are none. */
function unhex(digits: Uint8Array, into: Buffer): Uint8Array | null {
	if (digits.length % 2 !== 0) return null;
	for (let i = 0; i < digits.length; i += 2) {
		const high = DIGITS[digits[i] as number] as number;
		const low = DIGITS[digits[i + 1] as number] as number;
		if (high > 15 || low > 15) return null;
		into[i >> 1] = (high << 4) | low;
	}
	return into.subarray(0, digits.length / 2);
}
