// When a program is started again, and when it counts as up: on a fake clock, with programs that do what a test says.
import { Buffer } from "node:buffer";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ChildOptions } from "../../src/sources/exec/child.js";
import { type ExecSettings, STEADY_MS, UP_AFTER_MS } from "../../src/sources/exec/exec.js";
import { createFakeTimers } from "../kernel-sources/fake-timers.js";
import { run } from "./run-exec.js";

const test = suite("exec, started again");

function begin(settings: Partial<ExecSettings> = {}, random = 0, lifeMs = Number.POSITIVE_INFINITY) {
	const timers = createFakeTimers();
	const startsMs: number[] = [];
	const lives: ChildOptions[] = [];
	let stops = 0;
	const bornMs = timers.now();
	const running = run({ restart: { minMs: 1_000, maxMs: 60_000 }, ...settings }, timers.now, {
		timers,
		random: () => random,
		start(options) {
			startsMs.push(timers.now() - bornMs);
			lives.push(options);
			if (lifeMs < Number.POSITIVE_INFINITY) {
				timers.setTimeout(() => options.onEnd("radio ended with status 1"), lifeMs);
			}
			return {
				pid: 1,
				async stop() {
					stops += 1;
					options.onEnd("radio ended with SIGTERM");
				},
			};
		},
	});
	const life = (): ChildOptions => lives.at(-1) as ChildOptions;
	return {
		...running,
		timers,
		startsMs,
		stops: () => stops,
		write: (text: string) => life().onBytes(Buffer.from(text)),
		end: (why = "radio ended with status 1") => life().onEnd(why),
	};
}

test("a program that fails again and again is started after twice the time, up to the most", async () => {
	const scene = begin({}, 0, 10);
	await scene.timers.advance(200_000);
	const waits = scene.startsMs.slice(1).map((at, index) => Math.round(at - (scene.startsMs[index] as number)) - 10);
	assert.equal(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
	assert.equal(new Set(scene.states), new Set(["radio ended with status 1"]));
	await scene.source.stop();
	assert.is(scene.timers.count(), 0);
});

test("up to half of a wait is left out at random", async () => {
	const scene = begin({}, 0.999);
	scene.end();
	await scene.timers.advance(499);
	assert.is(scene.startsMs.length, 1);
	await scene.timers.advance(2);
	assert.is(scene.startsMs.length, 2);
	await scene.source.stop();
});

test("one that lasted begins the waits anew", async () => {
	const scene = begin();
	for (let failure = 0; failure < 4; failure += 1) {
		scene.end();
		await scene.timers.advance(8_000);
	}
	await scene.timers.advance(STEADY_MS);
	scene.end();
	const before = scene.startsMs.length;
	await scene.timers.advance(1_001);
	assert.is(scene.startsMs.length, before + 1);
	await scene.source.stop();
});

test("it is up with its first bytes, or when it has lasted, and never in a loop of failures", async () => {
	const speaking = begin();
	speaking.write("a\n");
	assert.equal(speaking.states, ["up"]);
	const silent = begin();
	await silent.timers.advance(UP_AFTER_MS - 1);
	assert.equal(silent.states, []);
	await silent.timers.advance(1);
	assert.equal(silent.states, ["up"]);
	const failing = begin({ restart: { minMs: 10, maxMs: 10 } });
	for (let failure = 0; failure < 100; failure += 1) {
		failing.end();
		await failing.timers.advance(100);
	}
	assert.equal(new Set(failing.states), new Set(["radio ended with status 1"]));
	for (const { source } of [speaking, silent, failing]) await source.stop();
});

test("silence ends it, and it is up again with its first bytes only", async () => {
	const scene = begin({ command: ["radio"], silenceMs: 30_000 });
	scene.write("a\n");
	await scene.timers.advance(29_999);
	assert.is(scene.stops(), 0);
	await scene.timers.advance(2);
	assert.is(scene.stops(), 1);
	assert.is(scene.state(), "radio has written nothing for 30 s: starting it again");
	await scene.timers.advance(1_000 + UP_AFTER_MS * 2);
	assert.is(scene.startsMs.length, 2);
	assert.equal(scene.states.length, 2);
	scene.write("b\n");
	assert.is(scene.state(), "up");
	assert.equal(scene.values(), ["a", "b"]);
	await scene.source.stop();
	assert.is(scene.timers.count(), 0);
});

test("half a line is rejected at the end of each life, and never joined with the next", async () => {
	const scene = begin();
	scene.write("one\ntw");
	scene.end();
	assert.equal(scene.rejects, ["partial"]);
	await scene.timers.advance(1_000);
	scene.write("three\n");
	assert.equal(scene.values(), ["one", "three"]);
	await scene.source.stop();
	scene.write("four\n");
	assert.equal([scene.values(), scene.states.at(-1)], [["one", "three"], "up"]);
});

test("settings that cannot be met are refused before anything is started", () => {
	assert.throws(() => run({ command: [" "] }), /^command: the first of it is the program to run$/);
	assert.throws(() => run({ restart: { minMs: 2, maxMs: 1 } }), /^restart.min: is longer than restart.max$/);
	assert.throws(() => run({ parse: { as: "regex", pattern: "(" } }), /^parse.pattern: /);
});

test.run();
