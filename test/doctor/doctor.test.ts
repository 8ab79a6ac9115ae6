// `doctor` on machines of the test's own: what it finds, what mends it, and its exit status.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkBroker } from "../../src/commands/doctor/broker.js";
import { fail, formatCheck, ok } from "../../src/commands/doctor/check.js";
import type { DoctorMachine } from "../../src/commands/doctor/machine.js";
import { type DoctorDeps, doctor } from "../../src/commands/doctor.js";
import type { MqttConfig } from "../../src/config/config.js";
import type { OnoffPackage } from "../../src/sources/gpio/onoff-backend.js";
import { makeTree } from "../boards/sysfs-tree.js";
import { makeFakeGpiod } from "../gpio/fake-gpiod.js";
import { PI4_FILES, pi4Machine } from "./pi4.js";

const GROUPS = "root:x:0:\ndialout:x:20:\ngpio:x:997:\n";

interface Setup {
	readonly config?: string;
	readonly args?: readonly string[];
	readonly machine?: Partial<DoctorMachine>;
	readonly deps?: Partial<DoctorDeps>;
}

/** A Pi 4 that is in order, unless `setup` says otherwise. */
async function examine(setup: Setup = {}) {
	const root = makeTree({
		...PI4_FILES,
		"proc/cmdline": "console=tty1 root=/dev/mmcblk0p2\n",
		"etc/group": GROUPS,
		"cwd/other": "",
	});
	if (setup.config !== undefined) writeFileSync(join(root, "cwd/tallywire.yaml"), setup.config);
	const stdout: string[] = [];
	const stderr: string[] = [];
	const io = {
		stdout: (text: string) => void stdout.push(text),
		stderr: (text: string) => void stderr.push(text),
		env: {},
		cwd: join(root, "cwd"),
	};
	const exit = await doctor(setup.args ?? [], io, {
		machine: { ...pi4Machine(root), ...setup.machine },
		readClockSynchronised: async () => true,
		loadOnoff: async () => ({}) as OnoffPackage,
		toolPath: join(root, "no-tools"),
		checkBroker: async (mqtt, device) => [ok(`broker ${mqtt.url} of ${device}`)],
		systemFile: join(root, "etc/none.yaml"),
		...setup.deps,
	});
	return { exit, stdout: stdout.join(""), stderr: stderr.join("") };
}

const CONFIG = `device: pi-1
board: rpi-4b
mqtt: { url: "mqtt://broker:1883" }
sources:
  - { name: door, type: gpio, pin: "pin 11" }
`;

test("a Pi in order: no ✗, exit 0, and every line begins with its sign", async () => {
	const { exit, stdout } = await examine({ config: CONFIG });
	assert.is(exit, 0, stdout);
	for (const part of [
		/^✓ Node 20\.19\.0 on linux arm64$/m,
		/^✓ board rpi-4b: Raspberry Pi 4 Model B, this machine says "Raspberry Pi 4 Model B Rev 1\.5"$/m,
		/^✓ user pi, groups dialout gpio$/m,
		/^✓ GPIO chips: pinctrl-bcm2711 \(58 lines\)$/m,
		/^✓ source door: pin 11 is line 529 \(pinctrl-bcm2711 offset 17\), through sysfs$/m,
		/^✓ configuration .*tallywire\.yaml: valid, sources: 1$/m,
		/^✓ broker mqtt:\/\/broker:1883 of pi-1$/m,
		/^\d+ in order, 0 to know, 0 to mend$/m,
	]) {
		assert.match(stdout, part);
	}
});

test("without a configuration it still looks at the machine, and says what it left out", async () => {
	const { exit, stdout } = await examine();
	assert.is(exit, 0);
	assert.match(stdout, /^! no configuration: .* Sources and broker were not looked at\n {4}tallywire doctor -c FILE$/m);
	assert.match(stdout, /^✓ no serial ports/m);
});

test("every ✗ is followed by what mends it", async () => {
	const root = makeTree({ "group-less": "" });
	const { exit, stdout } = await examine({
		config: CONFIG.replace("pin 11", "pin 6").replace(
			"sources:",
			"sources:\n  - { name: env, type: serial, path: /dev/ttyUSB0, parse: { as: line } }",
		),
		machine: { nodeVersion: "v18.20.4", memoryBytes: 64 * 1_048_576, sysRoot: join(root, "sys") },
		deps: { readClockSynchronised: async () => false },
	});
	assert.is(exit, 1);
	const lines = stdout.split("\n");
	const failures = lines.flatMap((line, index) => (line.startsWith("✗") ? [lines[index + 1] ?? ""] : []));
	assert.ok(failures.length >= 5, stdout);
	for (const mend of failures) assert.match(mend, /^ {4}\S/);
	for (const part of [
		/^✗ Node 18\.20\.4 .*: 20\.19 or later is needed\n {4}curl /m,
		/^✗ 64\.0 MiB of memory; .*\n {4}buffer: \{ capacity: \d+ \}/m,
		/^! the clock is not synchronised.*\n {4}sudo timedatectl set-ntp true/m,
		/^✗ source env: \/dev\/ttyUSB0 is not there; no serial port is plugged in\n/m,
		/^✗ this kernel has no GPIO in sysfs/m,
		/^✗ source door: pin 6 is ground, not a GPIO line\n {4}pin: … {3}# free on the header: GPIO2, /m,
	]) {
		assert.match(stdout, part);
	}
});

