import { Decoder } from "cbor-x";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Frame } from "../../src/core/frame.js";
import type { Value } from "../../src/core/value.js";
import { createFrameEncoder } from "../../src/wire/frame.js";
import { seed } from "../support/seed.js";

const frameOf = (streams: string[], readings: readonly (readonly [number, number, Value])[], more = {}): Frame => ({
	device: "pi-7f3a",
	run: "AAAAAAAAAAA",
	seq: 7,
	sent: 5,
	timeMs: 1_790_000_000_123,
	clockSynchronised: true,
	streams,
	stream: readings.map(([stream]) => stream),
	dt: readings.map(([, dt]) => dt),
	value: readings.map(([, , value]) => value),
	...more,
});

const encode = createFrameEncoder("cbor");
const decoder = new Decoder({ mapsAsObjects: true, useRecords: false, int64AsType: "auto" } as object);
const decoded = (frame: Frame) => decoder.decode(encode(frame)) as Record<string, unknown>;

/** What a reader does with a value: integers are divided, all else is taken as it is. */
function read(payload: Uint8Array): unknown[] {
	const frame = decoder.decode(payload) as { stream: number[]; scale?: number[]; value: unknown[] };
	const floats = floatPositions(payload);
	return frame.value.map((value, i) => {
		const k = frame.scale?.[frame.stream[i] as number] ?? 0;
		if (typeof value !== "number" && typeof value !== "bigint") return value;
		return floats[i] ? value : Number(value) / 10 ** k;
	});
}

/** Which items of the value column are floats: the column is the payload's last array, read by its heads (RFC 8949, 3). */
function floatPositions(payload: Uint8Array): boolean[] {
	const at = Buffer.from(payload).lastIndexOf(Buffer.from("\x65value", "latin1")) + 6;
	const [length, first] = head(payload, at);
	const positions: boolean[] = [];
	for (let offset = first, i = 0; i < length; i++) {
		const major = (payload[offset] as number) >> 5;
		const [size, next] = head(payload, offset);
		positions.push(major === 7 && (payload[offset] as number) >= 0xf9);
		offset = major === 2 || major === 3 ? next + size : next;
	}
	return positions;
}

function head(payload: Uint8Array, at: number): [number, number] {
	const low = (payload[at] as number) & 31;
	if (low < 24) return [low, at + 1];
	const bytes = 1 << (low - 24);
	let size = 0;
	for (let i = 1; i <= bytes; i++) size = size * 256 + (payload[at + i] as number);
	return [size, at + 1 + bytes];
}

test("the keys are the contract's, and clock is there only when it is false", () => {
	const keys = ["v", "device", "run", "seq", "sent", "time", "streams", "stream", "dt", "value"];
	assert.equal(Object.keys(decoded(frameOf(["a.x"], [[0, 0, 1]]))), keys);
	const unsynchronised = decoded(frameOf(["a.x"], [[0, 0, 1]], { clockSynchronised: false }));
	assert.is(unsynchronised["clock"], false);
});

test("decimals travel as scaled integers, and come back as the very doubles", () => {
	const frame = frameOf(
		["t", "lat", "n"],
		[
			[0, 0, 21.37],
			[1, 3, 52.520008],
			[2, -1, 12],
			[0, 5, 21],
			[1, 0, -0.5],
			[2, 0, 2 ** 40],
		],
	);
	assert.equal(decoded(frame)["scale"], [2, 6, 0]);
	assert.equal(read(encode(frame)), [21.37, 52.520008, 12, 21, -0.5, 2 ** 40]);
	assert.equal(floatPositions(encode(frame)), [false, false, false, false, false, false]);
});

test("a value that no power of ten makes whole travels as a float among scaled integers", () => {
	const frame = frameOf(
		["t"],
		[
			[0, 0, 21.37],
			[0, 0, Math.PI],
			[0, 0, 1e300],
			[0, 0, 5],
		],
	);
	assert.equal(floatPositions(encode(frame)), [false, true, true, false]);
	assert.equal(read(encode(frame)), [21.37, Math.PI, 1e300, 5]);
});

test("a large integer is never scaled beyond what a double holds, nor sent as a float", () => {
	const frame = frameOf(
		["t"],
		[
			[0, 0, 2 ** 50 + 1],
			[0, 0, 0.001],
			[0, 0, 0.5],
		],
	);
	assert.equal(read(encode(frame)), [2 ** 50 + 1, 0.001, 0.5]);
	assert.is(floatPositions(encode(frame))[0], false);
});

