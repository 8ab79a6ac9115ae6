// Cut before it is parsed, or parsed and then cut: it has to be the same. So has what is parsed here and by JSON.parse.
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createJsonReader, readJsonObject } from "../../src/wire/decode-json.js";
import { parseCut } from "../../src/wire/parse-json.js";
import { seed } from "../support/seed.js";

function cutAsRead(json: string, charsMax: number): unknown {
	const reader = createJsonReader(Buffer.from(`{"a":${json}}`));
	const [member] = readJsonObject(reader, ["a"]) ?? [];
	assert.ok(member !== undefined, `${json}: ${reader.error}`);
	return parseCut(reader, member, charsMax);
}

function cutAfterwards(value: unknown, charsMax: number): unknown {
	if (typeof value === "string") return [...value].slice(0, charsMax).join("");
	if (Array.isArray(value)) return value.map((item) => cutAfterwards(item, charsMax));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cutAfterwards(item, charsMax)]));
}

test("texts are cut by characters, keys are not", () => {
	const json =
		'{ "kkkkkk" : "ääääää", "\\u00e4\\"\\\\\\n": [ "\\"\\"\\"\\"\\"\\"", "\\u00e4\\n\\/水😀!" ], "" :"", "x":12.5e3 }';
	for (let charsMax = 0; charsMax < 8; charsMax++) {
		assert.equal(cutAsRead(json, charsMax), cutAfterwards(JSON.parse(json), charsMax), `${charsMax}`);
	}
});

test("a value that is made without JSON.parse is what that makes of it", () => {
	const numbers = ["0", "-0", "7.0", "-7", "0.5", "1.5e3", "1e-400", "1e400", "9007199254740991", "9007199254740993"];
	const texts = ['""', '"a"', '"\\u0061"', '"\\n\\ud83d\\ude00"', '"ä😀"', '"\\\\"', `"${"x".repeat(300)}"`];
	for (const json of ["true", "false", "null", ...numbers, ...texts, "[]", "{}"]) {
		for (const text of [json, ` ${json} `]) assert.equal(cutAsRead(text, 1_000), JSON.parse(json), json);
	}
});

test("keys are found in any order, however they are written", () => {
	const reader = createJsonReader(Buffer.from('{"b":1,"a":2,"\\u0063":3,"bb":4,"":5,"d":6}'));
	const found = readJsonObject(reader, ["a", "b", "c", "d", "e"]) ?? [];
	assert.equal(
		found.map((member) => member?.largest),
		[2, 1, 3, 6, undefined],
	);
	for (const json of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"b":0,"x":1,"a":1,"b":2}', '{"x":1,"\\u0078":2}']) {
		const twice = createJsonReader(Buffer.from(json));
		assert.is(readJsonObject(twice, ["a", "b"]), null, json);
		assert.is(twice.error, "duplicate_key", json);
	}
});

test("any value is the same cut before or after", () => {
	fc.assert(
		fc.property(
			fc.jsonValue({ maxDepth: 3, stringUnit: "grapheme" }),
			fc.constantFrom(0, 1, 2, 3, 6, 10_000),
			fc.nat(2),
			(value, charsMax, indent) => {
				const json = JSON.stringify(value, null, indent);
				assert.equal(cutAsRead(json, charsMax), cutAfterwards(JSON.parse(json), charsMax));
			},
		),
		{ seed, numRuns: 2_000 },
	);
});

test.run();
