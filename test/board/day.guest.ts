// A day of the real program, inside the virtual board, where time in which nothing happens passes at once: link cuts,
// stalls and steps of the wall clock, past midnight, past the second 2^31, and round the ring buffer. The books balance to
// the last reading, and the memory of the first hours is enough for all. The broker is the demo's, for Mosquitto
// wakes up ten times a second, and a day of that takes minutes.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startEmbeddedBroker } from "../../src/demo/broker.js";
import type { FrameArrival } from "../support/account.js";
import { type Agent, startAgent } from "../support/process.js";
import { type Proxy as FaultProxy, startProxy } from "../support/proxy.js";
import { createRandom, seed } from "../support/seed.js";
import { startSubscriber } from "../support/subscriber.js";
import { makeTempDir } from "../support/temp-dir.js";
import { delay } from "../support/wait.js";
import { judge } from "../support/world.js";

const HOUR_MS = 3_600_000;
const HOURS = 24;
const DEVICE = "day";
const LINGER_MS = 30_000;
/** Eight of them every ten seconds go round the buffer four times, and wake the processor up seldom. */
const STREAMS = ["a", "b", "c", "d", "e", "f", "g", "h"];
const CAPACITY = 16_384;
const TTL_MS = 600_000;
/** The agent looks at the clock on every tick; frames around a step may have either time. */
const STEP_SETTLED_MS = 60_000;
/** Pages that come and go with an outage; 50 bytes lost for each reading would be more. */
const BREATH_KB = 2_048;
/** Loaded into the agent: it collects its garbage when told to, for V8 takes its time where there is memory. */
const COLLECTOR = `require("node:v8").setFlagsFromString("--expose-gc");
const collect = require("node:vm").runInNewContext("gc");
process.on("SIGUSR2", () => { collect(); collect(); });`;

const test = suite("a day in seconds");
const random = createRandom(seed);
const stops: (() => Promise<unknown>)[] = [];

test.after(async () => {
	for (const stop of stops.reverse()) await stop();
});

function setClock(ms: number): void {
	execFileSync("date", ["-s", `@${(ms / 1_000).toFixed(3)}`], { stdio: "ignore" });
}

/** Resident memory without the files mapped, after a collection; KiB. */
async function memoryOf(agent: Agent): Promise<number> {
	agent.signal("SIGUSR2");
	await delay(5_000);
	return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${agent.pid}/status`, "utf8"))?.[1]);
}

/** One fault of the link, over when it resolves; from seconds to longer than the TTL. */
async function disturb(proxy: FaultProxy): Promise<void> {
	const lastsMs = 5_000 + random() * random() * 2 * TTL_MS;
	const kind = Math.floor(random() * 4);
	if (kind === 0) return proxy.cut();
	if (kind === 1) proxy.stall();
	else if (kind === 2) proxy.blackhole(true);
	else {
		await proxy.refuse(true);
		proxy.cut();
	}
	await delay(lastsMs);
	proxy.resume();
	proxy.blackhole(false);
	if (kind === 3) await proxy.refuse(false);
}

test("24 hours of link cuts and clock steps: the books balance, the memory is flat, the rollovers are passed", async () => {
	setClock(Date.UTC(2038, 0, 18, 20)); // 2^31 s is 03:14:08 of the next day
	const wrongTimes: string[] = [];
	let steppedMs = performance.now();
	const checkTime = ({ seq, time }: FrameArrival): void => {
		if (performance.now() - steppedMs < STEP_SETTLED_MS) return;
		const ageMs = Date.now() - time;
		if (ageMs < -1_000 || ageMs > TTL_MS + LINGER_MS) wrongTimes.push(`the frame at ${seq} is ${ageMs} ms old`);
	};
	const broker = await startEmbeddedBroker();
	stops.push(broker.stop);
	const host = "127.0.0.1";
	const port = Number(new URL(broker.url).port);
	const subscriber = await startSubscriber({ host, port }, { version: 4, onFrame: checkTime });
	stops.push(subscriber.stop);
	const proxy = await startProxy({ host, port });
	stops.push(proxy.stop);
	const collector = join(makeTempDir("day"), "collector.cjs");
	writeFileSync(collector, COLLECTOR);
	const agent = startAgent(
		{
			device: DEVICE,
			mqtt: { url: `mqtt://${host}:${proxy.port}`, version: 4 },
			sources: [
				{
					name: "lab",
					type: "sim",
					rate: 0.1,
					streams: Object.fromEntries(STREAMS.map((name) => [name, { shape: "walk" }])),
				},
				{ name: "host", type: "system", every: "5m" },
			],
			buffer: { capacity: CAPACITY, ttl: "10m" },
			publish: { linger: "30s" },
			status: { interval: "5m" },
		},
		{ env: { NODE_OPTIONS: `--require ${collector}` } },
	);
	stops.push(agent.kill);
	await subscriber.waitFor("the first status", () => subscriber.device(DEVICE).status(), 60_000);
	const memoryKb: number[] = [];
	const startedMs = performance.now();
	for (let hour = 1; hour <= HOURS; hour += 1) {
		await disturb(proxy);
		if (hour % 4 === 0) {
			// Up to two hours forwards, or half an hour back.
			setClock(Date.now() + (random() * 2.5 - 0.5) * HOUR_MS);
			steppedMs = performance.now();
		}
		await delay(Math.max(0, startedMs + hour * HOUR_MS - performance.now()));
		memoryKb.push(await memoryOf(agent));
	}
	assert.ok(Date.now() / 1_000 > 2 ** 31);
	agent.signal("SIGTERM");
	const last = await judge(DEVICE, agent, subscriber);
	assert.ok(last.stamped > 4 * CAPACITY, `${last.stamped} readings`);
	assert.ok((last.dropped["expired"] ?? 0) + last.uncertain > 0, "no fault was felt");
	assert.equal(wrongTimes, []);
	// By the sixth hour each of the buffer's slots has been used.
	const [early, late] = [memoryKb.slice(6, 10), memoryKb.slice(-4)].map((part) => Math.max(...part)) as [
		number,
		number,
	];
	assert.ok(late < early + BREATH_KB, `memory by the hour: ${memoryKb.join(", ")} KiB`);
	const { expired } = last.dropped;
	console.log(`measured: ${last.stamped} readings in ${HOURS} h, expired ${expired}, uncertain ${last.uncertain}`);
	console.log(`measured: memory in the hours 7 to 10 ${early} KiB, in the last four ${late} KiB`);
});

test.run();
