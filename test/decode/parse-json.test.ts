// Cut before it is parsed, or parsed and then cut: it has to be the same.
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

test("any value is the same cut before or after", () => {
	fc.assert(
		fc.property(
			fc.jsonValue({ maxDepth: 3, stringUnit: "grapheme" }),
			fc.nat(6),
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