test("onoff missing: ✗ with the command where a pin is configured, ! where none is", async () => {
	const loadOnoff = async () => {
		throw new Error("Cannot find module 'onoff'");
	};
	const needed = await examine({ config: CONFIG, deps: { loadOnoff } });
	assert.is(needed.exit, 1);
	assert.match(
		needed.stdout,
		/^✗ the optional package onoff .*\n {4}sudo apt install python3 make g\+\+\n {4}npm install onoff/m,
	);
	const spare = await examine({ deps: { loadOnoff } });
	assert.is(spare.exit, 0);
	assert.match(spare.stdout, /^! the optional package onoff /m);
});

test("whatever a device or a broker calls itself steers no terminal", () => {
	const text = formatCheck(fail("port \u001b[2J\u009b2J\u202e", "ls \u001b]0;owned\u0007"));
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	assert.not.match(text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

test("an ARMv6 Pi is told so", async () => {
	const root = makeTree({
		"device-tree/compatible": "raspberrypi,model-zero-w\0brcm,bcm2835\0",
		"device-tree/model": "Raspberry Pi Zero W Rev 1.1\0",
	});
	const { stdout } = await examine({ machine: { procRoot: root, arch: "arm", armVersion: "6" } });
	assert.match(stdout, /^! Node 20\.19\.0 on linux arm: a build for ARMv6/m);
	assert.match(
		stdout,
		/^! board generic-linux: .*Raspberry Pi Zero W Rev 1\.1 has an ARMv6 processor, for which Node is not built/m,
	);
});

test("serial ports by the name that stays; the console on a configured port is a ✗", async () => {
	const root = makeTree({
		"dev/ttyUSB0": "",
		"dev/ttyAMA0": "",
		"dev/tty1": "",
		"proc/cmdline": "console=serial0,115200\n",
	});
	mkdirSync(join(root, "dev/serial/by-id"), { recursive: true });
	symlinkSync("../../ttyUSB0", join(root, "dev/serial/by-id/usb-FTDI_A1-if00"));
	symlinkSync("ttyAMA0", join(root, "dev/serial0"));
	chmodSync(join(root, "dev/ttyUSB0"), 0o666);
	const { stdout, exit } = await examine({
		config: CONFIG.replace(
			"sources:",
			"sources:\n  - { name: gps, type: serial, path: /dev/serial0, parse: { as: nmea } }",
		),
		machine: { devRoot: join(root, "dev"), procRoot: join(root, "proc") },
	});
	assert.match(stdout, /^✓ serial port \/dev\/serial\/by-id\/usb-FTDI_A1-if00 \(now ttyUSB0\)$/m);
	assert.match(stdout, /^✗ source gps: \/dev\/serial0: the kernel's console \(serial0\) is on this port/m);
	assert.match(stdout, /^ {4}sudo systemctl disable --now serial-getty@ttyAMA0$/m);
	assert.is(exit, 1);
});

test("two sources on one line, and a line with a condition", async () => {
	const { stdout } = await examine({
		config: `${CONFIG}  - { name: meter, type: gpio, pin: GPIO17, mode: counter }\n  - { name: tx, type: gpio, pin: GPIO14 }\n`,
	});
	assert.match(stdout, /^✗ GPIO17 is used by two sources: "door" and "meter"$/m);
	assert.match(
		stdout,
		/^! source meter: .*, through sysfs; a count through sysfs is a lower bound.*\n {4}sudo apt install gpiod$/m,
	);
	assert.match(stdout, /^! source tx: .*; caution: TXD and RXD/m);
});

test("each pin's back end: gpiomon for a counter, and for a level where onoff is missing", async () => {
	const { path, sysRoot } = makeFakeGpiod("2.2.1");
	const config = `device: pi-1
board: rpi-3b
mqtt: { url: "mqtt://broker:1883" }
sources:
  - { name: door, type: gpio, pin: "pin 11" }
  - { name: meter, type: gpio, pin: GPIO27, mode: counter }
  - { name: far, type: gpio, pin: GPIO22, backend: sysfs }
`;
	const { stdout, exit } = await examine({ config, machine: { sysRoot }, deps: { toolPath: path } });
	for (const part of [
		/^✓ GPIO chips: pinctrl-bcm2835 \(54 lines\)$/m,
		/^✓ source door: pin 11 is offset 17 of pinctrl-bcm2835 \(gpiochip0\), through the character device \(gpiomon\)$/m,
		/^✓ source meter: GPIO27 is offset 27 of .*, through the character device \(gpiomon\)$/m,
		/^✗ source far: GPIO22: this kernel has no GPIO in sysfs .*\n {4}sudo apt install python3 make g\+\+/m,
	]) {
		assert.match(stdout, part);
	}
	assert.is(exit, 1);
});

test("a bias without gpiomon: ✗ with the package that has it", async () => {
	const { stdout } = await examine({ config: CONFIG.replace('pin 11"', 'pin 11", bias: pull-up') });
	assert.match(stdout, /^✗ source door: GPIO17: this kernel shows no GPIO chip .*\n {4}sudo apt install gpiod$/m);
});

test("a wrong configuration: each error with its place, and the broker is left alone", async () => {
	const { stdout, exit } = await examine({
		config: "device: 'a b'\nsources: []\n",
		deps: { checkBroker: () => Promise.reject(new Error("asked")) },
	});
	assert.is(exit, 1);
	assert.match(stdout, /^✗ .*tallywire\.yaml:1:9: device: /m);
});

test("a password file that is missing is a ✗, and nothing is sent to the broker", async () => {
	const { stdout, exit } = await examine({
		config: CONFIG.replace('"mqtt://broker:1883"', '"mqtt://broker:1883", username: pi, password_file: secret'),
		deps: { checkBroker: () => Promise.reject(new Error("asked")) },
	});
	assert.is(exit, 1);
	assert.match(
		stdout,
		/^✗ mqtt\.password_file: cannot read .*secret: there is no such file \(ENOENT\).*\n {4}sudo install -m 600 -o pi/m,
	);
});

test("a password file that is none is a ✗, and what mends it leaves it alone", async () => {
	const { stdout, exit } = await examine({
		config: CONFIG.replace('"mqtt://broker:1883"', '"mqtt://broker:1883", username: pi, password_file: /dev/zero'),
	});
	assert.is(exit, 1);
	assert.match(
		stdout,
		/^✗ mqtt\.password_file: cannot read \/dev\/zero: it is a device; .*\n {4}sudo install .* \/etc\//m,
	);
});

test("--json gives the same as data; wrong use exits 2; --help exits 0", async () => {
	const { stdout, exit } = await examine({ args: ["--json"], config: CONFIG });
	const report = JSON.parse(stdout);
	assert.is(exit, 0);
	assert.is(report.fail, 0);
	assert.is(report.checks.length, report.ok + report.warn + report.fail);
	const wrong = await examine({ args: ["--bogus"] });
	assert.is(wrong.exit, 2);
	assert.match(wrong.stderr, /usage: tallywire doctor/);
	assert.is((await examine({ args: ["--help"] })).exit, 0);
});

const mqtt = (port: number): MqttConfig => ({
	url: `mqtt://127.0.0.1:${port}`,
	version: 5,
	clientId: "tallywire-pi-1",
	prefix: "tallywire",
	keepaliveMs: 30_000,
	reconnect: { minMs: 500, maxMs: 60_000 },
});

test("a broker that is not there, and one that closes without a word, are said with what mends them", async () => {
	const server = createServer(
		(socket) =>
			void socket
				.on("error", () => {})
				.resume()
				.end(),
	);
	const port = await new Promise<number>((resolve) => {
		server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
	});
	const [silent] = await checkBroker(mqtt(port), "pi-1", undefined);
	assert.is(silent?.state, "fail");
	assert.match(silent?.text ?? "", /it closes the connection without a word/);
	await new Promise((resolve) => server.close(resolve));
	const [gone] = await checkBroker(mqtt(port), "pi-1", undefined);
	assert.match(gone?.text ?? "", new RegExp(`^broker 127\\.0\\.0\\.1:${port}: nothing listens there$`));
	assert.match(gone?.mend[0] ?? "", /^sudo apt install mosquitto/);
});

test("a broker that says what no broker may say is looked at to the end", async () => {
	// CONNACK, and behind it a message of QoS 1 without its packet id: an answer to it could not be written.
	const says = Buffer.from("20030000003203000161", "hex");
	const server = createServer((socket) => void socket.on("error", () => {}).once("data", () => socket.write(says)));
	const port = await new Promise<number>((resolve) => {
		server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
	});
	const checks = await checkBroker(mqtt(port), "pi-1", undefined);
	assert.match(checks.at(-1)?.text ?? "", /^publishing: cannot be seen/);
	await new Promise((resolve) => server.close(resolve));
});

test.run();
