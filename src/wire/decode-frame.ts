// The strict decoder of frames (CONTRACT, Frame): one schema, from bytes that anybody may have sent. Bounded, linear, and
// never an exception: what is wrong comes back as an error of a named kind with the byte where it was found.
import { PAYLOAD_BYTES_MAX } from "./decode-bounds.js";
import { type DecodeFailure, type FirstFailure, failure } from "./decode-error.js";
import { type FirstFrame, readCborFrame } from "./decode-frame-cbor.js";
import { readJsonFrame } from "./decode-frame-json.js";
import type { DecodedFrame } from "./decoded.js";

export type FrameResult = { readonly ok: true; readonly frame: DecodedFrame } | DecodeFailure;

/** `{` begins JSON; in CBOR it would be a text of 64-bit length, which no frame begins with. */
const JSON_OBJECT = 0x7b;

/** Decodes a message's payload: a CBOR or JSON frame and nothing behind it. The frame keeps none of the bytes. */
export function decodeFrame(payload: Uint8Array): FrameResult {
	if (payload.length > PAYLOAD_BYTES_MAX) return failure("too_large", PAYLOAD_BYTES_MAX);
	const first = decodeFirstFrame(payload);
	if (first.ok && first.length < payload.length) return failure("trailing", first.length);
	return first;
}

/**
 * Decodes the frame at the start of bytes that may go on behind it, for frames in a row without separators. `truncated`
 * means that more bytes could make it a frame. At most PAYLOAD_BYTES_MAX bytes are looked at.
 */
export function decodeFirstFrame(bytes: Uint8Array): FirstFrame | FirstFailure {
	if (bytes.length === 0) return { ...failure("empty", 0), looked: 0 };
	const window = bytes.length > PAYLOAD_BYTES_MAX ? bytes.subarray(0, PAYLOAD_BYTES_MAX) : bytes;
	const first = window[0] === JSON_OBJECT ? readJsonFrame(window) : readCborFrame(window);
	if (!first.ok && first.error === "truncated" && window.length === PAYLOAD_BYTES_MAX) {
		return { ...first, error: "too_large" };
	}
	return first;
}
