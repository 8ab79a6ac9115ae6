import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { locatePort } from "../../src/sources/serial/locate.js";
import type { UsbMatch } from "../../src/sources/serial/settings.js";
import type { Machine } from "../../src/sources/source.js";

const test = suite<{ root: string; machine: Machine }>("locate");

test.before.each((context) => {
	const root = mkdtempSync(join(tmpdir(), "locate-"));
	for (const folder of ["sys/class/tty", "dev"]) mkdirSync(join(root, folder), { recursive: true });
	context.root = root;
	context.machine = { sysRoot: join(root, "sys"), devRoot: join(root, "dev"), board: "generic-linux" };
});

test.after.each(({ root }) => rmSync(root, { recursive: true, force: true }));

/** A tty on interface `number` of the USB device `bus`, as the kernel lays it out. */
function plug(root: string, name: string, bus: string, ids: readonly [string, string, string?], number = 0): void {
	const usb = join(root, "sys/devices/pci0/usb1", bus);
	const usbInterface = join(usb, `${bus}:1.${number}`);
	// usb-serial drivers put a port of their own between the interface and the tty, cdc-acm does not.
	const device = name.startsWith("ttyUSB") ? join(usbInterface, name) : usbInterface;
	const tty = join(device, "tty", name);
	mkdirSync(tty, { recursive: true });
	symlinkSync(device, join(tty, "device"));
	symlinkSync(tty, join(root, "sys/class/tty", name));
	writeFileSync(join(usbInterface, "bInterfaceNumber"), `${number.toString(16).padStart(2, "0")}\n`);
	writeFileSync(join(usb, "idVendor"), `${ids[0]}\n`);
	writeFileSync(join(usb, "idProduct"), `${ids[1]}\n`);
	if (ids[2] !== undefined) writeFileSync(join(usb, "serial"), `${ids[2]}\n`);
	writeFileSync(join(root, "dev", name), "");
}

/** A UART of the board, and a virtual console without a device behind it. */
function addBoardPorts(root: string): void {
	const uart = join(root, "sys/devices/platform/uart0");
	mkdirSync(join(uart, "tty/ttyAMA0"), { recursive: true });
	symlinkSync(uart, join(uart, "tty/ttyAMA0/device"));
	symlinkSync(join(uart, "tty/ttyAMA0"), join(root, "sys/class/tty/ttyAMA0"));
	mkdirSync(join(root, "sys/devices/virtual/tty/ttyprintk"), { recursive: true });
	symlinkSync(join(root, "sys/devices/virtual/tty/ttyprintk"), join(root, "sys/class/tty/ttyprintk"));
}

function find(machine: Machine, usb: UsbMatch): string {
	const located = locatePort({ usb }, machine);
	return located.found ? `-> ${located.path.slice(dirname(machine.devRoot).length)}` : located.why;
}

test("finds a USB port by vendor, product and serial number", ({ root, machine }) => {
	addBoardPorts(root);
	plug(root, "ttyUSB0", "1-1", ["0403", "6001", "A1"]);
	plug(root, "ttyUSB1", "1-2", ["0403", "6001", "A2"]);
	plug(root, "ttyACM0", "1-3", ["2341", "0043"]);
	assert.is(find(machine, { vendor: "0403", product: "6001", serial: "A2" }), "-> /dev/ttyUSB1");
	assert.is(find(machine, { vendor: "2341", product: "0043" }), "-> /dev/ttyACM0");
	assert.is(find(machine, { vendor: "2341", product: "0043", interface: 0 }), "-> /dev/ttyACM0");
});

test("takes hex digits of either case", ({ root, machine }) => {
	plug(root, "ttyUSB0", "1-1", ["1a86", "55d3"]);
	assert.is(find(machine, { vendor: "1A86", product: "55D3" }), "-> /dev/ttyUSB0");
});

test("chooses a port of an adapter with several by its interface", ({ root, machine }) => {
	plug(root, "ttyUSB0", "1-1", ["0403", "6010", "B"], 0);
	plug(root, "ttyUSB1", "1-1", ["0403", "6010", "B"], 1);
	assert.is(find(machine, { vendor: "0403", product: "6010", interface: 1 }), "-> /dev/ttyUSB1");
	assert.match(find(machine, { vendor: "0403", product: "6010" }), /several .*ttyUSB0 .*ttyUSB1 .*usb\.interface/);
});

test("never guesses: none or several say what there is", ({ root, machine }) => {
	assert.match(
		find(machine, { vendor: "0403", product: "6001" }),
		/no USB port is 0403:6001.*there is no USB serial port/,
	);
	addBoardPorts(root);
	plug(root, "ttyUSB0", "1-1", ["1a86", "7523"]);
	plug(root, "ttyUSB1", "1-2", ["1a86", "7523"]);
	assert.match(
		find(machine, { vendor: "0403", product: "6001" }),
		/there is ttyUSB0 \(1a86:7523, interface 0\), ttyUSB1/,
	);
	assert.match(find(machine, { vendor: "1a86", product: "7523" }), /several USB ports/);
	assert.match(find(machine, { vendor: "1a86", product: "7523", serial: "X" }), /1a86:7523 serial X/);
});

test("an unmounted sysfs is no USB port", ({ machine }) => {
	assert.match(find({ ...machine, sysRoot: "/nowhere" }, { vendor: "0403", product: "6001" }), /no USB serial port/);
});

test("follows a link at each look, and tells one device from the next", ({ root, machine }) => {
	const link = join(root, "by-id");
	const look = (): ReturnType<typeof locatePort> => locatePort({ path: link }, machine);
	assert.not(look().found);
	writeFileSync(join(root, "dev/a"), "");
	writeFileSync(join(root, "dev/b"), "");
	symlinkSync(join(root, "dev/a"), link);
	const first = look();
	assert.equal(look(), first);
	rmSync(link);
	symlinkSync(join(root, "dev/b"), link);
	const second = look();
	assert.ok(first.found && second.found && first.device !== second.device);
	rmSync(link);
	symlinkSync(link, link);
	const circle = look();
	assert.ok(!circle.found && /cannot look at/.test(circle.why));
});

test.run();