test("integers beyond 32 bits are CBOR integers in every place that has them", () => {
	const frame = frameOf(["t"], [[0, 0, -(2 ** 40)]], { seq: 2 ** 33, sent: 2 ** 33 - 1 });
	const bytes = Buffer.from(encode(frame));
	for (const hex of [
		"637365711b0000000200000000",
		"6473656e741b00000001ffffffff",
		"6474696d651b000001a0c4",
		"813b000000ffffffffff",
	]) {
		assert.ok(bytes.toString("hex").includes(hex), `${hex} in ${bytes.toString("hex")}`);
	}
});

test("text, booleans and bytes travel as they are", () => {
	const value = ["Grüße", true, false, new Uint8Array([1, 2, 255])] as const;
	const frame = frameOf(
		["t"],
		value.map((each) => [0, 0, each] as const),
	);
	const back = decoded(frame)["value"] as unknown[];
	assert.equal(back.slice(0, 3), value.slice(0, 3));
	assert.equal([...(back[3] as Uint8Array)], [1, 2, 255]);
	assert.ok(Buffer.from(encode(frame)).includes(Buffer.from([0x43, 1, 2, 255])), "a plain byte string, no tag");
	assert.is(decoded(frame)["scale"], undefined, "no scale where there is no decimal");
});

test("JSON is the same object without scale, bytes as base64url", () => {
	const frame = frameOf(
		["t", "u"],
		[
			[0, 0, 21.37],
			[1, 2, new Uint8Array([251, 255])],
		],
	);
	assert.equal(JSON.parse(Buffer.from(createFrameEncoder("json")(frame)).toString()), {
		v: 1,
		device: "pi-7f3a",
		run: "AAAAAAAAAAA",
		seq: 7,
		sent: 5,
		time: 1_790_000_000_123,
		streams: ["t", "u"],
		stream: [0, 1],
		dt: [0, 2],
		value: [21.37, "-_8"],
	});
});

test("every number comes back as the very double it was, whatever shares its frame", () => {
	const number = fc.oneof(
		fc.double({ noNaN: true, noDefaultInfinity: true }),
		fc.integer(),
		fc.maxSafeInteger(),
		fc.tuple(fc.integer(), fc.integer({ min: 0, max: 9 })).map(([digits, places]) => digits / 10 ** places),
	);
	const readings = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.constant(0), number), {
		minLength: 1,
		maxLength: 40,
	});
	fc.assert(
		fc.property(readings, (columns) => {
			const payload = encode(frameOf(["a", "b", "c"], columns));
			const expected = columns.map(([, , value]) => (value === 0 ? 0 : value));
			assert.equal(read(payload), expected);
			floatPositions(payload).forEach((isFloat, i) => {
				assert.ok(!isFloat || !Number.isSafeInteger(expected[i]), `the integer ${expected[i]} travels as an integer`);
			});
		}),
		{ seed, numRuns: 3_000 },
	);
});

test("eight mixed streams cost at most 8.7 bytes a reading at 64 readings a frame, and 6.3 at 256, header included", () => {
	for (const [readings, bytesMax] of [
		[64, 8.7],
		[256, 6.3],
	] as const) {
		const names = [
			"env.temperature",
			"env.humidity",
			"env.pressure",
			"gps.lat",
			"gps.lon",
			"door.level",
			"meter.count",
			"ups.voltage",
		];
		const columns = Array.from({ length: readings }, (_, i): [number, number, Value] => {
			const swing = Math.sin(i / 40);
			const values: Value[] = [
				Math.round((21 + swing) * 100) / 100,
				Math.round((45 + swing * 3) * 10) / 10,
				Math.round((1_013 + swing) * 10) / 10,
				Math.round((52.520008 + swing / 1e4) * 1e6) / 1e6,
				Math.round((13.404954 + swing / 1e4) * 1e6) / 1e6,
				i % 3 === 0,
				4_000 + i,
				Math.round((12.6 + swing / 10) * 1e3) / 1e3,
			];
			return [i % 8, i === 0 ? 0 : 12 + (i % 5), values[i % 8] as Value];
		});
		const frame = frameOf(names, columns, { seq: 4_000_000, sent: 3_999_000 });
		const bytes = encode(frame).length / readings;
		assert.ok(bytes <= bytesMax, `${bytes} bytes a reading at ${readings}`);
	}
});

test.run();
