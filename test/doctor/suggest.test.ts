// `doctor --suggest`: what it prints is a valid configuration, of what is there and of nothing else.
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { doctor } from "../../src/commands/doctor.js";
import { sourceProblems } from "../../src/commands/source-problems.js";
import { loadConfig } from "../../src/config/load.js";
import type { OnoffPackage } from "../../src/sources/gpio/onoff-backend.js";
import { makeTree } from "../boards/sysfs-tree.js";
import { testEnvironment } from "../config/environment.js";
import { makeFakeGpiod } from "../gpio/fake-gpiod.js";
import { PI4_FILES, pi4Machine, pi4Sysfs } from "./pi4.js";

async function suggest(
	files: Readonly<Record<string, string>>,
	args = ["--suggest"],
	arrange = (_root: string) => {},
	toolPath = "/no-tools",
) {
	const root = makeTree({
		...PI4_FILES,
		"proc/cmdline": "console=serial0,115200 console=tty1\n",
		...files,
	});
	const sysRoot = pi4Sysfs(files);
	arrange(sysRoot);
	mkdirSync(join(root, "dev/serial/by-id"), { recursive: true });
	for (const name of ["ttyUSB0", "ttyACM0"].filter((port) => `dev/${port}` in files)) {
		symlinkSync(`../../${name}`, join(root, `dev/serial/by-id/usb-Maker_of_${name}-if00-port0`));
	}
	const [stdout, stderr]: string[][] = [[], []];
	const io = {
		stdout: (text: string) => void stdout?.push(text),
		stderr: (text: string) => void stderr?.push(text),
		env: {},
		cwd: root,
	};
	const exit = await doctor(args, io, {
		machine: pi4Machine(root, sysRoot),
		loadOnoff: async () => ({}) as OnoffPackage,
		toolPath,
		checkBroker: () => Promise.reject(new Error("asked")),
	});
	return { exit, stdout: stdout?.join("") ?? "", stderr: stderr?.join("") ?? "" };
}

const FOUND = {
	"dev/ttyUSB0": "",
	"dev/ttyACM0": "",
	"dev/ttyAMA3": "",
	"bus/w1/devices/28-0316a2795bff/temperature": "21437\n",
	"bus/w1/devices/28-0316a2795c00/temperature": "21437\n",
	"bus/w1/devices/w1_bus_master1/name": "w1_bus_master1\n",
	"bus/iio/devices/iio:device0/name": "bme280\n",
	"bus/iio/devices/iio:device0/in_temp_input": "21430\n",
	"bus/iio/devices/iio:device1/name": "a clock\n",
};

test("ports by id, thermometers, IIO devices with inputs and free pins, in a file that `check` takes", async () => {
	const { exit, stdout } = await suggest(FOUND);
	assert.is(exit, 0);
	const loaded = loadConfig(stdout, "suggested.yaml", testEnvironment());
	assert.ok(loaded.ok, stdout);
	assert.is(loaded.config.board, "rpi-4b");
	assert.equal(
		loaded.config.sources.map(({ name, type }) => `${name} ${type}`),
		["serial1 serial", "serial2 serial", "onewire onewire", "bme280 iio"],
	);
	assert.equal((await sourceProblems(loaded)).errors, []);
	for (const part of [
		/^ {4}path: "\/dev\/serial\/by-id\/usb-Maker_of_ttyACM0-if00-port0"$/m,
		/^ {6}temperature2: 28-0316a2795c00$/m,
		/^ {2}# - \{ name: ttyAMA3, type: serial, path: \/dev\/ttyAMA3, baud: 9600 \}/m,
		/^ {2}# Free pins: .*\bGPIO17, /m,
	]) {
		assert.match(stdout, part);
	}
	const free = /^ {2}# Free pins: (.*)$/m.exec(stdout)?.[1]?.split(", ") ?? [];
	assert.not(free.includes("GPIO0"), "reserved");
	assert.not(free.includes("GPIO14"), "the UART's");
	// What is commented out is valid too.
	const uncommented = stdout.replace(/^ {2}# - (.*)$/gm, "  - $1");
	const all = loadConfig(uncommented, "suggested.yaml", testEnvironment());
	assert.ok(all.ok, uncommented);
	assert.equal((await sourceProblems(all)).errors, []);
});

test("two devices of one name are told apart by their places", async () => {
	const { stdout } = await suggest({}, ["--suggest"], (sysRoot) => {
		mkdirSync(join(sysRoot, "bus/iio/devices"), { recursive: true });
		for (const [index, place] of ["1-0048", "1-0049"].entries()) {
			const folder = makeTree({
				[`${place}/iio:device${index}/name`]: "ads1115\n",
				[`${place}/iio:device${index}/in_voltage0_raw`]: "1\n",
			});
			symlinkSync(join(folder, `${place}/iio:device${index}`), join(sysRoot, `bus/iio/devices/iio:device${index}`));
		}
	});
	assert.match(stdout, /name: ads1115, type: iio, device: "ads1115@1-0048"/);
	assert.match(stdout, /name: ads1115-2, type: iio, device: "ads1115@1-0049"/);
});

test("a machine with nothing: a valid file without sources, and the pins that are free", async () => {
	const { exit, stdout } = await suggest({});
	const loaded = loadConfig(stdout, "suggested.yaml", testEnvironment());
	assert.ok(loaded.ok && loaded.config.sources.length === 0, stdout);
	assert.is(exit, 0);
	const bare = await suggest({}, ["--suggest"], (sysRoot) => rmSync(join(sysRoot, "class"), { recursive: true }));
	assert.not.match(bare.stdout, /Free pins/);
});

test("a pin that a driver holds is not free, where gpioinfo says so", async () => {
	const { path } = makeFakeGpiod("2.2.1");
	const { stdout } = await suggest(
		{ "proc/device-tree/compatible": "raspberrypi,3-model-b\0" },
		["--suggest"],
		() => {},
		path,
	);
	assert.match(stdout, /^ {2}# Free pins: .*GPIO16, /m);
	assert.not.match(stdout, /GPIO17/);
});

test("--suggest stands alone", async () => {
	const { exit, stderr } = await suggest({}, ["--suggest", "-c", "x.yaml"]);
	assert.is(exit, 2);
	assert.match(stderr, /--suggest prints a configuration and looks at none/);
});

test.run();
