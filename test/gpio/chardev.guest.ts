// The gpio source through the character device on a real kernel's lines, inside the virtual board (npm run test:board --
// gpio/chardev), with libgpiod 1 or 2 in $PATH. Says how many of thousands of pulses arrived.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { interruptsOf } from "../../src/sources/gpio/lost-edges.js";
import { becomeNobody, becomeRoot } from "../board/other-user.js";
import { SLOWNESS } from "../board/slowness.js";
import { lineTests, secondIsRefused } from "./line-tests.js";
import {
	type BoardTest,
	drive,
	EDGE_MS,
	numberOf,
	opened,
	pulses,
	record,
	runOnBoard,
	type Settings,
	until,
} from "./virtual-board.js";

const PULSES = Number(process.env["VB_PULSES"] ?? 10_000 / SLOWNESS);
/** A probe every five seconds, and the second one after a loss tells it. */
const LOSS_KNOWN_MS = 15_000;
const version = execFileSync("gpiomon", ["--version"], { encoding: "utf8" }).split("\n")[0] ?? "";
const is2 = /v2\./.test(version);
const backend = "chardev";
const tests: BoardTest[] = [];
const test = (name: string, run: () => Promise<void>): void => void tests.push({ name, run });

/** The processes that hold a GPIO line. */
function holders(): number[] {
	const holds = (pid: string): boolean => {
		try {
			const names = readdirSync(`/proc/${pid}/fd`);
			return names.some((name) => /^anon_inode:\[?gpio-/.test(readlinkSync(`/proc/${pid}/fd/${name}`)));
		} catch {
			return false; // it has ended
		}
	};
	return readdirSync("/proc").filter(holds).map(Number);
}

/** The line's interrupts as the kernel counts them; the count goes on from one opening to the next. */
function interrupts(line: number): number {
	const consumer = is2 ? `tallywire:gpiochip0:${line}` : "gpiomon";
	return interruptsOf(readFileSync("/proc/interrupts", "utf8"), consumer, line) ?? Number.NaN;
}

/** Another program on the line. */
async function hold(line: number): Promise<ChildProcess> {
	const args = is2 ? ["-c", "gpiochip0", String(line)] : ["gpiochip0", String(line)];
	const program = spawn("gpiomon", args, { stdio: "ignore" });
	await until(() => holders().includes(program.pid ?? 0));
	return program;
}

async function refusal(settings: Settings): Promise<string> {
	const door = record({ backend, ...settings });
	door.source.start();
	await until(() => door.events.length > 0);
	await door.source.stop();
	return door.events[0] ?? "";
}

test(`${PULSES} pulses, as fast as this kernel has ticks: counted are all that it had, and in user-mode none is lost`, async () => {
	const meter = record({ backend, pin: "GPIO27", mode: "counter", everyMs: 60_000 });
	await opened(meter);
	const before = interrupts(27);
	const startedMs = performance.now();
	for (let index = 0; index < PULSES; index += 1) {
		drive(27, 1);
		drive(27, 0);
		await wait(11);
	}
	const tookMs = performance.now() - startedMs;
	await wait(LOSS_KNOWN_MS);
	const had = interrupts(27) - before;
	await meter.source.stop();
	const lost = meter.events.filter((event) => event === "reject missed").length;
	const count = Number(meter.offers.at(-1)?.value);
	console.log(`      ${version}: ${PULSES} pulses at ${Math.round((PULSES / tookMs) * 1_000)}/s,`);
	console.log(`      interrupts ${had}, counted ${count}, of them lost on the way ${lost}`);
	assert.equal(count, had);
	if (SLOWNESS === 1) assert.equal(lost, 0);
	else console.log(`measured: ${PULSES} pulses, all counted; gpiomon came too late for ${lost} of them`);
	assert.ok(had >= PULSES * 0.99 && had <= PULSES, "two pulses within one tick are one interrupt");
});

test("pulses that nobody takes beyond the kernel's 16 are lost, told as missed, and counted all the same", async () => {
	const meter = record({ backend, pin: "GPIO27", mode: "counter", everyMs: 60_000 });
	await opened(meter);
	const [watcher = 0] = holders();
	process.kill(watcher, "SIGSTOP");
	await pulses(27, 40, EDGE_MS, EDGE_MS);
	process.kill(watcher, "SIGCONT");
	const missed = (): number => meter.events.filter((event) => event === "reject missed").length;
	await until(() => missed() >= 24);
	await wait(50 * SLOWNESS);
	await meter.source.stop();
	assert.equal(missed(), 24);
	assert.equal(meter.offers.at(-1)?.value, 40);
});

test("a level whose last edge was lost is read anew", async () => {
	drive(17, 0);
	const door = record({ backend, pin: "GPIO17" });
	await opened(door);
	const [watcher = 0] = holders();
	process.kill(watcher, "SIGSTOP");
	await pulses(17, 20);
	drive(17, 1);
	await wait(EDGE_MS);
	process.kill(watcher, "SIGCONT");
	await until(() => door.events.filter((event) => event === "up").length === 2);
	assert.equal(door.values().at(-1), true);
	assert.ok(door.events.includes("reject missed"));
	await door.source.stop();
	drive(17, 0);
});

test("an edge is dated when it took place, also one that the process was too busy to see", async () => {
	drive(17, 0);
	const door = record({ backend, pin: "GPIO17" });
	await opened(door);
	const drivenMs = performance.now();
	drive(17, 1);
	while (performance.now() < drivenMs + 300 * SLOWNESS); // nothing else runs meanwhile
	await until(() => door.offers.length === 2);
	const [, edge = { atMs: Number.NaN }] = door.offers;
	assert.ok(edge.atMs >= drivenMs && edge.atMs < drivenMs + 50 * SLOWNESS, `dated ${edge.atMs - drivenMs} ms after it`);
	await door.source.stop();
	drive(17, 0);
});

test("bias: a pulled line reads so when nothing drives it", async () => {
	for (const [bias, level] of [
		["pull-up", true],
		["pull-down", false],
	] as const) {
		const door = record({ pin: "GPIO22", bias });
		await opened(door);
		assert.deepEqual([door.backends, door.values()], [["chardev"], [level]]);
		await door.source.stop();
	}
});

test("kernel debounce: spikes never leave the kernel; libgpiod 1 has none, and says so", async () => {
	drive(17, 0);
	if (!is2) {
		assert.match(
			await refusal({ pin: "GPIO17", kernelDebounceMs: 50 }),
			/^down GPIO17: kernel_debounce needs libgpiod 2, this is 1\./,
		);
		return;
	}
	const door = record({ backend, pin: "GPIO17", kernelDebounceMs: 50 * SLOWNESS });
	await opened(door);
	await pulses(17, 4, 20 * SLOWNESS, 20 * SLOWNESS);
	drive(17, 1);
	await wait(200 * SLOWNESS);
	drive(17, 0);
	await wait(200 * SLOWNESS);
	assert.deepEqual(door.values(), [false, true, false]);
	await door.source.stop();
});

test("a line that another program or sysfs has is refused (EBUSY), with its holder", async () => {
	const other = await hold(17);
	assert.match(await refusal({ pin: "GPIO17" }), /^down GPIO17 is held by "gpiomon"/);
	other.kill("SIGKILL");
	await until(() => holders().length === 0);
	const number = String(numberOf("GPIO17"));
	writeFileSync("/sys/class/gpio/export", number);
	assert.match(await refusal({ pin: "GPIO17" }), /^down GPIO17 is held by "sysfs": it is exported in/);
	writeFileSync("/sys/class/gpio/unexport", number);
});

test("a user who may not is told the group (EACCES), and it comes back once it may", async () => {
	const door = record({ backend, pin: "GPIO17" });
	chmodSync("/dev/gpiochip0", 0o600);
	if (!becomeNobody("a user who may not watch a line")) return;
	door.source.start();
	await until(() => door.events.length > 0);
	becomeRoot();
	assert.match(door.events[0] ?? "", /^down .*no permission for GPIO .*Mend it: sudo usermod -aG gpio/);
	await until(() => door.events.at(-1) === "up");
	assert.equal(door.events.at(-1), "up");
	await door.source.stop();
});

test("a line without such an offset is refused by name", async () => {
	assert.match(await refusal({ pin: "pinctrl-bcm2835:77" }), /^down pinctrl-bcm2835:77: pinctrl-bcm2835 has 54 lines/);
});

test("a gpiomon that dies is an error, and another one takes its place", async () => {
	const door = record({ backend, pin: "GPIO17" });
	await opened(door);
	process.kill(holders()[0] ?? 0, "SIGKILL");
	await until(() => door.events.length === 3);
	assert.match(door.events.join("; "), /^up; down GPIO17: gpiomon ended with SIGKILL; up$/);
	await pulses(17, 1);
	assert.deepEqual(door.values().slice(-2), [true, false]);
	await door.source.stop();
	assert.deepEqual(holders(), []);
});

test("never two handlers on one line: a source of each back end on one pin", () => secondIsRefused("sysfs", backend));

test("a counter is taken through the character device by itself, and where sysfs has no GPIO a level too", async () => {
	const counter = record({ pin: "GPIO27", mode: "counter" });
	await opened(counter);
	await counter.source.stop();
	const door = record({ pin: "GPIO17" });
	execFileSync("mount", ["-t", "tmpfs", "none", "/sys/class/gpio"]);
	try {
		await opened(door);
		await pulses(17, 1);
		await door.source.stop();
	} finally {
		execFileSync("umount", ["/sys/class/gpio"]);
	}
	assert.deepEqual([counter.backends, door.backends, door.values()], [["chardev"], ["chardev"], [false, true, false]]);
});

test("an agent that is killed takes its gpiomon with it, also on a line that never moves", async () => {
	const agent = spawn(process.execPath, [import.meta.filename, "--agent"], { stdio: "ignore" });
	await until(() => holders().length === 1);
	assert.equal(holders().length, 1);
	agent.kill("SIGKILL");
	await until(() => holders().length === 0);
	assert.deepEqual(holders(), []);
});

if (process.argv.includes("--agent")) {
	record({ backend, pin: "GPIO17" }).source.start();
} else {
	assert.ok(existsSync("/dev/gpiochip0"));
	console.log(version);
	await runOnBoard(backend, [...tests, ...lineTests(backend)]);
}
