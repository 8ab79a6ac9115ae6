// What our encoder writes comes back; what the decoder takes another library reads alike; what is damaged never gets past
// it as anything but a frame or a named error.
import { Decoder } from "cbor-x";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Frame } from "../../src/core/frame.js";
import type { Value } from "../../src/core/value.js";
import { DECODE_ERRORS } from "../../src/wire/decode-error.js";
import { decodeFirstFrame, decodeFrame } from "../../src/wire/decode-frame.js";
import type { DecodedFrame } from "../../src/wire/decoded.js";
import { createFrameEncoder } from "../../src/wire/frame.js";
import { createRandom, seed } from "../support/seed.js";
import { array, bytes, double, frameBytes, hex, int, longFrame, map, text, uint } from "./cbor.js";

const encodeCbor = createFrameEncoder("cbor");
const encodeJson = createFrameEncoder("json");
// Integers of eight bytes as bigint: its int64AsNumber loses the sign of negative ones (1.6.8 reads 3b0000000080000000,
// which is -2147483649, as 2147483647).
const generic = new Decoder({ mapsAsObjects: true, useRecords: false });

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const value: fc.Arbitrary<Value> = fc.oneof(
	fc.double({ noNaN: true, noDefaultInfinity: true }),
	fc.maxSafeInteger(),
	fc.tuple(fc.integer(), fc.integer({ min: 0, max: 9 })).map(([digits, places]) => digits / 10 ** places),
	fc.boolean(),
	fc.string({ unit: "binary", maxLength: 40 }),
	fc.string({ unit: "grapheme", maxLength: 40 }),
	fc.uint8Array({ maxLength: 40 }),
);
const safe = fc.maxSafeNat();

const frames: fc.Arbitrary<Frame> = fc
	.record({
		device: name,
		run: fc.stringMatching(/^[A-Za-z0-9_-]{11}$/),
		seq: safe,
		sent: safe,
		timeMs: safe,
		clockSynchronised: fc.boolean(),
		streams: fc.array(fc.oneof(name, fc.constantFrom("__proto__", "constructor", "ä.ö", "水.温")), {
			minLength: 1,
			maxLength: 40,
		}),
		readings: fc.array(fc.tuple(fc.nat(), fc.integer(), value), { minLength: 1, maxLength: 80 }),
	})
	.map(({ readings, ...rest }) => ({
		...rest,
		stream: readings.map(([stream]) => stream % rest.streams.length),
		dt: readings.map(([, dt], i) => (i === 0 ? 0 : dt)),
		value: readings.map(([, , each]) => each),
	}));

function decoded(payload: Uint8Array): DecodedFrame {
	const result = decodeFrame(payload);
	if (!result.ok) throw new Error(`${result.error} at ${result.at}: ${Buffer.from(payload).toString("hex")}`);
	return result.frame;
}

const plain = (values: readonly unknown[]): unknown[] =>
	values.map((each) => (each instanceof Uint8Array ? { bytes: [...each] } : each === 0 ? 0 : each));

test("a frame in CBOR comes back to the very double", () => {
	fc.assert(
		fc.property(frames, (frame) => {
			const back = decoded(encodeCbor(frame));
			assert.equal({ ...back, value: plain(back.value) }, { ...frame, value: plain(frame.value) });
		}),
		{ seed, numRuns: 500 },
	);
});

test("a frame in JSON comes back, its bytes as base64url", () => {
	fc.assert(
		fc.property(frames, (frame) => {
			const back = decoded(encodeJson(frame));
			const sent = frame.value.map((each) =>
				each instanceof Uint8Array ? Buffer.from(each).toString("base64url") : each,
			);
			assert.equal({ ...back, value: plain(back.value) }, { ...frame, value: plain(sent) });
		}),
		{ seed, numRuns: 300 },
	);
});

test("a decoded frame keeps none of the payload", () => {
	const payload = Buffer.from(frameBytes({ value: array(bytes(1, 2, 3)) }));
	const frame = decoded(payload);
	payload.fill(0);
	assert.equal([...(frame.value[0] as Uint8Array)], [1, 2, 3]);
	assert.is(frame.device, "pi-7f3a");
});

