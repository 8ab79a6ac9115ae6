// Binary frames as a serial source has them: the port's states around them, and a sensor that speaks only when asked.
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createSerialSource } from "../../src/sources/serial/serial.js";
import { createSerialReader } from "../../src/sources/serial/serial-reader.js";
import type { SerialSettings } from "../../src/sources/serial/settings.js";
import type { Source } from "../../src/sources/source.js";
import { createRecording, type Recording } from "../parse/recording-host.js";
import { createFakeWorld, type FakeWorld, SETTINGS } from "../serial/fake-world.js";
import { createCable, until } from "../serial/pty.js";

const test = suite("binary frames of a serial source");

const SDS011 = Buffer.from("aac0d4043a0aa1601dab", "hex");
const REQUEST = Buffer.from("ff0186000000000079", "hex");
const ANSWER = Buffer.from("ff86026047000000d1", "hex");

interface Scene extends Recording {
	readonly world: FakeWorld;
	readonly source: Source;
}

async function begin(settings: Pick<SerialSettings, "parse"> & Partial<SerialSettings>): Promise<Scene> {
	const world = createFakeWorld();
	const recording = createRecording(world.now);
	const source = createSerialReader({ ...SETTINGS, ...settings }, recording.host, world);
	source.start();
	await world.advance(0);
	return { ...recording, world, source };
}

test("a frame that an unplug cuts off is partial, and nothing of it is in the next one", async () => {
	const scene = await begin({ parse: { as: "binary", preset: "sds011" } });
	scene.world.port().receive(SDS011);
	await scene.world.advance(20);
	scene.world.port().receive(SDS011.subarray(0, 6));
	scene.world.port().hangUp();
	await scene.world.advance(2_000);
	assert.equal(scene.rejects, ["partial"]);
	scene.world.port().receive(SDS011.subarray(6));
	scene.world.port().receive(SDS011);
	await scene.world.advance(20);
	assert.is(scene.readings.length, 4);
	assert.equal(scene.rejects, ["partial", "syntax"]);
	await scene.source.stop();
	assert.is(scene.world.timers(), 0);
});

test("a sensor that is asked is asked at once, then on time, and again after a reopen", async () => {
	const scene = await begin({ parse: { as: "binary", preset: "mh-z19", request: { everyMs: 2_000 } } });
	await scene.world.advance(10_000);
	const first = scene.world.port();
	assert.equal(
		first.written.map((bytes) => Buffer.from(bytes)),
		Array(6).fill(REQUEST),
	);
	first.receive(ANSWER);
	await scene.world.advance(0);
	assert.equal(scene.readings, [
		["co2", 608],
		["temperature", 31],
	]);
	first.hangUp();
	await scene.world.advance(1_000);
	assert.is(first.written.length, 6);
	assert.is(scene.world.port().written.length, 1);
	await scene.source.stop();
	await scene.world.advance(10_000);
	assert.is(scene.world.timers(), 0);
	assert.equal(scene.rejects, []);
});

test("a preset's request goes out every 5 s unless told otherwise, and one that the kernel does not take is missed", async () => {
	const scene = await begin({ parse: { as: "binary", preset: "mh-z19" } });
	scene.world.port().isFull = true;
	await scene.world.advance(10_000);
	assert.equal(scene.rejects, ["missed", "missed"]);
	scene.world.port().isFull = false;
	await scene.world.advance(10_000);
	assert.is(scene.world.port().written.length, 3);
	await scene.source.stop();
});

test("silence reopens the port of a sensor that sends frames", async () => {
	const scene = await begin({ parse: { as: "binary", preset: "sds011" }, silenceMs: 5_000 });
	await scene.world.advance(6_000);
	assert.match(scene.states.at(-1) as string, "nothing came");
	scene.world.port().receive(SDS011);
	assert.is(scene.states.at(-1), "up");
	await scene.source.stop();
});

test("an MH-Z19 at the far end of a pseudo terminal answers what the port really writes", async () => {
	const cable = createCable();
	await cable.plug();
	const recording = createRecording(() => performance.now());
	const source = createSerialSource(
		{ ...SETTINGS, path: cable.near, parse: { as: "binary", preset: "mh-z19", request: { everyMs: 100 } } },
		recording.host,
		{ sysRoot: "/sys", devRoot: "/dev", board: "generic-linux" },
	);
	const far = openSync(cable.far, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
	try {
		source.start();
		const asked = Buffer.alloc(REQUEST.length);
		let bytes = 0;
		for (let answers = 0; answers < 3; answers += 1) {
			for (bytes = 0; bytes < REQUEST.length; ) {
				await until(() => {
					try {
						bytes += readSync(far, asked, bytes, REQUEST.length - bytes, null);
						return true;
					} catch {
						return false; // nothing there yet
					}
				}, "a request");
			}
			assert.equal(asked, REQUEST);
			writeSync(far, ANSWER);
			await until(() => recording.readings.length === 2 * (answers + 1), "a reading");
		}
		assert.equal(recording.readings.slice(-2), [
			["co2", 608],
			["temperature", 31],
		]);
		assert.equal(recording.rejects, []);
		assert.equal(recording.states, ["up"]);
	} finally {
		closeSync(far);
		await source.stop();
		await cable.dispose();
	}
});

test.run();
