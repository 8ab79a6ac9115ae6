// Bytes of a serial line with binary frames on it, of every preset and of a layout of our own: in reads of any size the
// same readings and the same rejections come out, and every reading is out of a frame that is whole.
import * as assert from "uvu/assert";
import { PRESETS } from "../../../src/sources/binary/presets.js";
import type { BinarySettings, PresetName } from "../../../src/sources/binary/settings.js";
import { readFrames } from "../../binary/read-frames.js";
import type { Target } from "../fuzz.js";

/** Its length is in it, which a preset's is not. */
const OWN: BinarySettings = {
	as: "binary",
	header: "aa55",
	length: { at: 2, type: "u8", adds: 4 },
	checksum: { as: "crc16-modbus", from: 2 },
	fields: { a: { at: 3, type: "u8" } },
};
const LAYOUTS: readonly BinarySettings[] = [
	...(Object.keys(PRESETS) as PresetName[]).map((preset) => ({ as: "binary" as const, preset })),
	OWN,
];
const READ_BYTES = [1, 5, 64];
const MAX_LINE = 64;

function inReads(input: Buffer, bytes: number): Buffer[] {
	return Array.from({ length: Math.ceil(input.length / bytes) }, (_, i) => input.subarray(i * bytes, (i + 1) * bytes));
}

export const binary: Target = {
	name: "binary",
	words: ["BM\x00\x1c", "\xaa\xc0", "\xab", "\xff\x86", "\xaa\x55", "\xaa\x55\x05", "\x00\x00", "\xff"],
	feed(input) {
		return LAYOUTS.flatMap((layout, i) => {
			const [first, ...others] = READ_BYTES.map((bytes) =>
				readFrames(layout, inReads(input, bytes), { maxLine: MAX_LINE }),
			);
			if (first === undefined) return [];
			const { readings, rejects } = first;
			for (const other of others) assert.equal([other.readings, other.rejects], [readings, rejects], `layout ${i}`);
			// Every reading is of a byte of its own, and so is every rejection.
			assert.ok(readings.length + rejects.length <= input.length + 1, `${readings.length} of ${input.length} bytes`);
			for (const [, value] of readings) assert.ok(Number.isFinite(value), `${value}`);
			return [`${i} ${Math.min(2, readings.length)}`, ...new Set(rejects.map((reason) => `${i} ${reason}`))];
		});
	},
};
