// The real binding on real pseudo terminals: what a fake port cannot show.
import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openPort } from "../../src/sources/serial/binding.js";
import { createSerialSource } from "../../src/sources/serial/serial.js";
import type { SerialSettings } from "../../src/sources/serial/settings.js";
import type { Source } from "../../src/sources/source.js";
import { createRecording, type Recording } from "../parse/recording-host.js";
import { SETTINGS } from "./fake-world.js";
import { type Cable, createCable, until } from "./pty.js";

const test = suite<{ cable: Cable; sources: Source[] }>("serial on a pseudo terminal");

test.before.each((context) => {
	context.cable = createCable();
	context.sources = [];
});

test.after.each(async ({ cable, sources }) => {
	for (const source of sources) await source.stop();
	await cable.dispose();
});

interface Running extends Recording {
	readonly source: Source;
}

function run(
	context: { cable: Cable; sources: Source[] },
	settings: Partial<SerialSettings> = {},
	onOffer?: () => void,
): Running {
	const recording = createRecording(() => performance.now());
	const { host } = recording;
	const offer: typeof host.offer = (stream, value, capturedMs) => {
		host.offer(stream, value, capturedMs);
		onOffer?.();
	};
	const source = createSerialSource(
		{ ...SETTINGS, baud: 115_200, path: context.cable.near, ...settings },
		{ ...host, offer },
		{ sysRoot: "/sys", devRoot: "/dev", board: "generic-linux" },
	);
	context.sources.push(source);
	source.start();
	return { ...recording, source };
}

const isUp = ({ states }: Recording): boolean => states.at(-1) === "up";
const values = ({ readings }: Recording): readonly unknown[] => readings.map(([, value]) => value);

test("reads lines, whole and in pieces", async (context) => {
	const { cable } = context;
	await cable.plug();
	const running = run(context, { parse: { as: "csv", fields: ["t"] } });
	await until(() => isUp(running), "up");
	cable.write("21.5\r\n22");
	await until(() => running.readings.length === 1, "the first line");
	cable.write(".5\n\n2");
	await until(() => running.readings.length === 2, "the second line");
	cable.write("3.5\n");
	await until(() => running.readings.length === 3, "the third line");
	assert.equal(running.readings, [
		["t", 21.5],
		["t", 22.5],
		["t", 23.5],
	]);
	assert.ok(running.capturedMs.every((at) => at <= performance.now()));
	await running.source.stop();
	assert.equal(running.rejects, []);
});

test("comes back by itself from every unplug in the instant that data arrives", async (context) => {
	const { cable } = context;
	let isHot = false;
	const running = run(context, {}, () => {
		if (isHot) cable.unplug();
		isHot = false;
	});
	const rounds = 8;
	for (let round = 0; round < rounds; round += 1) {
		await cable.plug();
		await until(() => isUp(running), `up in round ${round}`);
		isHot = true;
		cable.write("whole\nhalf");
		await until(() => !isUp(running), `down in round ${round}`);
	}
	assert.is(running.states.filter((state) => state === "up").length, rounds);
	assert.equal(values(running), Array(rounds).fill("whole"));
	assert.equal(running.rejects, Array(rounds).fill("partial"));
});

test("a port that is missing is opened when it appears, through a link as well", async (context) => {
	const { cable } = context;
	const link = join(cable.folder, "by-id");
	symlinkSync(cable.near, link);
	const running = run(context, { path: link });
	await until(() => running.states.length > 0, "a report");
	assert.match(running.states[0] as string, /is not there: is it plugged in\?/);
	await cable.plug();
	await until(() => isUp(running), "up");
	cable.write("here\n");
	await until(() => running.readings.length === 1, "a line");
});

test("a port is opened exclusively, and the second one says so and waits", async (context) => {
	const { cable } = context;
	await cable.plug();
	const first = run(context);
	await until(() => isUp(first), "up");
	const second = run(context);
	await until(() => second.states.length > 0, "a report");
	assert.match(second.states[0] as string, /in use by another program: `fuser -v /);
	await first.source.stop();
	await until(() => isUp(second), "the second one is up");
	cable.write("mine\n");
	await until(() => second.readings.length === 1, "a line");
	assert.equal(first.readings, []);
});

test("what is no serial port says so", async (context) => {
	const running = run(context, { path: "/dev/null" });
	await until(() => running.states.length > 0, "a report");
	assert.equal(running.states, ["/dev/null is no serial port"]);
});

test("a port that goes quiet is reopened, and up again with the first bytes", async (context) => {
	const { cable } = context;
	await cable.plug();
	const running = run(context, { silenceMs: 300 });
	await until(() => isUp(running), "up");
	await until(() => !isUp(running), "down");
	assert.match(running.states.at(-1) as string, /nothing came from .* for 0.3 s/);
	await until(() => {
		cable.write("again\n");
		return isUp(running);
	}, "up with the first bytes");
});

test("a flood without an end grows nothing and counts once", async (context) => {
	const { cable } = context;
	await cable.plug();
	const running = run(context, { maxLine: 1_024 });
	await until(() => isUp(running), "up");
	const before = process.memoryUsage();
	const flood = cable.run("head -c 20000000 /dev/zero | tr '\\0' x");
	await until(() => flood.exitCode !== null, "the flood ends");
	cable.write("\nafter\n");
	await until(() => running.readings.length === 1, "the line after it");
	const after = process.memoryUsage();
	assert.equal(running.rejects, ["too_long"]);
	assert.equal(values(running), ["after"]);
	assert.ok(after.arrayBuffers - before.arrayBuffers < 1_000_000);
	assert.ok(after.heapUsed - before.heapUsed < 20_000_000);
});

test("every line of a flood arrives, and stop in the middle of one ends it", async (context) => {
	const { cable } = context;
	await cable.plug();
	const running = run(context, { parse: { as: "csv", fields: ["n"] } });
	await until(() => isUp(running), "up");
	const flood = cable.run("seq 0 99999; exec yes 1");
	await until(() => running.readings.length > 200_000, "200,000 readings");
	await running.source.stop();
	const readings = running.readings.length;
	for (let index = 0; index < 100_000; index += 1) {
		if (running.readings[index]?.[1] !== index) assert.unreachable(`reading ${index} is ${running.readings[index]}`);
	}
	assert.ok(running.rejects.length <= 1 && running.rejects.every((reason) => reason === "partial"));
	assert.is(flood.exitCode, null);
	await new Promise((resolve) => {
		setTimeout(resolve, 50);
	});
	assert.is(running.readings.length, readings);
});

test("a thousand openings leave no descriptor behind", async ({ cable }) => {
	await cable.plug();
	const countFds = (): number => readdirSync("/proc/self/fd").length;
	const openAndClose = async (): Promise<void> => {
		const port = await openPort(cable.near, SETTINGS, () => {});
		port.arm();
		await port.close();
	};
	await openAndClose();
	const before = countFds();
	for (let count = 0; count < 1_000; count += 1) await openAndClose();
	assert.is(countFds(), before);
	let wakeUps = 0;
	const port = await openPort(cable.near, SETTINGS, () => {
		wakeUps += 1;
	});
	port.arm();
	cable.write("x");
	await until(() => wakeUps === 1, "the last opening still hears");
	await port.close();
});

test.run();
