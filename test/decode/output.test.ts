// What readings look like on the way out, where it is not plain: escapes, quotes, types, times.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Value } from "../../src/core/value.js";
import { OUTPUT_FORMATS, type OutputFormatName, outputFormat } from "../../src/decode/output-format.js";
import { createTimeText } from "../../src/decode/time-text.js";
import type { DecodedFrame } from "../../src/wire/decoded.js";

const frameOf = (stream: string, value: Value, more: Partial<DecodedFrame> = {}): DecodedFrame => ({
	device: "pi-7f3a",
	run: "AAAAAAAAAAA",
	seq: 7,
	sent: 5,
	timeMs: 1_790_000_000_123,
	clockSynchronised: true,
	streams: [stream],
	stream: [0],
	dt: [0],
	value: [value],
	...more,
});
const line = (as: OutputFormatName, frame: DecodedFrame): string => outputFormat(as).format(frame);
const bytes = new Uint8Array([251, 255, 1]);

const NDJSON: readonly (readonly [Value, string])[] = [
	[21.37, "21.37"],
	[-0, "0"],
	[1e300, "1e+300"],
	[true, "true"],
	["21.37", '"21.37"'],
	['q"\\\n\t\u0000', '"q\\"\\\\\\n\\t\\u0000"'],
	["\u001b[31m\u009b\u007f", '"\\u001b[31m\\u009b\\u007f"'],
	["水 😀", '"水 😀"'],
	[bytes, '"-_8B"'],
];

test("NDJSON escapes text, and no control character is left in it", () => {
	for (const [value, expected] of NDJSON) {
		const text = line("ndjson", frameOf("env.t", value));
		const before = '{"time":1790000000123,"device":"pi-7f3a","run":"AAAAAAAAAAA","seq":7,"stream":"env.t","value":';
		assert.is(text, `${before}${expected}}\n`);
		const back = JSON.parse(text).value;
		assert.equal(
			back,
			value instanceof Uint8Array ? Buffer.from(value).toString("base64url") : value === 0 ? 0 : value,
		);
	}
});

test("NDJSON says where the clock was not synchronised", () => {
	const text = line("ndjson", frameOf('s."x"', 1, { clockSynchronised: false }));
	assert.equal(JSON.parse(text), {
		time: 1_790_000_000_123,
		device: "pi-7f3a",
		run: "AAAAAAAAAAA",
		seq: 7,
		stream: 's."x"',
		value: 1,
		clock: false,
	});
});

const CSV: readonly (readonly [string, Value, string])[] = [
	["env.t", 21.37, "env.t,21.37"],
	["env.t", false, "env.t,false"],
	["env.t", "plain text", "env.t,plain text"],
	["env.t", "a,b", 'env.t,"a,b"'],
	["env.t", 'say "x"', 'env.t,"say ""x"""'],
	["env.t", "a\nb", 'env.t,"a\nb"'],
	["env.t", "a\rb", 'env.t,"a\rb"'],
	["env.t", " a", 'env.t," a"'],
	["env.t", "a ", 'env.t,"a "'],
	["env.t", "", "env.t,"],
	["env.t", "=1+1", "env.t,=1+1"],
	["a,b.c", 1, '"a,b.c",1'],
	["env.t", bytes, "env.t,-_8B"],
];

test("CSV quotes what RFC 4180 asks for, and nothing else", () => {
	assert.is(outputFormat("csv").header, "time,device,run,seq,stream,value\n");
	for (const [stream, value, expected] of CSV) {
		assert.is(line("csv", frameOf(stream, value)), `1790000000123,pi-7f3a,AAAAAAAAAAA,7,${expected}\n`);
	}
});

const LINE_PROTOCOL: readonly (readonly [string, Value, string])[] = [
	["env.t", 21.37, "env,device=pi-7f3a t=21.37"],
	["env.t", 5, "env,device=pi-7f3a t=5"],
	["env.t", 1e21, "env,device=pi-7f3a t=1e+21"],
	["env.t", true, "env,device=pi-7f3a t=t"],
	["env.t", false, "env,device=pi-7f3a t=f"],
	["env.t", "text", 'env,device=pi-7f3a t="text"'],
	["env.t", 'q"\\', 'env,device=pi-7f3a t="q\\"\\\\"'],
	["env.t", "two\r\nlines", 'env,device=pi-7f3a t="two\\r\\nlines"'],
	["env.t", "", 'env,device=pi-7f3a t=""'],
	["env.t", bytes, 'env,device=pi-7f3a t="-_8B"'],
	["gps.fix.lat", 1, "gps,device=pi-7f3a fix.lat=1"],
	["a b,c=d.e f,g=h", 1, "a\\ b\\,c\\=d,device=pi-7f3a e\\ f\\,g\\=h=1"],
	["a\\.b\\", 1, "a_,device=pi-7f3a b_=1"],
	["a\n.b\t", 1, "a_,device=pi-7f3a b_=1"],
	["#a.b", 1, "tallywire,device=pi-7f3a #a.b=1"],
	["nodot", 1, "tallywire,device=pi-7f3a nodot=1"],
	[".x", 1, "tallywire,device=pi-7f3a .x=1"],
	["x.", 1, "tallywire,device=pi-7f3a x.=1"],
	["水.温", 1, "水,device=pi-7f3a 温=1"],
];

test("line protocol escapes names and text, and keeps a reading on one line", () => {
	for (const [stream, value, expected] of LINE_PROTOCOL) {
		assert.is(line("line-protocol", frameOf(stream, value)), `${expected} 1790000000123000000\n`);
	}
});

test("line protocol leaves out a time that 64 bits of ns do not hold", () => {
	assert.is(
		line("line-protocol", frameOf("a.b", 1, { timeMs: 9_223_372_036_854 })),
		"a,device=pi-7f3a b=1 9223372036854000000\n",
	);
	assert.is(line("line-protocol", frameOf("a.b", 1, { timeMs: 9_223_372_036_855 })), "a,device=pi-7f3a b=1\n");
	assert.is(line("line-protocol", frameOf("a.b", 1, { timeMs: 0 })), "a,device=pi-7f3a b=1 0\n");
});

test("times follow the steps, seq follows the readings", () => {
	const frame = frameOf("", 0, { streams: ["a.x", "b.y"], stream: [0, 1, 0], dt: [0, 5, -2], value: [1, 2, 3] });
	const rows = line("csv", frame).trimEnd().split("\n");
	assert.equal(
		rows.map((row) =>
			row
				.split(",")
				.filter((_, i) => [0, 3, 4, 5].includes(i))
				.join(" "),
		),
		["1790000000123 7 a.x 1", "1790000000128 8 b.y 2", "1790000000126 9 a.x 3"],
	);
});

test("a time is written as a number is", () => {
	const timeText = createTimeText();
	const times = [
		0, 1, 999_999, 1e6, 1_000_001, 1_790_000_000_000, 1_790_000_000_009, 1_790_000_999_999, 1_790_001_000_000,
	];
	for (const timeMs of [...times, -1, -2e12, 2 ** 53 - 1, 2 ** 53, 6e20]) assert.is(timeText(timeMs), `${timeMs}`);
});

test("every format writes a line feed for each reading, whatever the text", () => {
	const frame = frameOf("a.b", "x\u0085\u2028y");
	for (const as of OUTPUT_FORMATS) assert.is(line(as, frame).split("\n").length, 2, as);
});

test.run();
