import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createSerialReader } from "../../src/sources/serial/serial-reader.js";
import type { SerialSettings } from "../../src/sources/serial/settings.js";
import type { Source } from "../../src/sources/source.js";
import { createRecording, type Recording } from "../parse/recording-host.js";
import { createFakeWorld, type FakeWorld, SETTINGS } from "./fake-world.js";

const test = suite("serial reader");

interface Scene extends Recording {
	readonly world: FakeWorld;
	readonly source: Source;
}

async function begin(settings: Partial<SerialSettings> = {}, prepare?: (world: FakeWorld) => void): Promise<Scene> {
	const world = createFakeWorld();
	prepare?.(world);
	const recording = createRecording(world.now);
	const source = createSerialReader({ ...SETTINGS, ...settings }, recording.host, world);
	source.start();
	await world.advance(0);
	return { ...recording, world, source };
}

const lines = (scene: Scene): readonly unknown[] => scene.readings.map(([, value]) => value);

test("opens the port, reads lines with the time of the read, and closes it", async () => {
	const scene = await begin();
	scene.world.port().receive("one\ntw");
	await scene.world.advance(25);
	scene.world.port().receive("o\n");
	assert.equal(scene.readings, [
		["line", "one"],
		["line", "two"],
	]);
	assert.equal(scene.capturedMs, [1_000, 1_025]);
	await scene.source.stop();
	assert.ok(scene.world.port().isClosed);
	assert.equal(scene.states, ["up"]);
	assert.is(scene.world.timers(), 0);
});

test("leaves a busy port alone for some ms after a read, so that lines gather", async () => {
	const scene = await begin({ baud: 115_200 });
	for (let ms = 0; ms < 1_000; ms += 1) {
		scene.world.port().receive(`${ms}\n`);
		await scene.world.advance(1);
	}
	await scene.world.advance(20);
	assert.is(scene.readings.length, 1_000);
	assert.ok(scene.world.port().reads <= 110, `${scene.world.port().reads} reads`);
	await scene.source.stop();
});

test("a port that is not there is opened within two seconds after it appears", async () => {
	const scene = await begin({}, (world) => {
		world.place = null;
	});
	await scene.world.advance(3_600_000);
	assert.equal(scene.states, ["not there"]);
	assert.is(scene.world.opens.length, 0);
	scene.world.place = { device: "a", access: "rw" };
	await scene.world.advance(2_000);
	assert.equal(scene.states, ["not there", "up"]);
	await scene.source.stop();
});

