import { suite } from "uvu";
import * as assert from "uvu/assert";
import schema from "../../src/sources/serial/schema.json" with { type: "json" };
import { checkSerialSettings } from "../../src/sources/serial/serial.js";
import { SETTINGS } from "./fake-world.js";

const test = suite("serial settings");

test("needs either a path or a USB port, and passes on what is wrong below parse", () => {
	const { path: _, ...nowhere } = SETTINGS;
	const usb = { vendor: "0403", product: "6001" };
	const pathsOf = (settings: Parameters<typeof checkSerialSettings>[0]): readonly string[] =>
		checkSerialSettings(settings).map((problem) => problem.path);
	assert.equal(pathsOf(SETTINGS), []);
	assert.equal(pathsOf({ ...nowhere, usb }), []);
	assert.equal(pathsOf(nowhere), ["path"]);
	assert.equal(pathsOf({ ...SETTINGS, usb }), ["usb"]);
	assert.equal(pathsOf({ ...SETTINGS, parse: { as: "regex", pattern: "(" } }), ["parse.pattern"]);
	assert.equal(pathsOf({ ...SETTINGS, parse: { as: "csv" } }), ["parse.fields"]);
});

test("the schema names every setting", () => {
	const camel = (key: string): string => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
	const known = new Set([...Object.keys(schema.properties).map(camel), "name", "type"]);
	for (const key of Object.keys(SETTINGS)) assert.ok(known.has(key), key);
	for (const [key, property] of Object.entries(schema.properties)) assert.ok("description" in property, key);
});

test.run();
