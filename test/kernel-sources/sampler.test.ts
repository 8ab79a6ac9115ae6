import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createSampledSource, HANG_MS, type Round } from "../../src/sources/sampling/sampled-source.js";
import { createSampler } from "../../src/sources/sampling/sampler.js";
import { createRecording } from "../parse/recording-host.js";
import { createRandom, seed } from "../support/seed.js";
import { until } from "../support/wait.js";
import { createFakeTimers, type FakeTimers } from "./fake-timers.js";
import { createKernelTree } from "./kernel-tree.js";

const test = suite("sampling at an interval");

interface Sampled {
	/** When each sample began. */
	readonly begunMs: number[];
	missed: number;
	overlaps: number;
}

/** Samples that take `tookMs()` each. */
function run(timers: FakeTimers, everyMs: number, tookMs: () => number): Sampled & { stop(): void } {
	const sampled: Sampled = { begunMs: [], missed: 0, overlaps: 0 };
	let isBusy = false;
	const sampler = createSampler({
		everyMs,
		now: timers.now,
		timers,
		async sample() {
			if (isBusy) sampled.overlaps += 1;
			isBusy = true;
			sampled.begunMs.push(timers.now());
			const ms = tookMs();
			if (ms > 0) await new Promise<void>((resolve) => timers.setTimeout(resolve, ms));
			isBusy = false;
		},
		onMissed(instants) {
			sampled.missed += instants;
		},
	});
	sampler.start();
	return Object.assign(sampled, { stop: sampler.stop });
}

test("a day of late timers does not drift", async () => {
	const random = createRandom(seed);
	const timers = createFakeTimers(() => random() * 50);
	const startMs = timers.now();
	const { begunMs, missed } = run(timers, 10_000, () => 750);
	await timers.advance(86_400_000 + 60);
	assert.is(begunMs.length, 8_641);
	assert.is(missed, 0);
	for (const [index, at] of begunMs.entries()) {
		const lateMs = at - startMs - index * 10_000;
		assert.ok(lateMs >= 0 && lateMs <= 51, `sample ${index} is ${lateMs} ms late`);
	}
});

test("a slow sample lets instants pass, which are counted, and the next is on time again", async () => {
	const timers = createFakeTimers();
	const startMs = timers.now();
	const sampled = run(timers, 100, () => 250);
	await timers.advance(1_150);
	assert.equal(
		sampled.begunMs.map((at) => Math.round(at - startMs)),
		[0, 300, 600, 900],
	);
	assert.is(sampled.missed, 8);
	sampled.stop();
	await timers.advance(5_000);
	assert.is(sampled.begunMs.length, 4);
	assert.is(timers.count(), 0);
});

test("whatever timers and samples do: never two at a time, and every instant is a sample or counted", async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.integer({ min: 1, max: 1_000 }),
			fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 20 }),
			fc.array(fc.integer({ min: 0, max: 2_500 }), { minLength: 1, maxLength: 20 }),
			async (everyMs, late, took) => {
				const turn = (list: number[]) => {
					let at = 0;
					return () => list[at++ % list.length] as number;
				};
				const timers = createFakeTimers(turn(late));
				const startMs = timers.now();
				const sampled = run(timers, everyMs, turn(took));
				await timers.advance(20_000);
				sampled.stop();
				const last = sampled.begunMs.at(-1) as number;
				assert.is(sampled.overlaps, 0);
				// What is due since the last one was begun may wait for a timer that is late.
				const atLeast = Math.floor((last - startMs) / everyMs) + 1;
				const atMost = Math.floor(20_000 / everyMs) + 1;
				const accounted = sampled.begunMs.length + sampled.missed;
				assert.ok(accounted >= atLeast && accounted <= atMost, `${accounted} of ${atLeast} to ${atMost}`);
			},
		),
		{ numRuns: 60 },
	);
});

/** A source whose rounds do what `sample` says. */
function runRounds(timers: FakeTimers, sample: (round: Round) => Promise<void>) {
	const recording = createRecording(timers.now);
	const source = createSampledSource({ everyMs: 1_000, host: recording.host, sample, timers });
	source.start();
	return { ...recording, source };
}

test("one bad round is counted, two in a row bring the source down, and a good one brings it back", async () => {
	const timers = createFakeTimers();
	const rounds = ["good", "bad", "good", "bad", "bad", "bad", "good"];
	const { states, rejects, readings } = runRounds(timers, async (round) => {
		if (rounds.shift() === "bad") round.refuse("checksum", "t: its checksum is wrong");
		else round.take("t", 1);
	});
	await timers.advance(6_500);
	assert.equal(states, ["up", "t: its checksum is wrong", "up"]);
	assert.equal(rejects, ["checksum", "checksum", "checksum", "checksum"]);
	assert.is(readings.length, 3);
});

test("what never gave a value is down from the first round, and what is not there is down at once", async () => {
	const timers = createFakeTimers();
	const never = runRounds(timers, async (round) => round.refuse("empty", "no answer"));
	let isThere = true;
	const gone = runRounds(timers, async (round) => {
		round.take("other", 1);
		if (!isThere) round.miss("a is not there");
		if (!isThere) round.miss("b is not there");
	});
	await timers.advance(500);
	assert.equal(never.states, ["no answer"]);
	isThere = false;
	await timers.advance(2_000);
	assert.equal(gone.states, ["up", "a is not there (and 1 more)"]);
	assert.is(gone.readings.length, 3);
	assert.equal(gone.rejects, []);
});

test("a round that throws is an error of its source, and nothing more", async () => {
	const timers = createFakeTimers();
	const { states } = runRounds(timers, async () => {
		throw new Error("EMFILE: too many open files");
	});
	await timers.advance(1_500);
	assert.equal(states, ["cannot be read: EMFILE: too many open files"]);
});

test("a read that hangs is told, its instants are counted, and its answer still counts", async () => {
	const timers = createFakeTimers();
	const tree = createKernelTree();
	const file = tree.slow("temp");
	const { states, rejects, readings, source } = runRounds(timers, async (round) => {
		const text = await round.read(`${tree.sysRoot}/temp`);
		if (text !== null) round.take("t", text);
	});
	await timers.advance(0);
	await until("the read", () => file.isAsked());
	await timers.advance(HANG_MS + 1);
	assert.is(states.length, 1);
	assert.match(states[0] as string, /\/temp has given no answer for 5 s/);
	assert.equal(
		rejects,
		Array.from({ length: 5 }, () => "missed"),
	);
	await file.answer("late\n");
	await until("up", () => states.at(-1) === "up");
	assert.equal(readings, [["t", "late"]]);
	await source.stop();
	assert.is(timers.count(), 0);
});

test("what is read when the source has stopped is not offered", async () => {
	const timers = createFakeTimers();
	const tree = createKernelTree();
	const file = tree.slow("temp");
	let isDone = false;
	const { states, rejects, readings, source } = runRounds(timers, async (round) => {
		const value = await round.readDecimal(`${tree.sysRoot}/temp`);
		round.take("t", String(value));
		isDone = true;
	});
	await timers.advance(0);
	await until("the read", () => file.isAsked());
	await source.stop();
	await file.answer("");
	await until("the end of the round", () => isDone);
	assert.equal([states, rejects, readings], [[], [], []]);
});

test.run();
