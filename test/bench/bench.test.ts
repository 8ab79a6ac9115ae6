// The benchmark names every number it is there for, and each of its measurements counts what it measured. No time here
// is compared with anything: a figure depends on the machine, a count does not.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildDir, projectDir, runProcess } from "../support/process.js";

interface Row {
	readonly what: string;
	readonly samples: readonly number[];
	readonly reach?: { readonly min?: number; readonly max?: number };
	readonly isMet?: boolean;
	readonly isPeer?: boolean;
}

interface Account {
	readonly readings: number;
	readonly missing: number;
	readonly repeated: number;
	readonly malformed: number;
}

const script = join(projectDir, "scripts/bench.mjs");
const MEASUREMENTS = [
	"cpu",
	"rate",
	"payload",
	"serial",
	"sources",
	"memory",
	"stall",
	"start",
	"scaling",
	"account",
	"decode",
	"hostile",
];
const { accountOfFrames, assertAllCame } = await import(
	pathToFileURL(join(projectDir, "scripts/bench/account.mjs")).href
);

function frame(seq: number, values: readonly unknown[], more: object = {}): Buffer {
	const zeros = values.map(() => 0);
	const body = { v: 1, device: "d", run: "r", seq, sent: seq, time: 1, streams: ["a.b"], stream: zeros, dt: zeros };
	return Buffer.from(JSON.stringify({ ...body, value: values, ...more }));
}

test("--list names every number with what it should reach", async () => {
	const { code, stdout } = await runProcess(process.execPath, [script, "--list"]);
	assert.is(code, 0);
	const lines = stdout.trim().split("\n");
	assert.equal(
		lines.map((line) => line.split(":")[0]),
		MEASUREMENTS,
	);
	const numbers = [
		/CPU per reading.* 64 and 256.*<= 0\.6 µs.*20 times/,
		/readings\/s on one core, confirmed.*>= 1,000,000/,
		/payload bytes per reading.*<= 8\.7 \/ <= 6\.3/,
		/serial \(PTY\).*>= 300,000 lines\/s/,
		/32 sources of all kinds.*once a second.*<= 2 % of a core/,
		/resident memory.*16 MB.*13 MB/,
		/stalls for a minute.*20,000.*<= 2 MB/,
		/start to first frame.*250 ms/,
		/1,000,000 slots.*4,096 streams.*20 %/,
		/frames accounted for.*10,000 devices.*>= 100,000.*1024.*32 MiB/,
		/readings decoded.*>= 500,000/,
		/hostile payload of 64 KiB.*<= 1 ms, <= 64 KiB/,
	];
	numbers.forEach((number, i) => {
		assert.match(lines[i] ?? "", number);
	});
});

test("a name that is no measurement is refused with those there are", async () => {
	const { code, stderr } = await runProcess(process.execPath, [script, "speed"]);
	assert.is(code, 2);
	assert.match(stderr, /no measurement speed/);
	for (const name of MEASUREMENTS) assert.match(stderr, new RegExp(`\\b${name}\\b`));
});

test("a reading that is missing, came twice or is malformed spoils the figure", () => {
	const table: readonly [string, readonly Buffer[], boolean][] = [
		["all came", [frame(0, [1, 2]), frame(2, [3])], true],
		["two runs of one device", [frame(0, [1, 2]), frame(0, [3], { run: "other" })], true],
		["the end is missing", [frame(0, [1, 2])], false],
		["the beginning is missing", [frame(1, [2, 3]), frame(3, [4])], false],
		["one in between is missing", [frame(0, [1]), frame(2, [3, 4])], false],
		["one came twice", [frame(0, [1, 2]), frame(1, [2])], false],
		["columns of different length", [frame(0, [1, 2, 3], { dt: [0] })], false],
		["a stream without a name", [frame(0, [1, 2, 3], { stream: [0, 1, 0] })], false],
		["nothing came", [], false],
	];
	for (const [what, payloads, isWhole] of table) {
		const account: Account = accountOfFrames(payloads);
		if (isWhole) assertAllCame(what, 3, account);
		else assert.throws(() => assertAllCame(what, 3, account), /3 readings given/, what);
	}
});

for (const name of MEASUREMENTS) {
	test(`${name} counts every reading it measured, and says what should be reached`, async () => {
		const args = [script, name, "--tiny", "--json", "--build", buildDir];
		const { code, stdout, stderr } = await runProcess(process.execPath, args, { timeoutMs: 60_000 });
		assert.is(code, 0, stderr);
		const [group] = JSON.parse(stdout).groups;
		assert.is(group.name, name);
		const rows: readonly Row[] = group.rows;
		assert.ok(rows.some(({ reach }) => reach !== undefined));
		for (const { what, samples, reach, isMet } of rows) {
			assert.ok(samples.every(Number.isFinite), what);
			if (reach !== undefined) assert.type(isMet, "boolean", what);
		}
	});
}

test.run();
