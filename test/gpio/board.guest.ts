// The gpio source through onoff on a real kernel's lines: run inside the virtual board, where $VB_SIM drives the inputs.
// Not a *.test file: it needs a kernel of its own. Prints `N passed, N failed` last.
// Edges are 30 ms apart: the simulated chip's interrupts come with the 10 ms tick.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { listChips, resolveLine } from "../../src/boards/gpio-lines.js";
import { loadBoard } from "../../src/boards/load.js";
import { createGpioSource, type GpioSettings } from "../../src/sources/gpio/gpio.js";
import { createOnoffBackend } from "../../src/sources/gpio/onoff-backend.js";
import type { Source, SourceHost } from "../../src/sources/source.js";

const EDGE_MS = 30;
const SYS = "/sys";
const config = "/sys/kernel/config/gpio-sim/board";
const live = join(config, "live");
const machine = { sysRoot: SYS, devRoot: "/dev", board: process.env["VB_BOARD"] ?? "rpi-3b" };

interface Recorded {
	readonly source: Source;
	readonly offers: { field: string; value: unknown; atMs: number }[];
	readonly events: string[];
	values(): unknown[];
}

function record(settings: Omit<GpioSettings, "name" | "type">, name = "door"): Recorded {
	const offers: Recorded["offers"] = [];
	const events: string[] = [];
	const fields: string[] = [];
	const host: SourceHost = {
		now: () => performance.now(),
		stream: (field) => fields.push(field) - 1,
		offer: (stream, value, atMs) => offers.push({ field: fields[stream] ?? "?", value, atMs }),
		reject: (reason) => events.push(`reject ${reason}`),
		up: () => events.push("up"),
		down: (error) => events.push(`down ${error}`),
	};
	const source = createGpioSource({ name, type: "gpio", ...settings }, host, machine);
	return { source, offers, events, values: () => offers.map(({ value }) => value) };
}

/** Where the inputs are driven; the chip's folder is a new one after each time it was taken away. */
let sim = process.env["VB_SIM"] ?? "";

function setLive(isLive: boolean): void {
	writeFileSync(live, isLive ? "1" : "0");
	const device = dirname(sim);
	const chip = isLive ? readdirSync(device).find((name) => name.startsWith("gpiochip")) : undefined;
	if (chip !== undefined) sim = join(device, chip);
}

/** GPIO4 belongs to a driver: a hog of the simulated chip. */
function holdLine4(): void {
	setLive(false);
	mkdirSync(join(config, "bank0/line4/hog"));
	writeFileSync(join(config, "bank0/line4/hog/name"), "relay-driver");
	writeFileSync(join(config, "bank0/line4/hog/direction"), "input");
	setLive(true);
}

function drive(line: number, level: 0 | 1): void {
	writeFileSync(`${sim}/sim_gpio${line}/pull`, level === 1 ? "pull-up" : "pull-down");
}

async function pulses(line: number, count: number, highMs = EDGE_MS, lowMs = EDGE_MS): Promise<void> {
	for (let index = 0; index < count; index += 1) {
		drive(line, 1);
		await wait(highMs);
		drive(line, 0);
		await wait(lowMs);
	}
}

function numberOf(pin: string): number {
	const board = loadBoard(machine.board);
	assert.ok(board.ok);
	const line = resolveLine(board.board, pin, SYS);
	assert.ok(line.ok, line.ok ? "" : line.message);
	return line.number;
}

async function opened(recorded: Recorded): Promise<void> {
	recorded.source.start();
	for (let tries = 0; tries < 300 && recorded.events.length === 0; tries += 1) await wait(10);
	assert.equal(recorded.events.join("; "), "up");
}

const exported = (pin: string): boolean => existsSync(`/sys/class/gpio/gpio${numberOf(pin)}`);
const tests: [string, () => Promise<void>][] = [];
const test = (name: string, run: () => Promise<void>): void => void tests.push([name, run]);

test("the line's number is the chip's base and the offset, and the base is not 0", async () => {
	const chip = listChips(SYS)?.find(({ label }) => label.startsWith("pinctrl-"));
	assert.ok(chip !== undefined && chip.base > 0);
	assert.equal(numberOf("pin 11"), chip.base + 17);
	assert.equal(numberOf(`${chip.label}:22`), chip.base + 22);
});

