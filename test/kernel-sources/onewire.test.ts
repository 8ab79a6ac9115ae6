import { chmodSync, existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createOnewireSource } from "../../src/sources/onewire/onewire.js";
import { startProcess } from "../support/process.js";
import { until } from "../support/wait.js";
import { createKernelTree, type KernelTree, readersOf, runSource, stopSources } from "./kernel-tree.js";

const test = suite("onewire");

test.after.each(stopSources);

const TOP = "28-0316a2795bff";
const BOTTOM = "28-0000000b0770";
const BUS = "bus/w1/devices/w1_bus_master1";
const EVERY_MS = 20;

function createBus(sensors: Readonly<Record<string, string>>): KernelTree {
	const tree = createKernelTree();
	// As in the kernel: the bus is a link, and its sensors are folders in it.
	mkdirSync(join(tree.sysRoot, "bus/w1/devices"), { recursive: true });
	mkdirSync(join(tree.sysRoot, "devices/w1_bus_master1"), { recursive: true });
	symlinkSync("../../../devices/w1_bus_master1", join(tree.sysRoot, BUS));
	for (const [id, text] of Object.entries(sensors)) tree.write({ [`${BUS}/${id}/temperature`]: text });
	return tree;
}

test("reads the sensors by the names they are given, in degrees", async () => {
	const tree = createBus({ [TOP]: "21437\n", [BOTTOM]: "-1062\n", "28-00000000aaaa": "1000\n", "00-400000000000": "" });
	const s = runSource(createOnewireSource, { everyMs: EVERY_MS, sensors: { top: TOP, bottom: BOTTOM } }, tree.sysRoot);
	await until("two rounds", () => s.readings.length >= 4);
	assert.equal([s.value("top"), s.value("bottom"), s.value("28-00000000aaaa")], [21.437, -1.062, undefined]);
	assert.equal(s.states, ["up"]);
	assert.equal(s.units.get("top"), "Cel");
	assert.ok(s.capturedMs.every((at) => at <= performance.now()));
});

test("without names reads all that are found, by their ids, also one that is added", async () => {
	const tree = createBus({ [TOP]: "21437" });
	const s = runSource(createOnewireSource, { everyMs: EVERY_MS }, tree.sysRoot);
	await until("the first", () => s.value(TOP) === 21.437);
	tree.write({ [`${BUS}/${BOTTOM}/temperature`]: "4000" });
	await until("the second", () => s.value(BOTTOM) === 4);
	assert.equal(s.states, ["up"]);
});

test("a power-on value, an empty file and a wrong checksum are rejected, and the other sensor goes on", async () => {
	for (const [text, reason, error] of [
		["85000\n", "value", /^top \(28-0316a2795bff\): 85 °C is its power-on value/],
		["", "empty", /does not answer: check its wiring/],
		["rubbish", "value", /no temperature/],
	] as const) {
		const tree = createBus({ [TOP]: text, [BOTTOM]: "4000" });
		const s = runSource(
			createOnewireSource,
			{ everyMs: EVERY_MS, sensors: { top: TOP, bottom: BOTTOM } },
			tree.sysRoot,
		);
		await until("some rounds", () => s.refused().length >= 3);
		assert.match(s.state() as string, error);
		assert.is(s.value("top"), undefined);
		assert.is(s.value("bottom"), 4);
		assert.ok(
			s.refused().every((one) => one === reason),
			s.refused().join(),
		);
		tree.write({ [`${BUS}/${TOP}/temperature`]: "5000" });
		await until("up again", () => s.state() === "up" && s.value("top") === 5);
		await s.source.stop();
	}
});

test("an old kernel's w1_slave is read, and not believed without its checksum", async () => {
	const tree = createBus({});
	const slave = (verdict: string) =>
		`57 01 4b 46 7f ff 09 10 5c : crc=5c ${verdict}\n57 01 4b 46 7f ff 09 10 5c t=21437\n`;
	tree.write({ [`${BUS}/${TOP}/w1_slave`]: slave("NO") });
	const s = runSource(createOnewireSource, { everyMs: EVERY_MS }, tree.sysRoot);
	await until("rejections", () => s.refused().includes("checksum"));
	assert.equal(s.readings, []);
	tree.write({ [`${BUS}/${TOP}/w1_slave`]: slave("YES") });
	await until("a reading", () => s.value(TOP) === 21.437);
});

