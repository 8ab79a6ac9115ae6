// The gpio source over a back end and a clock of the test's own.
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { listChips } from "../../src/boards/gpio-lines.js";
import { loadBoard } from "../../src/boards/load.js";
import type { GpioBackend, LineHandlers, LineRequest, OpenedLine } from "../../src/sources/gpio/backend.js";
import { createGpioSource, type GpioSettings } from "../../src/sources/gpio/gpio.js";
import { findSharedLine } from "../../src/sources/gpio/shared-lines.js";
import type { SourceHost, SourceSettings } from "../../src/sources/source.js";
import { type ChipFixture, makeSysfs } from "../boards/sysfs-tree.js";

const CHIP: ChipFixture = { label: "pinctrl-bcm2835", base: 512, count: 54 };

/** A clock that only moves when it is told to, and its timers, which may be early: Node's are, by less than 1 ms. */
function createClock(earlyMs = 0) {
	let nowMs = 1_000;
	let nextId = 1;
	const timers = new Map<number, { atMs: number; callback: () => void }>();
	return {
		now: () => nowMs,
		pending: () => timers.size,
		timers: {
			setTimeout(callback: () => void, delayMs: number) {
				timers.set(nextId, { atMs: nowMs + delayMs - earlyMs, callback });
				return nextId++;
			},
			clearTimeout: (id: unknown) => void timers.delete(id as number),
		},
		/** Passes time, calling what is due in order; openings settle in between. */
		async pass(ms: number) {
			const endMs = nowMs + ms;
			for (;;) {
				await settle();
				const due = [...timers].filter(([, { atMs }]) => atMs <= endMs).sort(([, a], [, b]) => a.atMs - b.atMs)[0];
				if (due === undefined) break;
				timers.delete(due[0]);
				nowMs = Math.max(nowMs, due[1].atMs);
				due[1].callback();
			}
			nowMs = endMs;
		},
	};
}