test("level: the value at the start, then each of 20 changes, then the line is unexported", async () => {
	drive(17, 0);
	const door = record({ pin: "pin 11" });
	await opened(door);
	await pulses(17, 10);
	assert.deepEqual(door.values(), [false, ...Array.from({ length: 20 }, (_, index) => index % 2 === 0)]);
	assert.ok(exported("GPIO17"));
	await door.source.stop();
	assert.ok(!exported("GPIO17"));
	drive(17, 1);
	await wait(EDGE_MS);
	assert.equal(door.offers.length, 21, "nothing is offered after stop");
	drive(17, 0);
});

test("level, active low: true is the low wire", async () => {
	drive(22, 1);
	const door = record({ pin: "GPIO22", activeLow: true });
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
	const door = record({ pin: "GPIO17", edge: "falling" });
	await opened(door);
	await pulses(17, 3);
	assert.deepEqual(door.values(), [false, false, false, false]);
	await door.source.stop();
});

test("debounce: a bouncing contact is one change, dated when the level that lasted began", async () => {
	drive(17, 0);
	const door = record({ pin: "GPIO17", debounceMs: 150 });
	await opened(door);
	await pulses(17, 4);
	drive(17, 1);
	const closedMs = performance.now();
	await wait(400);
	await pulses(17, 1, EDGE_MS, EDGE_MS);
	drive(17, 1);
	await wait(400);
	assert.deepEqual(door.values(), [false, true]);
	const lateMs = (door.offers[1]?.atMs ?? 0) - closedMs;
	assert.ok(lateMs >= 0 && lateMs < 60, `dated ${lateMs} ms after the last edge`);
	await door.source.stop();
	drive(17, 0);
});

test("counter: 40 pulses are 40, published every `every` and at the end", async () => {
	const meter = record({ pin: "GPIO27", mode: "counter", everyMs: 500 });
	await opened(meter);
	await pulses(27, 40);
	await meter.source.stop();
	assert.equal(meter.offers.at(-1)?.value, 40);
	assert.ok(meter.offers.length >= 5 && meter.offers[0]?.value === 0);
	const gaps = meter.offers.slice(1, -1).map(({ atMs }, index) => atMs - (meter.offers[index]?.atMs ?? 0));
	assert.ok(
		gaps.every((gap) => Math.abs(gap - 500) < 60),
		`published after ${gaps.map(Math.round).join(", ")} ms`,
	);
});

test("counter of pulses shorter than a reading: each is one, though the level is back when it is read", async () => {
	const meter = record({ pin: "GPIO27", mode: "counter", everyMs: 60_000 });
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
	const both = record({ pin: "GPIO27", mode: "counter", edge: "both", everyMs: 60_000 });
	await opened(both);
	await pulses(27, 10);
	await both.source.stop();
	assert.equal(both.offers.at(-1)?.value, 20);
	const low = record({ pin: "GPIO27", mode: "counter", activeLow: true, everyMs: 60_000 });
	await opened(low);
	await pulses(27, 10);
	await low.source.stop();
	assert.equal(low.offers.at(-1)?.value, 10);
});

test("counter with debounce: bounces are no pulses", async () => {
	const meter = record({ pin: "GPIO27", mode: "counter", debounceMs: 100, everyMs: 60_000 });
	await opened(meter);
	for (let index = 0; index < 3; index += 1) {
		await pulses(27, 3, 20, 20);
		drive(27, 1);
		await wait(200);
		await pulses(27, 1, 20, 20);
		await wait(200);
	}
	await meter.source.stop();
	assert.equal(meter.offers.at(-1)?.value, 3);
});

test("a number that is in no chip is refused by the kernel (EINVAL), and said so", async () => {
	const backend = createOnoffBackend({ sysRoot: SYS, now: () => performance.now() });
	const line = { ok: true, number: 17, label: "none", offset: 17, lineName: "GPIO17", caution: null } as const;
	const result = await backend.open({ line, edge: "both" }, { edge() {}, failed() {} });
	assert.ok(!result.ok && /the kernel has no line 17/.test(result.message), JSON.stringify(result));
});

test("a line that a driver or another program holds is refused (EBUSY), with its holder", async () => {
	const door = record({ pin: "GPIO4" });
	door.source.start();
	await wait(300);
	assert.match(door.events[0] ?? "", /^down GPIO4 is held by /);
	await door.source.stop();
});

