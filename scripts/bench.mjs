// Measures Tallywire against its numbers, and the usual alternatives on the same machine in the same run.
// One table: what, what it should reach, the median of the runs with least and most, whether it is met.
//   npm run bench                 all of it, about five minutes
//   npm run bench -- cpu rate     some of it; --list says what there is
//   npm run bench -- --quick      shorter runs, about two minutes

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { cpu } from "./bench/cpu.mjs";
import { decode } from "./bench/decode.mjs";
import { hostile } from "./bench/hostile.mjs";
import { describeMachine, findCores, leaveAgentCore } from "./bench/machine.mjs";
import { memory } from "./bench/memory.mjs";
import { payload } from "./bench/payload.mjs";
import { rate } from "./bench/rate.mjs";
import { account } from "./bench/reconcile.mjs";
import { scaling } from "./bench/scaling.mjs";
import { serial } from "./bench/serial.mjs";
import { sources } from "./bench/sources.mjs";
import { stall } from "./bench/stall.mjs";
import { start } from "./bench/start.mjs";
import { median, show, showSamples } from "./bench/statistics.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MEASUREMENTS = [cpu, rate, payload, serial, sources, memory, stall, start, scaling, account, decode, hostile];

const USAGE = `usage: node scripts/bench.mjs [--quick] [--json] [--list] [--build DIR] [NAME ...]
  NAME         one or more of: ${MEASUREMENTS.map(({ name }) => name).join(", ")} (default: all)
  --quick      shorter runs
  --tiny       shortest: the figures mean nothing, only that every reading is counted
  --with-node-red  have npm install Node-RED in a temporary folder, for its memory beside ours
  --json       one JSON object on stdout instead of the table
  --list       say what is measured and what it should reach
  --build DIR  what scripts/build.mjs --out DIR wrote, as it is (default: build, made anew where it is older than the code)`;

async function main() {
	const options = readOptions();
	if (options.list)
		return console.log(MEASUREMENTS.map(({ name, what, reach }) => `${name}: ${what}: ${reach}`).join("\n"));
	if (options.mayBuild) buildIfOlder(options.build);
	const cores = findCores();
	const machine = describeMachine(cores);
	if (!options.json) console.log(`${machine}\n`);
	const support = await loadSupport(options.build);
	leaveAgentCore(cores);
	const context = { ...options, cores, support, dist: support.distDir };
	const groups = [];
	for (const measurement of options.chosen) {
		const startMs = performance.now();
		console.error(`${measurement.name} ...`);
		const rows = await measurement.measure(context);
		groups.push({
			name: measurement.name,
			seconds: Math.round((performance.now() - startMs) / 1_000),
			rows: rows.map(judge),
		});
	}
	if (options.json) console.log(JSON.stringify({ machine, scale: options.scale, groups }, null, 2));
	else console.log(table(groups));
	process.exit(0);
}

function readOptions() {
	try {
		const { values, positionals } = parseArgs({
			allowPositionals: true,
			options: {
				quick: { type: "boolean" },
				tiny: { type: "boolean" },
				json: { type: "boolean", default: false },
				"with-node-red": { type: "boolean", default: false },
				list: { type: "boolean", default: false },
				build: { type: "string" },
				help: { type: "boolean" },
			},
		});
		const unknown = positionals.find((name) => !MEASUREMENTS.some((measurement) => measurement.name === name));
		if (unknown !== undefined) throw new Error(`no measurement ${unknown}`);
		if (values.help) {
			console.log(USAGE);
			process.exit(0);
		}
		const scale = values.tiny ? "tiny" : values.quick ? "quick" : "full";
		return {
			scale,
			runs: scale === "tiny" ? 1 : 3,
			json: values.json,
			withNodeRed: values["with-node-red"],
			list: values.list,
			build: resolve(root, values.build ?? "build"),
			mayBuild: values.build === undefined,
			chosen: MEASUREMENTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
		};
	} catch (error) {
		console.error(`${error.message}\n${USAGE}`);
		process.exit(2);
	}
}

function buildIfOlder(build) {
	const bundle = join(root, basename(build).replace(/^build/, "dist"), "tallywire.mjs");
	const newestMs = Math.max(...["src", "test", "package.json"].map((path) => newest(join(root, path))));
	if (existsSync(bundle) && statSync(bundle).mtimeMs > newestMs) return;
	const { status } = spawnSync(process.execPath, [join(root, "scripts/build.mjs"), "--out", basename(build)], {
		stdio: ["ignore", process.stderr, "inherit"],
	});
	if (status !== 0) process.exit(1);
}

function newest(path) {
	if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
	return Math.max(...readdirSync(path, { recursive: true }).map((name) => statSync(join(path, name)).mtimeMs));
}

/** Broker and processes as the tests start them. */
async function loadSupport(build) {
	const names = ["free-port", "mosquitto", "process", "temp-dir", "wait"];
	const modules = names.map((name) => import(pathToFileURL(join(build, `test/support/${name}.js`)).href));
	return Object.assign({}, ...(await Promise.all(modules)));
}

function judge(row) {
	const { reach, samples } = row;
	if (reach === undefined || samples.length === 0) return row;
	const middle = median(samples);
	const isMet = (reach.max === undefined || middle <= reach.max) && (reach.min === undefined || middle >= reach.min);
	return { ...row, median: middle, isMet };
}

function table(groups) {
	const rows = groups.flatMap(({ rows }) => [...rows.map(cells), null]);
	const all = [["what", "reach", "median (least - most)", "met"], null, ...rows];
	const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => (row === null ? 0 : row[column].length))));
	const line = (row) =>
		(row ?? [])
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join("  ")
			.trimEnd();
	return all.map(line).join("\n");
}

function cells({ what, unit, samples, reach, isMet, isPeer, note }) {
	const limit = reach === undefined ? "" : reach.max === undefined ? `>= ${show(reach.min)}` : `<= ${show(reach.max)}`;
	const met = isMet === undefined ? "" : isMet ? "yes" : "NO";
	const measured = samples.length === 0 ? "" : `${showSamples(samples)} ${unit}`;
	return [`${isPeer ? "  peer: " : ""}${what}`, limit, measured, [met, note].filter(Boolean).join(" ")];
}

// What was started ends with this process, by its listeners on `exit`: an interrupted run leaves nothing behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
await main();
