// What `doctor` says of the kernel's sensors and of programs, on made-up machines.
import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type DoctorMachine, thisDoctorMachine } from "../../src/commands/doctor/machine.js";
import { checkSensors } from "../../src/commands/doctor/sensors.js";
import { loadConfig } from "../../src/config/load.js";
import { testEnvironment } from "../config/environment.js";
import { makeTempDir } from "../support/temp-dir.js";
import { createKernelTree } from "./kernel-tree.js";

const test = suite("doctor on the kernel's sensors");

const BUS = "bus/w1/devices/w1_bus_master1";

/** `state text` of every check, for these sources on this machine. */
function examine(files: Readonly<Record<string, string>>, sources: readonly string[], path = ""): string[] {
	const tree = createKernelTree();
	tree.write(files);
	const text = `sources:\n${sources.map((source, index) => `  - { name: s${index}, ${source} }\n`).join("")}`;
	const loaded = loadConfig(sources.length === 0 ? "sources: []\n" : text, "t.yaml", testEnvironment());
	assert.ok(loaded.ok);
	const machine: DoctorMachine = { ...thisDoctorMachine(), sysRoot: tree.sysRoot };
	return checkSensors(machine, loaded.ok ? loaded.config : null, path).map(({ state, text, mend }) => {
		if (state === "fail") assert.ok(mend.length > 0, text);
		return `${state} ${text}`;
	});
}

test("a machine without such sensors and a configuration without them say nothing", () => {
	assert.equal(examine({}, []), []);
});

test("what is there is named, and each source finds its own", () => {
	const program = join(makeTempDir("bin"), "rtl_433");
	writeFileSync(program, "");
	chmodSync(program, 0o755);
	assert.equal(
		examine(
			{
				[`${BUS}/28-0316a2795bff/temperature`]: "",
				"bus/iio/devices/iio:device0/name": "bme280\n",
				"class/hwmon/hwmon0/name": "cpu_thermal\n",
				"class/thermal/thermal_zone0/type": "cpu-thermal\n",
			},
			[
				"type: onewire",
				"type: iio, device: bme280@1-0076",
				"type: hwmon, chip: cpu_thermal",
				"type: exec, command: [rtl_433, -F, json]",
				`type: exec, command: [${program}]`,
				"type: thermal",
			],
			["/nowhere", join(program, "..")].join(delimiter),
		),
		[
			"ok sensors of the kernel: 1-Wire 28-0316a2795bff; IIO bme280; hwmon cpu_thermal; thermal cpu-thermal",
			"ok source s0: its thermometers are there",
			"ok source s1: the IIO device bme280@1-0076 is there",
			"ok source s2: the hwmon chip cpu_thermal is there",
			"ok source s3: rtl_433 can be run",
			`ok source s4: ${program} can be run`,
		],
	);
});

test("what is missing fails, with what there is instead", () => {
	const sources = [
		"type: onewire, sensors: { a: 28-0316a2795bff }",
		"type: iio, device: bme280",
		"type: hwmon, chip: lm75",
		"type: exec, command: [rtl_433]",
	];
	assert.equal(examine({}, sources, "/nowhere"), [
		"fail source s0: there is no 1-Wire bus",
		"fail source s1: no IIO device is named bme280; there is: none",
		"fail source s2: no hwmon chip is named lm75; there is: none",
		"fail source s3: rtl_433 is not there, or may not be run",
	]);
	const files = { [`${BUS}/28-00000000aaaa/temperature`]: "", "class/hwmon/hwmon0/name": "cpu_thermal" };
	assert.equal(examine(files, sources.slice(0, 3)).slice(1), [
		"fail source s0: 28-0316a2795bff is not on the 1-Wire bus; there is: 28-00000000aaaa",
		"fail source s1: no IIO device is named bme280; there is: none",
		"fail source s2: no hwmon chip is named lm75; there is: cpu_thermal",
	]);
	assert.equal(examine({ [`${BUS}/w1_master_slaves`]: "" }, ["type: onewire"]), [
		"fail source s0: no thermometer is on the 1-Wire bus; there is: none",
	]);
});

test.run();
