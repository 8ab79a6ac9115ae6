// What holds for a line of the virtual board whichever back end it is watched through.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { BackendName } from "../../src/sources/gpio/backend.js";
import { SLOWNESS } from "../board/slowness.js";
import { type BoardTest, drive, EDGE_MS, opened, pulses, record, setLive, until } from "./virtual-board.js";

const BOUNCE_MS = 20 * SLOWNESS;

/** Two sources on one pin, which they name in two ways: the second is told who has it. */
export async function secondIsRefused(backend: BackendName, secondBackend: BackendName): Promise<void> {
	const first = record({ backend, pin: "GPIO17" }, "first");
	await opened(first);
	const second = record({ backend: secondBackend, pin: "pin 11" }, "second");
	second.source.start();
	await until(() => second.events.length > 0);
	assert.match(second.events[0] ?? "", /already in use by source "first"/);
	await second.source.stop();
	await first.source.stop();
}

/** The tests, each with sources of this back end. */
export function lineTests(backend: BackendName): BoardTest[] {
	const tests: BoardTest[] = [];
	const test = (name: string, run: () => Promise<void>): void => void tests.push({ name, run });

	test("the status says which back end it is", async () => {
		const door = record({ backend, pin: "GPIO17" });
		await opened(door);
		await door.source.stop();
		assert.deepEqual(door.backends, [backend]);
	});

	test("level: the value at the start, then each of 20 changes, and nothing after the end", async () => {
		drive(17, 0);
		const door = record({ backend, pin: "pin 11" });
		await opened(door);
		await pulses(17, 10);
		assert.deepEqual(door.values(), [false, ...Array.from({ length: 20 }, (_, index) => index % 2 === 0)]);
		await door.source.stop();
		drive(17, 1);
		await wait(EDGE_MS);
		assert.equal(door.offers.length, 21, "nothing is offered after stop");
		drive(17, 0);
	});

	test("level, active low: true is the low wire", async () => {
		drive(22, 1);
		const door = record({ backend, pin: "GPIO22", activeLow: true });
		await opened(door);
		drive(22, 0);
		await wait(EDGE_MS);
		drive(22, 1);
		await wait(EDGE_MS);
		assert.deepEqual(door.values(), [false, true, false]);
		await door.source.stop();
	});

	test("level, one edge: only the changes to false are offered", async () => {
		drive(17, 0);
		const door = record({ backend, pin: "GPIO17", edge: "falling" });
		await opened(door);
		await pulses(17, 3);
		assert.deepEqual(door.values(), [false, false, false, false]);
		await door.source.stop();
	});

	test("debounce: a bouncing contact is one change, dated when the level that lasted began", async () => {
		drive(17, 0);
		const door = record({ backend, pin: "GPIO17", debounceMs: 150 * SLOWNESS });
		await opened(door);
		await pulses(17, 4);
		const closedMs = performance.now();
		drive(17, 1);
		await wait(400 * SLOWNESS);
		await pulses(17, 1);
		drive(17, 1);
		await wait(400 * SLOWNESS);
		assert.deepEqual(door.values(), [false, true]);
		const lateMs = (door.offers[1]?.atMs ?? 0) - closedMs;
		assert.ok(lateMs >= 0 && lateMs < 2 * EDGE_MS, `dated ${lateMs} ms after the last edge`);
		await door.source.stop();
		drive(17, 0);
	});

	test("counter: 40 pulses are 40, published every `every` and at the end", async () => {
		const meter = record({ backend, pin: "GPIO27", mode: "counter", everyMs: 500 });
		await opened(meter);
		await pulses(27, 40);
		await meter.source.stop();
		assert.equal(meter.offers.at(-1)?.value, 40);
		assert.ok(meter.offers.length >= 5 && meter.offers[0]?.value === 0);
		const gaps = meter.offers.slice(1, -1).map(({ atMs }, index) => atMs - (meter.offers[index]?.atMs ?? 0));
		assert.ok(
			gaps.every((gap) => Math.abs(gap - 500) < 300 * SLOWNESS),
			`published after ${gaps.map(Math.round).join(", ")} ms`,
		);
	});

	test("counter of pulses shorter than a reading: each is one, though the level is back when it is read", async () => {
		const meter = record({ backend, pin: "GPIO27", mode: "counter", everyMs: 60_000 });
		await opened(meter);
		for (let index = 0; index < 30; index += 1) {
			drive(27, 1);
			drive(27, 0);
			await wait(EDGE_MS);
		}
		await meter.source.stop();
		assert.equal(meter.offers.at(-1)?.value, 30);
	});

	test("counter, both edges and falling, active low", async () => {
		const both = record({ backend, pin: "GPIO27", mode: "counter", edge: "both", everyMs: 60_000 });
		await opened(both);
		await pulses(27, 10);
		await both.source.stop();
		assert.equal(both.offers.at(-1)?.value, 20);
		const low = record({ backend, pin: "GPIO27", mode: "counter", activeLow: true, everyMs: 60_000 });
		await opened(low);
		await pulses(27, 10);
		await low.source.stop();
		assert.equal(low.offers.at(-1)?.value, 10);
	});

	test("counter with debounce: bounces are no pulses", async () => {
		const meter = record({ backend, pin: "GPIO27", mode: "counter", debounceMs: 100 * SLOWNESS, everyMs: 60_000 });
		await opened(meter);
		for (let index = 0; index < 3; index += 1) {
			await pulses(27, 3, BOUNCE_MS, BOUNCE_MS);
			drive(27, 1);
			await wait(200 * SLOWNESS);
			await pulses(27, 1, BOUNCE_MS, BOUNCE_MS);
			await wait(200 * SLOWNESS);
		}
		await meter.source.stop();
		assert.equal(meter.offers.at(-1)?.value, 3);
	});

	test("a line that a driver or another program holds is refused (EBUSY), with its holder", async () => {
		const door = record({ backend, pin: "GPIO4" });
		door.source.start();
		await until(() => door.events.length > 0);
		assert.match(door.events[0] ?? "", /^down GPIO4 is held by /);
		await door.source.stop();
	});

	test("two sources on one line: the second is told who has it", async () => {
		await secondIsRefused(backend, backend);
	});

	test("40 openings leave no descriptor behind", async () => {
		const count = () => readdirSync("/proc/self/fd").length;
		const before = count();
		for (let index = 0; index < 40; index += 1) {
			const door = record({ backend, pin: "GPIO17" });
			await opened(door);
			await door.source.stop();
		}
		assert.ok(count() <= before + 1, `${before} before, ${count()} after`);
	});

	test("a chip that vanishes is a failure, not a crash, and the counter goes on when it is back", async () => {
		const meter = record({ backend, pin: "GPIO27", mode: "counter", everyMs: 60_000 });
		await opened(meter);
		await pulses(27, 5);
		setLive(false);
		await until(() => meter.events.length >= 2);
		assert.match(meter.events[1] ?? "", /^down /);
		await wait(1_500);
		assert.match(meter.events.at(-1) ?? "", /no GPIO chip/);
		setLive(true);
		await until(() => meter.events.at(-1) === "up");
		assert.equal(meter.events.at(-1), "up");
		await pulses(27, 5);
		await meter.source.stop();
		assert.equal(meter.offers.at(-1)?.value, 10);
	});

	return tests;
}
