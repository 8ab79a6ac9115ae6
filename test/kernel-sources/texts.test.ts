// What the kernel's files hold, as values: tables of real texts, and texts of any kind.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { listChannels, sharedFiles } from "../../src/sources/iio/channel.js";
import { parseSlave, parseTemperature } from "../../src/sources/onewire/temperature.js";
import { add, type Decimal, multiply, parseDecimal, toNumber } from "../../src/sources/sampling/decimal.js";
import "../support/seed.js";

const test = suite("texts of the kernel's files");

const ID = "28-0316a2795bff";
const outcome = (read: ReturnType<typeof parseTemperature>): unknown => (read.ok ? read.celsius : read.reason);

const TEMPERATURES: Readonly<Record<string, unknown>> = {
	"21437": 21.437,
	"-10125": -10.125,
	"0": 0,
	"-0": 0,
	"84937": 84.937,
	"85000": "value",
	"85062": 85.062,
	"125000": 125,
	"127937": "value",
	"-55062": "value",
	"": "empty",
	"21.4": "value",
	"0x10": "value",
	nan: "value",
	"99999999999": "value",
};

for (const [text, expected] of Object.entries(TEMPERATURES)) {
	test(`temperature ${JSON.stringify(text)} is ${expected}`, () => {
		assert.is(outcome(parseTemperature(text, ID)), expected);
	});
}

test("a thermocouple of family 3b measures beyond 125 °C", () => {
	assert.is(outcome(parseTemperature("431250", "3b-000000000001")), 431.25);
	assert.is(outcome(parseTemperature("431250", ID)), "value");
});

const slave = (verdict: string, milli: number, bytes = "57 01 4b 46 7f ff 09 10 5c"): string =>
	`${bytes} : crc=5c ${verdict}\n${bytes} t=${milli}`;

test("w1_slave counts only with a right checksum", () => {
	assert.is(outcome(parseSlave(slave("YES", 21437), ID)), 21.437);
	assert.is(outcome(parseSlave(slave("NO", 21437), ID)), "checksum");
	assert.is(outcome(parseSlave(slave("YES", 85000), ID)), "value");
	assert.is(outcome(parseSlave(slave("YES", 0, "00 00 00 00 00 00 00 00 00"), ID)), "value");
	assert.is(outcome(parseSlave("", ID)), "empty");
	assert.is(outcome(parseSlave(slave("YES", 21437).slice(0, 40), ID)), "syntax");
});

test("any text is a value or a reason, and a value is within what the sensor measures", () => {
	fc.assert(
		fc.property(
			fc.oneof(fc.string(), fc.integer().map(String), fc.stringMatching(/^[-0-9.tYESNO= \n]{0,60}$/)),
			(text) => {
				for (const parse of [parseTemperature, parseSlave]) {
					const read = parse(text, ID);
					if (read.ok) assert.ok(read.celsius >= -55 && read.celsius <= 125 && read.celsius !== 85);
					else assert.ok(read.error.length > 0);
				}
			},
		),
	);
});

test("every step of a DS18B20 is the value it stands for, by both files", () => {
	fc.assert(
		fc.property(fc.integer({ min: -880, max: 2_000 }), (sixteenths) => {
			const milli = Math.trunc((sixteenths * 1_000) / 16);
			const expected = milli === 85_000 ? "value" : milli / 1_000 + 0;
			assert.is(outcome(parseTemperature(String(milli), ID)), expected);
			assert.is(outcome(parseSlave(slave("YES", milli), ID)), expected);
		}),
	);
});

function of(text: string): Decimal {
	const decimal = parseDecimal(text);
	if (decimal === null) throw new Error(`${JSON.stringify(text)} is no decimal`);
	return decimal;
}

test("decimals are computed with exactly", () => {
	assert.is(toNumber(multiply(add(of("73"), of("7")), of("0.001333"))), 0.10664);
	assert.is(toNumber(of("22310"), -3), 22.31);
	assert.is(toNumber(of("101.325"), 1), 1_013.25);
	assert.is(toNumber(of("-0.500000")), -0.5);
	assert.is(toNumber(of("-0")), 0);
	assert.is(toNumber(multiply(of("17"), of("0.1")), -3), 0.0017);
	for (const text of ["", "-", "1e3", "0x1", "1 2", "nan", "1.", ".5", " 1", "1\n", "9".repeat(31)]) {
		assert.is(parseDecimal(text), null, text);
	}
});

test("a decimal that a double holds comes back as that double, and sums and products are as with whole numbers", () => {
	const whole = fc.integer({ min: -1_000_000, max: 1_000_000 });
	fc.assert(
		fc.property(whole, whole, whole, fc.integer({ min: 0, max: 9 }), (raw, offset, scale, places) => {
			const decimal = { digits: BigInt(scale), places };
			const value = multiply(add({ digits: BigInt(raw), places: 0 }, { digits: BigInt(offset), places: 0 }), decimal);
			assert.is(toNumber(value), Number(`${BigInt(raw + offset) * BigInt(scale)}e-${places}`));
			const text = (raw / 10 ** places).toFixed(places);
			assert.is(toNumber(of(text)), Number(text) + 0);
		}),
	);
	fc.assert(
		fc.property(fc.string(), (text) => {
			const decimal = parseDecimal(text);
			if (decimal !== null) assert.is(toNumber(decimal), Number(text) + 0);
		}),
	);
});

test("channels are found by their file names", () => {
	const files = ["in_temp_input", "in_voltage0_raw", "in_voltage0-voltage1_raw", "in_accel_x_raw", "in_temp_raw"];
	const others = ["in_voltage_scale", "in_temp_oversampling_ratio", "out_voltage0_raw", "name", "in_raw", "IN_A_raw"];
	assert.equal(listChannels([...files, ...others]), [
		{ name: "accel_x", hasInput: false },
		{ name: "temp", hasInput: true },
		{ name: "voltage0", hasInput: false },
		{ name: "voltage0-voltage1", hasInput: false },
	]);
	assert.equal(sharedFiles("voltage0-voltage1", "scale"), [
		"in_voltage0-voltage1_scale",
		"in_voltage-voltage_scale",
		"in_voltage_scale",
	]);
	assert.equal(sharedFiles("accel_x", "offset"), ["in_accel_x_offset", "in_accel_offset"]);
});

test.run();
