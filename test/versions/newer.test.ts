// An agent that is newer than the reconciler: the recorded messages with what a later version may add (CONTRACT, Frame:
// consumers ignore keys that they do not know). What is added changes nothing; what would change the meaning needs another
// `v`, and is refused whole.
import { Decoder, Encoder } from "cbor-x";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { UNKNOWN_DEPTH_MAX, UNKNOWN_KEYS_MAX } from "../../src/wire/decode-bounds.js";
import { decodeFrame } from "../../src/wire/decode-frame.js";
import { decodeStatus } from "../../src/wire/decode-status.js";
import { judge, type RecordedMessage, recordedVersions } from "./recorded.js";

const decoder = new Decoder({ mapsAsObjects: true, useRecords: false });
const encoder = new Encoder({ mapsAsObjects: true, useRecords: false });

const messages = recordedVersions.flatMap((recorded) => recorded.messages);

/** Keys that no version knows yet, with every type of value. */
const NEWER = {
	signature: Buffer.from([1, 2, 3]),
	location: { lat: 47.3769, lon: 8.5417, fix: [1, [2, {}]] },
	trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	firmware: null,
	spread: [0.1, -5, true],
};
const NEWER_IN_JSON = { ...NEWER, signature: "AQID" };

type Body = Record<string, unknown>;

function inFrame({ payload }: RecordedMessage, change: (body: Body) => Body): Buffer {
	const isJson = payload[0] === 0x7b;
	const body = change(isJson ? JSON.parse(payload.toString()) : decoder.decode(payload));
	return isJson ? Buffer.from(JSON.stringify(body)) : encoder.encode(body);
}

function ofKind(kind: string): readonly RecordedMessage[] {
	return messages.filter(({ topic }) => topic.endsWith(`/${kind}`));
}

test("a frame with keys that nobody knows is the same frame", () => {
	for (const message of ofKind("data")) {
		const newer = message.payload[0] === 0x7b ? NEWER_IN_JSON : NEWER;
		// In front of the known keys and behind them.
		for (const change of [(body: Body) => ({ ...newer, ...body }), (body: Body) => ({ ...body, ...newer })]) {
			const [older, newest] = [decodeFrame(message.payload), decodeFrame(inFrame(message, change))];
			assert.ok(older.ok);
			assert.equal(newest.ok ? newest.frame : newest, older.frame);
		}
	}
});

test("a status with keys that nobody knows, at every level, is the same status", () => {
	for (const { payload } of ofKind("status")) {
		const newer = JSON.stringify(JSON.parse(payload.toString()), (_, value) =>
			typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value, next: 1 } : value,
		);
		assert.equal(decodeStatus(Buffer.from(newer)), decodeStatus(payload));
	}
});

test("the reconciler accounts for a newer agent as it does for its own", () => {
	const newer = messages.map((message) => {
		if (message.topic.endsWith("/state")) return message;
		const added = { ...NEWER_IN_JSON, ...(message.topic.endsWith("/status") ? { version: "9.0.0-rc.1+build" } : {}) };
		return { ...message, payload: inFrame(message, (body) => ({ ...body, ...added })) };
	});
	assert.equal(judge(newer), judge(messages));
});

test("another version of the contract is refused, and not half understood", () => {
	for (const message of [...ofKind("data"), ...ofKind("status")]) {
		const decode = message.topic.endsWith("/data") ? decodeFrame : decodeStatus;
		const result = decode(inFrame(message, (body) => ({ ...body, v: 2 })));
		assert.is(result.ok ? "taken" : result.error, "version");
	}
});

test("more of the unknown than its bounds is refused: it could be anything", () => {
	const [message] = ofKind("data");
	assert.ok(message);
	const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`next_${i}`, i]));
	const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
	const outcome = (added: Body): string => {
		const result = decodeFrame(inFrame(message, (body) => ({ ...body, ...added })));
		return result.ok ? "taken" : result.error;
	};
	assert.is(outcome(keys(UNKNOWN_KEYS_MAX)), "taken");
	assert.is(outcome(keys(UNKNOWN_KEYS_MAX + 1)), "too_many");
	assert.is(outcome({ next: nested(UNKNOWN_DEPTH_MAX) }), "taken");
	assert.is(outcome({ next: nested(UNKNOWN_DEPTH_MAX + 1) }), "too_deep");
});

test("a loss for a reason that nobody knows makes the status unreadable: its sums would not balance", () => {
	const [message] = ofKind("status");
	assert.ok(message);
	const status = (change: (body: Body) => Body) => decodeStatus(inFrame(message, change));
	const unknown = status((body) => ({ ...body, stamped: 5, losses: [[0, 1, "evaporated"]] }));
	assert.is(unknown.ok ? "taken" : unknown.error, "losses");
	const counted = status((body) => ({ ...body, dropped: { ...(body["dropped"] as Body), evaporated: 2 }, stamped: 2 }));
	assert.is(counted.ok && counted.status.balanced, false);
});

test.run();
