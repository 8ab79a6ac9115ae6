// Real programs: how they are started, read and ended, and that none is left behind.
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PAUSE_MS, startChild } from "../../src/sources/exec/child.js";
import { createFakeTimers } from "../kernel-sources/fake-timers.js";
import { buildDir, startProcess } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";
import { marked, zombies } from "./processes.js";
import { type Running, run, shell, stopAll } from "./run-exec.js";

const test = suite("exec");

test.after.each(stopAll);

/** An argument by which a program of one test is found among all processes. */
let marks = 0;
const newMark = (): string => `tallywire-exec-${process.pid}-${marks++}`;

const isGone = (mark: string): Promise<unknown> => until(`${mark} is gone`, () => marked(mark).length === 0);

test("lines of a program become readings, and its source is up", async () => {
	const lines = '{"model":"Acurite","id":7,"temperature_C":21.5}\n{"temperature_C":21.6}\n';
	const radio = run({ ...shell(`printf '${lines.replaceAll("\n", "\\n")}'; exec sleep 60`), parse: { as: "json" } });
	await until("the readings", () => radio.readings.length === 4);
	assert.equal(radio.readings, [
		["model", "Acurite"],
		["id", 7],
		["temperature_C", 21.5],
		["temperature_C", 21.6],
	]);
	assert.equal([radio.states, radio.rejects], [["up"], []]);
	assert.ok(radio.capturedMs.every((at) => at <= performance.now()));
});

test("arguments are handed on as they are: no shell reads them", async () => {
	const text = "$HOME `id` $(id) ; id | id > /dev/null & 'a' \"b\" *";
	const echo = run({ command: ["printf", "%s\\n", text] });
	await until("a line", () => echo.readings.length > 0);
	assert.is(echo.values()[0], text);
});

test("a program gets PATH, HOME and LANG and what is configured, and no secret of the agent's", async () => {
	process.env["TALLYWIRE_TEST_SECRET"] = "hunter2";
	const env = { SENSOR_KEY: { reveal: () => "k 1" } };
	const printed = run({ command: ["env"], env });
	await until("its environment", () => printed.values().some((line) => line === "SENSOR_KEY=k 1"));
	await printed.source.stop();
	delete process.env["TALLYWIRE_TEST_SECRET"];
	const names = new Set(printed.values().map((line) => String(line).split("=")[0]));
	for (const name of names) assert.ok(["PATH", "HOME", "LANG", "SENSOR_KEY"].includes(name as string), String(name));
	assert.ok(names.has("PATH"));
});

test("its input is at its end: a program that reads it does not wait", async () => {
	const cat = run(shell("cat; echo done"));
	await until("a line", () => cat.readings.length > 0);
	assert.is(cat.values()[0], "done");
});

test("a program that is not there says so, and runs as soon as it is", async () => {
	const program = join(makeTempDir("exec"), "reader");
	const reader = run({ command: [program] });
	await until("down", () => reader.states.length === 1);
	assert.is(reader.state(), `${program} is not there: install it, or give its full path`);
	writeFileSync(program, "#!/bin/sh\necho 1\nexec sleep 60\n");
	await until("may not be run", () => /may not be run by this user/.test(reader.state() as string));
	chmodSync(program, 0o755);
	await until("up", () => reader.state() === "up");
	assert.equal(reader.values(), ["1"]);
});

test("the last line of stderr is the error, whatever came before it, and it is started again", async () => {
	const failing = run(
		shell("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo usb_open error -3 >&2; echo >&2; exit 3"),
	);
	await until("three starts", () => failing.states.length >= 3);
	assert.is(failing.state(), "sh ended with status 3: usb_open error -3");
	assert.equal(failing.readings, []);
});

test("a program that ends without a word, or by a signal, is told and started again", async () => {
	const ending = run(shell("echo one"));
	await until("some lives", () => ending.readings.length >= 3);
	assert.ok(ending.states.includes("sh ended with status 0"), ending.states.join());
	const killed = run(shell("kill -SEGV $$"));
	await until("down", () => killed.states.length > 0);
	assert.is(killed.state(), "sh ended with SIGSEGV");
});

test("a flood is held up in the pipe: it grows nothing, loses nothing and leaves time for others", async () => {
	const flood = run({ ...shell("exec seq 1 100000000"), parse: { as: "csv", fields: ["n"] } });
	const other = run({ ...shell("i=0; while :; do echo $i; i=$((i+1)); sleep 0.01; done") });
	await until("the flood", () => flood.readings.length > 5_000);
	const before = process.memoryUsage().arrayBuffers;
	const seen = other.readings.length;
	await until("fifty lines of the other", () => other.readings.length >= seen + 50, 20_000);
	assert.ok(process.memoryUsage().arrayBuffers - before < 2_000_000);
	await flood.source.stop();
	const { length } = flood.readings;
	for (let index = 0; index < length; index += 1) {
		if (flood.readings[index]?.[1] !== index + 1) assert.unreachable(`reading ${index} is ${flood.readings[index]}`);
	}
	assert.ok(flood.rejects.length <= 1 && flood.rejects.every((reason) => reason === "partial"));
});

