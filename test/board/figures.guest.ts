// What the agent costs and how quick it is on a real kernel's devices, inside the virtual board. Each figure is printed;
// what is asserted has room for a machine that is busy. How long a port takes to be back is serial.guest's to say.
import { execFileSync } from "node:child_process";
import {
	closeSync,
	constants,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { ReadStream } from "node:tty";
import mqtt from "mqtt";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startEmbeddedBroker } from "../../src/demo/broker.js";
import type { BackendName } from "../../src/sources/gpio/backend.js";
import { drive, machine, opened, record } from "../gpio/virtual-board.js";
import { goodAnswer } from "../modbus/scene.js";
import { type Agent, startAgent } from "../support/process.js";
import { type Subscriber, startSubscriber } from "../support/subscriber.js";
import { makeTempDir } from "../support/temp-dir.js";
import { delay, until } from "../support/wait.js";
import { hostCpuMs } from "./host-cpu.js";
import { SLOWNESS } from "./slowness.js";
import { createUsbAdapter, portNames, type UsbAdapter } from "./usb-adapter.js";

type Settings = Readonly<Record<string, unknown>>;

/** The board's, and the longest that its simulated chip keeps an edge. */
const TICK_MS = 10;
const LIMIT_MS = 60_000 * SLOWNESS;
/** Until what a start costs is over: modules, connections, the first status. */
const SETTLE_MS = 30_000;
const MEASURE_MS = 60_000;
/** Some threads have work left in the first minutes. */
const IDLE_MS = 300_000;
const GPIO_LINES = [5, 6, 12, 13, 16, 17, 22, 27];
const DEVICE = "figures";

const adapters = [0, 1, 2].map(createUsbAdapter) as [UsbAdapter, UsbAdapter, UsbAdapter];
let stops: (() => unknown)[] = [];

const test = suite("figures");

test.after.each(async () => {
	for (const stop of stops.reverse()) await stop();
	stops = [];
	for (const adapter of adapters) adapter.unplug();
});

/** A broker, and who listens to it. */
async function startConsumer(): Promise<{ readonly url: string; readonly subscriber: Subscriber }> {
	const broker = await startEmbeddedBroker();
	stops.push(broker.stop);
	const { port } = new URL(broker.url);
	const subscriber = await startSubscriber({ host: "127.0.0.1", port: Number(port) }, { version: 4 });
	stops.push(subscriber.stop);
	return { url: broker.url, subscriber };
}

/** An agent of which all sources are up. */
async function startSettled(url: string, subscriber: Subscriber, sources: readonly Settings[]): Promise<Agent> {
	const agent = startAgent({ device: DEVICE, board: machine.board, mqtt: { url, version: 4 }, sources });
	stops.push(() => agent.stop()); // gives its lines back
	const down = (): string[] => {
		const reports = subscriber.device(DEVICE).status()?.sources ?? [{ name: "no status" }];
		return reports.filter(({ up }) => up !== true).map((report) => JSON.stringify(report));
	};
	await until(
		() => `every source to be up: ${down().join(", ")}\n${agent.stderr()}`,
		() => down().length === 0,
		LIMIT_MS,
	);
	await delay(SETTLE_MS);
	return agent;
}

/** How often the threads of a process have gone to sleep, which is how often they were woken up. */
function sleepsOf(pid: number): number {
	const threads = readdirSync(`/proc/${pid}/task`);
	const sleeps = threads.map((thread) => {
		const status = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
		return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]);
	});
	return sleeps.reduce((sum, count) => sum + count, 0);
}

function usbOf({ vendor, product, serial }: UsbAdapter): Settings {
	return { vendor, product, serial };
}

test("an idle agent with two GPIO lines and a silent port wakes up at most twice a second", async () => {
	const { url, subscriber } = await startConsumer();
	adapters[0].plug();
	const agent = await startSettled(url, subscriber, [
		{ name: "port", type: "serial", usb: usbOf(adapters[0]) },
		{ name: "door", type: "gpio", pin: "GPIO17" },
		{ name: "window", type: "gpio", pin: "GPIO22" },
	]);
	await delay(IDLE_MS);
	const before = sleepsOf(agent.pid);
	await delay(IDLE_MS);
	const perSecond = (sleepsOf(agent.pid) - before) / (IDLE_MS / 1_000);
	console.log(
		`measured: idle, with two GPIO lines and a silent port, it wakes up ${perSecond.toFixed(2)} times a second`,
	);
	assert.ok(perSecond <= 2, `${perSecond} times a second`);
});

