// Bytes that are no frame, each with the error it gets. What the worst of them cost, `npm run bench -- hostile` says.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DECODE_ERRORS, type DecodeErrorKind } from "../../src/wire/decode-error.js";
import { decodeFrame } from "../../src/wire/decode-frame.js";
import { decodeStatus } from "../../src/wire/decode-status.js";
import { APPENDIX_A, type ItemClass } from "./appendix-a.js";
import { array, bytes, double, frameBytes, head, hex, int, longFrame, map, PARTS, text, uint } from "./cbor.js";
import { COSTLY } from "./costly.js";

type Outcome = DecodeErrorKind | "ok";

function outcome(payload: Uint8Array): Outcome {
	const result = decodeFrame(payload);
	if (result.ok) return "ok";
	assert.ok(Number.isInteger(result.at) && result.at >= 0 && result.at <= payload.length, `at ${result.at}`);
	assert.ok(DECODE_ERRORS.includes(result.error), result.error);
	return result.error;
}

/** What an item of each class gives in a position; `rest` for all the classes not named. */
interface Position {
	readonly payload: (item: Buffer) => Buffer;
	readonly gives: Readonly<Partial<Record<ItemClass, Outcome | ((digits: string) => Outcome)>>>;
	readonly rest: Outcome;
}

const EVERYWHERE = { tag: "tag", indefinite: "indefinite" } as const;
const UINT_ONLY = { ...EVERYWHERE, uint: "ok", negative: "range", huge: "range", "huge-negative": "range" } as const;
const INTEGER = { ...UINT_ONLY, negative: "ok" } as const;
/** The first element is what is wrong, or the second. */
const textFirst = (digits: string): Outcome => (digits.startsWith("8261") ? "indefinite" : "type");
const magnitude = (digits: string): number => Number.parseInt(digits.length > 2 ? digits.slice(2) : digits, 16);

const POSITIONS: Readonly<Record<string, Position>> = {
	"as a value": {
		payload: (item) => frameBytes({ value: array(item) }),
		gives: { ...INTEGER, float: "ok", "not-finite": "not_finite", boolean: "ok", bytes: "ok", text: "ok" },
		rest: "type",
	},
	"as a stream's index": {
		payload: (item) => frameBytes({ stream: array(item) }),
		gives: { ...UINT_ONLY, uint: (digits) => (digits === "00" ? "ok" : "stream_index") },
		rest: "type",
	},
	"as a step of time": { payload: (item) => frameBytes({ dt: array(item) }), gives: INTEGER, rest: "type" },
	"as places": {
		payload: (item) => frameBytes({ scale: array(item) }),
		gives: { ...UINT_ONLY, uint: (digits) => (magnitude(digits) <= 9 ? "ok" : "scale") },
		rest: "type",
	},
	"as a stream's name": {
		payload: (item) => frameBytes({ streams: array(item) }),
		gives: { ...EVERYWHERE, text: (digits) => (digits === "60" ? "name" : "ok") },
		rest: "type",
	},
	"as seq": { payload: (item) => frameBytes({ seq: item }), gives: UINT_ONLY, rest: "type" },
	"as sent": { payload: (item) => frameBytes({ sent: item }), gives: UINT_ONLY, rest: "type" },
	"as time": { payload: (item) => frameBytes({ time: item }), gives: UINT_ONLY, rest: "type" },
	"as v": {
		payload: (item) => frameBytes({ v: item }),
		gives: { ...UINT_ONLY, uint: (digits) => (digits === "01" ? "ok" : "version") },
		rest: "type",
	},
	"as clock": { payload: (item) => frameBytes({ clock: item }), gives: { ...EVERYWHERE, boolean: "ok" }, rest: "type" },
	"as device": {
		payload: (item) => frameBytes({ device: item }),
		gives: { ...EVERYWHERE, text: (digits) => (["6161", "6449455446"].includes(digits) ? "ok" : "name") },
		rest: "type",
	},
	"as run": { payload: (item) => frameBytes({ run: item }), gives: { ...EVERYWHERE, text: "name" }, rest: "type" },
	"as the column of streams' names": {
		payload: (item) => frameBytes({ streams: item }),
		gives: {
			...EVERYWHERE,
			array: (digits) => (digits === "80" ? "stream_index" : "type"),
			"array-of-indefinite": textFirst,
		},
		rest: "type",
	},
	"as the column of values": {
		payload: (item) => frameBytes({ value: item }),
		gives: {
			...EVERYWHERE,
			array: (digits) => (["80", "83010203"].includes(digits) || digits.startsWith("98") ? "columns" : "type"),
			"array-of-indefinite": (digits) => (digits === "83018202039f0405ff" ? "type" : "indefinite"),
		},
		rest: "type",
	},
	"as a key": {
		payload: (item) => map(...Object.entries(PARTS).map(([key, part]) => [text(key), part] as const), [item, uint(0)]),
		gives: { ...EVERYWHERE, text: "ok" },
		rest: "key",
	},
	"under a key that nobody knows": {
		payload: (item) => frameBytes({ later: item }),
		gives: { ...EVERYWHERE, "array-of-indefinite": "indefinite" },
		rest: "ok",
	},
	"as the whole": {
		payload: (item) => item,
		gives: { ...EVERYWHERE, map: (digits) => (digits === "a201020304" ? "key" : "missing_key") },
		rest: "not_a_map",
	},
};

