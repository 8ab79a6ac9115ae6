// The serial source on real USB ports of a real kernel, unplugged and plugged in, inside the virtual board (npm run
// test:board). What only pseudo terminals can show is in ../serial.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdirSync, openSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createSerialSource } from "../../src/sources/serial/serial.js";
import type { SerialSettings } from "../../src/sources/serial/settings.js";
import type { Source } from "../../src/sources/source.js";
import { createRecording, type Recording } from "../parse/recording-host.js";
import { SETTINGS } from "../serial/fake-world.js";
import { createRandom, seed } from "../support/seed.js";
import { delay, until } from "../support/wait.js";
import { becomeNobody, becomeRoot } from "./other-user.js";
import { SLOWNESS } from "./slowness.js";
import { createUsbAdapter, portNames, type UsbAdapter } from "./usb-adapter.js";

/** A machine that is busy takes its time; what hangs never comes. */
const LIMIT_MS = 20_000 * SLOWNESS;
const PATH = "/dev/ttyACM0";
const BY_ID = "/dev/serial/by-id";

interface Running extends Recording {
	readonly source: Source;
	/** Called with each reading as it is offered. */
	onOffer: (() => void) | null;
}

const adapters = [0, 1, 2].map(createUsbAdapter) as [UsbAdapter, UsbAdapter, UsbAdapter];
const [first] = adapters;
const random = createRandom(seed);
let sources: Source[] = [];

const test = suite("serial on a real kernel");

test.after.each(async () => {
	for (const source of sources) await source.stop();
	sources = [];
	for (const adapter of adapters) adapter.unplug();
	rmSync("/dev/serial", { recursive: true, force: true });
	await until("no port", () => portNames().length === 0, LIMIT_MS);
});

function run(settings: Partial<SerialSettings> = { path: PATH }): Running {
	const recording = createRecording(() => performance.now());
	const { path: _, ...common } = SETTINGS;
	const running: Running = { ...recording, onOffer: null, source: createSource() };
	function createSource(): Source {
		const offer: typeof recording.host.offer = (...reading) => {
			recording.host.offer(...reading);
			running.onOffer?.();
		};
		const machine = { sysRoot: "/sys", devRoot: "/dev", board: process.env["VB_BOARD"] ?? "" };
		return createSerialSource({ ...common, baud: 115_200, ...settings }, { ...recording.host, offer }, machine);
	}
	sources.push(running.source);
	running.source.start();
	return running;
}

const isUp = ({ states }: Recording): boolean => states.at(-1) === "up";
const values = ({ readings }: Recording): readonly unknown[] => readings.map(([, value]) => value);
const states = ({ states }: Recording) => `states ${states.slice(-5).join("; ")}`;

function up(running: Running): Promise<unknown> {
	return until(
		() => `up; ${states(running)}`,
		() => isUp(running),
		LIMIT_MS,
	);
}

function down(running: Running): Promise<unknown> {
	return until(
		() => `down; ${states(running)}`,
		() => !isUp(running),
		LIMIT_MS,
	);
}

function openFiles(): number {
	return readdirSync("/proc/self/fd").length;
}

function percentile(figures: readonly number[], share: number): number {
	const sorted = [...figures].sort((a, b) => a - b);
	return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN);
}

/** CPU time this process took in a while, as a share of a core. */
async function cpuShare(ms: number): Promise<number> {
	const before = process.cpuUsage();
	const startedMs = performance.now();
	await delay(ms);
	const { user, system } = process.cpuUsage(before);
	return (user + system) / 1_000 / (performance.now() - startedMs);
}

test("unplugged 50 times in the instant that data arrives: always down, always back, the partial line counted", async () => {
	const rounds = 50;
	const running = run();
	const backMs: number[] = [];
	const downMs: number[] = [];
	let filesBefore = 0;
	for (let round = 0; round < rounds; round += 1) {
		const pluggedMs = performance.now();
		let unpluggedMs = Number.NaN;
		running.onOffer = () => {
			running.onOffer = null;
			backMs.push(performance.now() - pluggedMs);
			first.unplug();
			unpluggedMs = performance.now();
		};
		first.plug();
		await up(running);
		first.write("whole\nhalf");
		await until(
			() => `a reading in round ${round}; ${states(running)}`,
			() => backMs.length === round + 1,
			LIMIT_MS,
		);
		await down(running);
		downMs.push(performance.now() - unpluggedMs);
		if (round === 0) filesBefore = openFiles();
	}
	assert.equal(values(running), Array(rounds).fill("whole"));
	assert.equal(running.rejects, Array(rounds).fill("partial"));
	assert.is(running.states.filter((state) => state === "up").length, rounds);
	assert.is(openFiles(), filesBefore);
	// Told by the port itself, not by a look at the folder twice a second: until then a core might spin.
	assert.ok(percentile(downMs, 0.5) < 200 * SLOWNESS, `down after ${downMs.map(Math.round).join(", ")} ms`);
	assert.ok(percentile(backMs, 0.5) <= 2_000 * SLOWNESS, `back after ${backMs.map(Math.round).join(", ")} ms`);
	const share = await cpuShare(2_000);
	assert.ok(share < 0.5, `unplugged, it takes ${share} of a core`);
	console.log(`measured: unplugged to down p50 ${percentile(downMs, 0.5)} ms, max ${percentile(downMs, 1)} ms`);
	console.log(
		`measured: plugged in to first reading p50 ${percentile(backMs, 0.5)} ms, max ${percentile(backMs, 1)} ms of ${rounds}; then ${(share * 100).toFixed(1)} % of a core`,
	);
});

