import { test } from "uvu";
import * as assert from "uvu/assert";
import { CHECKSUMS } from "../../src/sources/binary/checksum.js";
import { createBinaryFormat } from "../../src/sources/binary/frame-format.js";
import { PRESETS } from "../../src/sources/binary/presets.js";
import type { BinarySettings } from "../../src/sources/binary/settings.js";
import schema from "../../src/sources/serial/schema.json" with { type: "json" };
import { checkSerialSettings } from "../../src/sources/serial/serial.js";
import type { SerialSettings } from "../../src/sources/serial/settings.js";
import { SETTINGS } from "../serial/fake-world.js";

const OWN: BinarySettings = {
	as: "binary",
	header: "42 4d",
	length: 12,
	fields: { a: { at: 2, type: "u16be" } },
	checksum: { as: "sum8" },
};
const { length: _, ...ENDLESS } = OWN;

test("finds what a schema cannot", () => {
	const a = (at: number) => ({ a: { at, type: "u32be" as const } });
	const strange = (parse: object): SerialSettings["parse"] => parse as SerialSettings["parse"];
	const rows: readonly (readonly [SerialSettings["parse"], readonly string[], Partial<SerialSettings>?])[] = [
		[OWN, []],
		[{ as: "binary", preset: "pms5003" }, []],
		[{ as: "binary", preset: "mh-z19", request: { everyMs: 1_000 } }, []],
		[{ as: "binary", preset: "sds011", fields: ["pm10"] }, []],
		[{ ...OWN, length: { at: 2, type: "u16be", adds: 4 } }, []],
		[{ ...OWN, fields: a(7) }, []],
		[{ as: "binary" }, ["parse.header", "parse.length", "parse.fields"]],
		[ENDLESS, ["parse.length"]],
		[{ ...OWN, fields: ["a"] }, ["parse.fields"]],
		[{ ...OWN, fields: a(8) }, ["parse.fields.a.at"]],
		[{ ...OWN, fields: { "a\n": { at: 2, type: "u8" } } }, ["parse.fields"]],
		[{ ...OWN, length: 2, fields: { a: { at: 0, type: "u8" } } }, ["parse.length"]],
		[OWN, ["parse.length"], { maxLine: 11 }],
		[{ ...OWN, length: { at: 2, type: "u8" }, fields: a(60) }, ["parse.length"], { maxLine: 64 }],
		[{ ...OWN, request: { everyMs: 1_000 } }, ["parse.request.bytes"]],
		[{ as: "binary", preset: "sds011", request: { everyMs: 1_000 } }, ["parse.request.bytes"]],
		[{ as: "binary", preset: "sds011", fields: ["co2"] }, ["parse.fields"]],
		[{ ...OWN, preset: "sds011" }, ["parse.header", "parse.length", "parse.checksum", "parse.fields"]],
		[OWN, ["skip_first"], { skipFirst: true }],
		[strange({ ...OWN, separator: ";", pattern: "x" }), ["parse.separator", "parse.pattern"]],
		[strange({ as: "csv", fields: OWN.fields }), ["parse.fields"]],
		[strange({ as: "kv", preset: "sds011", trailer: "ab" }), ["parse.preset", "parse.trailer"]],
	];
	for (const [parse, paths, more = {}] of rows) {
		const problems = checkSerialSettings({ ...SETTINGS, maxLine: 1_024, ...more, parse });
		assert.equal(
			problems.map(({ path }) => path),
			paths,
			JSON.stringify(parse),
		);
	}
});

test("settings with a problem make no format", () => {
	assert.throws(() => createBinaryFormat(ENDLESS, 1_024), "length: binary needs it, or a preset");
});

test("the schema names every preset, checksum and key", () => {
	const { properties } = schema.properties.parse;
	assert.equal(properties.preset.enum, Object.keys(PRESETS));
	assert.equal(properties.checksum.properties.as.enum, Object.keys(CHECKSUMS));
	for (const key of Object.keys(OWN)) assert.ok(key in properties, key);
});

test.run();
