// hwmon and thermal: the smaller two of the kernel's sources.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createHwmonSource } from "../../src/sources/hwmon/hwmon.js";
import { createThermalSource } from "../../src/sources/thermal/thermal.js";
import { until } from "../support/wait.js";
import { createKernelTree, runSource, stopSources } from "./kernel-tree.js";

const test = suite("hwmon and thermal");

test.after.each(stopSources);

const EVERY_MS = 20;

test("hwmon finds a chip by its name and reads its inputs in SenML's units", async () => {
	const tree = createKernelTree();
	tree.write({
		"class/hwmon/hwmon0/name": "cpu_thermal\n",
		"class/hwmon/hwmon0/temp1_input": "48312\n",
		"class/hwmon/hwmon1/name": "ina226\n",
		"class/hwmon/hwmon1/in1_input": "5023\n",
		"class/hwmon/hwmon1/curr1_input": "-120\n",
		"class/hwmon/hwmon1/power1_input": "602500\n",
		"class/hwmon/hwmon1/fan1_input": "1200\n",
		"class/hwmon/hwmon1/in1_max": "6000\n",
	});
	const cpu = runSource(createHwmonSource, { chip: "cpu_thermal", everyMs: EVERY_MS }, tree.sysRoot);
	const power = runSource(createHwmonSource, { chip: "ina226", everyMs: EVERY_MS }, tree.sysRoot);
	await until("both", () => cpu.readings.length >= 1 && power.readings.length >= 4);
	assert.is(cpu.value("temp1"), 48.312);
	assert.equal(
		["in1", "curr1", "power1", "fan1"].map((field) => [power.value(field), power.units.get(field)]),
		[
			[5.023, "V"],
			[-0.12, "A"],
			[0.6025, "W"],
			[1_200, "1/min"],
		],
	);
	assert.equal([cpu.states, power.states], [["up"], ["up"]]);
});

test("hwmon names channels as it is told, says which are missing, and what the kernel refuses", async () => {
	const tree = createKernelTree();
	tree.write({ "class/hwmon/hwmon3/name": "lm75", "class/hwmon/hwmon3/temp1_input": "22500" });
	const channels = { room: "temp1", attic: "temp2" };
	const s = runSource(createHwmonSource, { chip: "lm75", everyMs: EVERY_MS, channels }, tree.sysRoot);
	await until("down", () => s.states.length === 1);
	assert.is(s.state(), "lm75 has no channel temp2; it has: temp1");
	assert.is(s.value("room"), 22.5);
	// A folder in place of the file: reading it is an error that says nothing about whether it is there.
	tree.write({ "class/hwmon/hwmon3/temp2_input/x": "" });
	await until("rejections", () => s.refused().length >= 2);
	assert.match(s.state() as string, /temp2_input gives no value \(EISDIR\): check the sensor's wiring/);
	assert.ok(s.refused().every((reason) => reason === "empty"));
	if (process.getuid?.() === 0) return;
	tree.write({ "class/hwmon/hwmon3/temp2_input": null });
	tree.write({ "class/hwmon/hwmon3/temp2_input": "1" });
	chmodSync(join(tree.sysRoot, "class/hwmon/hwmon3/temp2_input"), 0);
	await until("no permission", () => /^no permission to read /.test(s.state() as string));
});

test("thermal names zones by their type, the second of a type by its number", async () => {
	const tree = createKernelTree();
	const zone = (number: number, type: string, temp: string) =>
		tree.write({
			[`class/thermal/thermal_zone${number}/type`]: `${type}\n`,
			[`class/thermal/thermal_zone${number}/temp`]: temp,
		});
	zone(0, "cpu-thermal", "51121\n");
	zone(2, "acpitz", "27800\n");
	zone(10, "acpitz", "29800\n");
	tree.write({ "class/thermal/cooling_device0/type": "Processor" });
	const s = runSource(createThermalSource, { everyMs: EVERY_MS }, tree.sysRoot);
	await until("a round", () => s.readings.length >= 3);
	assert.equal(
		["cpu-thermal", "acpitz", "acpitz_2"].map((field) => s.value(field)),
		[51.121, 27.8, 29.8],
	);
	assert.is(s.state(), "up");
	zone(2, "acpitz", "\n");
	await until("down", () => s.state() !== "up");
	assert.match(s.state() as string, /thermal_zone2\/temp is empty/);
	assert.ok(s.refused().length >= 2 && s.refused().every((reason) => reason === "empty"));
});

test("a machine without thermal zones says so", async () => {
	const s = runSource(createThermalSource, { everyMs: EVERY_MS }, createKernelTree().sysRoot);
	await until("down", () => s.states.length === 1);
	assert.is(s.state(), "this kernel has no thermal zones");
});

test.run();