/** Lets what was promised happen. */
async function settle(): Promise<void> {
	for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

interface WorldOptions {
	readonly name?: string;
	readonly sysRoot?: string;
	readonly earlyMs?: number;
}

function createWorld(settings: Omit<GpioSettings, "name" | "type">, options: WorldOptions = {}) {
	const clock = createClock(options.earlyMs);
	const offers: [field: string, value: unknown, atMs: number][] = [];
	const events: string[] = [];
	const requests: LineRequest[] = [];
	const fields: string[] = [];
	const wire = {
		isHigh: false,
		refusal: null as string | null,
		opened: 0,
		closed: 0,
		lost: 0,
		givenBack: Promise.resolve(),
		handlers: null as LineHandlers | null,
	};
	const host: SourceHost = {
		now: clock.now,
		stream: (field) => fields.push(field) - 1,
		offer: (stream, value, atMs) => void offers.push([fields[stream] ?? "?", value, atMs]),
		reject: (reason) => void events.push(`reject ${reason}`),
		up: () => void events.push("up"),
		down: (error) => void events.push(`down ${error}`),
	};
	const sysRoot = options.sysRoot ?? makeSysfs([CHIP]);
	const backend: GpioBackend = {
		name: "chardev",
		missing: async () => null,
		async chips() {
			const chips = listChips(sysRoot);
			return chips === null ? { ok: false, message: "there is no GPIO" } : { ok: true, chips };
		},
		async open(request, handlers): Promise<OpenedLine> {
			requests.push(request);
			if (wire.refusal !== null) return { ok: false, message: wire.refusal };
			wire.opened += 1;
			wire.handlers = handlers;
			const isHigh = () => wire.isHigh;
			const probe = () => {
				const edges = wire.lost;
				wire.lost = 0;
				if (edges > 0) handlers.lost(edges);
				return wire.isHigh;
			};
			const close = async () => {
				wire.closed += 1;
				await wire.givenBack;
			};
			return { ok: true, line: { isHigh, probe, close } };
		},
	};
	const source = createGpioSource(
		{ name: options.name ?? "door", type: "gpio", ...settings },
		host,
		{ sysRoot, devRoot: "/dev", board: "rpi-3b" },
		() => ({ choose: async () => ({ ok: true, backend }), timers: clock.timers }),
	);
	return {
		...{ clock, offers, events, requests, wire, source },
		async start() {
			source.start();
			await settle();
		},
		/** Sets the wire's level, and has the kernel report an edge unless it is lost. */
		edge(isHigh: boolean, isReported = true) {
			wire.isHigh = isHigh;
			if (isReported) wire.handlers?.edge(isHigh, clock.now());
		},
		fail: (message: string) => wire.handlers?.failed(message),
		values: () => offers.map(([, value]) => value),
	};
}

test("level: the value at the start, then each change; the same level twice is no change", async () => {
	const world = createWorld({ pin: "pin 11" });
	await world.start();
	assert.equal(world.requests[0]?.line.number, 529);
	assert.is(world.requests[0]?.edge, "both");
	await world.clock.pass(10);
	world.edge(true);
	world.edge(true);
	await world.clock.pass(10);
	world.edge(false);
	assert.equal(world.offers, [
		["level", false, 1_000],
		["level", true, 1_010],
		["level", false, 1_020],
	]);
	assert.equal(world.events, ["up"]);
	await world.source.stop();
	assert.is(world.wire.closed, 1);
	assert.is(world.clock.pending(), 0);
});

test("level with one edge: only the changes to that side are offered, after the value at the start", async () => {
	const world = createWorld({ pin: "GPIO17", edge: "rising" });
	world.wire.isHigh = true;
	await world.start();
	for (const level of [false, true, false, true]) world.edge(level);
	assert.equal(world.values(), [true, true, true]);
	await world.source.stop();
});

test("active low: true is the low wire, and a rising edge is the wire's falling one", async () => {
	const level = createWorld({ pin: "GPIO17", activeLow: true });
	level.wire.isHigh = true;
	await level.start();
	level.edge(false);
	level.edge(true);
	assert.equal(level.values(), [false, true, false]);
	await level.source.stop();
	const counter = createWorld({ pin: "GPIO17", mode: "counter", activeLow: true });
	await counter.start();
	assert.is(counter.requests[0]?.edge, "falling");
	await counter.source.stop();
});

test("an edge that the kernel lost is found by the next look, at most 5 s later", async () => {
	const world = createWorld({ pin: "GPIO17" });
	await world.start();
	world.edge(true, false);
	await world.clock.pass(5_000);
	assert.equal(world.offers.at(-1), ["level", true, 6_000]);
	await world.source.stop();
});

test("debounce: a bounce is one change, dated when the level that lasted began", async () => {
	const world = createWorld({ pin: "GPIO17", debounceMs: 20 });
	await world.start();
	await world.clock.pass(100);
	for (const level of [true, false, true, false, true]) {
		world.edge(level);
		await world.clock.pass(3);
	}
	await world.clock.pass(100);
	assert.equal(world.offers.slice(1), [["level", true, 1_112]]);
	await world.source.stop();
});

test("debounce: a spike is no change, and exactly as long as the time is long enough", async () => {
	const world = createWorld({ pin: "GPIO17", debounceMs: 20 });
	await world.start();
	world.edge(true);
	await world.clock.pass(19);
	world.edge(false);
	await world.clock.pass(100);
	assert.equal(world.values(), [false]);
	world.edge(true);
	await world.clock.pass(20);
	assert.equal(world.values(), [false, true]);
	await world.source.stop();
});

test("debounce: two callbacks with one level show that the line moved, so the wait begins anew", async () => {
	const world = createWorld({ pin: "GPIO17", debounceMs: 20 });
	await world.start();
	world.edge(true);
	await world.clock.pass(15);
	world.edge(true);
	await world.clock.pass(15);
	assert.equal(world.values(), [false]);
	await world.clock.pass(5);
	assert.equal(world.offers.at(-1), ["level", true, 1_015]);
	await world.source.stop();
});

test("debounce: the level is read again before it is believed", async () => {
	const world = createWorld({ pin: "GPIO17", debounceMs: 20 });
	await world.start();
	world.edge(true);
	world.edge(false, false);
	await world.clock.pass(200);
	assert.equal(world.values(), [false]);
	await world.source.stop();
});

test("debounce: a line that chatters for an hour holds one timer, and says nothing until it rests", async () => {
	const world = createWorld({ pin: "GPIO17", debounceMs: 10_000 });
	await world.start();
	for (let index = 0; index < 3_600; index += 1) {
		world.edge(index % 2 === 0);
		await world.clock.pass(1_000);
		assert.ok(world.clock.pending() <= 2);
	}
	assert.equal(world.values(), [false]);
	world.edge(true);
	await world.clock.pass(10_000);
	assert.equal(world.values(), [false, true]);
	await world.source.stop();
	assert.is(world.clock.pending(), 0);
});

test("counter: cumulative, at the start, every `every` changed or not, and at the end", async () => {
	const world = createWorld({ pin: "GPIO17", mode: "counter", everyMs: 1_000 });
	await world.start();
	assert.is(world.requests[0]?.edge, "rising");
	for (let index = 0; index < 3; index += 1) world.edge(true);
	await world.clock.pass(2_500);
	world.edge(true);
	await world.source.stop();
	assert.equal(world.offers, [
		["count", 0, 1_000],
		["count", 3, 2_000],
		["count", 3, 3_000],
		["count", 4, 3_500],
	]);
	await world.clock.pass(10_000);
	assert.is(world.offers.length, 4);
});

test("counter: a timer that is early by a hair publishes no count twice", async () => {
	const world = createWorld({ pin: "GPIO17", mode: "counter", everyMs: 1_000 }, { earlyMs: 0.5 });
	await world.start();
	await world.clock.pass(5_400);
	assert.is(world.offers.length, 6);
	await world.source.stop();
});

test("counter: edges known to be lost are counted, and told as missed; both edges are two", async () => {
	const world = createWorld({ pin: "GPIO17", mode: "counter", edge: "both", everyMs: 60_000 });
	await world.start();
	assert.is(world.requests[0]?.edge, "both");
	world.edge(true);
	world.edge(false);
	world.wire.lost = 5;
	await world.clock.pass(5_000);
	assert.equal(world.events, ["up", ...Array(5).fill("reject missed")]);
	assert.is(world.wire.opened, 1);
	world.edge(true);
	await world.source.stop();
	assert.is(world.values().at(-1), 8);
});

test("level: after lost edges the line is opened anew at once, since the last of them may be what it is", async () => {
	const world = createWorld({ pin: "GPIO17" });
	await world.start();
	world.edge(true, false);
	world.wire.lost = 1;
	await world.clock.pass(5_000);
	assert.equal(world.events, ["up", "reject missed", "up"]);
	assert.equal(world.offers.at(-1), ["level", true, 6_000]);
	assert.equal([world.wire.opened, world.wire.closed], [2, 1]);
	await world.source.stop();
	assert.is(world.clock.pending(), 0);
});

test("counter with debounce: a bouncing pulse is one", async () => {
	const world = createWorld({ pin: "GPIO17", mode: "counter", debounceMs: 10 });
	await world.start();
	assert.is(world.requests[0]?.edge, "both");
	for (let pulse = 0; pulse < 5; pulse += 1) {
		for (const level of [true, false, true]) world.edge(level);
		await world.clock.pass(50);
		for (const level of [false, true, false]) world.edge(level);
		await world.clock.pass(50);
	}
	await world.source.stop();
	assert.is(world.values().at(-1), 5);
});

test("a failure: down with its reason, tried again with growing waits, up again, the count kept", async () => {
	const world = createWorld({ pin: "GPIO17", mode: "counter", everyMs: 60_000 });
	await world.start();
	for (let index = 0; index < 7; index += 1) world.edge(true);
	world.wire.refusal = "no such line";
	world.fail("GPIO17 is gone");
	assert.is(world.wire.closed, 1);
	await world.clock.pass(500 + 1_000 + 2_000);
	assert.equal(world.events, ["up", "down GPIO17 is gone", ...Array(3).fill("down no such line")]);
	world.wire.refusal = null;
	await world.clock.pass(4_000);
	assert.is(world.events.at(-1), "up");
	world.edge(true);
	await world.source.stop();
	assert.equal(world.values(), [0, 7, 8]);
});

test("a line that never comes is tried once in half a minute at the least, with one timer", async () => {
	const world = createWorld({ pin: "GPIO17" });
	world.wire.refusal = "held";
	await world.start();
	await world.clock.pass(60_000);
	const before = world.requests.length;
	await world.clock.pass(300_000);
	assert.is(world.requests.length - before, 10);
	assert.is(world.clock.pending(), 1);
	await world.source.stop();
	assert.is(world.clock.pending(), 0);
});

test("level after a failure: the value is offered again, since nobody knows what was missed", async () => {
	const world = createWorld({ pin: "GPIO17" });
	await world.start();
	const stale = world.wire.handlers;
	world.fail("gone");
	await world.clock.pass(500);
	assert.equal(world.values(), [false, false]);
	stale?.edge(true, world.clock.now());
	stale?.failed("again");
	assert.equal(world.values(), [false, false], "a late call of the old line is not heard");
	assert.is(world.wire.opened, 2);
	await world.source.stop();
});

test("never two handlers on one line: it is opened anew only when it was given back", async () => {
	const world = createWorld({ pin: "GPIO17" });
	await world.start();
	let giveBack = (): void => {};
	world.wire.givenBack = new Promise((resolve) => {
		giveBack = resolve;
	});
	world.fail("gone");
	await world.clock.pass(10_000);
	assert.equal([world.wire.opened, world.wire.closed], [1, 1]);
	giveBack();
	await settle();
	assert.is(world.wire.opened, 2);
	await world.source.stop();
});

test("a stop while the line is being opened closes it, and offers nothing", async () => {
	const world = createWorld({ pin: "GPIO17" });
	world.source.start();
	await world.source.stop();
	assert.is(world.wire.opened, world.wire.closed);
	assert.equal(world.offers, []);
	assert.equal(world.events, []);
	await world.clock.pass(60_000);
	assert.is(world.requests.length, 1);
});

test("a chip that is not there yet is a failure that is tried again, not an error of the configuration", async () => {
	const world = createWorld({ pin: "GPIO17" }, { sysRoot: join(makeSysfs([]), "nothing") });
	await world.start();
	assert.match(world.events[0] ?? "", /^down there is no GPIO/);
	await world.source.stop();
});

test("what the board's profile refuses is thrown before anything is opened", () => {
	for (const [pin, message] of [
		["GPIO0", /^pin: GPIO0 is reserved on Raspberry Pi 3 Model B: /],
		["pin 6", /^pin: pin 6 is ground/],
		["17", /^pin: "17" may be a line or a pin/],
	] as const) {
		assert.throws(
			() => createWorld({ pin }),
			(error: Error) => message.test(error.message),
		);
	}
});

test("a line that two sources share is found in the configuration, whatever it is called", () => {
	const loaded = loadBoard("rpi-3b");
	assert.ok(loaded.ok);
	const gpio = (name: string, pin: string): SourceSettings & { pin: string } => ({ name, type: "gpio", pin });
	const shared = (...sources: SourceSettings[]) => (loaded.ok ? findSharedLine(loaded.board, sources) : null);
	assert.is(shared(gpio("a", "GPIO17"), gpio("b", "GPIO18")), null);
	for (const pin of ["pin 11", "gpio17", "pinctrl-bcm2835:17"]) {
		assert.equal(shared(gpio("a", "GPIO17"), gpio("b", pin)), {
			index: 1,
			message: 'GPIO17 is used by two sources: "a" and "b"',
		});
	}
	assert.is(shared(gpio("a", "GPIO17"), { name: "b", type: "sim" }, gpio("c", "GPIO0")), null);
});

test("a line that another source of this process has is refused, and taken when it is free", async () => {
	const sysRoot = makeSysfs([CHIP]);
	const first = createWorld({ pin: "GPIO17" }, { name: "first", sysRoot });
	const second = createWorld({ pin: "pin 11" }, { name: "second", sysRoot });
	await first.start();
	await second.start();
	assert.equal(second.events, ['down GPIO17 is already in use by source "first"']);
	await first.source.stop();
	await second.clock.pass(500);
	assert.is(second.events.at(-1), "up");
	await second.source.stop();
});

test.run();