test("a sensor that is taken away is told by name while others go on, and comes back by itself", async () => {
	const tree = createBus({ [TOP]: "21437", [BOTTOM]: "4000" });
	const s = runSource(createOnewireSource, { everyMs: EVERY_MS, sensors: { top: TOP, bottom: BOTTOM } }, tree.sysRoot);
	await until("up", () => s.state() === "up");
	tree.write({ [`${BUS}/${TOP}`]: null });
	await until("down", () => s.state() !== "up");
	assert.is(s.state(), `${TOP} (top) is not on the 1-Wire bus; there are: ${BOTTOM}`);
	const readings = s.readings.length;
	await until("more of the other", () => s.readings.length > readings + 3);
	assert.equal(s.refused(), []);
	tree.write({ [`${BUS}/${TOP}/temperature`]: "7000" });
	await until("up again", () => s.state() === "up" && s.value("top") === 7);
});

test("no bus, and a bus without sensors, say what to do", async () => {
	const tree = createKernelTree();
	const s = runSource(createOnewireSource, { everyMs: EVERY_MS }, tree.sysRoot);
	await until("down", () => s.states.length === 1);
	assert.match(s.state() as string, /no 1-Wire bus: add dtoverlay=w1-gpio/);
	tree.write({ [`${BUS}/w1_master_slave_count`]: "0" });
	await until("a bus", () => s.states.length === 2);
	assert.match(s.state() as string, /no thermometer is on the 1-Wire bus: check wiring/);
	tree.write({ [`${BUS}/${TOP}/temperature`]: "7000" });
	await until("up", () => s.state() === "up");
});

test("several sensors of a bus convert together, and are read when they have", async () => {
	const tree = createBus({ [TOP]: "1000", [BOTTOM]: "2000" });
	// A terminal: what is written into it comes out of socat, and not back at the next reader. It becomes the one of this
	// process, where that has none, and hangs up at the end.
	process.once("SIGHUP", () => undefined);
	const path = join(tree.sysRoot, BUS, "therm_bulk_read");
	const bulk = startProcess("socat", ["-", `pty,raw,echo=0,link=${path}`], { stdin: true });
	await until("the terminal", () => existsSync(path));
	const terminal = realpathSync(path);
	const s = runSource(createOnewireSource, { everyMs: 60_000 }, tree.sysRoot);
	await bulk.waitForOutput(/^trigger\n$/);
	for (const answer of ["-1\n", "-1\n", "-1\n", "1\n"]) {
		await until("a look", () => readersOf(terminal) === 1);
		assert.equal(s.readings, []);
		bulk.write(answer);
		await until("the end of the look", () => readersOf(terminal) === 0);
	}
	await until("both", () => s.readings.length === 2);
	assert.equal(s.states, ["up"]);
	await bulk.kill();
});

test("where the trigger may not be written, each sensor converts by itself", async () => {
	const tree = createBus({ [TOP]: "1000", [BOTTOM]: "2000" });
	const path = join(BUS, "therm_bulk_read");
	tree.write({ [path]: "-1\n" });
	chmodSync(join(tree.sysRoot, path), 0o444);
	const isRoot = process.getuid?.() === 0;
	// Root may write anything; a folder nobody writes to as a file.
	if (isRoot) tree.write({ [path]: null, [`${path}/x`]: "" });
	const s = runSource(createOnewireSource, { everyMs: EVERY_MS }, tree.sysRoot);
	await until("both", () => s.readings.length >= 2);
	assert.equal(s.states, ["up"]);
});

test("one thing at a time on a bus, whichever source asks; two buses do not wait for each other", async () => {
	const tree = createKernelTree();
	const first = tree.slow(`${BUS}/${TOP}/temperature`);
	const second = tree.slow(`${BUS}/${BOTTOM}/temperature`);
	tree.write({ [`bus/w1/devices/w1_bus_master2/28-00000000aaaa/temperature`]: "3000" });
	const a = runSource(createOnewireSource, { everyMs: 60_000, sensors: { top: TOP } }, tree.sysRoot);
	await until("the first is asked", () => first.isAsked());
	const b = runSource(createOnewireSource, { everyMs: 60_000, sensors: { bottom: BOTTOM } }, tree.sysRoot);
	const other = runSource(
		createOnewireSource,
		{ everyMs: EVERY_MS, sensors: { other: "28-00000000aaaa" } },
		tree.sysRoot,
	);
	await until("ten rounds on the other bus", () => other.readings.length >= 10);
	assert.not(second.isAsked());
	await first.answer("1000\n");
	await second.answer("2000\n");
	await until("both", () => a.value("top") === 1 && b.value("bottom") === 2);
});

test("a field that cannot name a stream is refused before anything is opened", () => {
	const { sysRoot } = createKernelTree();
	assert.throws(
		() => runSource(createOnewireSource, { everyMs: 1_000, sensors: { "a\u0007": TOP } }, sysRoot),
		/^sensors: "a\\u0007" cannot name a stream$/,
	);
});

test.run();