let vectors = 0;
for (const [name, { payload, gives, rest }] of Object.entries(POSITIONS)) {
	test(`every example of RFC 8949, ${name}`, () => {
		for (const [itemClass, items] of Object.entries(APPENDIX_A)) {
			for (const digits of items) {
				const expected = gives[itemClass as ItemClass] ?? rest;
				vectors += 1;
				assert.is(
					outcome(payload(hex(digits))),
					typeof expected === "function" ? expected(digits) : expected,
					`${itemClass} ${digits} ${name}`,
				);
			}
		}
	});
}

const nested = (depth: number): Buffer => Buffer.concat([Buffer.alloc(depth, 0x81), uint(0)]);
const many = (count: number, from = 0): Record<string, Buffer> =>
	Object.fromEntries(Array.from({ length: count }, (_, i) => [`later${i + from}`, uint(0)]));
const pairs = (...extra: (readonly [Buffer, Buffer])[]): Buffer =>
	map(...Object.entries(PARTS).map(([key, part]) => [text(key), part] as const), ...extra);

const TABLE: readonly (readonly [string, Buffer, Outcome])[] = [
	["nothing", Buffer.alloc(0), "empty"],
	["a frame", frameBytes(), "ok"],
	["a break alone", hex("ff"), "indefinite"],
	["a break behind a frame", Buffer.concat([frameBytes(), hex("ff")]), "trailing"],
	["two frames", Buffer.concat([frameBytes(), frameBytes()]), "trailing"],
	["a frame and a line feed", Buffer.concat([frameBytes(), hex("0a")]), "trailing"],
	["an indefinite map of our keys", Buffer.concat([hex("bf"), frameBytes().subarray(1), hex("ff")]), "indefinite"],
	["a frame in a tag", Buffer.concat([hex("d9d9f7"), frameBytes()]), "tag"],
	["a frame in an array", array(frameBytes()), "not_a_map"],
	["a map with a head of 16 bits", Buffer.concat([hex("b9000a"), frameBytes().subarray(1)]), "ok"],
	["a map with a head of 64 bits", Buffer.concat([head(5, 10, 8), frameBytes().subarray(1)]), "ok"],
	["columns with heads of 16 bits", longFrame(1, uint(3), { value: Buffer.concat([head(4, 1, 2), uint(3)]) }), "ok"],
	["an integer longer than it need be", frameBytes({ seq: hex("1b0000000000000007") }), "ok"],
	["a reserved head 28", frameBytes({ seq: hex("1c") }), "reserved"],
	["a reserved head 29", frameBytes({ value: array(hex("3d")) }), "reserved"],
	["a reserved head 30", frameBytes({ later: hex("9e") }), "reserved"],
	["a simple value of two bytes below 32", frameBytes({ value: array(hex("f814")) }), "reserved"],
	["a duplicate v", pairs([text("v"), uint(1)]), "duplicate_key"],
	["a duplicate value", pairs([text("value"), array(uint(1))]), "duplicate_key"],
	["a duplicate of a key with a longer head", pairs([hex("780376"), uint(1)]), "truncated"],
	["a duplicate with a head of one byte more", pairs([hex("780176"), uint(1)]), "duplicate_key"],
	["a duplicate of a key nobody knows", pairs([text("x"), uint(1)], [text("x"), uint(2)]), "duplicate_key"],
	["an empty key twice", pairs([text(""), uint(1)], [text(""), uint(2)]), "duplicate_key"],
	["a key __proto__", frameBytes({ ["__proto__x"]: uint(1) }), "ok"],
	["the key __proto__ itself", pairs([text("__proto__"), map([text("v"), uint(9)])]), "ok"],
	["__proto__ twice", pairs([text("__proto__"), uint(1)], [text("__proto__"), uint(1)]), "duplicate_key"],
	["a key constructor", pairs([text("constructor"), uint(1)]), "ok"],
	["a key toString", pairs([text("toString"), uint(1)]), "ok"],
	["a device __proto__", frameBytes({ device: text("__proto__") }), "ok"],
	["a device constructor", frameBytes({ device: text("constructor") }), "ok"],
	["a stream __proto__", frameBytes({ streams: array(text("__proto__")) }), "ok"],
	["a stream hasOwnProperty", frameBytes({ streams: array(text("hasOwnProperty")) }), "ok"],
	["a key of 64 bytes", pairs([text("k".repeat(64)), uint(1)]), "ok"],
	["a key of 65 bytes", pairs([text("k".repeat(65)), uint(1)]), "key"],
	["a key that is not UTF-8", pairs([text(hex("ff")), uint(1)]), "utf8"],
	["16 keys nobody knows", frameBytes(many(16)), "ok"],
	["17 keys nobody knows", frameBytes(many(17)), "too_many"],
	["29 keys nobody knows", frameBytes(many(29)), "too_many"],
	["depth 4 under a key nobody knows", frameBytes({ later: nested(4) }), "ok"],
	["depth 5 under a key nobody knows", frameBytes({ later: nested(5) }), "too_deep"],
	["depth 60,000 under a key nobody knows", frameBytes({ later: nested(60_000) }), "too_deep"],
	["maps within maps", frameBytes({ later: map([uint(1), map([uint(1), map([uint(1), uint(1)])])]) }), "ok"],
	["depth 60,000 as a value", frameBytes({ value: array(nested(60_000)) }), "type"],
	[
		"a bignum of 60,000 bytes",
		frameBytes({ value: array(Buffer.concat([hex("c2"), head(2, 60_000), Buffer.alloc(60_000, 255)])) }),
		"tag",
	],
	["a bignum under a key nobody knows", frameBytes({ later: hex("c24101") }), "tag"],
	["a regular expression (tag 27)", frameBytes({ later: hex("d81b826652656745787063282e2a") }), "tag"],
	["a shared value (tag 28)", frameBytes({ later: hex("d81c80") }), "tag"],
	["a reference (tag 29)", frameBytes({ later: hex("d81c81d81d00") }), "tag"],
	["a bad date", frameBytes({ time: hex("c1f97e00") }), "tag"],
	["seq of 2^53 - 1", frameBytes({ seq: uint(2n ** 53n - 1n) }), "ok"],
	["seq of 2^53", frameBytes({ seq: uint(2n ** 53n) }), "range"],
	["seq of 2^63", frameBytes({ seq: uint(2n ** 63n) }), "range"],
	["sent of 2^64 - 1", frameBytes({ sent: uint(2n ** 64n - 1n) }), "range"],
	["time of 2^53", frameBytes({ time: uint(2n ** 53n) }), "range"],
	["time below 0", frameBytes({ time: int(-1) }), "range"],
	["time as a float", frameBytes({ time: double(1_790_000_000_123) }), "type"],
	["seq as a float", frameBytes({ seq: double(7) }), "type"],
	["seq as text", frameBytes({ seq: text("7") }), "type"],
	["a value of 2^53 - 1", frameBytes({ value: array(uint(2n ** 53n - 1n)) }), "ok"],
	["a value of 2^53", frameBytes({ value: array(uint(2n ** 53n)) }), "range"],
	["a value of -(2^53 - 1)", frameBytes({ value: array(int(-(2n ** 53n) + 1n)) }), "ok"],
	["a value of -2^53", frameBytes({ value: array(int(-(2n ** 53n))) }), "range"],
	["a step of -2^53", frameBytes({ dt: array(int(-(2n ** 53n))) }), "range"],
	["an index of 2^53", frameBytes({ stream: array(uint(2n ** 53n)) }), "range"],
	["an index behind the last", frameBytes({ stream: array(uint(1)) }), "stream_index"],
	["no name at all", frameBytes({ streams: array() }), "stream_index"],
	["no reading", frameBytes({ stream: array(), dt: array(), value: array() }), "columns"],
	["a column too short", frameBytes({ value: array() }), "columns"],
	["a column too long", frameBytes({ dt: array(uint(0), uint(0)) }), "columns"],
	["places of 9", frameBytes({ scale: array(uint(9)) }), "ok"],
	["places of 10", frameBytes({ scale: array(uint(10)) }), "scale"],
	["places for no stream", frameBytes({ scale: array() }), "scale"],
	["places for one stream too many", frameBytes({ scale: array(uint(1), uint(1)) }), "scale"],
	["v of 2", frameBytes({ v: uint(2) }), "version"],
	["v of 0", frameBytes({ v: uint(0) }), "version"],
	["clock true", frameBytes({ clock: hex("f5") }), "ok"],
	["clock null", frameBytes({ clock: hex("f6") }), "type"],
	["an empty device", frameBytes({ device: text("") }), "name"],
	["a device of 64", frameBytes({ device: text("d".repeat(64)) }), "ok"],
	["a device of 65", frameBytes({ device: text("d".repeat(65)) }), "name"],
	["a device of 60,000", frameBytes({ device: text("d".repeat(60_000)) }), "name"],
	["a device with a slash", frameBytes({ device: text("a/b") }), "name"],
	["a device with a wildcard", frameBytes({ device: text("+") }), "name"],
	["a device with a line feed at its end", frameBytes({ device: text("pi\n") }), "name"],
	["a device of another script", frameBytes({ device: text("gerät") }), "name"],
	["a run of 10", frameBytes({ run: text("AAAAAAAAAA") }), "name"],
	["a run of 12", frameBytes({ run: text("AAAAAAAAAAAA") }), "name"],
	["a run with padding", frameBytes({ run: text("AAAAAAAAAA=") }), "name"],
	["a name of 256 bytes", frameBytes({ streams: array(text("n".repeat(256))) }), "ok"],
	["a name of 257 bytes", frameBytes({ streams: array(text("n".repeat(257))) }), "name"],
	["text of an overlong form", frameBytes({ value: array(text(hex("c080"))) }), "utf8"],
	["text of a longer overlong form", frameBytes({ value: array(text(hex("e08080"))) }), "utf8"],
	["text of the longest overlong form", frameBytes({ value: array(text(hex("f0808080"))) }), "utf8"],
	["text of a surrogate", frameBytes({ value: array(text(hex("eda080"))) }), "utf8"],
	["text beyond U+10FFFF", frameBytes({ value: array(text(hex("f4908080"))) }), "utf8"],
	["text with a continuation alone", frameBytes({ value: array(text(hex("80"))) }), "utf8"],
	["text that ends in a sequence", frameBytes({ value: array(text(hex("61e6b0"))) }), "utf8"],
	["text with 0xff", frameBytes({ value: array(text(hex("ff"))) }), "utf8"],
	["text with 0xfe under a key nobody knows", frameBytes({ later: text(hex("fe")) }), "utf8"],
	["a name that is not UTF-8", frameBytes({ streams: array(text(hex("c3"))) }), "utf8"],
	["a device that is not UTF-8", frameBytes({ device: text(hex("c3")) }), "utf8"],
	["text that begins with a byte order mark", frameBytes({ value: array(text("\ufeffx")) }), "ok"],
	["text with a zero byte", frameBytes({ value: array(text("a\0b")) }), "ok"],
	["-0", frameBytes({ value: array(hex("f98000")) }), "ok"],
	["NaN with a payload", frameBytes({ value: array(hex("fb7ff0000000000001")) }), "not_finite"],
	["the largest double", frameBytes({ value: array(double(Number.MAX_VALUE)) }), "ok"],
	["the smallest double", frameBytes({ value: array(double(Number.MIN_VALUE)) }), "ok"],
	["a payload one byte too large", Buffer.alloc(65_537, 0xa0), "too_large"],
	["another format's text", Buffer.from("temperature=21.5"), "not_a_map"],
	...(["v", "device", "run", "seq", "sent", "time", "streams", "stream", "dt", "value"] as const).map(
		(key) => [`a frame without ${key}`, frameBytes({ [key]: undefined }), "missing_key"] as const,
	),
];

