// Payloads from a broker anybody may publish to: frames in CBOR and JSON, statuses, states. What the decoder takes,
// another library reads alike, and our own encoder writes back to the same frame.
import { Decoder } from "cbor-x";
import * as assert from "uvu/assert";
import { DECODE_ERRORS, type DecodeFailure } from "../../../src/wire/decode-error.js";
import { decodeFrame } from "../../../src/wire/decode-frame.js";
import { decodeState, decodeStatus, type StatusSeen } from "../../../src/wire/decode-status.js";
import type { DecodedFrame } from "../../../src/wire/decoded.js";
import { createFrameEncoder } from "../../../src/wire/frame.js";
import type { Target } from "../fuzz.js";

// Integers of eight bytes as bigint: its int64AsNumber loses the sign of negative ones.
const generic = new Decoder({ mapsAsObjects: true, useRecords: false });
const encodeCbor = createFrameEncoder("cbor");

const JSON_OBJECT = 0x7b;

/** The longest `buffer.ttl`, 168 h: no two readings of a frame are further apart. */
const TTL_MS_MAX = 604_800_000;

function checkFailure({ error, at }: DecodeFailure, payload: Buffer): string {
	assert.ok(DECODE_ERRORS.includes(error), error);
	assert.ok(Number.isInteger(at) && at >= 0 && at <= payload.length, `${error} at ${at} of ${payload.length}`);
	return `${error} ${at.toString(2).length}`;
}

function checkFrame(frame: DecodedFrame, payload: Buffer): string {
	const n = frame.value.length;
	assert.ok(n >= 1 && n <= payload.length && frame.stream.length === n && frame.dt.length === n);
	assert.match(frame.device, /^[A-Za-z0-9_-]{1,64}$/);
	assert.match(frame.run, /^[A-Za-z0-9_-]{11}$/);
	for (const id of [frame.seq, frame.sent, frame.timeMs]) assert.ok(Number.isSafeInteger(id) && id >= 0, `${id}`);
	assert.ok(frame.stream.every((index) => typeof frame.streams[index] === "string"));
	assert.ok(frame.dt.every(Number.isSafeInteger));
	for (const each of frame.value) assert.ok(typeof each !== "number" || Number.isFinite(each), `${each}`);
	const theirs = payload[0] === JSON_OBJECT ? JSON.parse(payload.toString()) : generic.decode(payload);
	assert.equal(comparable(frame), comparable(readGenerically(theirs)), "another library reads it alike");
	return `${payload[0] === JSON_OBJECT ? "json" : "cbor"} ${Math.min(4, n)} ${new Set(frame.value.map((each) => typeof each)).size}`;
}

/** A frame as any consumer would read it that has only the contract. */
function readGenerically(frame: Readonly<Record<string, unknown>>): DecodedFrame {
	const column = (key: string): number[] => (frame[key] as (number | bigint)[]).map(Number);
	const scale = frame["scale"] as number[] | undefined;
	const stream = column("stream");
	return {
		device: frame["device"] as string,
		run: frame["run"] as string,
		seq: Number(frame["seq"]),
		sent: Number(frame["sent"]),
		timeMs: Number(frame["time"]),
		clockSynchronised: frame["clock"] !== false,
		streams: frame["streams"] as string[],
		stream,
		dt: column("dt"),
		value: (frame["value"] as (DecodedFrame["value"][number] | bigint)[]).map((each, i) => {
			const places = Number(scale?.[stream[i] as number] ?? 0);
			const isInteger = typeof each === "bigint" || Number.isSafeInteger(each);
			return isInteger ? Number(each) / 10 ** places : (each as DecodedFrame["value"][number]);
		}),
	};
}

const comparable = ({ value, ...rest }: DecodedFrame): object => ({
	...rest,
	dt: rest.dt.map((each) => each + 0),
	value: value.map((each) => (each instanceof Uint8Array ? { bytes: [...each] } : each === 0 ? 0 : each)),
});

/** What our encoder makes of a decoded frame decodes to the same: nothing is lost on the second way. */
function checkEncoded(frame: DecodedFrame): void {
	if (frame.dt.some((step) => Math.abs(step) > TTL_MS_MAX)) return; // no frame of an agent
	const { streams, stream, dt, value, ...rest } = frame;
	const again = decodeFrame(
		encodeCbor({ ...rest, streams: [...streams], stream: [...stream], dt: [...dt], value: [...value] }),
	);
	// Integers that travelled as floats come back as integers, and the payload may have grown past its bound.
	if (again.ok) assert.equal(comparable(again.frame), comparable(frame), "encoded again");
	else assert.is(again.error, "too_large");
}

function checkStatus(status: StatusSeen, payload: Buffer): string {
	assert.match(status.device, /^[A-Za-z0-9_-]{1,64}$/);
	assert.ok(status.losses.length <= 64 && status.sources.length <= 64);
	for (const [from, to] of status.losses) assert.ok(from <= to && to < status.stamped);
	const theirs = JSON.parse(payload.toString());
	assert.equal([status.stamped, status.sent, status.state], [theirs.stamped, theirs.sent, theirs.state]);
	return `status ${status.balanced} ${Math.min(2, status.losses.length)} ${Math.min(2, status.sources.length)}`;
}

export const frames: Target = {
	name: "frames",
	words: [
		"\x61v\x01",
		"fvalue",
		"escale",
		"eclock\xf4",
		"\x00",
		"\x18\x18",
		"\xf9\x7e\x00",
		"\xfb",
		'"v":1',
		"[",
		"{",
		"null",
		"1e999",
	],
	feed(payload) {
		const [frame, status, state] = [decodeFrame(payload), decodeStatus(payload), decodeState(payload)];
		const did: string[] = [];
		if (frame.ok) {
			did.push(checkFrame(frame.frame, payload));
			checkEncoded(frame.frame);
		} else did.push(checkFailure(frame, payload));
		did.push(status.ok ? checkStatus(status.status, payload) : checkFailure(status, payload));
		did.push(state.ok ? state.state : checkFailure(state, payload));
		return did;
	},
};
