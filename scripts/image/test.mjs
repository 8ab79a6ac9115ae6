// Starts the image in the emulator and judges it: every compiled test/image/*.emulated file, one after another, since each of them
// wants the whole machine. The last line is always `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";

const root = resolve(import.meta.dirname, "../..");

const USAGE = `usage: node scripts/image/test.mjs [--image FILE] [--build DIR] [--cuts N] [--steady MINUTES] [FILTER ...]
  FILTER            boards, mistakes, power-cuts (default: all)
  --image FILE      what npm run image made (default: the one in dist.image)
  --build DIR       what scripts/build.mjs wrote (default: build)
  --cuts N          how often the power is cut (default: 20)
  --steady MINUTES  how long the card's writes are counted (default: 10)
Needs qemu-system-aarch64 (7.2), mtools, device-tree-compiler, mosquitto, ssh. About an hour on two idle cores.`;

/** Longest time of a file: 20 cuts at a busy machine. */
const FILE_TIMEOUT_MS = 4 * 3_600_000;
const PROGRAMS = [
	"qemu-system-aarch64",
	"mcopy",
	"fdtput",
	"mosquitto",
	"mosquitto_sub",
	"ssh",
	"ssh-keygen",
	"sha256sum",
];
const SUMMARY = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/m;

function main() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			image: { type: "string" },
			build: { type: "string", default: "build" },
			cuts: { type: "string", default: "20" },
			steady: { type: "string", default: "10" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) return console.log(USAGE);
	const image = values.image === undefined ? madeImage() : resolve(values.image);
	const problem = missing(image);
	if (problem !== null) return end(0, 1, problem);
	const folder = resolve(root, values.build, "test/image");
	const files = readdirSync(folder)
		.filter((name) => name.endsWith(".emulated.js"))
		.filter((name) => positionals.length === 0 || positionals.some((filter) => name.includes(filter)));
	if (files.length === 0) return end(0, 1, `no test file in ${folder}`);
	const env = {
		...process.env,
		PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
		TALLYWIRE_IMAGE: image,
		TALLYWIRE_CUTS: values.cuts,
		TALLYWIRE_STEADY_MINUTES: values.steady,
	};
	const total = { passed: 0, failed: 0 };
	for (const file of files.sort()) {
		const { passed, failed } = runFile(join(folder, file), env);
		total.passed += passed;
		total.failed += failed;
	}
	return end(total.passed, total.failed);
}

function madeImage() {
	const folder = join(root, "dist.image");
	const [name] = existsSync(folder) ? readdirSync(folder).filter((entry) => entry.endsWith(".img")) : [];
	return name === undefined ? null : join(folder, name);
}

function missing(image) {
	if (image === null || !existsSync(image)) return "there is no image yet: npm run image makes it";
	const absent = PROGRAMS.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
	return absent.length === 0 ? null : `must be installed first: ${absent.join(", ")}`;
}

/** What its summary says; a file without one, or with a skipped test, has failed. */
function runFile(file, env) {
	const startedMs = performance.now();
	const { stdout, status } = spawnSync(process.execPath, [file], {
		env,
		encoding: "utf8",
		timeout: FILE_TIMEOUT_MS,
		stdio: ["ignore", "pipe", "inherit"],
		maxBuffer: 1 << 26,
	});
	const output = stripVTControlCharacters(stdout ?? "");
	const [total, passed, skipped] = SUMMARY.exec(output)?.slice(1).map(Number) ?? [0, 0, 0];
	const isGood = total > 0 && passed === total && skipped === 0 && status === 0;
	const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1).padStart(6);
	console.log(`${isGood ? "ok  " : "FAIL"} ${minutes} min  ${file.slice(root.length + 1)}  ${passed} passed`);
	for (const [line] of output.matchAll(/\b(?:measured: |seed ).*$/gm)) console.log(`     ${line}`);
	if (!isGood) console.log(output.trimEnd().replace(/^/gm, "     | "));
	return { passed, failed: isGood ? 0 : Math.max(1, total - passed) };
}

function end(passed, failed, message) {
	if (message !== undefined) console.log(message);
	console.log(`${passed} passed, ${failed} failed`);
	process.exitCode = failed === 0 ? 0 : 1;
}

main();
