// The kernel's own files on a real kernel: run inside the virtual board, with the industrial I/O dummy (configfs) and
// nothing else that measures. Not a *.test file: it needs a kernel of its own. Prints `N passed, N failed` last.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { createIioSource } from "../../src/sources/iio/iio.js";
import { createOnewireSource } from "../../src/sources/onewire/onewire.js";
import { createSystemSource } from "../../src/sources/system/system.js";
import { createThermalSource } from "../../src/sources/thermal/thermal.js";
import { until } from "../support/wait.js";
import { runSource, stopSources } from "./kernel-tree.js";

const SYS = "/sys";
const DUMMY = "/sys/kernel/config/iio/devices/dummy/d0";
const EVERY_MS = 50;

const tests: Readonly<Record<string, () => Promise<void>>> = {
	"the dummy's channels are read exactly, in SenML's units, through its unplug and back": async () => {
		const s = runSource(createIioSource, { device: "d0", everyMs: EVERY_MS }, SYS);
		await until("nothing there", () => s.states.length === 1);
		assert.match(s.state() as string, /there is no IIO device/);
		mkdirSync(DUMMY);
		await until("up", () => s.state() === "up");
		const values = Object.fromEntries([...s.units.keys()].map((field) => [field, s.value(field)]));
		assert.deepEqual(values, {
			accel_x: 34,
			activity_running: 98,
			activity_walking: 4,
			steps: 47,
			voltage0: 0.00010664,
			"voltage1-voltage2": 0.000000044352,
			"voltage3-voltage4": -0.000000045696,
		});
		rmdirSync(DUMMY);
		await until("down", () => s.state() !== "up");
		mkdirSync(DUMMY);
		await until("up again", () => s.state() === "up");
		assert.deepEqual(s.refused(), []);
	},
	"one channel under a name of its own": async () => {
		const settings = { device: "d0", everyMs: EVERY_MS, channels: { battery: "voltage0" } };
		const s = runSource(createIioSource, settings, SYS);
		await until("three rounds", () => s.readings.length >= 3);
		assert.deepEqual([...s.units], [["battery", "V"]]);
	},
	"this machine's load, memory, disk and interfaces": async () => {
		const settings = { everyMs: EVERY_MS, disks: ["/run", "/"], interfaces: ["lo", "wwan0"] };
		const s = runSource(createSystemSource, settings, SYS);
		await until("up", () => s.state() === "up");
		assert.equal(s.value("lo.up"), true);
		assert.equal(s.value("wwan0.up"), false);
		assert.equal(typeof s.value("disk./run.used"), "number");
		assert.ok((s.value("memory_available") as number) < 256 * 1_048_576);
		assert.deepEqual(s.refused(), []);
	},
	"what this kernel does not have is told; the battery's thermal zone is read where there is one": async () => {
		const thermal = runSource(createThermalSource, { everyMs: EVERY_MS }, SYS);
		const bus = runSource(createOnewireSource, { everyMs: EVERY_MS }, SYS);
		await until("both have said what there is", () => thermal.states.length === 1 && bus.states.length === 1);
		if (existsSync("/sys/class/thermal/thermal_zone0")) {
			assert.equal(thermal.state(), "up");
			assert.deepEqual([thermal.value("test_battery"), thermal.units.get("test_battery")], [2.6, "Cel"]);
		} else {
			assert.match(thermal.state() as string, /no thermal zones/);
		}
		assert.match(bus.state() as string, /no 1-Wire bus/);
	},
};

let passed = 0;
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
	try {
		await test();
		passed += 1;
		console.log(`ok    ${name}`);
	} catch (error) {
		failed += 1;
		console.log(`FAIL  ${name}\n${error instanceof Error ? error.stack : error}`);
	}
	await stopSources();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