const TEXTS = [
	"",
	"a",
	"12345678",
	"123456789",
	"\ufeffx",
	"a\0b",
	"ä",
	"1234567ä",
	"水",
	"𐅑",
	"😀".repeat(20),
	"\ud7ff\ue000",
];

test("every text of a frame is the text that was sent", () => {
	for (const each of TEXTS) assert.equal(decoded(frameBytes({ value: array(text(each)) })).value, [each]);
});

const NUMBERS: readonly (readonly [string, number])[] = [
	["f90000", 0],
	["f98000", -0],
	["f93c00", 1],
	["f93e00", 1.5],
	["f97bff", 65_504],
	["f90001", 2 ** -24],
	["f90400", 0.00006103515625],
	["f9c400", -4],
	["fa47c35000", 100_000],
	["fa7f7fffff", 3.4028234663852886e38],
	["fb3ff199999999999a", 1.1],
	["fb7e37e43c8800759c", 1e300],
	["fbc010666666666666", -4.1],
	["1b001fffffffffffff", Number.MAX_SAFE_INTEGER],
	["3b001ffffffffffffe", Number.MIN_SAFE_INTEGER],
	["1b0000000000000003", 3],
	["3903e7", -1_000],
];

test("every form of a number is the number it is", () => {
	for (const [digits, expected] of NUMBERS) {
		const [back] = decoded(frameBytes({ value: array(hex(digits)) })).value;
		assert.ok(Object.is(back, expected), `${digits}: ${back}`);
	}
});

test("only integers are divided by their scale", () => {
	const frame = frameBytes({
		streams: array(text("a.x"), text("b.y")),
		stream: array(uint(0), uint(1), uint(0), uint(0)),
		dt: array(uint(0), int(-3), uint(0), uint(0)),
		scale: array(uint(2), uint(0)),
		value: array(uint(2_137), uint(5), double(0.125), int(-50)),
	});
	assert.equal(decoded(frame).value, [21.37, 5, 0.125, -0.5]);
	assert.equal(decoded(frame).dt, [0, -3, 0, 0]);
});

/** A frame's columns as the generic library sees them, scale applied. */
function readGenerically(payload: Uint8Array): Omit<DecodedFrame, "value"> & { value: readonly unknown[] } {
	const frame = generic.decode(payload);
	return {
		device: frame.device,
		run: frame.run,
		seq: Number(frame.seq),
		sent: Number(frame.sent),
		timeMs: Number(frame.time),
		clockSynchronised: frame.clock !== false,
		streams: frame.streams,
		stream: frame.stream,
		dt: frame.dt.map(Number),
		value: frame.value.map((each: unknown) => (typeof each === "bigint" ? Number(each) : each)),
	};
}

test("what is taken, cbor-x reads alike", () => {
	let taken = 0;
	fc.assert(
		fc.property(
			frames,
			fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
			(frame, hits) => {
				// Without scale, so that an integer and a float of one value need not be told apart.
				const value = frame.value.map((each) =>
					typeof each === "number" && !Number.isInteger(each) ? 2 ** -30 : each,
				);
				const payload = Buffer.from(encodeCbor({ ...frame, value }));
				for (const [at, byte] of hits) payload[at % payload.length] = byte;
				const result = decodeFrame(payload);
				if (!result.ok) return;
				if (payload.includes("scale")) return;
				taken += 1;
				const { value: theirs, ...rest } = readGenerically(payload);
				const { value: ours, ...own } = result.frame;
				assert.equal(own, rest);
				assert.equal(plain(ours), plain(theirs));
			},
		),
		{ seed, numRuns: 1_500 },
	);
	assert.ok(taken > 500, `only ${taken} were taken`);
});

