// The measure itself, on code of which it is known what runs, and the number it is there for: every branch of src/core is
// taken by test/core alone.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildDir, projectDir, runProcess } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";

const script = join(projectDir, "scripts/coverage.mjs");
const { countsOf, judgeFile } = await import(pathToFileURL(join(projectDir, "scripts/coverage/branches.mjs")).href);

/** Code, and what is said to be missed in it. */
const TABLE: readonly (readonly [code: string, missed: readonly string[], idle: number])[] = [
	["f(1); f(2);\nfunction f(x) {\n\tif (x > 1) {\n\t\treturn 1;\n\t}\n\treturn 2;\n}", [], 0],
	["f(1);\nfunction f(x) {\n\tif (x > 1)\n\t\treturn 1;\n\treturn 2;\n}", ["if is never true: if (x > 1)"], 1],
	[
		"f(2);\nfunction f(x) {\n\tif (g(x) > 1) x += 1;\n\treturn x;\n}\nfunction g(x) { return (x); }",
		["if is never false: if (g(x) > 1) x += 1;"],
		0,
	],
	["f(2);\nfunction f(x) {\n\tif (x > 1)\n\t\tx += 1;\n\telse\n\t\tx = ')';\n}", ["if is never false: if (x > 1)"], 1],
	[
		"f(2); f(0);\nfunction f(x) { return x ? (x > 1 ? 1 : 2) : 3; }",
		["? is never false: function f(x) { return x ? (x > 1 ? 1 : 2) : 3; }"],
		1,
	],
	[
		"f(true);\nfunction f(x) { return { a: x ? 1 : 2, b: 3 }; }",
		["? is never false: function f(x) { return { a: x ? 1 : 2, b: 3 }; }"],
		1,
	],
	["f(0);\nfunction f(x) { return x && x.y; }", ["&& is never reached: function f(x) { return x && x.y; }"], 1],
	["f(1);\nfunction f(x) { return x ?? 2; }", ["?? is never reached: function f(x) { return x ?? 2; }"], 1],
	[
		"f(1);\nfunction f(x) {\n\tswitch (x) {\n\t\tcase 1:\n\t\t\treturn 1;\n\t\tdefault:\n\t\t\treturn 2;\n\t}\n}",
		["default: is never reached: default:"],
		1,
	],
	["f();\nfunction f() { return 'if (a) ? b : c && d'; } // if (a)", [], 0],
	["// if (a)\nexport {};\n", [], 0],
	["/* c8 ignore next */\nfunction f() { return 1; }", [], 1],
];

test("what was never taken is found, and comments leave nothing out", async () => {
	const session = new Session();
	session.connect();
	await session.post("Profiler.enable");
	await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
	const folder = makeTempDir();
	for (const [number, [code, missed, idle]] of TABLE.entries()) {
		const file = join(folder, `${number}.mjs`);
		writeFileSync(file, code);
		const url = pathToFileURL(file).href;
		await import(url);
		const { result } = await session.post("Profiler.takePreciseCoverage");
		const functions = result.find((each) => each.url === url)?.functions ?? [];
		const judged = judgeFile(code, countsOf(code.length, functions));
		assert.equal(
			judged.missed.map(({ what }: { what: string }) => what),
			missed,
			code,
		);
		assert.is(judged.idle.length, idle, code);
	}
	session.disconnect();
});

test("test/core takes every branch of src/core", async () => {
	const { code, stdout } = await runProcess(process.execPath, [script, "--build", buildDir], { timeoutMs: 140_000 });
	assert.is(code, 0, stdout);
	const [, taken, branches] = /^src\/core: (\d+) of (\d+) branches taken .* 100 %; 0 pieces/m.exec(stdout) ?? [];
	assert.is(taken, branches, stdout);
	assert.ok(Number(branches) > 150, `only ${branches} branches were found`);
});

test.run();
