// Status and state as a consumer takes them, and each thing that can be wrong with them.
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DECODE_ERRORS } from "../../src/wire/decode-error.js";
import { decodeState, decodeStatus } from "../../src/wire/decode-status.js";
import { createRandom, seed } from "../support/seed.js";

const GOOD = {
	v: 1,
	device: "pi-7f3a",
	run: "AbCdEfGhI_-",
	version: "1.0.0",
	board: "rpi-4b",
	state: "online",
	time: 1_790_000_000_000,
	clock: true,
	uptime_s: 12.3,
	stamped: 100,
	buffered: 10,
	sent: 80,
	confirmed: 60,
	in_flight: 15,
	uncertain: 5,
	dropped: { overflow: 4, expired: 3, oversize: 2, shutdown: 1 },
	rejected: 6,
	buffer: { capacity: 65_536, ttl_ms: 600_000, policy: "drop-oldest" },
	units: { "env.temperature": "Cel" },
	losses: [
		[10, 12, "overflow"],
		[20, 20, "uncertain"],
		[30, 35, "mixed"],
	],
	sources: [
		{ name: "env", type: "serial", up: true, readings: 90, rejected: 6, filtered: 0, restarts: 1, error: null },
		{ name: "door", type: "gpio", up: false, readings: 10, rejected: 0, filtered: 2, restarts: 0, error: "gone" },
	],
	mqtt: { connects: 2, disconnects: 1, auth_failures: 0, loopback: true },
	previous: {
		run: "AAAAAAAAAAA",
		stamped: 9,
		sent: 8,
		confirmed: 7,
		uncertain: 1,
		dropped: { overflow: 1, expired: 0, oversize: 0, shutdown: 0 },
	},
	delivery: "5f2a",
};

const status = (changes: object = {}): Buffer => Buffer.from(JSON.stringify({ ...GOOD, ...changes }));
const raw = (key: string, value: string): Buffer =>
	Buffer.from(JSON.stringify({ ...GOOD, [key]: "@" }).replace('"@"', value));

function outcome(payload: Uint8Array): string {
	const result = decodeStatus(payload);
	if (result.ok) return "ok";
	assert.ok(DECODE_ERRORS.includes(result.error) && result.at >= 0 && result.at <= payload.length);
	return result.error;
}

test("a status is read whole, and its books balance", () => {
	const result = decodeStatus(status());
	assert.ok(result.ok);
	const {
		v: _v,
		board: _board,
		units: _units,
		in_flight,
		time,
		clock,
		uptime_s: _uptime,
		buffer,
		mqtt,
		...rest
	} = GOOD;
	assert.equal(result.ok && result.status, {
		...rest,
		timeMs: time,
		clockSynchronised: clock,
		uptimeMs: 12_300,
		inFlight: in_flight,
		balanced: true,
		buffer: { capacity: buffer.capacity, ttlMs: buffer.ttl_ms, policy: buffer.policy },
		mqtt: { connects: 2, disconnects: 1, authFailures: 0, loopback: true },
	});
});

test("books that do not balance are said not to", () => {
	for (const changes of [{ stamped: 101 }, { confirmed: 61 }, { dropped: { ...GOOD.dropped, expired: 4 } }]) {
		const result = decodeStatus(status(changes));
		assert.is(result.ok && result.status.balanced, false, JSON.stringify(changes));
	}
});

test("what is unknown is ignored, and what may be null is", () => {
	const result = decodeStatus(
		status({ previous: null, later: [1, { deep: [] }], mqtt: { ...GOOD.mqtt, loopback: null, later: 1 } }),
	);
	assert.is(result.ok && result.status.previous, null);
	assert.is(result.ok && result.status.mqtt.loopback, null);
});

test("text for people is cut to a bound", () => {
	const result = decodeStatus(status({ sources: [{ ...GOOD.sources[1], error: "x".repeat(5_000) }] }));
	assert.is(result.ok && result.status.sources[0]?.error?.length, 200);
});

