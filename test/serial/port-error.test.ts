import { suite } from "uvu";
import * as assert from "uvu/assert";
import { explainPortError } from "../../src/sources/serial/port-error.js";

const test = suite("port errors");

test("says what is wrong and how to mend it", () => {
	const rows: readonly (readonly [string, RegExp])[] = [
		["Error: No such file or directory, cannot open /dev/x", /\/dev\/x is not there: is it plugged in\?/],
		["Error: Permission denied, cannot open /dev/x", /usermod -aG dialout/],
		["Error: Operation not permitted, cannot open /dev/x", /closed to this service: tallywire check --devices/],
		["Error Resource temporarily unavailable Cannot lock port", /in use by another program: `fuser -v \/dev\/x`/],
		["Error: Device or resource busy, cannot open /dev/x", /in use/],
		["Error: Is a directory, cannot open /dev/x", /no serial port/],
		["Error: Inappropriate ioctl for device setting custom baud rate of 9600", /no serial port/],
		["Error: Input/output error setting custom baud rate of 9600", /no hardware behind/],
		["Error: No such device or address, cannot open /dev/x", /no device behind/],
		["Error: Invalid argument || while setting custom baud rate of 123", /baud/],
		["Error: Something else", /^cannot open \/dev\/x: Something else$/],
	];
	for (const [message, expected] of rows) assert.match(explainPortError(new Error(message), "/dev/x"), expected);
	const missing = Object.assign(new Error("Cannot find package '@serialport/bindings-cpp'"), {
		code: "ERR_MODULE_NOT_FOUND",
	});
	assert.match(explainPortError(missing, "/dev/x"), /npm install serialport/);
});

test("is always one line", () => {
	for (const error of [new Error("a\nb\nc"), "text", undefined, new Error("No native build was found\nfor x")]) {
		assert.not.match(explainPortError(error, "/dev/x"), /\n/);
	}
});

test.run();
