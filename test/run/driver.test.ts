import { test } from "uvu";
import * as assert from "uvu/assert";
import { createAgent } from "../../src/core/agent.js";
import type { Books } from "../../src/core/snapshot.js";
import { createDriver } from "../../src/run/driver.js";
import { nodeScheduler, type Scheduler } from "../../src/run/scheduler.js";
import { until } from "../support/wait.js";

interface Clock {
	readonly nowMs: () => number;
	readonly scheduler: Scheduler;
	readonly runUntil: (atMs: number) => void;
}

/** Time that stands still until it is told to go on. */
function makeClock(): Clock {
	const timers: { readonly atMs: number; readonly task: () => void }[] = [];
	let nowMs = 0;
	return {
		nowMs: () => nowMs,
		scheduler: {
			soon: (task) => timers.push({ atMs: nowMs, task }),
			after(ms, task) {
				const timer = { atMs: nowMs + ms, task };
				timers.push(timer);
				return () => {
					const at = timers.indexOf(timer);
					if (at >= 0) timers.splice(at, 1);
				};
			},
		},
		runUntil(atMs) {
			for (;;) {
				timers.sort((a, b) => a.atMs - b.atMs);
				if ((timers[0]?.atMs ?? Number.POSITIVE_INFINITY) > atMs) break;
				const timer = timers.shift();
				nowMs = Math.max(nowMs, timer?.atMs ?? 0);
				timer?.task();
			}
			nowMs = atMs;
		},
	};
}

/** A driver around a real agent; `calls` is what it did to the uplink and the black box, in order. */
function make(clock?: Clock) {
	const calls: string[] = [];
	const agent = createAgent({
		device: "d",
		run: "AAAAAAAAAAA",
		capacity: 100,
		ttlMs: 60_000,
		policy: "drop-oldest",
		lingerMs: 60_000,
		maxReadings: 4,
		maxBytes: 65_536,
		maxRate: 0,
		confirmMs: 5_000,
		atRisk: 8,
		statusIntervalMs: 60_000,
		encode: (frame) => new Uint8Array(frame.value.length),
	});
	const say = (call: string) => () => void calls.push(call);
	const driver = createDriver({
		agent,
		uplink: {
			start: say("start"),
			publishFrame: say("frame"),
			publishStatus: say("status"),
			ping: say("ping"),
			hold: say("hold"),
			release: say("release"),
			close() {
				calls.push("close");
				driver.down();
			},
			stop: async () => {},
			report: () => {
				throw new Error("the driver asks nobody how the link is");
			},
		},
		blackBox: {
			previous: null,
			record: ({ stamped, sent }: Books) => void calls.push(`record ${stamped} ${sent}`),
			close: say("closed"),
		},
		nowMs: clock?.nowMs ?? (() => performance.now()),
		...(clock === undefined ? {} : { scheduler: clock.scheduler }),
		wallMs: Date.now,
		clockSynchronised: () => true,
		status: () => new Uint8Array(1),
		finished: say("finished"),
	});
	return { agent, driver, calls };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what is sent in one callback is on record before any of it leaves, in one write", async () => {
	const clock = makeClock();
	// No timer fires: on a busy machine that of the record would come in between.
	const { agent, driver, calls } = make({ ...clock, scheduler: { ...clock.scheduler, soon: nodeScheduler.soon } });
	driver.up(65_536);
	await turn();
	calls.length = 0;
	for (let i = 0; i < 8; i++) driver.offer(agent.stream("a.x", 0), i, clock.nowMs());
	assert.ok(!calls.includes("release"), "nothing leaves before the callback is done");
	await turn();
	assert.equal(
		calls.filter((call) => call !== "hold" && call !== "ping"),
		["frame", "frame", "record 8 8", "release"],
	);
	assert.ok(calls.indexOf("hold") < calls.indexOf("frame"));
	driver.stop(0);
});

test("what is only stamped goes on record too, a moment later, without a link", async () => {
	const { agent, driver, calls } = make();
	for (let i = 0; i < 3; i++) driver.offer(agent.stream("a.x", 0), i, performance.now());
	await until("a record of three stamped readings", () => calls.includes("record 3 0"), 5_000);
	driver.stop(0);
	await turn();
	assert.ok(calls.includes("finished"));
	assert.is(agent.books().dropped.shutdown, 3);
});

test("a ping of the library that is not answered ends the link in time, though nothing else happens", () => {
	const clock = makeClock();
	const { driver, calls } = make(clock);
	driver.up(65_536);
	clock.runUntil(10);
	driver.pingReturned(); // of the barrier behind the first status
	clock.runUntil(1_000);
	driver.pingSent();
	clock.runUntil(11_010);
	assert.ok(calls.includes("close"), calls.join());
});

test.run();
