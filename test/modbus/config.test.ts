// Binary frames and Modbus as they are written in a configuration: what becomes of it, and where it is wrong.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sourceProblems } from "../../src/commands/source-problems.js";
import { loadConfig } from "../../src/config/load.js";
import { testEnvironment } from "../config/environment.js";

const load = (...sources: readonly string[]) =>
	loadConfig(`sources:\n${sources.map((source) => `  - ${source}\n`).join("")}`, "t.yaml", testEnvironment());

test("is taken as it is written", async () => {
	const loaded = load(
		"{ name: co2, type: serial, path: /dev/a, parse: { as: binary, preset: mh-z19, request: { every: 10s } } }",
		`{ name: own, type: serial, path: /dev/b, parse: { as: binary, header: "aa55", length: { at: 2, type: u8, adds: 5 },
        fields: { snake_case: { at: 3, type: i16be, decimals: 1 } }, checksum: { as: crc8, from: 2 }, trailer: "0D 0A" } }`,
		`{ name: meter, type: modbus, path: /dev/c, parity: even, slaves: [
        { id: 1, every: 5s, registers: { volt_age: { at: 0 }, energy: { fn: 4, at: 342, type: u32, order: little } } } ] }`,
	);
	assert.ok(loaded.ok, JSON.stringify(loaded));
	assert.equal(await sourceProblems(loaded), { errors: [], warnings: [] });
	const [co2, own, meter] = loaded.config.sources as unknown as Record<string, unknown>[];
	assert.equal(co2?.["parse"], { as: "binary", preset: "mh-z19", request: { everyMs: 10_000 } });
	assert.equal(own?.["parse"], {
		as: "binary",
		header: "aa55",
		length: { at: 2, type: "u8", adds: 5 },
		fields: { snake_case: { at: 3, type: "i16be", decimals: 1 } },
		checksum: { as: "crc8", from: 2 },
		trailer: "0D 0A",
	});
	assert.is(meter?.["timeoutMs"], 500);
	assert.equal(meter?.["slaves"], [
		{
			id: 1,
			everyMs: 5_000,
			maxRegisters: 125,
			registers: {
				volt_age: { fn: 3, at: 0, type: "u16" },
				energy: { fn: 4, at: 342, type: "u32", order: "little" },
			},
		},
	]);
});

test("what is wrong is said at its place", async () => {
	const rows: readonly (readonly [string, string, RegExp])[] = [
		["type: serial, parse: { as: binary, preset: pms50 }", "parse.preset", /did you mean pms5003/],
		[
			"type: serial, parse: { as: binary, header: 424d, length: 5, fields: { a: { at: 2, type: u9 } } }",
			"parse.fields.a.type",
			/u8/,
		],
		["type: serial, parse: { as: binary, header: 4242, length: 5 }", "parse.header", /bytes in hex.*in quotes/],
		["type: serial, parse: { as: binary, header: ff }", "parse.length", /or a preset/],
		["type: serial, parse: { as: csv, fields: { a: { at: 2, type: u8 } } }", "parse.fields", /list of names/],
		["type: modbus", "slaves", /is missing/],
		["type: modbus, slaves: [ { id: 0, registers: { a: { at: 1 } } } ]", "slaves[0].id", /1 to 247/],
		["type: modbus, slaves: [ { id: 1, registers: { a: { at: 1, fn: 1 } } } ]", "slaves[0].registers.a.fn", /3 or 4/],
		[
			"type: modbus, slaves: [ { id: 1, registers: { a: { at: 65535, type: u32 } } } ]",
			"slaves[0].registers.a",
			/last register/,
		],
	];
	for (const [source, path, message] of rows) {
		const loaded = load(`{ name: a, path: /dev/a, ${source} }`);
		const errors = loaded.ok ? (await sourceProblems(loaded)).errors : loaded.errors;
		const error = errors.find((one) => one.path === `sources[0].${path}`);
		assert.ok(error, `${source}: ${JSON.stringify(errors)}`);
		assert.match(error.message, message);
		assert.is(error.line, 2);
	}
});

test.run();
