// Runs every compiled *.guest file inside the virtual board, one after another, and counts its tests as scripts/test.mjs
// does: a file without a summary, without a test, with a skipped one, or past its time limit has failed. The last line is
// always `N passed, N failed`. In user-mode, time in which nothing happens passes at once, so a day takes a minute.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { MACHINES, runOnBoard } from "./virtual-board/board.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const USAGE = `usage: node scripts/test-board.mjs [--machine NAME] [--build DIR] [--board ID] [--timeout SECONDS]
         [--limit SECONDS] [--kernel-limit SECONDS] [--optional] [FILTER ...]
  FILTER      run only the files whose path contains one of these
  --machine M user-mode: a Linux kernel that is a process of this machine (default);
              arm64: an emulated machine with Debian's own kernel and node, in half an hour or more
  --build DIR what scripts/build.mjs wrote (default: build)
  --board ID  whose GPIO chips the board has, a file in boards/ (default: rpi-3b)
  --timeout S time limit of a file in seconds (default: 600; for arm64 3600)
  --limit S   for all files together (default: none); those for which it is too short are not tried
  --kernel-limit S  how long building the user-mode kernel may take (default: 3600); 0 builds none
  --optional  where there can be no virtual board, say so and succeed
What a machine starts is made once (scripts/virtual-board/build-kernel, arm64.mjs); TALLYWIRE_BOARD_KERNEL names a user-mode
kernel that is there already.`;

/** A day of it takes a day elsewhere. */
const ONLY_WITH_TIME_TRAVEL = /\/day\.guest\.js$/;

/** What uvu prints, and what a file prints that counts for itself. */
const UVU_SUMMARY = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm;
const OWN_SUMMARY = /^(\d+) passed, (\d+) failed$/gm;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

async function main() {
	const options = readOptions();
	const files = findTests(join(options.build, "test")).filter(
		(file) => options.filters.length === 0 || options.filters.some((filter) => file.includes(filter)),
	);
	if (files.length === 0) return end(0, options.isOptional && options.filters.length > 0 ? 0 : 1, "no test file found");
	const { machine, why } = await findBoard(options);
	if (machine === undefined) {
		const names = files.map((file) => relative(relative(root, options.build), file)).join(", ");
		return end(0, options.isOptional ? 0 : 1, `not tried here: ${names}, for there is no virtual board: ${why}`);
	}
	console.log(`the board: ${machine.about}`);
	const total = { passed: 0, failed: 0 };
	const endMs = performance.now() + options.limitMs;
	for (const file of files) {
		const { passed, failed } = await runFile(options, machine, file, endMs - performance.now());
		total.passed += passed;
		total.failed += failed;
	}
	return end(total.passed, total.failed);
}

function end(passed, failed, message) {
	if (message !== undefined) console.log(message);
	console.log(`${passed} passed, ${failed} failed`);
	process.exitCode = failed === 0 ? 0 : 1;
}

function readOptions() {
	try {
		const { values, positionals } = parseArgs({
			allowPositionals: true,
			options: {
				machine: { type: "string", default: "user-mode" },
				build: { type: "string", default: "build" },
				board: { type: "string", default: "rpi-3b" },
				timeout: { type: "string" },
				limit: { type: "string", default: "Infinity" },
				"kernel-limit": { type: "string", default: "3600" },
				optional: { type: "boolean", default: false },
				help: { type: "boolean", default: false },
			},
		});
		if (values.help) {
			console.log(USAGE);
			process.exit(0);
		}
		const { machine, board, optional: isOptional } = values;
		if (!(machine in MACHINES)) throw new Error(`--machine is one of ${Object.keys(MACHINES).join(", ")}`);
		const timeoutMs = values.timeout === undefined ? null : Number(values.timeout) * 1_000;
		const limitMs = Number(values.limit) * 1_000;
		const kernelLimitS = Number(values["kernel-limit"]);
		const isPositive = (timeoutMs === null || timeoutMs > 0) && limitMs > 0;
		if (!(isPositive && Number.isInteger(kernelLimitS) && kernelLimitS >= 0)) {
			throw new Error("--timeout, --limit and --kernel-limit take a number of seconds");
		}
		return {
			machine,
			build: resolve(root, values.build),
			board,
			timeoutMs,
			limitMs,
			kernelLimitS,
			isOptional,
			filters: positionals,
		};
	} catch (error) {
		console.error(`${error.message}\n${USAGE}`);
		process.exit(2);
	}
}

/** Compiled guest files, relative to the project. */
function findTests(folder) {
	if (!existsSync(folder)) return [];
	return readdirSync(folder, { recursive: true })
		.filter((file) => file.endsWith(".guest.js"))
		.map((file) => relative(root, join(folder, file)))
		.sort();
}

/** A machine that has been seen to run here: that takes more than having its kernel, ptrace for example. */
async function findBoard({ machine: name, board, kernelLimitS }) {
	const { machine, why } = MACHINES[name](kernelLimitS);
	if (machine === undefined) return { why };
	const { status, problem } = await run(machine, board, ["true"], machine.limits.startS * 1_000);
	return status === 0 ? { machine } : { why: problem ?? `it ended with ${status}` };
}

function run(machine, board, command, timeoutMs) {
	const timeTravel = machine.hasTimeTravel;
	const env = { NO_COLOR: "1", VB_SLOWNESS: machine.slowness };
	return runOnBoard({ machine, board, command, timeoutMs, cwd: root, timeTravel, env });
}

async function runFile(options, machine, file, leftMs) {
	if (!machine.hasTimeTravel && ONLY_WITH_TIME_TRAVEL.test(file)) {
		console.log(`not tried here: ${file}, because time passes on the ${options.machine} machine as it does elsewhere`);
		return { passed: 0, failed: 0 };
	}
	const startedMs = performance.now();
	const timeoutMs = options.timeoutMs ?? machine.limits.fileS * 1_000;
	const command = [machine.node, join(root, file)];
	const limitMs = Math.min(timeoutMs, leftMs);
	const result = leftMs > 0 ? await run(machine, options.board, command, limitMs) : { isLate: true };
	if (result.isLate && leftMs < timeoutMs) {
		console.log(`not tried here: ${file}, for the time for all of them is over`);
		return { passed: 0, failed: 0 };
	}
	const output = stripVTControlCharacters(result.output).replaceAll("\r", "");
	const { passed, failed, problems } = judge(output, result);
	const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6);
	const counts = failed === 0 ? `${passed} passed` : `${passed} passed, ${failed} FAILED`;
	console.log(`${failed === 0 ? "ok  " : "FAIL"} ${seconds} s  ${file}  ${counts}`);
	// Figures, and what this kernel does not permit, are said and counted nowhere.
	for (const [line] of output.matchAll(/\b(?:measured|not tried here): .*$/gm)) console.log(`     ${line}`);
	if (failed > 0) console.log([output.trimEnd(), ...problems].join("\n").replace(/^/gm, "     | "));
	return { passed, failed };
}

/** Counts of one file. What is wrong with the file itself, rather than with a test in it, counts as one failure more. */
function judge(output, { status, problem }) {
	const { passed, failed, skipped } = summaryOf(output);
	const problems = [];
	if (problem !== null) problems.push(problem);
	else if (passed + failed === 0) problems.push(`no summary of a test (exit ${status}): is run() called?`);
	else if (failed === 0 && status !== 0) problems.push(`all tests passed, but it ended with ${status}`);
	if (skipped > 0) problems.push(`${skipped} skipped (test.skip or test.only)`);
	return { passed, failed: failed + problems.length, problems };
}

function summaryOf(output) {
	const uvu = [...output.matchAll(UVU_SUMMARY)].at(-1)?.slice(1).map(Number);
	if (uvu !== undefined) return { passed: uvu[1], failed: uvu[0] - uvu[1], skipped: uvu[2] };
	const [passed = 0, failed = 0] = [...output.matchAll(OWN_SUMMARY)].at(-1)?.slice(1).map(Number) ?? [];
	return { passed, failed, skipped: 0 };
}

await main();
