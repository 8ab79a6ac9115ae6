// How many branches of a room of src/ its own tests take: `core` by test/core, unless another is named.
// V8 counts in every test's process (NODE_V8_COVERAGE); the sum is taken over what tsc wrote, so lines are of build/.
// Exit status 1 where a branch was never taken or a statement never ran.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { countsOf, judgeFile } from "./coverage/branches.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const USAGE = `usage: node scripts/coverage.mjs [--build DIR] [ROOM]
  ROOM         a folder of src/ with a folder of the same name in test/ (default: core)
  --build DIR  what scripts/build.mjs wrote (default: build)`;

function main() {
	const { build, room } = readOptions();
	const sources = join(build, "src", room);
	const files = readdirSync(sources, { recursive: true }).filter((file) => file.endsWith(".js"));
	const counts = runTests(build, room);
	const total = { branches: 0, missed: 0, idle: 0 };
	for (const file of files.sort()) {
		const code = readFileSync(join(sources, file), "utf8");
		const url = pathToFileURL(join(sources, file)).href;
		const { branches, missed, idle } = judgeFile(code, counts(url, code.length));
		for (const { line, what } of [...missed, ...idle]) console.log(`src/${room}/${file}:${line}: ${what}`);
		total.branches += branches;
		total.missed += missed.length;
		total.idle += idle.length;
	}
	const taken = total.branches - total.missed;
	const percent = ((100 * taken) / total.branches).toFixed(1).replace(".0", "");
	console.log(
		`src/${room}: ${taken} of ${total.branches} branches taken by test/${room}, ${percent} %; ${total.idle} pieces never ran`,
	);
	process.exitCode = total.missed + total.idle === 0 ? 0 : 1;
}

function readOptions() {
	try {
		const options = { build: { type: "string", default: "build" }, help: { type: "boolean" } };
		const { values, positionals } = parseArgs({ allowPositionals: true, options });
		if (values.help) {
			console.log(USAGE);
			process.exit(0);
		}
		if (positionals.length > 1) throw new Error("one room at a time");
		return { build: resolve(root, values.build), room: positionals[0] ?? "core" };
	} catch (error) {
		console.error(`${error.message}\n${USAGE}`);
		process.exit(2);
	}
}

/** Runs test/<room>, and gives the counts of a file over all its processes. */
function runTests(build, room) {
	const folder = mkdtempSync(join(tmpdir(), "tallywire-coverage-"));
	try {
		const args = [join(root, "scripts/test.mjs"), "--build", build, `test/${room}/`];
		const env = { ...process.env, NODE_V8_COVERAGE: folder };
		const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
		if (status !== 0) process.exit(1);
		const reports = readdirSync(folder).flatMap((file) => JSON.parse(readFileSync(join(folder, file), "utf8")).result);
		return (url, length) => {
			const sum = new Float64Array(length);
			for (const report of reports.filter((each) => each.url === url)) {
				countsOf(length, report.functions).forEach((count, at) => {
					sum[at] += count;
				});
			}
			return sum;
		};
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

main();
