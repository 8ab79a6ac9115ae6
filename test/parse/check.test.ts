import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkParseSettings, createParser, type ParseSettings } from "../../src/sources/parse/parser.js";
import { createRecording } from "./recording-host.js";

const test = suite("parse settings");

test("finds what a schema cannot", () => {
	const rows: readonly (readonly [ParseSettings, readonly string[]])[] = [
		[{ as: "line" }, []],
		[{ as: "csv", fields: ["a", ""], separator: ";" }, []],
		[{ as: "csv" }, ["fields"]],
		[{ as: "csv", fields: ["", ""] }, ["fields"]],
		[{ as: "csv", fields: ["a", "a"] }, ["fields"]],
		[{ as: "csv", fields: ["a"], separator: "1" }, ["separator"]],
		[{ as: "csv", fields: ["a"], separator: '"' }, ["separator"]],
		[{ as: "kv", fields: ["a"], separator: ",", pattern: "x" }, ["fields", "separator", "pattern"]],
		[{ as: "regex" }, ["pattern"]],
		[{ as: "regex", pattern: "(\\d+)" }, ["pattern"]],
		[{ as: "regex", pattern: "(?<a>\\d+" }, ["pattern"]],
		[{ as: "regex", pattern: "^(?<a>\\d+)(?:,\\d+)*$" }, []],
	];
	for (const [settings, paths] of rows) {
		const problems = checkParseSettings(settings);
		assert.equal(
			problems.map((problem) => problem.path),
			paths,
			JSON.stringify(settings),
		);
		if (paths.length > 0 && settings.as !== "kv") {
			assert.throws(() => createParser(settings, createRecording().host), /fields|separator|pattern/);
		}
	}
});

test("refuses a pattern that takes exponential time, and takes those that only look like one", () => {
	for (const pattern of ["^(?<a>(a+)+)$", "^(?<a>(\\d+,?)*)x$"]) {
		assert.match(checkParseSettings({ as: "regex", pattern })[0]?.message ?? "", "exponential", pattern);
	}
	for (const pattern of ["^(?<a>(?:\\d+,)*)$", "(?<a>[^ ]*) (?<b>.*) (?<c>.*)", "(?<t>-?\\d+(?:\\.\\d+)?)"]) {
		assert.equal(checkParseSettings({ as: "regex", pattern }), [], pattern);
	}
});

test.run();
