import { test } from "uvu";
import * as assert from "uvu/assert";
import { CHECKSUMS, type ChecksumName } from "../../src/sources/binary/checksum.js";

/** Over "123456789", as the catalogue of parametrised CRC algorithms has them; sums and xor by hand. */
const CHECK_VALUES: Readonly<Record<ChecksumName, number>> = {
	sum8: 0xdd,
	"sum8-negated": 0x23,
	sum16be: 0x01dd,
	sum16le: 0x01dd,
	xor: 0x31,
	crc8: 0xf4,
	"crc8-maxim": 0xa1,
	"crc16-modbus": 0x4b37,
};

const digits = new TextEncoder().encode("-123456789-");

test("every checksum has its published value, over the range it is asked for", () => {
	for (const [name, value] of Object.entries(CHECK_VALUES) as [ChecksumName, number][]) {
		assert.is(CHECKSUMS[name].over(digits, 1, 10), value, name);
	}
});

test("the CRC of Modbus is that of the examples in the field", () => {
	// The serial line guide's own frame (02 07), and a read of three registers, each with its CRC low byte first.
	for (const frame of ["020741 12", "110300 6b 0003 7687"]) {
		const bytes = Buffer.from(frame.replaceAll(" ", ""), "hex");
		assert.is(CHECKSUMS["crc16-modbus"].over(bytes, 0, bytes.length - 2), bytes.readUInt16LE(bytes.length - 2), frame);
	}
});

test("a checksum of nothing is where it starts", () => {
	for (const name of Object.keys(CHECK_VALUES) as ChecksumName[]) {
		assert.is(CHECKSUMS[name].over(digits, 3, 3), name === "crc16-modbus" ? 0xffff : 0, name);
	}
});

test.run();