/** Valid frames of all kinds, to be damaged. */
const SEEDLINGS: readonly Uint8Array[] = [
	frameBytes(),
	frameBytes({ clock: hex("f4"), scale: array(uint(2)), later: map([text("k"), array(bytes(1, 2), hex("f6"))]) }),
	frameBytes({ value: array(text("Grüße, 水")), later: double(0.5) }),
	longFrame(40, double(21.37)),
	longFrame(300, uint(1_000)),
	Buffer.from(
		JSON.stringify({
			v: 1,
			device: "d",
			run: "AAAAAAAAAAA",
			seq: 1,
			sent: 1,
			time: 1.5e12,
			clock: false,
			streams: ["a.b", 'q"\\\n\u0007😀'],
			stream: [0, 1, 0],
			dt: [0, -1, 2],
			value: [1.5, "tä\t", true],
			later: { deep: [[{ x: null }]] },
		}),
	),
];

/** A payload with a few of its bytes changed, doubled, cut out or moved. */
function damaged(payload: Uint8Array, random: () => number): Buffer {
	let bytesLeft = Buffer.from(payload);
	const pick = (limit: number): number => Math.floor(random() * limit);
	for (let hits = 1 + pick(4); hits > 0 && bytesLeft.length > 0; hits--) {
		const at = pick(bytesLeft.length);
		const length = pick(8);
		switch (pick(6)) {
			case 0:
				bytesLeft[at] = pick(256);
				break;
			case 1:
				bytesLeft[at] = (bytesLeft[at] as number) ^ (1 << pick(8));
				break;
			case 2:
				bytesLeft = Buffer.concat([bytesLeft.subarray(0, at), bytesLeft.subarray(at + length)]);
				break;
			case 3:
				bytesLeft = Buffer.concat([bytesLeft.subarray(0, at + length), bytesLeft.subarray(at)]);
				break;
			case 4:
				bytesLeft = Buffer.concat([bytesLeft.subarray(0, at), Buffer.alloc(length, pick(256)), bytesLeft.subarray(at)]);
				break;
			default:
				bytesLeft = bytesLeft.subarray(0, at);
		}
	}
	return bytesLeft;
}

/** What a decoded frame has to be, whatever it was decoded from. */
function check(frame: DecodedFrame): void {
	const n = frame.value.length;
	assert.ok(n >= 1 && frame.stream.length === n && frame.dt.length === n);
	assert.match(frame.device, /^[A-Za-z0-9_-]{1,64}$/);
	assert.match(frame.run, /^[A-Za-z0-9_-]{11}$/);
	for (const id of [frame.seq, frame.sent, frame.timeMs]) assert.ok(Number.isSafeInteger(id) && id >= 0, `${id}`);
	assert.ok(frame.stream.every((index) => typeof frame.streams[index] === "string"));
	assert.ok(frame.dt.every(Number.isSafeInteger));
	for (const each of frame.value) assert.ok(typeof each !== "number" || Number.isFinite(each), `${each}`);
}

test("200,000 damaged frames are each a frame or a named error", () => {
	const random = createRandom(seed);
	const counts = new Map<string, number>();
	for (let i = 0; i < 200_000; i++) {
		const payload = damaged(SEEDLINGS[i % SEEDLINGS.length] as Uint8Array, random);
		const label = `seed ${seed}, number ${i}: ${payload.toString("hex")}`;
		let kind = "threw";
		try {
			const result = decodeFrame(payload);
			kind = result.ok ? "ok" : result.error;
			if (result.ok) check(result.frame);
			else assert.ok(DECODE_ERRORS.includes(result.error) && result.at >= 0 && result.at <= payload.length, label);
		} catch (error) {
			throw new Error(`${label}: ${error}`, { cause: error });
		}
		counts.set(kind, (counts.get(kind) ?? 0) + 1);
	}
	console.log([...counts].map(([kind, count]) => `${kind} ${count}`).join(", "));
	assert.ok(counts.size > 15, "the damage reaches most kinds of error");
});

test("what is cut off is told from what is wrong, in either form", () => {
	for (const payload of SEEDLINGS) {
		for (let length = 1; length < payload.length; length++) {
			const first = decodeFirstFrame(payload.subarray(0, length));
			assert.is(first.ok || first.error, "truncated", `${length} of ${payload.length} bytes`);
		}
		const first = decodeFirstFrame(Buffer.concat([payload, Buffer.from("more")]));
		assert.is(first.ok && first.length, payload.length);
	}
});

test.run();