test("unplugged 50 times at any moment of a stream: every line that came is whole", async () => {
	// Opening throws away what the kernel has of the port by then: the first line may begin anywhere.
	const running = run({ path: PATH, parse: { as: "csv", fields: ["a", "b"] }, skipFirst: true });
	for (let round = 0; round < 50; round += 1) {
		first.plug();
		const stream = setInterval(() => first.write(`${round},${round}\n`.repeat(20)), 2);
		const readings = running.readings.length;
		await until(
			() => `readings in round ${round}; ${states(running)}`,
			() => running.readings.length > readings,
			LIMIT_MS,
		);
		await delay(Math.floor(random() * 40));
		first.unplug();
		clearInterval(stream);
		await down(running);
	}
	assert.is(running.readings.length % 2, 0);
	for (let index = 0; index < running.readings.length; index += 2) {
		assert.is(running.readings[index]?.[1], running.readings[index + 1]?.[1], `line ${index / 2}`);
	}
	assert.ok(
		running.rejects.length <= 100 && running.rejects.every((reason) => reason === "partial"),
		"only partial lines",
	);
});

/** Unplugs the first adapter and has it come back as another device file: another program still holds the old one. */
async function replugAsAnother(running: Running, unlinked: () => void = () => undefined): Promise<void> {
	const held = openSync(PATH, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
	try {
		first.unplug();
		unlinked();
		await down(running);
		first.plug();
		await until("the port under another number", () => portNames().includes("ttyACM1"), LIMIT_MS);
	} finally {
		closeSync(held);
	}
}

test("found again under another number by its by-id link", async () => {
	const link = `${BY_ID}/usb-VB000-if00`;
	mkdirSync(BY_ID, { recursive: true });
	const point = (name: string): void => {
		rmSync(link, { force: true });
		if (name !== "") symlinkSync(`../../${name}`, link);
	};
	const running = run({ path: link });
	first.plug();
	await until("the port", () => portNames().includes("ttyACM0"), LIMIT_MS);
	point("ttyACM0");
	await up(running);
	await replugAsAnother(running, () => point(""));
	point("ttyACM1");
	await up(running);
	first.write("again\n");
	await until("a line", () => running.readings.length === 1, LIMIT_MS);
	assert.equal(values(running), ["again"]);
});

test("found again under another number by its USB serial, among others", async () => {
	const { vendor, product, serial } = first;
	const running = run({ usb: { vendor, product, serial } });
	first.plug();
	await up(running);
	adapters[2].plug();
	await replugAsAnother(running);
	await up(running);
	adapters[2].write("another's\n");
	first.write("again\n");
	await until("a line", () => running.readings.length > 0, LIMIT_MS);
	assert.equal(values(running), ["again"]);
});

test("a port that another process has is told, and taken when it is free", async () => {
	first.plug();
	await until("the port", () => portNames().length === 1, LIMIT_MS);
	const other = spawn("flock", ["--nonblock", "--no-fork", PATH, "sh", "-c", "echo mine; exec sleep 1000"]);
	try {
		await once(other.stdout, "data");
		const running = run();
		await until("a report", () => running.states.length > 0, LIMIT_MS);
		assert.match(running.states[0] as string, /^\/dev\/ttyACM0 is in use by another program: `fuser -v /);
		other.kill();
		await up(running);
		first.write("free\n");
		await until("a line", () => running.readings.length === 1, LIMIT_MS);
	} finally {
		other.kill("SIGKILL");
	}
});

test("a port without permission is told, with what to do, and opened once it may be", async () => {
	first.plug();
	const before = run();
	await up(before); // the native part is loaded: another user cannot look into this folder
	await before.source.stop();
	if (!becomeNobody("a port without permission")) return;
	try {
		const running = run();
		await until("a report", () => running.states.length > 0, LIMIT_MS);
		assert.match(running.states[0] as string, /^no permission to open \/dev\/ttyACM0: sudo usermod -aG dialout/);
		becomeRoot();
		await up(running);
		first.write("allowed\n");
		await until("a line", () => running.readings.length === 1, LIMIT_MS);
	} finally {
		becomeRoot();
	}
});

test("several ports: while one is unplugged again and again, the others lose nothing", async () => {
	const runs: Running[] = [];
	const sent = [0, 0, 0];
	const parse = { as: "csv", fields: ["n"] } as const;
	for (const { vendor, product, serial } of adapters) runs.push(run({ usb: { vendor, product, serial }, parse }));
	for (const adapter of adapters) adapter.plug();
	for (const running of runs) await up(running);
	const stream = setInterval(() => {
		for (const [index, adapter] of adapters.entries()) {
			if (adapter.write(`${sent[index]}\n`)) sent[index] = (sent[index] ?? 0) + 1;
		}
	}, 20);
	const [loser] = runs as [Running];
	for (let round = 0; round < 10; round += 1) {
		const readings = loser.readings.length;
		await until("its readings", () => loser.readings.length > readings, LIMIT_MS);
		first.unplug();
		await down(loser);
		first.plug();
		await up(loser);
	}
	clearInterval(stream);
	for (const index of [1, 2]) {
		const running = runs[index] as Running;
		await until("every line", () => running.readings.length === sent[index], LIMIT_MS);
		assert.equal(
			values(running),
			Array.from({ length: sent[index] ?? 0 }, (_, n) => n),
		);
		assert.is(running.states.filter((state) => state === "up").length, 1);
		assert.equal(running.rejects, []);
	}
	assert.is(loser.states.filter((state) => state === "up").length, 11);
});

test.run();
