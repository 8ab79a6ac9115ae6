import { mkdirSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createIioSource } from "../../src/sources/iio/iio.js";
import { until } from "../support/wait.js";
import { createKernelTree, type KernelTree, runSource, stopSources } from "./kernel-tree.js";

const test = suite("iio");

test.after.each(stopSources);

const EVERY_MS = 20;
const DEVICES = "bus/iio/devices";

/** Adds a device as the kernel has it: a link to where it sits on its bus. */
function addDevice(tree: KernelTree, number: number, place: string, files: Readonly<Record<string, string>>): string {
	const real = `devices/platform/soc/i2c-1/${place}/iio:device${number}`;
	tree.write(Object.fromEntries(Object.entries(files).map(([name, text]) => [`${real}/${name}`, text])));
	mkdirSync(join(tree.sysRoot, DEVICES), { recursive: true });
	symlinkSync(`../../../${real}`, join(tree.sysRoot, DEVICES, `iio:device${number}`));
	return real;
}

const BME280 = {
	name: "bme280\n",
	in_temp_input: "22310\n",
	in_pressure_input: "101.325175781\n",
	in_humidityrelative_input: "45217\n",
	in_temp_oversampling_ratio: "2\n",
};

test("finds a device by its name and reads all channels in SenML's units", async () => {
	const tree = createKernelTree();
	addDevice(tree, 0, "1-0048", { name: "ads1015", in_voltage0_raw: "1" });
	addDevice(tree, 10, "1-0076", BME280);
	const s = runSource(createIioSource, { device: "bme280", everyMs: EVERY_MS }, tree.sysRoot);
	await until("a round", () => s.readings.length >= 3);
	assert.equal([s.value("temp"), s.value("pressure"), s.value("humidityrelative")], [22.31, 1_013.25175781, 45.217]);
	assert.equal(Object.fromEntries(s.units), { temp: "Cel", pressure: "hPa", humidityrelative: "%RH" });
	assert.equal(s.states, ["up"]);
});

test("names channels as it is told, and reads no others", async () => {
	const tree = createKernelTree();
	addDevice(tree, 0, "1-0076", BME280);
	const channels = { temperature: "temp", humidity: "humidityrelative" };
	const s = runSource(createIioSource, { device: "bme280", everyMs: EVERY_MS, channels }, tree.sysRoot);
	await until("a round", () => s.readings.length >= 2);
	assert.equal([...s.units.keys()], ["temperature", "humidity"]);
});

test("raw values get offset and scale, their own or the kind's, exactly", async () => {
	const tree = createKernelTree();
	addDevice(tree, 0, "dummy", {
		name: "iio_dummy_part_no",
		in_voltage0_raw: "73\n",
		in_voltage0_scale: "0.001333\n",
		in_voltage0_offset: "7\n",
		"in_voltage1-voltage2_raw": "33\n",
		in_voltage_scale: "3.000000\n",
		"in_voltage-voltage_scale": "0.000001344\n",
		in_accel_x_raw: "34\n",
		in_accel_scale: "0.1\n",
		in_proximity_raw: "5\n",
	});
	const s = runSource(createIioSource, { device: "iio_dummy_part_no", everyMs: EVERY_MS }, tree.sysRoot);
	await until("a round", () => s.readings.length >= 4);
	assert.is(s.value("voltage0"), 0.00010664);
	assert.is(s.value("voltage1-voltage2"), 0.000000044352);
	assert.is(s.value("accel_x"), 3.4);
	assert.is(s.value("proximity"), 5);
	assert.equal([s.units.get("voltage0"), s.units.get("proximity")], ["V", undefined]);
});

test("what is no number is rejected, and the other channels go on", async () => {
	const tree = createKernelTree();
	const folder = addDevice(tree, 0, "1-0029", {
		name: "bno055",
		in_rot_quaternion_raw: "1 2 3 4\n",
		in_temp_raw: "20\n",
		in_magn_x_raw: "\n",
		in_accel_x_raw: "5\n",
		in_accel_scale: "fast\n",
	});
	const s = runSource(createIioSource, { device: "bno055", everyMs: EVERY_MS }, tree.sysRoot);
	await until("two rounds", () => s.refused().length >= 6);
	assert.equal(s.refused().slice(0, 3), ["value", "empty", "value"]);
	assert.is(s.value("temp"), 0.02);
	assert.match(s.state() as string, /in_accel_scale holds no number: fast \(and 2 more\)$/);
	tree.write({ [`${folder}/in_rot_quaternion_raw`]: "1", [`${folder}/in_magn_x_raw`]: "2" });
	tree.write({ [`${folder}/in_accel_scale`]: "1" });
	await until("up", () => s.state() === "up");
});

test("a device that got the number of the one before it is not taken for it", async () => {
	const tree = createKernelTree();
	addDevice(tree, 0, "1-0048", { name: "ads1015", in_voltage0_raw: "1" });
	addDevice(tree, 1, "1-0076", BME280);
	const s = runSource(createIioSource, { device: "ads1015", everyMs: EVERY_MS }, tree.sysRoot);
	await until("up", () => s.state() === "up");
	const [first, second] = [0, 1].map((number) => join(tree.sysRoot, DEVICES, `iio:device${number}`));
	// The same names are there at every moment, as where one comes as soon as the other goes.
	symlinkSync(readlinkSync(second as string), `${first}.new`);
	renameSync(`${first}.new`, first as string);
	await until("down", () => s.state() !== "up");
	assert.match(s.state() as string, /^no IIO device is named ads1015; there are: bme280@1-0076/);
	assert.equal([...s.units.keys()], ["voltage0"]);
});

test("a device that is missing, twice there, or without the channel says what to do, and comes back", async () => {
	const tree = createKernelTree();
	const s = runSource(
		createIioSource,
		{ device: "ads1015", everyMs: EVERY_MS, channels: { v: "voltage3" } },
		tree.sysRoot,
	);
	await until("nothing there", () => s.states.length === 1);
	assert.is(s.state(), "there is no IIO device: is its driver loaded (on a Pi, its dtoverlay)?");
	addDevice(tree, 0, "1-0076", BME280);
	await until("another there", () => s.states.length === 2);
	assert.is(s.state(), "no IIO device is named ads1015; there are: bme280@1-0076");
	addDevice(tree, 1, "1-0048", { name: "ads1015", in_voltage0_raw: "1" });
	await until("the channel is missing", () => s.states.length === 3);
	assert.is(s.state(), "ads1015 has no channel voltage3; it has: voltage0");
	addDevice(tree, 2, "1-0049", { name: "ads1015", in_voltage3_raw: "2000" });
	await until("two of them", () => s.states.length === 4);
	assert.is(s.state(), "several IIO devices are named ads1015; say which: ads1015@1-0048, ads1015@1-0049");
	const chosen = runSource(
		createIioSource,
		{ device: "ads1015@1-0049", everyMs: EVERY_MS, channels: { v: "voltage3" } },
		tree.sysRoot,
	);
	await until("the one that was said", () => chosen.value("v") === 2);
	assert.is(chosen.state(), "up");
});

test.run();
