import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STREAMS_PER_SOURCE_MAX } from "../../src/core/limits.js";
import { createParser } from "../../src/sources/parse/parser.js";
import { checkTable } from "./check-table.js";
import { createRecording } from "./recording-host.js";

const test = suite("formats");

test("json takes numbers, booleans and strings, and joins nested names by dots", () => {
	checkTable({ as: "json" }, [
		['{"t":21.5}', [["t", 21.5]]],
		[
			'{"t":21.5,"on":true,"s":"ok"}',
			[
				["t", 21.5],
				["on", true],
				["s", "ok"],
			],
		],
		[
			'{"a":{"b":{"c":1}},"d":2}',
			[
				["a.b.c", 1],
				["d", 2],
			],
		],
		['  {"t":1}  ', [["t", 1]]],
		['{"t":-0}', [["t", 0]]],
		['{"t":"21.5"}', [["t", "21.5"]]],
		['{"t":"nan"}', [["t", "nan"]]],
		['{"t":""}', [["t", ""]]],
		['{"é":"ü"}', [["é", "ü"]]],
		['{"t":1,"t":2}', [["t", 2]]],
		[
			'{"__proto__":{"x":1},"constructor":2}',
			[
				["__proto__.x", 1],
				["constructor", 2],
			],
		],
	]);
});

test("json rejects what is no value once each, and a line without any value once", () => {
	checkTable({ as: "json" }, [
		['{"t":null}', [], ["value"]],
		['{"t":[1,2]}', [], ["value"]],
		['{"t":null,"u":[1],"v":null}', [], ["value"]],
		['{"t":1,"u":null,"v":[]}', [["t", 1]], ["value", "value"]],
		['{"t":1e999}', [], ["value"]],
		['{"t":1e999,"u":2}', [["u", 2]], ["value"]],
		['{"":1}', [], ["stream"]],
		['{"":1,"t":2}', [["t", 2]], ["stream"]],
		[`{"${"n".repeat(65)}":1}`, [], ["stream"]],
		['{"a\\u0000":1}', [], ["stream"]],
		['{"a\\ud800":1}', [], ["stream"]],
		['{"t":"\\ud800"}', [], ["encoding"]],
		["{}", [], ["unsupported"]],
		['{"a":{}}', [], ["unsupported"]],
		["[1,2]", [], ["syntax"]],
		["21.5", [], ["syntax"]],
		["null", [], ["syntax"]],
		['"text"', [], ["syntax"]],
		['{"t":NaN}', [], ["syntax"]],
		['{"t":1', [], ["syntax"]],
		['{"t":1} x', [], ["syntax"]],
		["", [], ["syntax"]],
	]);
});

test("json is bounded in depth", () => {
	const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
	checkTable({ as: "json" }, [
		[nested(8), [[Array(8).fill("a").join("."), 1]]],
		[nested(9), [], ["value"]],
		[nested(5_000), [], ["value"]],
		["[".repeat(60_000), [], ["syntax"]],
	]);
});

test("csv gives each column to its stream", () => {
	checkTable({ as: "csv", fields: ["t", "h", "s"] }, [
		[
			"21.5,40,ok",
			[
				["t", 21.5],
				["h", 40],
				["s", "ok"],
			],
		],
		[
			" 21.5 ,\t40 , all well ",
			[
				["t", 21.5],
				["h", 40],
				["s", "all well"],
			],
		],
		[
			'"21.5","4""0",","',
			[
				["t", 21.5],
				["h", '4"0'],
				["s", ","],
			],
		],
		[
			'"a" , "b",c',
			[
				["t", "a"],
				["h", "b"],
				["s", "c"],
			],
		],
		[
			'a"b,c,d',
			[
				["t", 'a"b'],
				["h", "c"],
				["s", "d"],
			],
		],
		[
			"-0,1e3,0x10",
			[
				["t", 0],
				["h", 1000],
				["s", "0x10"],
			],
		],
	]);
	checkTable({ as: "csv", fields: ["t"] }, [["21.37", [["t", 21.37]]]]);
	checkTable({ as: "csv", fields: ["t", "", "h"] }, [
		[
			"1,whatever,2",
			[
				["t", 1],
				["h", 2],
			],
		],
		[
			"1,,2",
			[
				["t", 1],
				["h", 2],
			],
		],
	]);
});

test("csv rejects a line with another number of columns whole, and a value by itself", () => {
	checkTable({ as: "csv", fields: ["t", "h"] }, [
		["1", [], ["syntax"]],
		["1,2,3", [], ["syntax"]],
		["1,2,", [], ["syntax"]],
		["", [], ["syntax"]],
		['"1,2', [], ["syntax"]],
		['"1"x,2', [], ["syntax"]],
		["1,", [["t", 1]], ["empty"]],
		[",", [], ["empty"]],
		['"",1', [["h", 1]], ["empty"]],
		["nan,1", [["h", 1]], ["value"]],
		["nan,-INF", [], ["value"]],
		["1e999,2", [["h", 2]], ["value"]],
		[",nan", [], ["empty"]],
	]);
});

