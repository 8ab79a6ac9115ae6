// Plants each of the bugs in scripts/sim/bugs/ into a copy of the source in memory, and plays the simulation on it until an
// invariant is violated. Every bug has to be found; a bug whose text is not in the source exactly once is refused, so that
// the list cannot rot.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CORE_BUGS } from "./sim/bugs/core.mjs";
import { RECONCILE_BUGS } from "./sim/bugs/reconcile.mjs";
import { RUN_BUGS } from "./sim/bugs/run.mjs";
import { WIRE_BUGS } from "./sim/bugs/wire.mjs";
import { bundleSimulation } from "./sim/bundle.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const BUGS = [...CORE_BUGS, ...RUN_BUGS, ...WIRE_BUGS, ...RECONCILE_BUGS];

const USAGE = `usage: scripts/planted-bugs [options] [NAME ...]
  NAME         only the bugs whose name contains one of these
  --check      only say whether each can be planted
  --sample N   N of them, others each day
  --seeds N    bound for each bug (default: 2000)
  --from S     first seed (default: 1)
  --hours H    hours of each world (default: 0.15)
  --jobs N     at a time (default: one for each core)`;

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		check: { type: "boolean", default: false },
		sample: { type: "string" },
		seeds: { type: "string", default: "2000" },
		from: { type: "string", default: "1" },
		hours: { type: "string", default: "0.15" },
		jobs: { type: "string", default: String(availableParallelism()) },
		help: { type: "boolean", short: "h", default: false },
	},
});

/** The file with the bug's edits in it. Throws where a text is not there exactly once. */
function planted(bug, file, text) {
	let result = text;
	for (const edit of bug.edits.filter((each) => each.file === file)) {
		const found = result.split(edit.from).length - 1;
		if (found !== 1)
			throw new Error(`"${bug.name}": its text is ${found} times in ${file}: ${JSON.stringify(edit.from)}`);
		result = result.replace(edit.from, () => edit.to);
	}
	return result;
}

function checkAll() {
	const problems = [];
	for (const bug of BUGS) {
		for (const file of new Set(bug.edits.map((edit) => edit.file))) {
			try {
				planted(bug, file, readFileSync(join(root, file), "utf8"));
			} catch (error) {
				problems.push(error.message);
			}
		}
	}
	if (new Set(BUGS.map(({ name }) => name)).size !== BUGS.length) problems.push("two bugs have one name");
	return problems;
}

/** The bugs of today: as many as asked for, and all that are found quickly in turn. */
function sampleOf(all, size) {
	const bugs = all.filter(({ isSlow }) => !isSlow);
	const day = Math.floor(Date.now() / 86_400_000);
	return Array.from({ length: Math.min(size, bugs.length) }, (_, i) => bugs[(day * size + i) % bugs.length]);
}

async function play(bug) {
	const folder = mkdtempSync(join(tmpdir(), "tallywire-bug-"));
	try {
		await bundleSimulation(root, folder, (file, text) => planted(bug, file, text));
		const args = [
			join(folder, "cli.js"),
			"--until-failure",
			"--from",
			values.from,
			"--seeds",
			values.seeds,
			"--hours",
			values.hours,
		];
		const startedMs = performance.now();
		const output = await run(args);
		return { bug, ...JSON.parse(output), seconds: (performance.now() - startedMs) / 1_000 };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function run(args) {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
		let output = "";
		child.stdout.setEncoding("utf8").on("data", (chunk) => {
			output += chunk;
		});
		child.on("error", reject);
		child.on("close", (code) =>
			code === 0 ? resolve(output) : reject(new Error(`the simulation ended with ${code}`)),
		);
	});
}

function report({ bug, seeds, invariant, message, seconds }) {
	const how = invariant === null ? "NOT FOUND" : invariant;
	console.log(`${how.padEnd(14)} ${String(seeds).padStart(5)} seeds ${seconds.toFixed(1).padStart(6)} s  ${bug.name}`);
	if (process.env.VERBOSE && invariant !== null) console.log(`               ${message.slice(0, 200)}`);
}

async function main() {
	if (values.help) return console.log(USAGE);
	const problems = checkAll();
	for (const problem of problems) console.log(problem);
	console.log(`${BUGS.length - problems.length} of ${BUGS.length} bugs can be planted`);
	if (problems.length > 0) process.exitCode = 1;
	if (values.check || problems.length > 0) return;
	const named = BUGS.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
	const waiting = values.sample === undefined ? [...named] : sampleOf(named, Number(values.sample));
	const results = [];
	const worker = async () => {
		for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
			const result = await play(bug);
			results.push(result);
			report(result);
		}
	};
	await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
	const found = results.filter(({ invariant }) => invariant !== null);
	const seeds = found.map((each) => each.seeds).sort((a, b) => a - b);
	console.log(
		`${found.length} of ${results.length} found, after ${seeds[seeds.length >> 1] ?? "no"} seeds in the middle, ${seeds.at(-1) ?? "none"} at the most`,
	);
	if (found.length < results.length || results.length === 0) process.exitCode = 1;
}

await main();