test("between two reads of a pipe there is a pause, however much waits in it", async () => {
	const timers = createFakeTimers();
	let reads = 0;
	let hasEnded = false;
	const child = startChild({
		command: ["yes"],
		env: { PATH: process.env["PATH"] },
		timers,
		onBytes() {
			reads += 1;
		},
		onEnd() {
			hasEnded = true;
		},
	});
	for (let pauses = 0; pauses < 5; pauses += 1) {
		await until("a read", () => reads > pauses);
		for (let turn = 0; turn < 10; turn += 1) await readFile("/proc/self/stat");
		assert.is(reads, pauses + 1);
		await timers.advance(PAUSE_MS);
	}
	const stopped = child.stop();
	await until("its end", async () => {
		await timers.advance(PAUSE_MS);
		return hasEnded;
	});
	await stopped;
	await timers.advance(PAUSE_MS);
	assert.is(timers.count(), 0);
});

test("a line without an end is rejected once, and a flood on stderr disturbs nothing", async () => {
	const long = run(shell("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo after; exec sleep 60"));
	await until("the line after it", () => long.readings.length === 1, 20_000);
	assert.equal([long.rejects, long.values()], [["too_long"], ["after"]]);
	const noisy = run(shell("yes noise >&2 & i=0; while :; do echo $i; i=$((i+1)); sleep 0.01; done"));
	await until("lines", () => noisy.readings.length >= 20, 20_000);
});

test("stop ends a program and all it started, also what ignores SIGTERM", async () => {
	const mark = newMark();
	const both = run(
		shell(`(trap '' TERM; while :; do sleep 0.05; done) & trap '' TERM; echo up; while :; do sleep 0.05; done`, mark),
	);
	await until("up", () => both.state() === "up");
	assert.ok(marked(mark).length >= 2);
	await both.source.stop();
	await isGone(mark);
	assert.equal(zombies(), []);
	const states = both.states.length;
	const polite = run(shell("trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done", mark));
	await until("up", () => polite.state() === "up");
	await polite.source.stop();
	assert.equal(polite.values(), ["up", "bye"]);
	assert.is(both.states.length, states);
	assert.equal([marked(mark), zombies()], [[], []]);
});

test("what a program leaves behind in its group is ended before it is started again", async () => {
	const mark = newMark();
	const forking = run(shell(`sh -c 'while :; do sleep 0.05; done' ${mark} & echo started; exit 1`, mark));
	await until("five lives", () => forking.readings.length >= 5);
	await forking.source.stop();
	await isGone(mark);
	assert.equal(zombies(), []);
});

test("who left the group and holds the pipe is not waited for", async () => {
	const mark = newMark();
	const leaving = run(shell(`setsid sh -c 'sleep 5' ${mark} & echo started; exit 1`, mark));
	await until("two lives", () => leaving.readings.length >= 2);
	await leaving.source.stop();
	for (const pid of marked(mark)) process.kill(pid, "SIGKILL");
	await isGone(mark);
});

test("stopping between two starts, at once and twice leaves nothing", async () => {
	const mark = newMark();
	const sources: Running[] = [];
	for (let round = 0; round < 5; round += 1) {
		const at = run(shell("echo a; exit 1", mark));
		if (round > 0) await until("down", () => at.states.length >= round);
		sources.push(at);
		await Promise.all([at.source.stop(), at.source.stop()]);
	}
	const states = sources.map((source) => source.states.length);
	await isGone(mark);
	assert.equal(
		sources.map((source) => source.states.length),
		states,
	);
	assert.equal(zombies(), []);
});

/** A process that runs one exec source, as an agent does. */
function startAgent(script: string, mark: string, then = "") {
	const settings = { ...shell(script, mark), parse: { as: "line" }, maxLine: 64, restart: { minMs: 10, maxMs: 10 } };
	const code = `
		import { createExecSource } from ${JSON.stringify(join(buildDir, "src/sources/exec/exec.js"))};
		const host = { now: () => performance.now(), stream: () => 0, reject() {}, up() {}, down() {} };
		host.offer = () => { console.log("reading"); ${then} };
		createExecSource(${JSON.stringify(settings)}, host, {}).start();`;
	return startProcess(process.execPath, ["--input-type=module", "-e", code]);
}

test("an agent that ends by itself, cleanly or by an exception, takes a silent program with it", async () => {
	for (const [then, code] of [
		["setImmediate(() => process.exit(0))", 0],
		["setImmediate(() => { throw new Error('a bug') })", 1],
	] as const) {
		const mark = newMark();
		const agent = startAgent("echo up; while :; do sleep 0.05; done", mark, then);
		assert.is((await agent.exited).code, code);
		await isGone(mark);
	}
});

test("an agent that is killed leaves a program that ends with its next line", async () => {
	const mark = newMark();
	const agent = startAgent("while echo line; do sleep 0.05; done", mark);
	await agent.waitForOutput(/reading/);
	await agent.kill();
	await isGone(mark);
});

if (spawnSync("setpriv", ["--pdeathsig", "KILL", "true"]).status === 0) {
	test("setpriv ends a silent program with an agent that is killed", async () => {
		const mark = newMark();
		const script = `exec setpriv --pdeathsig KILL sh -c 'echo up; exec sleep 1000.${process.pid}' ${mark}`;
		const agent = startAgent(script, mark);
		await agent.waitForOutput(/reading/);
		await agent.kill();
		await until("it is gone", () => marked(`1000.${process.pid}`).length === 0);
	});
} else console.log("not tried here: setpriv --pdeathsig");

test.run();