for (const [name, payload, expected] of TABLE) {
	test(`${name}: ${expected}`, () => {
		vectors += 1;
		assert.is(outcome(payload), expected);
	});
}

test("a frame cut off after any of its bytes is truncated", () => {
	const whole = frameBytes({
		clock: hex("f4"),
		scale: array(uint(2)),
		value: array(double(0.1)),
		later: map([text("k"), bytes(1, 2, 3)]),
	});
	for (let length = 1; length < whole.length; length++) {
		vectors += 1;
		assert.is(outcome(whole.subarray(0, length)), "truncated", `${length} of ${whole.length} bytes`);
	}
});

test("no length reaches beyond the last byte, whatever it claims", () => {
	const lies = [
		2n ** 8n,
		2n ** 16n,
		2n ** 24n,
		2n ** 31n,
		2n ** 32n - 1n,
		2n ** 32n,
		2n ** 53n,
		2n ** 63n,
		2n ** 64n - 1n,
	];
	const body = frameBytes().subarray(1);
	const places: Readonly<Record<string, [(lie: Buffer) => Buffer, number, Outcome]>> = {
		map: [(lie) => Buffer.concat([lie, body]), 5, "truncated"],
		"key nobody knows": [(lie) => Buffer.concat([hex("ab"), body, lie]), 3, "key"],
		device: [(lie) => frameBytes({ device: lie }), 3, "truncated"],
		run: [(lie) => frameBytes({ run: lie }), 3, "truncated"],
		streams: [(lie) => frameBytes({ streams: lie }), 4, "truncated"],
		stream: [(lie) => frameBytes({ stream: lie }), 4, "truncated"],
		dt: [(lie) => frameBytes({ dt: lie }), 4, "truncated"],
		scale: [(lie) => frameBytes({ scale: lie }), 4, "truncated"],
		value: [(lie) => frameBytes({ value: lie }), 4, "truncated"],
		"text value": [(lie) => frameBytes({ value: array(lie) }), 3, "truncated"],
		"bytes value": [(lie) => frameBytes({ value: array(lie) }), 2, "truncated"],
		"unknown bytes": [(lie) => frameBytes({ later: lie }), 2, "truncated"],
		"unknown text": [(lie) => frameBytes({ later: lie }), 3, "truncated"],
		"unknown array": [(lie) => frameBytes({ later: lie }), 4, "truncated"],
		"unknown map": [(lie) => frameBytes({ later: lie }), 5, "truncated"],
	};
	for (const [place, [make, major, expected]] of Object.entries(places)) {
		for (const lie of lies) {
			vectors += 1;
			assert.is(outcome(make(head(major, lie, 8))), expected, `${place} of ${lie}`);
		}
	}
	const names = [2n ** 8n + 1n, 2n ** 32n, 2n ** 64n - 1n];
	for (const lie of names)
		assert.is(outcome(frameBytes({ streams: array(head(3, lie, 8)) })), "name", `name of ${lie}`);
});

for (const { name, as, payload, error } of COSTLY) {
	test(`64 KiB of ${name} are refused: ${error}`, () => {
		vectors += 1;
		assert.ok(payload.length > 64_000 && payload.length <= 65_536, `${payload.length}`);
		const result = as === "frame" ? decodeFrame(payload) : decodeStatus(payload);
		assert.is(result.ok || result.error, error);
	});
}

test("the corpus has at least 200 vectors", () => {
	console.log(`${vectors} vectors`);
	assert.ok(vectors >= 200);
});

test.run();
