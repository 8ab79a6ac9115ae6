// Slow and hanging sensors against the four threads that the process has for files and names: the bound of READS_MAX.
import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createOnewireSource } from "../../src/sources/onewire/onewire.js";
import { READS_MAX } from "../../src/sources/sampling/kernel-reads.js";
import { createThermalSource } from "../../src/sources/thermal/thermal.js";
import { until } from "../support/wait.js";
import { createKernelTree, type KernelTree, runSource, type SlowFile, stopSources } from "./kernel-tree.js";

const test = suite("slow reads");

test.after.each(stopSources);

/** One slow sensor on each of so many buses. */
function slowBuses(tree: KernelTree, count: number): SlowFile[] {
	return Array.from({ length: count }, (_, bus) =>
		tree.slow(`bus/w1/devices/w1_bus_master${bus + 1}/28-00000000000${bus}/temperature`),
	);
}

const asked = (files: readonly SlowFile[]): SlowFile[] => files.filter((file) => file.isAsked());

test("slow sensors up to one below the bound delay no other source", async () => {
	const tree = createKernelTree();
	const files = slowBuses(tree, READS_MAX - 1);
	tree.write({ "class/thermal/thermal_zone0/type": "cpu", "class/thermal/thermal_zone0/temp": "40000" });
	const slow = runSource(createOnewireSource, { everyMs: 10 }, tree.sysRoot);
	await until("all are asked", () => asked(files).length === files.length);
	const quick = runSource(createThermalSource, { everyMs: 10 }, tree.sysRoot);
	await until("a hundred readings of the other", () => quick.readings.length >= 100);
	assert.equal(slow.readings, []);
	assert.not(quick.rejects.length > quick.readings.length);
	// What was due meanwhile is counted: never two reads of one sensor at a time.
	assert.ok(slow.rejects.length > 0 && slow.rejects.every((reason) => reason === "missed"));
	await slow.source.stop();
	for (const file of files) await file.answer("1000");
});

test("more slow sensors than that wait in line, and names and files are still found", async () => {
	const tree = createKernelTree();
	const files = slowBuses(tree, READS_MAX + 2);
	tree.write({ "class/thermal/thermal_zone0/type": "cpu", "class/thermal/thermal_zone0/temp": "40000" });
	const slow = runSource(createOnewireSource, { everyMs: 60_000 }, tree.sysRoot);
	await until("as many as may", () => asked(files).length === READS_MAX);
	const quick = runSource(createThermalSource, { everyMs: 10 }, tree.sysRoot);
	assert.is((await lookup("localhost")).address.length > 0, true);
	for (let turn = 0; turn < 20; turn += 1) await readFile("/proc/self/stat");
	assert.is(asked(files).length, READS_MAX);
	assert.equal(quick.readings, []);
	// Each answer lets the next one in, the other source among them.
	const answered = new Set<SlowFile>();
	while (answered.size < files.length) {
		const file = await until("one that is asked", () => asked(files).find((one) => !answered.has(one)));
		await file.answer("1000\n");
		answered.add(file);
	}
	await until("all values", () => slow.readings.length === files.length);
	await until("the other source", () => quick.readings.length >= 3);
	assert.equal([slow.state(), quick.state()], ["up", "up"]);
});

test.run();
