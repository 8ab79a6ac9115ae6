// The configuration of these sources: what README shows is what the factories get, and what is wrong is said.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sourceProblems } from "../../src/commands/source-problems.js";
import type { Config } from "../../src/config/config.js";
import { type LoadedConfig, loadConfig } from "../../src/config/load.js";
import { createAgentProcess } from "../../src/run/agent-process.js";
import { createSourceHost } from "../../src/sources/host.js";
import { testEnvironment } from "../config/environment.js";
import { freePort } from "../support/free-port.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";
import { createKernelTree } from "./kernel-tree.js";

const test = suite("settings of kernel sources and exec");

const EXAMPLES = `sources:
  - { name: tank, type: onewire, every: 10s, sensors: { top: 28-0316a2795bff, bottom: 28-0000000b0770 } }
  - { name: air, type: iio, device: bme280, every: 5s, channels: { temperature: temp, humidity: humidityrelative } }
  - { name: board, type: hwmon, chip: cpu_thermal, every: 10s }
  - { name: cpu, type: thermal, every: 10s }
  - { name: sys, type: system, every: 10s, disks: [/], interfaces: [eth0] }
  - { name: radio, type: exec, command: [rtl_433, -F, json], parse: { as: json } }
`;

function load(text: string): LoadedConfig {
	const loaded = loadConfig(text, "t.yaml", testEnvironment());
	if (!loaded.ok) throw new Error(loaded.errors.map(({ path, message }) => `${path}: ${message}`).join("\n"));
	return loaded;
}

test("the examples of README are what the factories take", async () => {
	const loaded = load(EXAMPLES);
	assert.equal(loaded.config.sources, [
		{
			name: "tank",
			type: "onewire",
			everyMs: 10_000,
			sensors: { top: "28-0316a2795bff", bottom: "28-0000000b0770" },
		},
		{
			name: "air",
			type: "iio",
			device: "bme280",
			everyMs: 5_000,
			channels: { temperature: "temp", humidity: "humidityrelative" },
		},
		{ name: "board", type: "hwmon", chip: "cpu_thermal", everyMs: 10_000 },
		{ name: "cpu", type: "thermal", everyMs: 10_000 },
		{ name: "sys", type: "system", everyMs: 10_000, disks: ["/"], interfaces: ["eth0"] },
		{
			name: "radio",
			type: "exec",
			command: ["rtl_433", "-F", "json"],
			parse: { as: "json" },
			maxLine: 1_024,
			restart: { minMs: 1_000, maxMs: 60_000 },
		},
	] as unknown as Config["sources"]);
	assert.equal(await sourceProblems(loaded), { errors: [], warnings: [] });
});

const WRONG: Readonly<Record<string, readonly [source: string, path: string, says: RegExp]>> = {
	"an id that is none": ["type: onewire, sensors: { top: 28-12 }", "sensors.top", /28-0316a2795bff/],
	"a sensor that is no thermometer": ["type: onewire, sensors: { a: 12-0316a2795bff }", "sensors.a", /thermometer/],
	"a bus asked too often": ["type: onewire, every: 100ms", "every", /1s/],
	"no device": ["type: iio", "device", /missing/],
	"a channel that is a file": ["type: iio, device: a, channels: { t: ../../name }", "channels.t", /temp, voltage0/],
	"a chip's channel that is a file": ["type: hwmon, chip: a, channels: { t: temp1_input }", "channels.t", /temp1, in0/],
	"a disk that is no path": ["type: system, disks: [sda1]", "disks[0]", /a path such as/],
	"an interface that is a path": ["type: system, interfaces: [../x]", "interfaces[0]", /eth0/],
	"a command that is one text": ["type: exec, command: rtl_433 -F json", "command", /list/],
	"no command": ["type: exec, command: []", "command", /1/],
	"a variable that is no name": ["type: exec, command: [a], env: { 1A: x }", "env.1A", /name/],
};

for (const [what, [source, path, says]] of Object.entries(WRONG)) {
	test(`${what} is refused`, () => {
		const loaded = loadConfig(`sources:\n  - { name: a, ${source} }\n`, "t.yaml", testEnvironment());
		assert.not(loaded.ok);
		if (loaded.ok) return;
		assert.equal(
			loaded.errors.map((error) => error.path),
			[`sources[0].${path}`],
		);
		assert.match(loaded.errors[0]?.message as string, says);
	});
}

test("what only a factory can say has its place in the file too", async () => {
	const text = `sources:
  - { name: a, type: exec, command: [x], restart: { min: 1m, max: 1s } }
  - { name: b, type: exec, command: [x], parse: { as: csv } }
`;
	const { errors } = await sourceProblems(load(text));
	assert.equal(
		errors.map(({ path, line }) => [path, line]),
		[
			["sources[0].restart.min", 2],
			["sources[1].parse.fields", 3],
		],
	);
});

test("the environment of a program is never shown", () => {
	const loaded = load("sources:\n  - { name: a, type: exec, command: [x], env: { KEY: hunter2 } }\n");
	assert.not.match(JSON.stringify([loaded.shown, loaded.config]), /hunter2/);
	const [{ env }] = loaded.config.sources as unknown as [{ env: Record<string, { reveal(): string }> }];
	assert.is(env["KEY"]?.reveal(), "hunter2");
});

test("a stream's own unit is made known once, with its name", () => {
	const registered: unknown[] = [];
	const { host } = createSourceHost({
		settings: { name: "cpu", type: "thermal" },
		now: () => 0,
		registerStream: (name, unit) => registered.push([name, unit]) - 1,
		offer: () => undefined,
	});
	for (const unit of ["Cel", "K"]) host.stream("zone", unit);
	host.stream("state");
	assert.equal(registered, [
		["cpu.zone", "Cel"],
		["cpu.state", undefined],
	]);
});

test("units of sources stand in the status, and those of the configuration before them", async () => {
	const tree = createKernelTree();
	for (const [zone, type] of ["cpu", "gpu"].entries()) {
		tree.write({
			[`class/thermal/thermal_zone${zone}/type`]: type,
			[`class/thermal/thermal_zone${zone}/temp`]: "1000",
		});
	}
	const url = `mqtt://127.0.0.1:${await freePort()}`;
	const text = `mqtt: { url: "${url}" }\nhttp: false\nsources:\n  - { name: t, type: thermal, units: { gpu: degC } }\n`;
	const log = { error() {}, warn() {}, info() {}, debug() {} };
	const agent = createAgentProcess({
		config: load(text).config,
		version: "0",
		machine: { sysRoot: tree.sysRoot, devRoot: "/dev", board: "generic-linux" },
		log,
		runtimeFolder: makeTempDir("units"),
	});
	await agent.start();
	await until("both readings", () => agent.report().books.stamped >= 2);
	assert.equal(agent.report().facts.units, { "t.cpu": "Cel", "t.gpu": "degC" });
	await Promise.all([agent.stop(), agent.stop()]);
});

test.run();
