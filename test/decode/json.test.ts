// The JSON form, checked as strictly as the other: each wrong text with the error it gets.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeFrame } from "../../src/wire/decode-frame.js";

const PARTS: Readonly<Record<string, string>> = {
	v: "1",
	device: '"pi-7f3a"',
	run: '"AbCdEfGhI_-"',
	seq: "7",
	sent: "5",
	time: "1790000000123",
	streams: '["env.t"]',
	stream: "[0]",
	dt: "[0]",
	value: "[21.37]",
};

function json(changes: Readonly<Record<string, string | undefined>> = {}): string {
	const members = Object.entries({ ...PARTS, ...changes }).filter(([, part]) => part !== undefined);
	return `{${members.map(([key, part]) => `"${key}":${part}`).join(",")}}`;
}

const outcome = (payload: string | Buffer): string => {
	const result = decodeFrame(Buffer.from(payload as string));
	return result.ok ? "ok" : result.error;
};
const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const deep = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

const TABLE: readonly (readonly [string, string | Buffer, string])[] = [
	["a frame", json(), "ok"],
	["white space everywhere", JSON.stringify(JSON.parse(json()), null, "\t"), "ok"],
	["white space behind it", `${json()}\n`, "trailing"],
	["two of them", json() + json(), "trailing"],
	["white space before it", ` ${json()}`, "not_a_map"],
	["a byte order mark", `\ufeff${json()}`, "not_a_map"],
	["an array", `[${json()}]`, "not_a_map"],
	["the start of one", '{"v":1', "truncated"],
	["a brace alone", "{", "truncated"],
	["an empty object", "{}", "missing_key"],
	["a comma at the end", `${json().slice(0, -1)},}`, "json"],
	["no comma", json().replace(',"run"', '"run"'), "json"],
	["no colon", json().replace('"v":', '"v"'), "json"],
	["single quotes", json().replaceAll('"', "'"), "json"],
	["a comment", `{/**/${json().slice(1)}`, "json"],
	["a duplicate key", json({ 'seq":7,"seq': "8" }), "duplicate_key"],
	["a duplicate key with an escape", json({ "\\u0073eq": "8" }), "duplicate_key"],
	["a duplicate of a key nobody knows", json({ 'x":1,"x': "1" }), "duplicate_key"],
	["__proto__", json({ 'x":1,"__proto__': '{"v":9}' }), "ok"],
	["__proto__ twice", json({ 'x":1,"__proto__': '1,"__proto__":2' }), "duplicate_key"],
	["constructor", json({ constructor: "1" }), "ok"],
	["a stream __proto__", json({ streams: '["__proto__"]' }), "ok"],
	["16 keys nobody knows", json(Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`x${i}`, "0"]))), "ok"],
	["17 keys nobody knows", json(Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`x${i}`, "0"]))), "too_many"],
	["a key of 65", json({ ["k".repeat(65)]: "0" }), "key"],
	["depth 4 under a key nobody knows", json({ x: deep(4) }), "ok"],
	["depth 5 under a key nobody knows", json({ x: deep(5) }), "too_deep"],
	["depth 30,000", json({ x: deep(30_000) }), "too_deep"],
	["depth 30,000 in a column", json({ value: deep(30_000) }), "too_deep"],
	["a column within a column", json({ value: "[[1]]" }), "type"],
	["null as a value", json({ value: "[null]" }), "type"],
	["an object as a value", json({ value: "[{}]" }), "type"],
	["text as a value", json({ value: '["x"]' }), "ok"],
	["a boolean as a value", json({ value: "[false]" }), "ok"],
	["1e999", json({ value: "[1e999]" }), "not_finite"],
	["-1e999", json({ value: "[-1e999]" }), "not_finite"],
	["1e308", json({ value: "[1e308]" }), "ok"],
	["NaN", json({ value: "[NaN]" }), "json"],
	["Infinity", json({ value: "[Infinity]" }), "json"],
	["-Infinity", json({ value: "[-Infinity]" }), "json"],
	["-0", json({ value: "[-0]" }), "ok"],
	["01", json({ value: "[01]" }), "json"],
	["1.", json({ value: "[1.]" }), "json"],
	[".5", json({ value: "[.5]" }), "json"],
	["+1", json({ value: "[+1]" }), "json"],
	["0x10", json({ value: "[0x10]" }), "json"],
	["1e", json({ value: "[1e]" }), "json"],
	["-", json({ value: "[-]" }), "json"],
	["tru", json({ value: "[tru]" }), "json"],
	["scale", json({ scale: "[2]" }), "scale"],
	["scale 0", json({ scale: "[0]" }), "scale"],
	["seq of 2^53 - 1", json({ seq: "9007199254740991" }), "ok"],
	["seq of 2^53", json({ seq: "9007199254740992" }), "range"],
	["seq of 1e999", json({ seq: "1e999" }), "range"],
	["seq below 0", json({ seq: "-1" }), "range"],
	["seq of 7.5", json({ seq: "7.5" }), "type"],
	["seq of 7.0", json({ seq: "7.0" }), "ok"],
	["seq as text", json({ seq: '"7"' }), "type"],
	["v of 2", json({ v: "2" }), "version"],
	["v as text", json({ v: '"1"' }), "type"],
	["clock null", json({ clock: "null" }), "type"],
	["a device of 65", json({ device: `"${"d".repeat(65)}"` }), "name"],
	["a device with an escape", json({ device: '"\\u0070i"' }), "ok"],
	["a device with a line feed", json({ device: '"pi\\n"' }), "name"],
	["a run of 10", json({ run: '"AAAAAAAAAA"' }), "name"],
	["an empty stream", json({ streams: '[""]' }), "name"],
	["a stream of 257 bytes", json({ streams: `["${"ä".repeat(128)}x"]` }), "name"],
	["no stream", json({ streams: "[]" }), "stream_index"],
	["an index behind the last", json({ stream: "[1]" }), "stream_index"],
	["an index below 0", json({ stream: "[-1]" }), "range"],
	["an index of 0.5", json({ stream: "[0.5]" }), "type"],
	["a step of 2^53", json({ dt: "[9007199254740992]" }), "range"],
	["a step of 0.5", json({ dt: "[0.5]" }), "type"],
	["no reading", json({ stream: "[]", dt: "[]", value: "[]" }), "columns"],
	["a column too short", json({ value: "[]" }), "columns"],
	["a column that is an object", json({ value: '{"0":1}' }), "type"],
	["bytes that are not UTF-8", latin1(json({ value: '["\xff"]' })), "utf8"],
	["a surrogate in UTF-8", Buffer.concat([latin1('{"x":"'), Buffer.from("eda080", "hex"), latin1('"}')]), "utf8"],
	["an overlong form", Buffer.concat([latin1('{"x":"'), Buffer.from("c0a2", "hex"), latin1('"}')]), "utf8"],
	["a key that is not UTF-8", latin1(json({ "\xff": "1" })), "utf8"],
	["a pair of surrogates", json({ value: '["\\ud83d\\ude00"]' }), "ok"],
	["half a pair", json({ value: '["\\ud83d"]' }), "utf8"],
	["half a pair and a letter", json({ value: '["\\ud83dx12345"]' }), "utf8"],
	["half a pair twice", json({ value: '["\\ud83d\\ud83d"]' }), "utf8"],
	["the second half alone", json({ value: '["\\ude00"]' }), "utf8"],
	["an escape that is none", json({ value: '["\\x41"]' }), "json"],
	["digits of an escape that are none", json({ value: '["\\u00g0"]' }), "json"],
	["a raw line feed in text", json({ value: '["a\nb"]' }), "json"],
	["a raw zero byte in text", json({ value: '["a\0b"]' }), "json"],
	["an escaped quote", json({ value: '["a\\"b\\\\"]' }), "ok"],
	["a text without an end", json().slice(0, -3).replace("21.37", '"21'), "truncated"],
	["one byte too many", json({ x: `"${"y".repeat(65_536 - json({ x: '""' }).length + 1)}"` }), "too_large"],
	["as many as may be", json({ x: `"${"y".repeat(65_536 - json({ x: '""' }).length)}"` }), "ok"],
	...Object.keys(PARTS).map((key) => [`no ${key}`, json({ [key]: undefined }), "missing_key"] as const),
];

for (const [name, payload, expected] of TABLE) {
	test(`${name}: ${expected}`, () => assert.is(outcome(payload), expected));
}

test("nothing that is taken is not JSON", () => {
	for (const [name, payload, expected] of TABLE) {
		if (expected === "ok")
			assert.not.throws(() => JSON.parse(Buffer.from(payload as string).toString()), undefined, name);
	}
});

test.run();
