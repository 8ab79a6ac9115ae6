// Frames as the makers' data sheets and their users have them, worked out by hand.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Value } from "../../src/core/value.js";
import { CHECKSUMS } from "../../src/sources/binary/checksum.js";
import { PRESETS } from "../../src/sources/binary/presets.js";
import type { PresetName } from "../../src/sources/binary/settings.js";
import { readFrames } from "./read-frames.js";

const VECTORS: Readonly<
	Record<PresetName, readonly (readonly [hex: string, readonly (readonly [string, Value])[]])[]>
> = (() => {
	const pms = [
		[
			"424d001c 0005000d0016 0005000d0016 02fd00fc001d000f00060006 9700 03c5",
			[
				["pm1_cf1", 5],
				["pm2_5_cf1", 13],
				["pm10_cf1", 22],
				["pm1", 5],
				["pm2_5", 13],
				["pm10", 22],
				["n0_3", 765],
				["n0_5", 252],
				["n1", 29],
				["n2_5", 15],
				["n5", 6],
				["n10", 6],
			],
		],
	] as const;
	return {
		pms5003: pms,
		pms7003: pms,
		// The example of the specification: PM2.5 123.6, PM10 261.8.
		sds011: [
			[
				"aac0 d404 3a0a a160 1d ab",
				[
					["pm2_5", 123.6],
					["pm10", 261.8],
				],
			],
		],
		// The manual's own arithmetic is high * 256 + low: 0x0260 is 608 ppm.
		"mh-z19": [
			[
				"ff86 0260 47 000000 d1",
				[
					["co2", 608],
					["temperature", 31],
				],
			],
		],
	};
})();

test("every preset reads its sensor's frames, with a unit for each field", () => {
	for (const [preset, vectors] of Object.entries(VECTORS) as [PresetName, (typeof VECTORS)[PresetName]][]) {
		for (const [hex, readings] of vectors) {
			const recording = readFrames({ as: "binary", preset }, [Buffer.from(hex.replaceAll(" ", ""), "hex")]);
			assert.equal(recording.readings, readings, preset);
			assert.equal(recording.rejects, [], preset);
		}
		for (const [field, { unit }] of Object.entries(PRESETS[preset].fields)) assert.ok(unit.length > 0, field);
	}
});

test("a preset gives only the fields that are wanted", () => {
	const frame = Buffer.from("aac0d4043a0aa1601dab", "hex");
	const recording = readFrames({ as: "binary", preset: "sds011", fields: ["pm10"] }, [frame]);
	assert.equal(recording.readings, [["pm10", 261.8]]);
});

test("the request of the MH-Z19 carries its own checksum", () => {
	const request = Buffer.from(PRESETS["mh-z19"].request?.replaceAll(" ", "") ?? "", "hex");
	assert.is(CHECKSUMS["sum8-negated"].over(request, 1, 8), request[8]);
});

test("the last byte of the SDS011 is part of its frame", () => {
	const recording = readFrames({ as: "binary", preset: "sds011" }, [Buffer.from("aac0d4043a0aa1601dac", "hex")]);
	assert.equal(recording.readings, []);
	assert.equal(recording.rejects, ["syntax"]);
});

test.run();