test("an export of another program is used and left; its output is left alone", async () => {
	const number = numberOf("GPIO22");
	const line = `/sys/class/gpio/gpio${number}`;
	writeFileSync("/sys/class/gpio/export", String(number));
	const door = record({ pin: "GPIO22" });
	await opened(door);
	assert.equal(readFileSync(`${line}/edge`, "utf8").trim(), "both");
	await door.source.stop();
	assert.ok(exported("GPIO22"), "still exported");
	writeFileSync(`${line}/edge`, "none");
	writeFileSync(`${line}/direction`, "out");
	const second = record({ pin: "GPIO22" });
	second.source.start();
	await wait(200);
	assert.match(second.events[0] ?? "", /exported as an output by another program/);
	assert.equal(readFileSync(`${line}/direction`, "utf8").trim(), "out");
	await second.source.stop();
	writeFileSync("/sys/class/gpio/unexport", String(number));
});

test("a user who may not export is told the group, without holding up the process (EACCES)", async () => {
	const door = record({ pin: "GPIO17" });
	process.seteuid?.(65_534);
	const startedMs = performance.now();
	door.source.start();
	await wait(100);
	process.seteuid?.(0);
	assert.match(door.events[0] ?? "", /^down GPIO17: no permission for GPIO\. Mend it: sudo usermod -aG gpio/);
	assert.ok(performance.now() - startedMs < 1_000);
	for (let tries = 0; tries < 300 && door.events.at(-1) !== "up"; tries += 1) await wait(10);
	assert.equal(door.events.at(-1), "up", "and it comes back once it may");
	await door.source.stop();
});

test("two sources on one line: the second is told who has it", async () => {
	const first = record({ pin: "GPIO17" }, "first");
	await opened(first);
	const second = record({ pin: "pin 11" }, "second");
	second.source.start();
	await wait(100);
	assert.match(second.events[0] ?? "", /already in use by source "first"/);
	await second.source.stop();
	await first.source.stop();
});

test("a line that is unexported under the source is a failure, and comes back by itself", async () => {
	const door = record({ pin: "GPIO17" });
	await opened(door);
	writeFileSync("/sys/class/gpio/unexport", String(numberOf("GPIO17")));
	for (let tries = 0; tries < 120 && door.events.length < 3; tries += 1) await wait(100);
	assert.match(door.events.join("; "), /^up; down GPIO17 is gone.*; up$/);
	await pulses(17, 1);
	assert.deepEqual(door.values().slice(-2), [true, false]);
	await door.source.stop();
});

test("40 openings leave no descriptor behind", async () => {
	const count = () => readdirSync("/proc/self/fd").length;
	const before = count();
	for (let index = 0; index < 40; index += 1) {
		const door = record({ pin: "GPIO17" });
		await opened(door);
		await door.source.stop();
	}
	assert.ok(count() <= before + 1, `${before} before, ${count()} after`);
});

test("a chip that vanishes is a failure, not a crash, and the counter goes on when it is back", async () => {
	const meter = record({ pin: "GPIO27", mode: "counter", everyMs: 60_000 });
	await opened(meter);
	await pulses(27, 5);
	setLive(false);
	for (let tries = 0; tries < 120 && meter.events.length < 2; tries += 1) await wait(100);
	assert.match(meter.events[1] ?? "", /^down /);
	await wait(1_500);
	assert.match(meter.events.at(-1) ?? "", /no GPIO chip labelled/);
	setLive(true);
	for (let tries = 0; tries < 200 && meter.events.at(-1) !== "up"; tries += 1) await wait(100);
	assert.equal(meter.events.at(-1), "up");
	await pulses(27, 5);
	await meter.source.stop();
	assert.equal(meter.offers.at(-1)?.value, 10);
});

holdLine4();
let passed = 0;
for (const [name, run] of tests) {
	try {
		await run();
		passed += 1;
		console.log(`ok    ${name}`);
	} catch (error) {
		console.log(`FAIL  ${name}\n      ${error instanceof Error ? error.message : String(error)}`);
	}
}
console.log(`${passed} passed, ${tests.length - passed} failed`);
process.exit(passed === tests.length ? 0 : 1);
