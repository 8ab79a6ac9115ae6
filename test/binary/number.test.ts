import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type NumberType, readNumber, scaled, widthOf } from "../../src/sources/binary/number.js";
import "../support/seed.js";

function read(type: NumberType, hex: string): number {
	const bytes = Buffer.from(hex, "hex");
	return readNumber(type, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 1);
}

test("reads every type at any position, in either order of bytes", () => {
	const rows: readonly (readonly [NumberType, string, number, number])[] = [
		["u8", "00fe", 254, 1],
		["i8", "00fe", -2, 1],
		["u16be", "00fedc", 0xfedc, 2],
		["u16le", "00fedc", 0xdcfe, 2],
		["i16be", "00fffe", -2, 2],
		["i16le", "00feff", -2, 2],
		["u32be", "00fedcba98", 0xfedcba98, 4],
		["u32le", "0098badcfe", 0xfedcba98, 4],
		["i32be", "00fffffffe", -2, 4],
		["i32le", "00feffffff", -2, 4],
		["f32be", "004366199a", 230.1, 4],
		["f32le", "009a196643", 230.1, 4],
	];
	for (const [type, hex, value, bytes] of rows) {
		assert.is(read(type, hex), value, type);
		assert.is(widthOf(type), bytes, type);
	}
	assert.ok(Number.isNaN(read("f32be", "007fc00000")));
	assert.is(read("f32be", "00ff800000"), Number.NEGATIVE_INFINITY);
});

test("a float is the shortest decimal that is that float", () => {
	fc.assert(
		fc.property(fc.float({ noNaN: true }), (float) => {
			const bytes = Buffer.alloc(5);
			bytes.writeFloatBE(float, 1);
			const decimal = read("f32be", bytes.toString("hex"));
			assert.ok(Math.fround(decimal) === float);
			assert.ok(String(decimal).length <= String(float).length, `${decimal} for ${float}`);
		}),
	);
});

test("decimals are exact: what is written with k places is the very double of that text", () => {
	fc.assert(
		fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 32 }), fc.nat(9), (digits, decimals) => {
			assert.is(scaled(digits, { decimals }), Number(`${digits}e-${decimals}`));
		}),
	);
	assert.is(scaled(71, { add: -40 }), 31);
	assert.is(scaled(3, { add: 1, scale: 2.5, decimals: 1 }), 1);
});

test.run();
