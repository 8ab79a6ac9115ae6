// Payloads of 64 KiB made to cost as much as they can: they show only at their end, or by their mass, that they are none.
// The test holds what each is refused with, the benchmark what it costs.
import type { DecodeErrorKind } from "../../src/wire/decode-error.js";
import { array, double, frameBytes, head, hex, longFrame, map, PARTS, text, uint } from "./cbor.js";

export interface Costly {
	readonly name: string;
	readonly as: "frame" | "status";
	readonly payload: Buffer;
	readonly error: DecodeErrorKind;
}

/** One below the bound: of a payload as large as that, what is cut off is too large. */
const BYTES = 65_535;

/** The largest of its kind that is no larger than a payload may be. */
function filled(make: (n: number) => Buffer): Buffer {
	let [fits, tooMany] = [0, BYTES + 1];
	while (tooMany - fits > 1) {
		const n = (fits + tooMany) >> 1;
		if (make(n).length <= BYTES) fits = n;
		else tooMany = n;
	}
	return make(fits);
}

const frame = (name: string, error: DecodeErrorKind, make: (n: number) => Buffer): Costly => ({
	...{ name, as: "frame" as const, error },
	payload: filled(make),
});
const status = (name: string, error: DecodeErrorKind, make: (n: number) => object): Costly => ({
	...{ name: `status: ${name}`, as: "status" as const, error },
	payload: filled((n) => Buffer.from(JSON.stringify(make(n)))),
});

const column = (n: number, item: Buffer, ...last: Buffer[]): Buffer =>
	Buffer.concat([head(4, n + last.length), ...Array.from({ length: n }, () => item), ...last]);
const nested = (n: number, piece: string, tail: string): Buffer => Buffer.from(`{"later":[${piece.repeat(n)}${tail}`);
const zeros = (n: number): string => "0,".repeat(n);

/** A JSON frame of as many readings as fit, as text so that its columns may hold what no encoder writes. */
function jsonFrame(n: number, changes: Readonly<Record<string, string>>): Buffer {
	const parts = {
		...{ v: "1", device: '"d"', run: '"AAAAAAAAAAA"', seq: "1", sent: "1", time: "1", streams: '["a.b"]' },
		...{ stream: `[${zeros(n)}0]`, dt: `[${zeros(n)}0]`, value: `[${zeros(n)}0]` },
		...changes,
	};
	return Buffer.from(`{${Object.entries(parts).map(([key, part]) => `"${key}":${part}`)}}`);
}

const DROPPED = { overflow: 0, expired: 0, oversize: 0, shutdown: 0 };
const SOURCE = { name: "s", type: "sim", up: true, readings: 0, rejected: 0, filtered: 0, restarts: 0, error: null };
const STATUS = {
	...{ v: 1, device: "d", run: "AAAAAAAAAAA", version: "1", state: "online", time: 1, clock: true, uptime_s: 1 },
	...{ stamped: 9, buffered: 9, sent: 0, confirmed: 0, in_flight: 0, uncertain: 0, dropped: DROPPED, rejected: 0 },
	...{ buffer: { capacity: 1, ttl_ms: 1, policy: "drop-oldest" }, losses: [], sources: [], previous: null },
	mqtt: { connects: 0, disconnects: 0, auth_failures: 0, loopback: null },
};

const CBOR: readonly Costly[] = [
	frame("indices, the last one wrong", "type", (n) => frameBytes({ stream: column(n, uint(0), hex("f6")) })),
	frame("readings, a step too few", "columns", (n) => longFrame(n, uint(0), { dt: column(n - 1, uint(0)) })),
	frame("readings, no name", "stream_index", (n) => longFrame(n, uint(0), { streams: array() })),
	frame("readings, and a key twice", "duplicate_key", (n) =>
		Buffer.concat([hex("ab"), longFrame(n, uint(0)).subarray(1), text("v"), uint(1)]),
	),
	frame("floats, the last one NaN", "not_finite", (n) => frameBytes({ value: column(n, double(0.1), hex("f97e00")) })),
	frame("half floats, the last one NaN", "not_finite", (n) =>
		frameBytes({ value: column(n, hex("f93c00"), hex("f97e00")) }),
	),
	frame("integers of 2 bytes, the last value null", "type", (n) =>
		frameBytes({ value: column(n, head(0, 256, 2), hex("f6")) }),
	),
	frame("integers of 8 bytes, the last one 2^53", "range", (n) =>
		frameBytes({ value: column(n, head(0, 1, 8), uint(2n ** 53n)) }),
	),
	frame("short texts, the last one wrong", "utf8", (n) => frameBytes({ value: column(n, text("ä"), text(hex("ff"))) })),
	frame("one text, its end wrong", "utf8", (n) =>
		frameBytes({ value: array(text(Buffer.concat([Buffer.alloc(n, "水"), hex("ff")]))) }),
	),
	frame("names of one letter, too few for the indices", "stream_index", (n) =>
		frameBytes({ streams: column(n, text("a")), stream: array(uint(65_535)) }),
	),
	frame("an array nobody knows", "missing_key", (n) => frameBytes({ later: column(n, uint(0)), value: undefined })),
	frame("a map nobody knows", "missing_key", (n) =>
		frameBytes({ later: Buffer.concat([head(5, n), Buffer.alloc(2 * n)]), value: undefined }),
	),
	frame("empty arrays nobody knows", "missing_key", (n) => frameBytes({ later: column(n, array()), value: undefined })),
	frame("arrays of one nobody knows", "missing_key", (n) =>
		frameBytes({ later: column(n, array(uint(0))), value: undefined }),
	),
	frame("empty texts, the last value null", "type", (n) => frameBytes({ value: column(n, text(""), hex("f6")) })),
	frame("a bignum", "tag", (n) =>
		frameBytes({ value: array(Buffer.concat([hex("c2"), head(2, n), Buffer.alloc(n)])) }),
	),
	frame("a length of 2^64 - 1", "truncated", (n) =>
		frameBytes({ later: Buffer.alloc(n), value: Buffer.concat([head(4, 2n ** 64n - 1n)]) }),
	),
	frame("keys", "too_many", (n) =>
		map(...Array.from({ length: n }, (_, i) => [text(`k${i}`), uint(0)] as const), [text("v"), PARTS["v"] as Buffer]),
	),
	frame("arrays within arrays", "not_a_map", (n) => Buffer.alloc(n, 0x81)),
	frame("maps within maps", "key", (n) => Buffer.alloc(n, 0xa1)),
];