for (const backend of ["sysfs", "chardev"] as const satisfies readonly BackendName[]) {
	test(`from an edge to its reading, ${backend}`, async () => {
		drive(17, 0);
		const door = record({ backend, pin: "GPIO17" });
		stops.push(door.source.stop);
		await opened(door);
		const lateMs: number[] = [];
		for (let index = 1; index <= 200; index += 1) {
			// Anywhere between two ticks.
			await delay(30 + (index % 10));
			const drivenMs = performance.now();
			drive(17, index % 2 === 1 ? 1 : 0);
			while (door.offers.length === index) await delay(1);
			lateMs.push(performance.now() - drivenMs);
		}
		lateMs.sort((a, b) => a - b);
		const [median, most] = [lateMs[100], lateMs[190]].map((ms) => (ms ?? Number.NaN).toFixed(1));
		console.log(
			`measured: edge to offer, ${backend}: p50 ${median} ms, p95 ${most} ms of 200; a tick is ${TICK_MS} ms`,
		);
		assert.ok(Number(median) < 5 * TICK_MS * SLOWNESS, `${median} ms`);
	});
}

/** A program that prints what is written into its pipe: its source's settings, and what writes. */
function program(name: string): { readonly settings: Settings; say(line: string): void } {
	const pipe = join(makeTempDir("pipe"), name);
	execFileSync("mkfifo", [pipe]);
	const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
	stops.push(() => closeSync(fd));
	return {
		settings: { name, type: "exec", command: ["cat", pipe], parse: { as: "kv" } },
		say: (line) => void writeSync(fd, line),
	};
}

/** Two thermometers of a bus that is a folder: no kernel simulates one. */
function thermometers(): Settings[] {
	const devices = "/sys/bus/w1/devices";
	if (!existsSync(devices)) return [];
	execFileSync("mount", ["-t", "tmpfs", "none", devices]);
	stops.push(() => execFileSync("umount", [devices]));
	return ["28-000000000001", "28-000000000002"].map((id, index) => {
		const folder = join(devices, `w1_bus_master${index + 1}`, id);
		mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, "temperature"), "21437\n");
		return { name: id, type: "onewire", every: "1s", sensors: { temperature: id } };
	});
}

function chips(): Settings[] {
	const battery = readdirSync("/sys/class/hwmon").some(
		(name) => readFileSync(`/sys/class/hwmon/${name}/name`, "utf8").trim() === "test_battery",
	);
	return battery ? [{ name: "battery", type: "hwmon", chip: "test_battery", every: "1s" }] : [];
}