const [source] = GOOD.sources;
const TABLE: readonly (readonly [string, Buffer, string])[] = [
	["nothing", Buffer.alloc(0), "empty"],
	["text", Buffer.from("online"), "not_a_map"],
	["cut off", status().subarray(0, -1), "truncated"],
	["something behind it", Buffer.concat([status(), Buffer.from("x")]), "trailing"],
	["a line feed behind it", Buffer.concat([status(), Buffer.from("\n")]), "trailing"],
	["65,537 bytes", Buffer.alloc(65_537, "{"), "too_large"],
	["not UTF-8", Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff]), Buffer.from('"}')]), "utf8"],
	["v of 2", status({ v: 2 }), "version"],
	["a device with a slash", status({ device: "a/b" }), "name"],
	["a device that is a number", status({ device: 7 }), "type"],
	["a run of 10", status({ run: "AAAAAAAAAA" }), "name"],
	["a state nobody knows", status({ state: "asleep" }), "state"],
	["a count below 0", status({ stamped: -1 }), "range"],
	["a count of 2^53", raw("stamped", "9007199254740992"), "range"],
	["a count of 1e999", raw("sent", "1e999"), "range"],
	["half a count", status({ sent: 0.5 }), "type"],
	["a count as text", status({ sent: "1" }), "type"],
	["an uptime below 0", status({ uptime_s: -1 }), "range"],
	["clock as a number", status({ clock: 1 }), "type"],
	["no dropped", status({ dropped: {} }), "type"],
	["dropped as an array", status({ dropped: [1, 2, 3, 4] }), "type"],
	[
		"dropped with a reason twice",
		raw("dropped", '{"overflow":4,"expired":3,"oversize":2,"shutdown":1,"expired":3}'),
		"duplicate_key",
	],
	[
		"dropped of __proto__",
		raw("dropped", '{"__proto__":{"overflow":4,"expired":3,"oversize":2,"shutdown":1}}'),
		"type",
	],
	["a key twice", Buffer.from(`{"v":1,${status().subarray(1).toString()}`), "duplicate_key"],
	["65 losses", status({ losses: Array.from({ length: 65 }, (_, i) => [i, i, "overflow"]) }), "too_many"],
	["64 losses", status({ losses: Array.from({ length: 64 }, (_, i) => [i, i, "overflow"]) }), "ok"],
	["a loss that ends before it begins", status({ losses: [[5, 4, "overflow"]] }), "losses"],
	["a loss of what was never stamped", status({ losses: [[99, 100, "overflow"]] }), "losses"],
	["a loss for no reason we know", status({ losses: [[1, 2, "gremlins"]] }), "losses"],
	["a loss of two", status({ losses: [[1, 2]] }), "losses"],
	["a loss of halves", status({ losses: [[0.5, 2, "overflow"]] }), "losses"],
	["losses as an object", status({ losses: {} }), "type"],
	["65 sources", status({ sources: Array.from({ length: 65 }, () => source) }), "too_many"],
	["64 sources", status({ sources: Array.from({ length: 64 }, () => source) }), "ok"],
	["a source without a name", status({ sources: [{ ...source, name: undefined }] }), "type"],
	["a source that is text", status({ sources: ["env"] }), "type"],
	[
		"sources of 2,000 members",
		status({ sources: [Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [i, i]))] }),
		"too_many",
	],
	["a loss of 5,000", status({ losses: [Array.from({ length: 5_000 }, () => 0)] }), "too_many"],
	["arrays of arrays", status({ losses: Array.from({ length: 5_000 }, () => []) }), "too_many"],
	["depth", status({ previous: [[[[[1]]]]] }), "too_deep"],
	["a previous run without a name", status({ previous: { ...GOOD.previous, run: "x" } }), "name"],
	["a previous run without counters", status({ previous: { run: "AAAAAAAAAAA" } }), "type"],
	["loopback as text", status({ mqtt: { ...GOOD.mqtt, loopback: "yes" } }), "type"],
	["delivery as a number", status({ delivery: 5 }), "type"],
	...Object.keys(GOOD)
		.filter((key) => key !== "board" && key !== "units")
		.map((key) => [`no ${key}`, status({ [key]: undefined }), "missing_key"] as const),
];

for (const [name, payload, expected] of TABLE)
	test(`${name}: ${expected}`, () => assert.is(outcome(payload), expected));

test("a state is one of two words and nothing else", () => {
	assert.equal(decodeState(Buffer.from("online")), { ok: true, state: "online" });
	assert.equal(decodeState(Buffer.from("offline")), { ok: true, state: "offline" });
	assert.equal(decodeState(Buffer.alloc(0)), { ok: false, error: "empty", at: 0 });
	for (const text of ["Online", "online\n", " online", "onlin", "__proto__", "x".repeat(100_000)]) {
		assert.equal(decodeState(Buffer.from(text)), { ok: false, error: "state", at: 0 }, text.slice(0, 20));
	}
});

test("a status that is any JSON at all is a status or a named error", () => {
	fc.assert(
		fc.property(fc.constantFrom(...Object.keys(GOOD)), fc.json({ maxDepth: 6 }), (key, value) => {
			outcome(raw(key, value));
		}),
		{ seed, numRuns: 5_000 },
	);
});

test("50,000 damaged statuses are each a status or a named error", () => {
	const random = createRandom(seed);
	const good = status();
	for (let i = 0; i < 50_000; i++) {
		const payload = Buffer.from(good);
		for (let hits = 0; hits < 3; hits++) payload[Math.floor(random() * payload.length)] = Math.floor(random() * 256);
		try {
			outcome(payload.subarray(0, random() < 0.9 ? payload.length : Math.floor(random() * payload.length)));
		} catch (error) {
			throw new Error(`seed ${seed}, number ${i}: ${error}`, { cause: error });
		}
	}
});

test.run();
