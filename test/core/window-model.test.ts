// The window against plain lists of what was sent and which barriers are out.
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
	BARRIER_QUICK_MS,
	BARRIER_SLOW_MS,
	BARRIER_TIMEOUT_MS,
	BARRIERS_MAX,
	WINDOW_BYTES_MAX,
	WINDOW_BYTES_MIN,
	WINDOW_BYTES_START,
} from "../../src/core/limits.js";
import { createWindow, type Window } from "../../src/core/window.js";
import { assertFollowsModel, type Call, call } from "../support/commands.js";
import "../support/seed.js";

interface Model {
	readonly atRisk: number;
	readonly confirmMs: number;
	nowMs: number;
	seq: number;
	frames: { seq: number; readings: number; bytes: number; sentMs: number }[];
	/** Of each barrier that is out: the frames and the status before it, which it will confirm. */
	barriers: { frames: number; status: boolean; sentMs: number }[];
	isStatusOut: boolean;
	bytesMax: number;
}

const NEVER = Number.POSITIVE_INFINITY;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const readingsOf = ({ frames }: Model): number => sum(frames.map(({ readings }) => readings));
const bytesOf = ({ frames }: Model): number => sum(frames.map(({ bytes }) => bytes));

function check(model: Model, window: Window): void {
	const { frames, barriers, nowMs, atRisk, confirmMs } = model;
	const [readings, bytes] = [readingsOf(model), bytesOf(model)];
	assert.equal([window.readings(), window.bytes()], [readings, bytes]);
	assert.ok(readings <= atRisk && bytes <= WINDOW_BYTES_MAX);
	assert.is(window.admitsStatus(), !model.isStatusOut);
	const deadMs = (barriers[0]?.sentMs ?? NEVER) + BARRIER_TIMEOUT_MS;
	assert.is(window.isDead(nowMs), nowMs >= deadMs);
	const dueMs = model.isStatusOut ? 0 : (frames[0]?.sentMs ?? NEVER) + confirmMs;
	assert.is(window.wakeAtMs(), barriers.length > 0 ? deadMs : dueMs);
	const isHalf = readings > 0 && (readings * 2 >= atRisk || bytes * 2 >= model.bytesMax);
	const isFree = barriers.length === 0;
	assert.is(window.barrierDue(nowMs, false), isFree && (isHalf || nowMs >= dueMs));
	assert.is(window.barrierDue(nowMs, true), isFree && (readings > 0 || nowMs >= dueMs));
}

function calling<Given>(
	name: string,
	given: fc.Arbitrary<Given>,
	run: (model: Model, window: Window, given: Given) => void,
): fc.Arbitrary<Call<Model, Window>> {
	return call(name, given, (model, window, value) => {
		run(model, window, value);
		check(model, window);
	});
}

const frame = fc.record({
	share: fc.double({ min: 0, max: 1, noNaN: true }),
	bytes: fc.oneof(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 1, max: WINDOW_BYTES_MAX })),
	skipped: fc.nat(3),
});

const send = calling("send", frame, (model, window, { share, bytes, skipped }) => {
	const readings = Math.max(1, Math.round(share * model.atRisk));
	const isEmpty = model.frames.length === 0;
	const fits = readingsOf(model) + readings <= model.atRisk && bytesOf(model) + bytes <= model.bytesMax;
	assert.is(window.admits(readings, bytes), isEmpty || fits);
	if (!isEmpty && !fits) return;
	window.sent(model.seq, readings, bytes, model.nowMs);
	model.frames.push({ seq: model.seq, readings, bytes, sentMs: model.nowMs });
	model.seq += readings + skipped;
});

const status = calling("status", fc.constant(null), (model, window) => {
	if (model.isStatusOut) return;
	window.statusSent();
	model.isStatusOut = true;
});

const barrier = calling("barrier", fc.constant(null), (model, window) => {
	const isRoom = model.barriers.length < BARRIERS_MAX;
	assert.is(window.barrierSent(model.nowMs), isRoom);
	const covered = { frames: model.frames.length, status: model.isStatusOut, sentMs: model.nowMs };
	if (isRoom) model.barriers.push(covered);
});

const answer = calling("answer", fc.constant(null), (model, window) => {
	const [covered, ...later] = model.barriers;
	if (covered === undefined) {
		assert.is(window.barrierReturned(model.nowMs), -1);
		return;
	}
	const done = model.frames.splice(0, covered.frames);
	assert.is(window.barrierReturned(model.nowMs), sum(done.map(({ readings }) => readings)));
	model.barriers = later.map((each) => ({ ...each, frames: each.frames - done.length }));
	if (covered.status) model.isStatusOut = false;
	const roundTripMs = model.nowMs - covered.sentMs;
	if (roundTripMs < BARRIER_QUICK_MS) model.bytesMax = Math.min(WINDOW_BYTES_MAX, model.bytesMax * 2);
	else if (roundTripMs > BARRIER_SLOW_MS) model.bytesMax = Math.max(WINDOW_BYTES_MIN, model.bytesMax / 2);
});

const close = calling("close", fc.constant(null), (model, window) => {
	const lost: [number, number][] = [];
	window.close((seq, readings) => lost.push([seq, readings]));
	assert.equal(
		lost,
		model.frames.map(({ seq, readings }) => [seq, readings]),
	);
	Object.assign(model, { frames: [], barriers: [], isStatusOut: false, bytesMax: WINDOW_BYTES_START });
});

const wait = calling("wait", fc.constantFrom(0, 1, 999, 1_000, 3_000, 3_001, 9_999, 10_000), (model, _, ms) => {
	model.nowMs += ms;
});

test("does what plain lists do, whatever is sent, confirmed, delayed and cut", () => {
	assertFollowsModel({
		settings: fc.record({ atRisk: fc.integer({ min: 1, max: 20 }), confirmMs: fc.constantFrom(100, 5_000) }),
		make: (settings) => ({
			real: createWindow(settings),
			model: {
				...settings,
				...{ nowMs: 0, seq: 0, frames: [], barriers: [], isStatusOut: false, bytesMax: WINDOW_BYTES_START },
			},
		}),
		calls: [
			[8, send],
			[2, status],
			[4, barrier],
			[4, answer],
			[4, wait],
			[1, close],
		],
		runs: 500,
		callsMax: 100,
	});
});

test.run();
