// The soak: the bundle against a real Mosquitto for hours, through stalls and reconnects, and whether its memory grows.
// Each cycle is the same mixture, so that one cycle is one figure (the median of its last samples) and the faults in it
// add no slope. Growth is the least squares slope over the cycles after the warm-up, with the upper bound that it stays
// below at 95 %; at the end the books are held against an independent subscriber's account, to the last reading.
//   npm run build && npm run soak -- --for 2h
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { median } from "./bench/statistics.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const USAGE = `usage: node scripts/soak.mjs [--for DURATION] [--warm-up DURATION] [--rate N] [--gc] [--build DIR]
  --for DURATION      how long, such as 30m or 2h (default: 2h)
  --warm-up DURATION  not counted (default: a sixth of that)
  --rate N            readings a second (default: 500)
  --gc                have the agent collect its garbage before each sample: less noise, and no longer quite the program
  --build DIR         what scripts/build.mjs --out DIR wrote (default: build)`;

/** What one cycle is made of. A link is given up after 10 s of silence, so the stall holds attempts that go unanswered. */
const STEADY_MS = 60_000;
const STALL_MS = 20_000;
const CUTS = 10;
const BETWEEN_CUTS_MS = 2_000;
const SETTLE_MS = 20_000;
const SAMPLE_MS = 1_000;

/** Small enough that each stall fills it: all that the buffer reserves has then been touched in the first cycle. */
const CAPACITY = 4_096;
const GROWTH_KIB_PER_HOUR_MAX = 64;
const HOUR_MS = 3_600_000;
/** The standard normal's 95th percentile. */
const Z_95 = 1.644_853_6;

/** Loaded into the agent with --gc. */
const COLLECTOR = `require("node:v8").setFlagsFromString("--expose-gc");
const collect = require("node:vm").runInNewContext("gc");
process.on("SIGUSR2", () => { collect(); collect(); });
`;

async function main() {
	const options = readOptions();
	const { startWorld, sim, makeTempDir, delay } = await loadSupport(options.build);
	// The columns are counted by the time they come here, and would be most of this process's memory.
	const world = await startWorld({ onFrame: (frame) => Object.assign(frame, { body: {} }) });
	const config = { sources: [sim(options.rate)], buffer: { capacity: CAPACITY }, status: { interval: "10s" } };
	const gateway = await world.start("soak", config, { env: options.gc ? collectorIn(makeTempDir("soak")) : {} });
	await gateway.online(1);
	const startMs = performance.now();
	const cycles = [];
	console.log(["minutes", "resident", "proportional", "own, KiB", "connects"].join("\t"));
	while (performance.now() - startMs < options.forMs) {
		const figures = await runCycle(gateway, options, delay);
		const minutes = (performance.now() - startMs) / 60_000;
		cycles.push({ atMs: performance.now() - startMs, ...figures });
		const { resident, proportional, own } = figures;
		console.log([minutes.toFixed(1), resident, proportional, own, gateway.proxy.connections()].join("\t"));
	}
	report(cycles, options);
	const { stamped, confirmed, uncertain, dropped, mqtt } = await gateway.end();
	await world.stop();
	console.log(`books agree with the subscriber: ${JSON.stringify({ stamped, confirmed, uncertain, dropped, mqtt })}`);
}

function collectorIn(folder) {
	const file = join(folder, "collector.cjs");
	writeFileSync(file, COLLECTOR);
	return { NODE_OPTIONS: `--require ${file}` };
}

/** One cycle; memory at its end, KiB. */
async function runCycle({ agent, proxy }, { gc }, delay) {
	await delay(STEADY_MS);
	proxy.stall("up");
	await delay(STALL_MS);
	proxy.resume();
	for (let cut = 0; cut < CUTS; cut++) {
		proxy.cut();
		await delay(BETWEEN_CUTS_MS);
	}
	await delay(SETTLE_MS / 2);
	const samples = [];
	for (const endMs = performance.now() + SETTLE_MS / 2; performance.now() < endMs; ) {
		if (gc) agent.signal("SIGUSR2");
		await delay(SAMPLE_MS);
		samples.push(memoryOf(agent.pid));
	}
	const middle = (name) => median(samples.map((sample) => sample[name]));
	return { resident: middle("resident"), proportional: middle("proportional"), own: middle("own") };
}

/** KiB. `own` is what is no file's: heap, buffers, stacks, swapped out or not. */
function memoryOf(pid) {
	const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
	const field = (name) => Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1]);
	return { resident: field("Rss"), proportional: field("Pss"), own: field("Anonymous") + field("Swap") };
}

function report(cycles, { forMs, warmUpMs }) {
	const counted = cycles.filter(({ atMs }) => atMs > warmUpMs);
	console.log(`${counted.length} of ${cycles.length} cycles counted, ${(forMs - warmUpMs) / 60_000} minutes`);
	if (counted.length < 3) {
		console.log("too short for a slope");
		process.exitCode = 1;
		return;
	}
	for (const name of ["resident", "proportional", "own"]) {
		const { slope, bound } = growth(counted.map((cycle) => [cycle.atMs / HOUR_MS, cycle[name]]));
		const words = `${slope.toFixed(0)} KiB an hour, below ${bound.toFixed(0)} at 95 %`;
		const isMet = bound <= GROWTH_KIB_PER_HOUR_MAX;
		const verdict = name === "resident" ? ` (at most ${GROWTH_KIB_PER_HOUR_MAX}: ${isMet ? "met" : "NOT MET"})` : "";
		console.log(`${name.padEnd(13)} ${words}${verdict}`);
		if (name === "resident" && !isMet) process.exitCode = 1;
	}
}

/** Least squares slope of y over x, and its one-sided upper bound at 95 %. */
function growth(points) {
	const n = points.length;
	const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / n;
	const [x0, y0] = [mean(0), mean(1)];
	const sxx = points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
	const slope = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0) / sxx;
	const residue = points.reduce((sum, [x, y]) => sum + (y - y0 - slope * (x - x0)) ** 2, 0);
	return { slope, bound: slope + studentAt95(n - 2) * Math.sqrt(residue / (n - 2) / sxx) };
}

/** Student's t at 95 % for `degrees` of freedom (Abramowitz and Stegun, 26.7.5). */
function studentAt95(degrees) {
	const z = Z_95;
	const terms = [
		z,
		(z ** 3 + z) / 4,
		(5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
		(3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
		(79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
	];
	return terms.reduce((sum, term, power) => sum + term / degrees ** power, 0);
}

function readOptions() {
	try {
		const { values } = parseArgs({
			options: {
				for: { type: "string", default: "2h" },
				"warm-up": { type: "string" },
				rate: { type: "string", default: "500" },
				gc: { type: "boolean", default: false },
				build: { type: "string", default: "build" },
				help: { type: "boolean" },
			},
		});
		if (values.help) {
			console.log(USAGE);
			process.exit(0);
		}
		const forMs = duration(values.for);
		const rate = Number(values.rate);
		if (!(rate > 0)) throw new Error("--rate takes a number above 0");
		const warmUpMs = values["warm-up"] === undefined ? forMs / 6 : duration(values["warm-up"]);
		return { forMs, warmUpMs, rate, gc: values.gc, build: resolve(root, values.build) };
	} catch (error) {
		console.error(`${error.message}\n${USAGE}`);
		process.exit(2);
	}
}

function duration(text) {
	const [, count, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
	if (count === undefined) throw new Error(`${text}: a duration is a number and s, m or h`);
	return Number(count) * { s: 1_000, m: 60_000, h: HOUR_MS }[unit];
}

/** Broker, proxy, subscriber and judgement as the tests use them. */
async function loadSupport(build) {
	const names = ["temp-dir", "wait", "world"];
	const modules = names.map((name) => import(pathToFileURL(join(build, `test/support/${name}.js`)).href));
	return Object.assign({}, ...(await Promise.all(modules)));
}

// What was started ends with this process, by its listeners on `exit`: an interrupted run leaves nothing behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
await main();