test("a port that fails is tried again, less and less often, with one report for one cause", async () => {
	const scene = await begin({}, (world) => {
		world.openError = "Error: Permission denied, cannot open /dev/ttyUSB0";
	});
	await scene.world.advance(120_000);
	const { opens } = scene.world;
	const gaps = opens.slice(1).map((at, index) => at - (opens[index] as number));
	assert.equal(gaps.slice(0, 8), [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
	assert.is(scene.states.length, 1);
	assert.match(scene.states[0] as string, "dialout");
	scene.world.openError = null;
	await scene.world.advance(10_000);
	assert.is(scene.states.at(-1), "up");
	await scene.source.stop();
});

test("a port that fails is tried at once when its permissions change or it is another one", async () => {
	for (const change of [
		{ device: "a", access: "rw group" },
		{ device: "b", access: "rw" },
	]) {
		const scene = await begin({}, (world) => {
			world.openError = "Error: Permission denied, cannot open /dev/ttyUSB0";
		});
		await scene.world.advance(60_000);
		scene.world.openError = null;
		scene.world.place = change;
		await scene.world.advance(500);
		assert.is(scene.states.at(-1), "up");
		await scene.source.stop();
	}
});

test("comes back after a hang-up, with nothing of the old line in the new one", async () => {
	const scene = await begin();
	scene.world.port().receive("one\nhal");
	scene.world.place = null;
	scene.world.port().hangUp();
	await scene.world.advance(30_000);
	assert.ok(scene.world.ports[0]?.isClosed);
	scene.world.place = { device: "b", access: "rw" };
	await scene.world.advance(2_000);
	scene.world.port().receive("two\n");
	assert.equal(lines(scene), ["one", "two"]);
	assert.equal(scene.rejects, ["partial"]);
	assert.equal(scene.states, ["up", "/dev/ttyUSB0 hung up: is it plugged in?", "not there", "up"]);
	await scene.source.stop();
});

test("notices without any hang-up that the port is gone or another one", async () => {
	for (const place of [null, { device: "b", access: "rw" }]) {
		const scene = await begin();
		scene.world.port().receive("hal");
		scene.world.place = place;
		await scene.world.advance(1_000);
		assert.ok(scene.world.ports[0]?.isClosed);
		assert.equal(scene.rejects, ["partial"]);
		scene.world.place = { device: "b", access: "rw" };
		await scene.world.advance(2_000);
		assert.is(scene.states.at(-1), "up");
		assert.is(scene.world.ports.length, 2);
		await scene.source.stop();
	}
});

test("an open port whose permissions change stays open", async () => {
	const scene = await begin();
	scene.world.place = { device: "a", access: "other" };
	await scene.world.advance(10_000);
	assert.is(scene.world.ports.length, 1);
	await scene.source.stop();
});

test("reopens a port that went quiet, and is down until something comes", async () => {
	const scene = await begin({ silenceMs: 60_000 });
	scene.world.port().receive("one\n");
	await scene.world.advance(59_000);
	scene.world.port().receive("two\n");
	await scene.world.advance(59_000);
	assert.equal(scene.states, ["up"]);
	await scene.world.advance(3_000);
	assert.is(scene.world.ports.length, 2);
	assert.equal(scene.states, ["up", "nothing came from /dev/ttyUSB0 for 60 s: reopening it"]);
	await scene.world.advance(300_000);
	assert.is(scene.states.length, 2);
	assert.ok(scene.world.ports.length >= 5);
	scene.world.port().receive("three\n");
	assert.is(scene.states.at(-1), "up");
	assert.equal(lines(scene), ["one", "two", "three"]);
	await scene.source.stop();
});

test("a port that hangs up at once is not tried in a frenzy", async () => {
	const scene = await begin();
	for (let second = 0; second < 120; second += 1) {
		scene.world.port().hangUp();
		await scene.world.advance(1_000);
	}
	assert.ok(scene.world.opens.length < 30, `${scene.world.opens.length} openings in two minutes`);
	await scene.source.stop();
});

test("a line that wakes up for nothing neither spins nor stays", async () => {
	const scene = await begin();
	const { world } = scene;
	const first = world.port();
	for (let wake = 0; wake < 60 && !first.isClosed; wake += 1) {
		first.wake();
		await world.advance(10);
	}
	assert.ok(first.isClosed);
	assert.ok(first.reads <= 52);
	await scene.source.stop();
});

test("the first line is thrown away where that is wanted, after each opening", async () => {
	const scene = await begin({ skipFirst: true });
	scene.world.port().receive(".37\n21.38\n");
	scene.world.port().hangUp();
	await scene.world.advance(2_000);
	scene.world.port().receive("5\n21.39\n");
	assert.equal(lines(scene), ["21.38", "21.39"]);
	assert.equal(scene.rejects, ["partial", "partial"]);
	await scene.source.stop();
});

test("stop takes what has come, counts what is cut off, and offers nothing afterwards", async () => {
	const scene = await begin();
	scene.world.port().receive("one\n");
	scene.world.port().receive("two\nhal");
	await scene.source.stop();
	assert.equal(lines(scene), ["one", "two"]);
	assert.equal(scene.rejects, ["partial"]);
	scene.world.port().receive("f\nthree\n");
	await scene.world.advance(60_000);
	await scene.source.stop();
	assert.is(scene.readings.length, 2);
	assert.is(scene.world.opens.length, 1);
	assert.equal(scene.states, ["up"]);
});

test("stop ends even if the port does not close", async () => {
	const scene = await begin({}, (world) => {
		world.closeHangs = true;
	});
	let isStopped = false;
	const stopped = scene.source.stop().then(() => {
		isStopped = true;
	});
	await scene.world.advance(500);
	assert.not(isStopped);
	await scene.world.advance(600);
	assert.ok(isStopped);
	await stopped;
	assert.is(scene.world.timers(), 0);
});

test("stop ends while the port is being opened, and closes it when it is open after all", async () => {
	const world = createFakeWorld();
	const recording = createRecording(world.now);
	const source = createSerialReader(SETTINGS, recording.host, world);
	source.start();
	const stopped = source.stop();
	await world.advance(0);
	await stopped;
	assert.ok(world.port().isClosed);
	assert.equal(recording.states, []);
	assert.is(world.timers(), 0);

	const hanging = await begin({}, (other) => {
		other.openError = "hang";
	});
	await hanging.world.advance(6_000);
	assert.match(hanging.states[0] as string, "hangs");
	let isStopped = false;
	const ended = hanging.source.stop().then(() => {
		isStopped = true;
	});
	await hanging.world.advance(1_100);
	assert.ok(isStopped);
	await ended;
});

test("stop while waiting leaves no timer, and start is only once", async () => {
	const scene = await begin({}, (world) => {
		world.place = null;
	});
	await scene.source.stop();
	scene.source.start();
	await scene.world.advance(60_000);
	assert.is(scene.world.timers(), 0);
	assert.is(scene.world.opens.length, 0);
});

test("a lost port whose close hangs is tried again all the same", async () => {
	const scene = await begin({}, (world) => {
		world.closeHangs = true;
	});
	scene.world.port().hangUp();
	await scene.world.advance(2_000);
	assert.is(scene.world.ports.length, 2);
	assert.is(scene.states.at(-1), "up");
	const stopped = scene.source.stop();
	await scene.world.advance(1_100);
	await stopped;
});

test.run();
