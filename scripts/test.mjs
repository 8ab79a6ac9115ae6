// Runs every compiled test file as a process of its own and counts what uvu says it ran.
// uvu alone exits 0 for a file that runs no test, and a handle left open hangs it: here a file without a summary, without
// a test, with a skipped one, or past its time limit has failed. The last line is always `N passed, N failed`.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, stripVTControlCharacters } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const USAGE = `usage: node scripts/test.mjs [--build DIR] [--jobs N] [--timeout SECONDS] [--list] [FILTER ...]
  FILTER      run only the files whose path contains one of these
  --build DIR what scripts/build.mjs wrote (default: build)
  --jobs N    files at a time (default: 2)
  --timeout S time limit of a file in seconds (default: 400)
  --list      say which files would run`;

/** Output kept of one file: enough for every failure of a table, and a test that prints without end fills no memory. */
const OUTPUT_CHARS_MAX = 1_000_000;
/**
 * A file that has printed its summary has to end by itself: a handle left open is a failure, but need not cost the time
 * limit. It is one when so many looks find it asleep: one that waits for a processor, or a machine that stood still, is not.
 */
const LOOKS_ASLEEP_MAX = 30;
const LOOK_MS = 100;
/** How long the pipes of a file that has ended may stay open (a grandchild may hold them). */
const PIPES_CLOSE_MS = 1_000;

const SUMMARY = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/m;

/** The summary is looked for in this much of the end of the output: what a file prints after it is little. */
const SUMMARY_CHARS_MAX = 4_000;

const running = new Set();
process.on("exit", () => {
	for (const pid of running) killGroup(pid);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

async function main() {
	const options = readOptions();
	const files = findTests(join(options.build, "test")).filter(
		(file) => options.filters.length === 0 || options.filters.some((filter) => file.includes(filter)),
	);
	if (options.list) return console.log(files.join("\n"));
	const total = { passed: 0, failed: 0 };
	const waiting = [...files];
	const worker = async () => {
		for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
			const result = await runFile(options, file);
			total.passed += result.passed;
			total.failed += result.failed;
			report(file, result);
		}
	};
	await Promise.all(Array.from({ length: options.jobs }, worker));
	if (files.length === 0) console.log("no test file found");
	const failed = files.length === 0 ? 1 : total.failed;
	console.log(`${total.passed} passed, ${failed} failed`);
	process.exitCode = failed === 0 ? 0 : 1;
}

function readOptions() {
	try {
		const { values, positionals } = parseArgs({
			allowPositionals: true,
			options: {
				build: { type: "string", default: "build" },
				jobs: { type: "string", default: "2" },
				timeout: { type: "string", default: "400" },
				list: { type: "boolean", default: false },
				help: { type: "boolean", default: false },
			},
		});
		const [jobs, timeoutS] = [Number(values.jobs), Number(values.timeout)];
		if (!(Number.isInteger(jobs) && jobs > 0 && timeoutS > 0))
			throw new Error("--jobs and --timeout take a number above 0");
		if (values.help) {
			console.log(USAGE);
			process.exit(0);
		}
		return {
			build: resolve(root, values.build),
			jobs,
			timeoutMs: timeoutS * 1_000,
			list: values.list,
			filters: positionals,
		};
	} catch (error) {
		console.error(`${error.message}\n${USAGE}`);
		process.exit(2);
	}
}

/** Compiled test files, relative to the project. Those against a real broker take longest, so they start first. */
function findTests(folder) {
	if (!existsSync(folder)) return [];
	const files = readdirSync(folder, { recursive: true })
		.filter((file) => file.endsWith(".test.js"))
		.map((file) => relative(root, join(folder, file)));
	const isSlow = (file) => (/[\\/]test[\\/](faults|sim)[\\/]/.test(file) ? 0 : 1);
	return files.sort((a, b) => isSlow(a) - isSlow(b) || (a < b ? -1 : 1));
}

function runFile(options, file) {
	const { FORCE_COLOR: _, ...env } = process.env;
	const startedMs = performance.now();
	const child = spawn(process.execPath, [join(root, file)], {
		cwd: root,
		detached: true, // a process group of its own, so that what it started ends with it
		env: { ...env, NO_COLOR: "1" },
		stdio: ["ignore", "pipe", "pipe"],
	});
	running.add(child.pid);
	let output = "";
	let failure = null;
	let hasSummary = false;
	let looking;
	const giveUp = (why) => {
		failure = why;
		killGroup(child.pid);
	};
	const limit = setTimeout(giveUp, options.timeoutMs, `did not end within ${options.timeoutMs / 1_000} s`);
	const look = (looks) => {
		if (looks === 0) return giveUp("did not end after its summary: something is still open");
		looking = setTimeout(() => look(isAsleep(child.pid) ? looks - 1 : looks), LOOK_MS);
	};
	const take = (chunk) => {
		output = (output + chunk).slice(-OUTPUT_CHARS_MAX);
		if (!hasSummary && summaryOf(output) !== null) {
			hasSummary = true;
			look(LOOKS_ASLEEP_MAX);
		}
	};
	child.stdout.setEncoding("utf8").on("data", take);
	child.stderr.setEncoding("utf8").on("data", take);
	return new Promise((done) => {
		const finish = (code, signal) => {
			clearTimeout(limit);
			clearTimeout(looking);
			running.delete(child.pid);
			done({ ...judge(output, code, signal, failure), output, seconds: (performance.now() - startedMs) / 1_000 });
		};
		child.on("error", (error) => take(String(error)));
		child.on("exit", () => {
			clearTimeout(looking); // who else holds its pipes is ended below
			killGroup(child.pid);
			setTimeout(() => {
				child.stdout.destroy();
				child.stderr.destroy();
			}, PIPES_CLOSE_MS).unref();
		});
		child.on("close", finish);
	});
}

/** Whether a process waits for something to happen, and not for a processor. True where the system does not tell. */
function isAsleep(pid) {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return stat.startsWith("S", stat.lastIndexOf(")") + 2);
	} catch {
		return true;
	}
}

/** Total, passed, skipped, as uvu prints them at the end; null where it has not. */
function summaryOf(output) {
	const end = stripVTControlCharacters(output.slice(-SUMMARY_CHARS_MAX));
	return SUMMARY.exec(end)?.slice(1).map(Number) ?? null;
}

/** Counts of one file. What is wrong with the file itself, rather than with a test in it, counts as one failure more. */
function judge(output, code, signal, failure) {
	const summary = summaryOf(output);
	const [total, passed, skipped] = summary ?? [0, 0, 0];
	const problems = [];
	// After a failed test something is left open as a rule; that is no failure of its own.
	if (failure !== null && (summary === null || passed === total)) problems.push(failure);
	else if (summary === null) problems.push(`no summary of its tests (exit ${signal ?? code}): is run() called?`);
	else if (total === 0) problems.push("no test in it");
	else if (passed === total && failure === null && code !== 0)
		problems.push(`all tests passed, but it ended with ${signal ?? code}`);
	if (skipped > 0) problems.push(`${skipped} skipped (test.skip or test.only)`);
	return { passed, failed: total - passed + problems.length, problems };
}

function report(file, { passed, failed, problems, output, seconds }) {
	const counts = failed === 0 ? `${passed} passed` : `${passed} passed, ${failed} FAILED`;
	console.log(`${failed === 0 ? "ok  " : "FAIL"} ${seconds.toFixed(1).padStart(6)} s  ${file}  ${counts}`);
	// What this machine does not permit is said, and counted nowhere.
	for (const [line] of output.matchAll(/^not tried here: .*$/gm)) console.log(`     ${line}`);
	if (failed === 0) return;
	console.log(output.trimEnd().replace(/^/gm, "     | "));
	for (const problem of problems) console.log(`     ${problem}`);
}

/** Ends a process and all it started, except what made a group of its own. */
function killGroup(pid) {
	try {
		process.kill(-pid, "SIGKILL");
	} catch (error) {
		if (error.code !== "ESRCH" && error.code !== "EPERM") throw error;
	}
}

await main();
