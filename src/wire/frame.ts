// A frame's payload: the CBOR map of CONTRACT.md, Frame (RFC 8949, definite lengths), or the same object as JSON.
// cbor-x writes integers beyond 32 bits as floats, so those go in as BigInt; it is used for encoding only.
import { Encoder } from "cbor-x/encode";
import type { Frame } from "../core/frame.js";
import type { Value } from "../core/value.js";
import { createScaler, wireInteger } from "./scale.js";

export type FrameEncoder = (frame: Frame) => Uint8Array;

export const CBOR_CONTENT_TYPE = "application/cbor";
export const JSON_CONTENT_TYPE = "application/json";

/** Makes the encoder of `publish.format`. */
export function createFrameEncoder(format: "cbor" | "json"): FrameEncoder {
	return format === "cbor" ? createCborEncoder() : encodeJson;
}

function createCborEncoder(): FrameEncoder {
	// Plain maps and arrays with the shortest heads: no cbor-x records, no tags, so that any CBOR reader takes them.
	const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });
	const scaler = createScaler();
	return (frame) => {
		const { scale, value } = scaler(frame);
		return encoder.encode(
			layout(frame, {
				int: wireInteger,
				tail: scale === null ? { value } : { scale, value },
			}),
		);
	};
}

function encodeJson(frame: Frame): Uint8Array {
	return Buffer.from(
		JSON.stringify(layout(frame, { int: (integer) => integer, tail: { value: frame.value.map(jsonValue) } })),
	);
}

/** The frame's keys in the contract's order. */
function layout<Int>(frame: Frame, how: { readonly int: (integer: number) => Int; readonly tail: object }): object {
	return {
		v: 1,
		device: frame.device,
		run: frame.run,
		seq: how.int(frame.seq),
		sent: how.int(frame.sent),
		time: how.int(frame.timeMs),
		...(frame.clockSynchronised ? {} : { clock: false }),
		streams: frame.streams,
		stream: frame.stream,
		dt: frame.dt,
		...how.tail,
	};
}

/** JSON has no byte strings: they travel as base64url, as RFC 8949, 6.1 advises. */
function jsonValue(value: Value): unknown {
	return value instanceof Uint8Array ? Buffer.from(value).toString("base64url") : value;
}