test("csv takes other separators, and a space for any run of blanks", () => {
	checkTable({ as: "csv", fields: ["t", "h"], separator: ";" }, [
		[
			"1,5;2",
			[
				["t", "1,5"],
				["h", 2],
			],
		],
	]);
	checkTable({ as: "csv", fields: ["t", "h"], separator: "\t" }, [
		[
			"1\t2",
			[
				["t", 1],
				["h", 2],
			],
		],
		["\t2", [["h", 2]], ["empty"]],
	]);
	checkTable({ as: "csv", fields: ["t", "h"], separator: " " }, [
		[
			"1 2",
			[
				["t", 1],
				["h", 2],
			],
		],
		[
			"  1 \t 2  ",
			[
				["t", 1],
				["h", 2],
			],
		],
		[
			'"a b" 2',
			[
				["t", "a b"],
				["h", 2],
			],
		],
		["1", [], ["syntax"]],
		["1 2 3", [], ["syntax"]],
	]);
});

test("kv takes pairs, however they are written", () => {
	const both = [
		["T", 21.5],
		["H", 50],
	] as const;
	checkTable({ as: "kv" }, [
		["T=21.5 H=50", both],
		["T:21.5,H:50", both],
		["T = 21.5; H = 50", both],
		["  T=21.5 ,; H=50 ;", both],
		["T: 21.5\tH: 50", both],
		["time=12:30:00", [["time", "12:30:00"]]],
		[
			's="a b" T=1',
			[
				["s", "a b"],
				["T", 1],
			],
		],
		['s="open', [["s", '"open']]],
		[
			"T=1 T=2",
			[
				["T", 1],
				["T", 2],
			],
		],
		["état=prêt", [["état", "prêt"]]],
	]);
});

test("kv rejects what is no pair and what has no value", () => {
	checkTable({ as: "kv" }, [
		["T=21.5 C", [["T", 21.5]], ["syntax"]],
		["hello world", [], ["syntax"]],
		["T=", [], ["empty"]],
		["T= H=50", [["H", 50]], ["empty"]],
		["T=,H=50", [["H", 50]], ["empty"]],
		["=5", [], ["syntax"]],
		["T=nan H=inf", [], ["value"]],
		["T=nan H=1", [["H", 1]], ["value"]],
		["T=1e400", [], ["value"]],
		[" ; ,", [], ["empty"]],
		[`${"n".repeat(65)}=1`, [], ["stream"]],
		["===", [], ["syntax"]],
	]);
});

test("regex takes its named groups", () => {
	checkTable({ as: "regex", pattern: "T=(?<t>[-.0-9a-z]*)(?: H=(?<h>\\d+))?" }, [
		[
			"T=21.5 H=50",
			[
				["t", 21.5],
				["h", 50],
			],
		],
		["xx T=21.5 yy", [["t", 21.5]]],
		["T=abc", [["t", "abc"]]],
		["T= H=3", [["h", 3]], ["empty"]],
		["T=nan", [], ["value"]],
		["T=", [], ["empty"]],
		["none", [], ["syntax"]],
	]);
	checkTable({ as: "regex", pattern: "(?:a(?<a>\\d)|b)" }, [["b", [], ["unsupported"]]]);
});

test("line gives the line itself, always as text", () => {
	checkTable({ as: "line" }, [
		["hello world", [["line", "hello world"]]],
		["007", [["line", "007"]]],
		["nan", [["line", "nan"]]],
		[" ", [["line", " "]]],
	]);
});

test("a sensor that invents names gets its bound of streams and no more", () => {
	for (const [as, lineOf] of [
		["kv", (index: number) => `n${index}=1`],
		["json", (index: number) => `{"n${index}":1}`],
	] as const) {
		const recording = createRecording();
		const parser = createParser({ as }, recording.host);
		for (let index = 0; index < 1_000; index += 1) parser.parse(lineOf(index), 0);
		parser.parse(lineOf(0), 0);
		assert.is(recording.readings.length, STREAMS_PER_SOURCE_MAX + 1, as);
		assert.is(new Set(recording.readings.map(([field]) => field)).size, STREAMS_PER_SOURCE_MAX, as);
		assert.is(recording.rejects.length, 1_000 - STREAMS_PER_SOURCE_MAX, as);
		assert.ok(
			recording.rejects.every((reason) => reason === "stream"),
			as,
		);
	}
});

test.run();
