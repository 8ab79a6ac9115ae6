import { totalmem } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createSystemSource } from "../../src/sources/system/system.js";
import { until } from "../support/wait.js";
import { createKernelTree, runSource, stopSources } from "./kernel-tree.js";

const test = suite("system");

test.after.each(stopSources);

const EVERY_MS = 20;
const THROTTLED = "devices/platform/soc/soc:firmware/get_throttled";

test("tells load, memory, disks, uptime and the agent's own memory", async () => {
	const settings = { everyMs: EVERY_MS, disks: ["/"], interfaces: [] };
	const s = runSource(createSystemSource, settings, createKernelTree().sysRoot);
	await until("up", () => s.state() === "up");
	const number = (field: string): number => {
		const value = s.value(field);
		assert.type(value, "number", field);
		return value as number;
	};
	for (const field of ["load1", "load5", "load15"]) assert.ok(number(field) >= 0);
	assert.ok(number("memory_available") > 0 && number("memory_available") <= totalmem());
	for (const field of ["memory_used", "disk./.used"]) assert.ok(number(field) >= 0 && number(field) <= 100);
	assert.ok(number("agent_memory") > 1_000_000 && number("agent_memory") < totalmem());
	assert.ok(number("uptime") > 0);
	assert.ok(number("disk./.available") >= 0);
	assert.equal(
		["memory_available", "memory_used", "uptime", "load1"].map((field) => s.units.get(field)),
		["B", "%", "s", undefined],
	);
});

test("an interface is up while it has a carrier, and down when it is not there", async () => {
	const tree = createKernelTree();
	tree.write({
		"class/net/eth0/operstate": "up\n",
		"class/net/wlan0/operstate": "dormant\n",
		"class/net/tun0/operstate": "unknown\n",
		"class/net/tun0/carrier": "1\n",
	});
	const settings = { everyMs: EVERY_MS, disks: [], interfaces: ["eth0", "wlan0", "tun0", "wwan0"] };
	const s = runSource(createSystemSource, settings, tree.sysRoot);
	await until("up", () => s.state() === "up");
	assert.equal(
		["eth0", "wlan0", "tun0", "wwan0"].map((name) => s.value(`${name}.up`)),
		[true, false, true, false],
	);
	tree.write({ "class/net/eth0/operstate": "down\n" });
	await until("it goes down", () => s.value("eth0.up") === false);
	assert.equal(s.states, ["up"]);
});

test("a Pi's supply is read from the firmware's flags", async () => {
	const tree = createKernelTree();
	tree.write({ [THROTTLED]: "50005\n" });
	const s = runSource(createSystemSource, { everyMs: EVERY_MS, disks: [], interfaces: [] }, tree.sysRoot);
	await until("up", () => s.state() === "up");
	const names = ["under_voltage", "frequency_capped", "throttled", "soft_temperature_limit"];
	const flags = () => names.map((name) => [s.value(name), s.value(`${name}_seen`)]);
	assert.equal(flags(), [
		[true, true],
		[false, false],
		[true, true],
		[false, false],
	]);
	tree.write({ [THROTTLED]: "0x80002\n" });
	await until("other flags", () => s.value("frequency_capped") === true);
	assert.equal(flags(), [
		[false, false],
		[true, false],
		[false, false],
		[false, true],
	]);
	tree.write({ [THROTTLED]: "none of your business\n" });
	await until("down", () => s.state() !== "up");
	assert.match(s.state() as string, /holds no flags: none of/);
	assert.is(s.value("uptime") === undefined, false);
});

test("without them the supply is read from the alarm of rpi_volt", async () => {
	const tree = createKernelTree();
	tree.write({ "class/hwmon/hwmon1/name": "rpi_volt\n", "class/hwmon/hwmon1/in0_lcrit_alarm": "0\n" });
	const s = runSource(createSystemSource, { everyMs: EVERY_MS, disks: [], interfaces: [] }, tree.sysRoot);
	await until("a value", () => s.value("under_voltage") === false);
	tree.write({ "class/hwmon/hwmon1/in0_lcrit_alarm": "1\n" });
	await until("the alarm", () => s.value("under_voltage") === true);
	assert.is(s.value("throttled"), undefined);
});

test("a disk that is not mounted is told, and the rest goes on", async () => {
	const settings = { everyMs: EVERY_MS, disks: ["/nowhere/at/all", "/"], interfaces: [] };
	const s = runSource(createSystemSource, settings, createKernelTree().sysRoot);
	await until("down", () => s.states.length === 1);
	assert.match(s.state() as string, /^disks: cannot look at \/nowhere\/at\/all: ENOENT/);
	assert.type(s.value("disk./.used"), "number");
});

test("a disk whose path makes no name is refused before anything is opened", () => {
	const settings = { everyMs: EVERY_MS, disks: [`/${"x".repeat(60)}`], interfaces: [] };
	assert.throws(() => runSource(createSystemSource, settings, "/nowhere"), /^disks: "disk.*cannot name a stream/);
});

test.run();