/** A Modbus slave on an adapter's far end. */
function answerModbus(adapter: UsbAdapter, far: string): void {
	const line = new ReadStream(openSync(far, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
	line.on("error", () => undefined); // it is unplugged at the end
	line.on("data", (bytes: Buffer) => {
		const [id, fn, at, count] = [bytes[0], bytes[1], bytes.readUInt16BE(2), bytes.readUInt16BE(4)] as const;
		adapter.write(goodAnswer({ atMs: 0, id: id ?? 0, fn: fn ?? 0, at, count }));
	});
	stops.push(() => line.destroy());
}

test("32 sources of all kinds, each once a second", async () => {
	const { url, subscriber } = await startConsumer();
	for (const adapter of adapters) adapter.plug();
	answerModbus(adapters[2], "/dev/ttyGS2");
	const programs = ["p1", "p2", "p3", "p4"].map(program);
	const sources: Settings[] = [
		...["s1", "s2", "s3", "s4"].map((name) => ({ name, type: "sim", rate: 1, streams: { level: { shape: "walk" } } })),
		...adapters.slice(0, 2).map((adapter, index) => {
			return { name: `t${index}`, type: "serial", usb: usbOf(adapter), parse: { as: "csv", fields: ["temperature"] } };
		}),
		{
			...{ name: "meter", type: "modbus", usb: usbOf(adapters[2]) },
			slaves: [{ id: 1, name: "meter", every: "1s", registers: { voltage: { fn: 3, at: 7, type: "u16" } } }],
		},
		...GPIO_LINES.map((line) => ({ name: `g${line}`, type: "gpio", pin: `GPIO${line}` })),
		...programs.map(({ settings }) => settings),
		...thermometers(),
		...chips(),
		...["h1", "h2", "h3", "h4"].map((name) => ({ name, type: "system", every: "1s", disks: [] })),
	];
	while (sources.length < 32) {
		const device = `d${sources.length}`;
		mkdirSync(`/sys/kernel/config/iio/devices/dummy/${device}`);
		sources.push({ name: device, type: "iio", device, every: "1s", channels: { voltage: "voltage0" } });
	}
	let level: 0 | 1 = 0;
	const world = setInterval(() => {
		level = level === 0 ? 1 : 0;
		for (const line of GPIO_LINES) drive(line, level);
		for (const { say } of programs) say("T=21.5\n");
		for (const adapter of adapters.slice(0, 2)) adapter.write("21.5\n");
	}, 1_000);
	stops.push(() => clearInterval(world));
	const agent = await startSettled(url, subscriber, sources);
	const together = await measure(subscriber);
	assert.is(sources.length, 32);
	assert.ok(agent.isRunning());
	assert.ok(together.readings >= 32, `${together.readings} readings a second of ${sources.length} sources`);
	const payload = await frameOf(url);
	await agent.stop();
	await publishAlone(url, payload, together.frames);
	for (const name of portNames()) holdOpen(`/dev/${name}`);
	const alone = await measure(subscriber);
	const share = together.share - alone.share;
	console.log(
		`measured: ${sources.length} sources, ${together.readings.toFixed(0)} readings/s: ${percent(share)} of a core; the board costs ${percent(together.share)} with the agent, and ${percent(alone.share)} with the ports open, the sensors at work and as many frames/s published without it`,
	);
	// Each system call is a switch of processes of the machine here: far more than the same costs without the board.
	assert.ok(share < 0.3 * SLOWNESS, percent(share));
});

interface Measured {
	/** Of a core of the machine that the board runs on: all that the board costs. */
	readonly share: number;
	/** Each second. */
	readonly frames: number;
	readonly readings: number;
}

async function measure(subscriber: Subscriber): Promise<Measured> {
	const readings = (): number =>
		[...subscriber.device(DEVICE).runs.values()].reduce((sum, run) => sum + run.received, 0);
	const before = {
		cpuMs: await hostCpuMs(),
		atMs: performance.now(),
		frames: subscriber.frames(),
		readings: readings(),
	};
	await delay(MEASURE_MS);
	const [cpuMs, atMs] = [await hostCpuMs(), performance.now()];
	const tookMs = atMs - before.atMs;
	const each = (count: number): number => (count * 1_000) / tookMs;
	return {
		share: (cpuMs - before.cpuMs) / tookMs,
		frames: each(subscriber.frames() - before.frames),
		readings: each(readings() - before.readings),
	};
}

/** A frame of the agent. */
async function frameOf(url: string): Promise<Buffer> {
	const client = await mqtt.connectAsync(url);
	await client.subscribeAsync(`tallywire/${DEVICE}/data`);
	const payload = await new Promise<Buffer>((resolve) => client.once("message", (_, bytes) => resolve(bytes)));
	await client.endAsync();
	return payload;
}

/** The simulated controller looks for something to do in every millisecond in which a port is open, whoever opened it. */
function holdOpen(port: string): void {
	const fd = openSync(port, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
	stops.push(() => closeSync(fd));
	execFileSync("stty", ["-F", port, "raw", "-echo"]);
}

/**
 * Gives broker and subscriber the work that an agent gives them, with pings, from within the process of the broker: what the
 * board costs then is not the agent's.
 */
async function publishAlone(url: string, payload: Buffer, perSecond: number): Promise<void> {
	const client = await mqtt.connectAsync(url);
	const timer = setInterval(() => {
		client.publish("tallywire/again/data", payload);
		client.sendPing();
	}, 1_000 / perSecond);
	stops.push(() => {
		clearInterval(timer);
		client.end(true);
	});
}

function percent(share: number): string {
	return `${(share * 100).toFixed(2)} %`;
}

test.run();
