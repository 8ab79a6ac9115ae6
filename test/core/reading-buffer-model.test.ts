// The buffer against a plain list, with the rule of who gives way said in words.
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createReadingBuffer, type Policy, type ReadingBuffer } from "../../src/core/reading-buffer.js";
import type { DropReason, Value } from "../../src/core/value.js";
import { assertFollowsModel, type Call, call } from "../support/commands.js";
import "../support/seed.js";

interface Entry {
	readonly seq: number;
	readonly stream: number;
	readonly source: number;
	readonly value: Value;
	readonly capturedMs: number;
}

type Drop = readonly [seq: number, reason: DropReason];

interface Model {
	readonly capacity: number;
	readonly policy: Policy;
	list: Entry[];
	readonly gone: Drop[];
	nowMs: number;
	seq: number;
	/** Bytes of text taken in since there was none. */
	textBytes: number;
}

interface Real {
	readonly buffer: ReadingBuffer;
	readonly dropped: readonly Drop[];
}

const TTL_MS = 1_000;

/** This much text always fits, wherever the entries lie. */
const TEXT_BYTES_SURE = 16_384;

/** Bytes a value takes in the arena. */
const sizeOf = (value: Value): number =>
	typeof value === "string" ? Buffer.byteLength(value) : value instanceof Uint8Array ? value.length : 0;

/** Whose reading gives way in a full buffer: the source that holds the most, the newcomer's at a tie. */
function victim({ list, policy }: Model, entry: Entry): number {
	const held = (source: number): number => list.filter((each) => each.source === source).length;
	const most = Math.max(...list.map((each) => held(each.source)));
	const longest = list.map(({ source }) => source).filter((source) => held(source) === most);
	const from = longest.includes(entry.source) ? entry.source : Math.min(...longest);
	const own = list.filter(({ source }) => source === from).map(({ seq }) => seq);
	if (policy === "drop-oldest") return own[0] as number;
	return from === entry.source ? entry.seq : (own.at(-1) as number);
}

function calling<Given>(
	name: string,
	given: fc.Arbitrary<Given>,
	run: (model: Model, real: Real, given: Given) => void,
): fc.Arbitrary<Call<Model, Real>> {
	return call(name, given, (model, real, value) => {
		run(model, real, value);
		assert.equal(real.dropped, model.gone);
		const content: Omit<Entry, "source">[] = [];
		real.buffer.walk(real.buffer.count(), (seq, stream, value, capturedMs) => {
			content.push({ seq, stream, value, capturedMs });
			return true;
		});
		assert.equal(
			content,
			model.list.map(({ source: _, ...rest }) => rest),
		);
	});
}

const value = fc.oneof(
	fc.double({ noNaN: true, noDefaultInfinity: true }),
	fc.boolean(),
	fc.string({ unit: "binary", maxLength: 40 }),
	// A handful of these fills the arena of 65,540 bytes, so that its own overflow and wrap are met.
	fc.integer({ min: 1, max: 3_000 }).map((times) => "abcdefghij".repeat(times)),
	fc.uint8Array({ maxLength: 30 }),
);
const reading = fc.record({ value, lagMs: fc.nat(3), source: fc.constantFrom(0, 0, 0, 0, 1, 2, 63) });

const push = calling("push", reading, (model, { buffer, dropped }, { value, lagMs, source }) => {
	const entry = { seq: model.seq, stream: model.seq % 5, source, value, capturedMs: model.nowMs - lagMs };
	model.seq += 1;
	const { list, gone } = model;
	const expected = list.length === model.capacity ? [[victim(model, entry), "overflow"]] : [];
	buffer.push(entry.seq, entry.stream, source, value, entry.capturedMs);
	// How much text fits depends on where its entries lie: the list follows what the buffer says of text, and checks
	// that it gives none up while all of it would fit.
	const told = dropped.slice(gone.length);
	gone.push(...told);
	const hadText = list.some((each) => sizeOf(each.value) > 0);
	model.textBytes = (hadText ? model.textBytes : 0) + sizeOf(value) + 4;
	model.list = [...list, entry].filter((each) => !told.some(([lost]) => lost === each.seq));
	if (sizeOf(value) === 0 || model.textBytes < TEXT_BYTES_SURE) assert.equal(told, expected);
	assert.ok(told.every(([, reason]) => reason === "overflow"));
});

const take = calling("take", fc.nat(5), (model, { buffer }, wanted) => {
	const readings = Math.min(wanted, model.list.length);
	buffer.take(readings);
	model.list = model.list.slice(readings);
});

const expire = calling("expire", fc.nat(400), (model, { buffer }, afterMs) => {
	model.nowMs += afterMs;
	buffer.expire(model.nowMs);
	while (model.list[0] && model.nowMs - model.list[0].capturedMs >= TTL_MS) dropOldest(model, "expired");
});

const drop = calling("dropOldest", fc.constant(null), (model, { buffer }) => {
	if (model.list.length === 0) return;
	buffer.dropOldest("shutdown");
	dropOldest(model, "shutdown");
});

function dropOldest(model: Model, reason: DropReason): void {
	model.gone.push([(model.list.shift() as Entry).seq, reason]);
}

test("does what a plain list does, whatever is pushed, taken, expired and dropped", () => {
	assertFollowsModel({
		settings: fc.record({
			capacity: fc.integer({ min: 1, max: 9 }),
			policy: fc.constantFrom<Policy>("drop-oldest", "drop-newest"),
		}),
		make: (settings) => {
			const dropped: Drop[] = [];
			const note = (seq: number, reason: DropReason) => void dropped.push([seq, reason]);
			return {
				real: { buffer: createReadingBuffer({ ...settings, ttlMs: TTL_MS, drop: note }), dropped },
				model: { ...settings, list: [], gone: [], nowMs: 0, seq: 0, textBytes: 0 },
			};
		},
		calls: [
			[12, push],
			[4, take],
			[2, expire],
			[1, drop],
		],
		runs: 500,
		callsMax: 100,
	});
});

test.run();