const JSON_FRAMES: readonly Costly[] = [
	frame("JSON: arrays within arrays", "too_deep", (n) => nested(n, "[", "")),
	frame("JSON: objects within objects", "too_deep", (n) => Buffer.from('{"a":'.repeat(n))),
	frame("JSON: empty arrays", "missing_key", (n) => nested(n, "[],", "[]]}")),
	frame("JSON: arrays of one", "missing_key", (n) => nested(n, "[0],", "[]]}")),
	frame("JSON: numbers below 0", "missing_key", (n) => nested(n, "-1,", "0]}")),
	frame("JSON: fractions", "missing_key", (n) => nested(n, "0.1,", "0]}")),
	frame("JSON: exponents", "missing_key", (n) => nested(n, "1e1,", "0]}")),
	frame("JSON: members", "missing_key", (n) => Buffer.from(`{"later":{${'"a":0,'.repeat(n)}"a":0}}`)),
	frame("JSON: keys", "too_many", (n) =>
		Buffer.from(`{${Array.from({ length: n / 8 }, (_, i) => `"${i}":0`).join(",")}}`),
	),
	frame("JSON: escapes", "missing_key", (n) => Buffer.from(`{"later":"${"\\ud83d\\ude00".repeat(n / 12)}"}`)),
	frame("JSON: a text without an end", "truncated", (n) => Buffer.from(`{"later":"${"x".repeat(n)}`)),
	frame("JSON: digits", "json", (n) => Buffer.from(`{"later":${"1".repeat(n)}x`)),
	frame("JSON: white space", "truncated", (n) => Buffer.from(`{${" ".repeat(n)}`)),
	frame("JSON: backslashes", "truncated", (n) => Buffer.from(`{"later":"${"\\\\".repeat(n / 2)}`)),
	frame("JSON: bad UTF-8 at the end", "utf8", (n) =>
		Buffer.concat([Buffer.from(`{"later":"${"水".repeat(n / 3)}`), hex("ff227d")]),
	),
	frame("JSON: a device of 64 KiB", "name", (n) => jsonFrame(0, { device: `"${"d".repeat(n)}"` })),
	frame("JSON: a seq of 64 KiB", "range", (n) => jsonFrame(0, { seq: "9".repeat(n) })),
	frame("JSON: names, the last one too long", "name", (n) =>
		jsonFrame(0, { streams: `[${'"a",'.repeat(n)}"${"b".repeat(300)}"]` }),
	),
	frame("JSON: readings, the last index wrong", "stream_index", (n) => jsonFrame(n, { stream: `[${zeros(n)}1]` })),
	frame("JSON: readings, the last step 1e999", "range", (n) => jsonFrame(n, { dt: `[${zeros(n)}1e999]` })),
	frame("JSON: readings, the last value 1e999", "not_finite", (n) => jsonFrame(n, { value: `[${zeros(n)}1e999]` })),
	frame("JSON: readings of fractions, the last value 1e999", "not_finite", (n) =>
		jsonFrame(n, { value: `[${"0.1,".repeat(n)}1e999]` }),
	),
	frame("JSON: texts, the last value 1e999", "not_finite", (n) =>
		jsonFrame(n, { value: `[${'"ab",'.repeat(n)}1e999]` }),
	),
];

const STATUSES: readonly Costly[] = [
	status("a version of 64 KiB", "name", (n) => ({ ...STATUS, version: "x".repeat(n) })),
	status("a device of 64 KiB", "name", (n) => ({ ...STATUS, device: "d".repeat(n), delivery: "" })),
	status("losses without end", "too_many", (n) => ({
		...STATUS,
		losses: Array.from({ length: n }, () => 0),
		delivery: "",
	})),
	status("64 sources with long errors, the last without a name", "type", (n) => ({
		...{ ...STATUS, delivery: "" },
		sources: Array.from({ length: 64 }, (_, i) => ({ ...SOURCE, name: i < 63 ? "s" : 0, error: "x".repeat(n / 64) })),
	})),
	status("a source of many members", "too_many", (n) => ({
		...{ ...STATUS, delivery: "" },
		sources: [Object.fromEntries(Array.from({ length: n / 8 }, (_, i) => [`k${i}`, 0]))],
	})),
	status("units without end, no delivery", "missing_key", (n) => ({
		...STATUS,
		units: Object.fromEntries(Array.from({ length: n / 8 }, (_, i) => [`k${i}`, "x"])),
	})),
	status("an array of long texts where a counter belongs", "type", (n) => ({
		...{ ...STATUS, delivery: "" },
		rejected: Array.from({ length: n / 3 }, () => ""),
	})),
];

export const COSTLY: readonly Costly[] = [...CBOR, ...JSON_FRAMES, ...STATUSES];
