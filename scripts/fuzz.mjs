// Feeds damaged inputs to everything that takes bytes from outside, for as long as it is told: new ones in every run.
// What finds something is kept, as short as it could be made, in test/fuzz/corpus/<target>/, where the tests take it up.
//   npm run fuzz                            every target, 60 s each
//   npm run fuzz -- --seconds 600 uplink    one of them
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const USAGE = `usage: node scripts/fuzz.mjs [--seconds N] [--seed N] [--build DIR] [TARGET ...]
  TARGET       one or more of those that --list names (default: all)
  --seconds N  for each target (default: 60)
  --seed N     the inputs of an earlier run again (default: a new one)
  --build DIR  what scripts/build.mjs wrote (default: build)
  --list       say which targets there are`;

async function main() {
	const options = readOptions();
	if (!existsSync(join(options.build, "test/fuzz/fuzz.js"))) return refuse(`no ${options.build}: npm run build first`);
	process.env.TALLYWIRE_SEED = options.seed; // test/support/seed.ts prints it
	const load = (file) => import(pathToFileURL(join(options.build, "test/fuzz", file)).href);
	const [{ TARGETS }, fuzzer] = await Promise.all([load("targets.js"), load("fuzz.js")]);
	if (options.list) return console.log(Object.keys(TARGETS).join("\n"));
	const unknown = options.names.find((name) => !(name in TARGETS));
	if (unknown !== undefined) return refuse(`no target ${unknown}; there are: ${Object.keys(TARGETS).join(", ")}`);
	for (const name of options.names.length > 0 ? options.names : Object.keys(TARGETS)) {
		await run(name, await TARGETS[name].make(), fuzzer, options);
	}
}

function readOptions() {
	try {
		const { values, positionals } = parseArgs({
			allowPositionals: true,
			options: {
				seconds: { type: "string", default: "60" },
				seed: { type: "string" },
				build: { type: "string", default: "build" },
				list: { type: "boolean", default: false },
				help: { type: "boolean" },
			},
		});
		if (values.help) {
			console.log(USAGE);
			process.exit(0);
		}
		const [seconds, seed] = [Number(values.seconds), Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))];
		if (!(seconds > 0 && Number.isSafeInteger(seed))) throw new Error("--seconds and --seed take a number");
		return { seconds, seed, build: resolve(root, values.build), list: values.list, names: positionals };
	} catch (error) {
		return refuse(`${error.message}\n${USAGE}`);
	}
}

function refuse(message) {
	console.error(message);
	process.exit(2);
}

async function run(name, target, { fuzz, readCorpus, corpusFolder, corpusName, FuzzFailure }, { seconds, seed }) {
	const endMs = performance.now() + seconds * 1_000;
	try {
		const report = await fuzz(target, readCorpus(name), { seed, more: () => performance.now() < endMs });
		await target.end?.();
		const { inputs, kept, slowestMs } = report;
		console.log(`${name}: ${inputs} inputs, ${kept} kept, slowest ${slowestMs.toFixed(1)} ms (seed ${seed})`);
	} catch (error) {
		if (!(error instanceof FuzzFailure)) throw error;
		const file = join(corpusFolder(name), corpusName(error.input));
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, error.input);
		console.error(`${error.message}\nkept in ${relative(root, file)}\n${error.cause.stack}`);
		process.exitCode = 1;
	}
}

await main();
process.exit();
