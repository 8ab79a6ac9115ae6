// `npm run sim`: simulated worlds from seeds, each with its faults, until one of them violates an invariant. That one is
// made small and shown, with the line that plays it again.
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RARE_STATES } from "./rare-states.js";
import { type Scenario, type ScenarioOptions, scenarioOf } from "./scenario.js";
import { type Batch, batchWords, type Plan, type Played, playInThreads, playSeeds, rarelyReached } from "./seeds.js";
import { shrink } from "./shrink.js";
import { type Outcome, simulate } from "./simulate.js";

const USAGE = `usage: npm run sim -- [options]
  --seed S          play this seed alone
  --hours H         hours of each world, instead of what the seed says
  --from S          first of several seeds (default: by the clock, printed)
  --seeds N         how many (default: 1000)
  --device-hours N  or until there were so many device-hours
  --hand-overs N    or until so many readings were handed over: many readings, large frames
  --jobs N          threads (default: one for each core)
  --rare            say how often each rare state was reached
  --least N         fail when one was reached fewer times (default: 0)
  --scenario FILE   play this scenario (JSON), as a failure leaves it
  --until-failure   print the first failing seed and its invariant as JSON, nothing else (for planted bugs)`;

const HELD = "every invariant held";
/** Between two words about how far it is. */
const PROGRESS_MS = 60_000;

function readOptions() {
	return parseArgs({
		options: {
			seed: { type: "string" },
			hours: { type: "string" },
			from: { type: "string" },
			seeds: { type: "string" },
			"device-hours": { type: "string" },
			"hand-overs": { type: "string" },
			jobs: { type: "string" },
			rare: { type: "boolean" },
			least: { type: "string" },
			scenario: { type: "string" },
			"until-failure": { type: "boolean" },
			help: { type: "boolean", short: "h" },
		},
	}).values;
}

type Options = ReturnType<typeof readOptions>;

/** A number above or at 0, or `otherwise` where the option is not given. */
function numberOf(options: Options, name: keyof Options, otherwise: number): number {
	const text = options[name];
	if (text === undefined) return otherwise;
	const number = Number(text);
	if (!(number >= 0)) throw new Error(`--${name} takes a number`);
	return number;
}

function planOf(options: Options): Plan {
	const isBulk = options["hand-overs"] !== undefined;
	const isOpen = isBulk || options["device-hours"] !== undefined;
	const infinity = Number.POSITIVE_INFINITY;
	return {
		from: numberOf(options, "from", Math.floor(Date.now() / 1_000) % 2 ** 31),
		step: 1,
		seedsMax: numberOf(options, "seeds", isOpen ? infinity : 1_000),
		deviceHoursMax: numberOf(options, "device-hours", infinity),
		handOversMax: numberOf(options, "hand-overs", infinity),
		forMsMax: infinity,
		scenario: { ...hoursOf(options), ...(isBulk ? { isBulk } : {}) },
	};
}

function hoursOf(options: Options): ScenarioOptions {
	return options.hours === undefined ? {} : { hours: numberOf(options, "hours", 0) };
}

/** One scenario, with what it reached. */
function playOne(scenario: Scenario, again: string): number {
	const outcome = simulate(scenario);
	const reached = RARE_STATES.filter((state) => outcome.rare[state] > 0);
	console.log(
		`${outcome.deviceHours.toFixed(2)} device-hours, ${outcome.totals.events} events, ${outcome.totals.faults} faults`,
	);
	console.log(`reached: ${reached.join("; ")}`);
	if (outcome.violation === null) {
		console.log(HELD);
		return 0;
	}
	showFailure(scenario, outcome.violation, again);
	return 1;
}

/** The failure, the line that plays it again, and a small scenario that fails alike. */
function showFailure(scenario: Scenario, violation: NonNullable<Outcome["violation"]>, again: string): void {
	console.log(`FAILED at ${(violation.atMs / 1_000).toFixed(3)} s, ${violation.invariant}: ${violation.message}`);
	console.log(`again:  ${again}`);
	const small = shrink(scenario, violation.invariant);
	const file = join(tmpdir(), `tallywire-scenario-${scenario.seed}.json`);
	writeFileSync(file, JSON.stringify(small.scenario));
	const { devices, faults, forMs } = small.scenario;
	console.log(
		`small:  npm run sim -- --scenario ${file}   (${devices.length} devices, ${faults.length} faults, ${(forMs / 1_000).toFixed(1)} s)`,
	);
	console.log(JSON.stringify(small.scenario));
}

async function playMany(options: Options): Promise<number> {
	const plan = planOf(options);
	const threads = Math.max(1, numberOf(options, "jobs", availableParallelism()));
	const batch = await playInThreads(plan, threads, createProgress());
	console.log(`seeds from ${plan.from}`);
	return report(batch, plan, options);
}

/** Says on stderr now and then how far it is: a billion hand-overs take an hour. */
function createProgress(): Played {
	const total = { seeds: 0, deviceHours: 0, handOvers: 0 };
	let saidMs = performance.now();
	return ({ seeds, deviceHours, handOvers }) => {
		total.seeds += seeds;
		total.deviceHours += deviceHours;
		total.handOvers += handOvers;
		if (performance.now() - saidMs < PROGRESS_MS) return;
		saidMs = performance.now();
		console.error(
			`so far: ${total.seeds} seeds, ${total.deviceHours.toFixed(0)} device-hours, ${total.handOvers} hand-overs`,
		);
	};
}

function report(batch: Batch, plan: Plan, options: Options): number {
	console.log(batchWords(batch));
	if (options.rare) for (const state of RARE_STATES) console.log(`${String(batch.rare[state]).padStart(9)}  ${state}`);
	if (batch.failure !== null) {
		const { seed, violation } = batch.failure;
		const more = `${options.hours === undefined ? "" : ` --hours ${options.hours}`}${plan.scenario.isBulk ? " --hand-overs 1" : ""}`;
		showFailure(scenarioOf(seed, plan.scenario), violation, `npm run sim -- --seed ${seed}${more}`);
		return 1;
	}
	console.log(HELD);
	const missing = rarelyReached(batch, numberOf(options, "least", 0));
	if (missing.length > 0) console.log(`reached too rarely: ${missing.join("; ")}`);
	return missing.length > 0 ? 1 : 0;
}

/** For planted bugs: which seed finds it, and by what. */
function playUntilFailure(options: Options): number {
	const { seeds, failure } = playSeeds(planOf(options));
	console.log(
		JSON.stringify({
			seeds,
			invariant: failure?.violation.invariant ?? null,
			message: failure?.violation.message ?? "",
		}),
	);
	return 0;
}

async function main(): Promise<number> {
	const options = readOptions();
	if (options.help) {
		console.log(USAGE);
		return 0;
	}
	if (options["until-failure"]) return playUntilFailure(options);
	if (options.scenario !== undefined) {
		const scenario = JSON.parse(readFileSync(options.scenario, "utf8")) as Scenario;
		return playOne(scenario, `npm run sim -- --scenario ${options.scenario}`);
	}
	if (options.seed === undefined) return playMany(options);
	const plan = planOf(options);
	const seed = numberOf(options, "seed", 0);
	const more = `${options.hours === undefined ? "" : ` --hours ${options.hours}`}${plan.scenario.isBulk ? " --hand-overs 1" : ""}`;
	return playOne(scenarioOf(seed, plan.scenario), `npm run sim -- --seed ${seed}${more}`);
}

process.stdout.on("error", () => process.exit()); // whoever read it has read enough
try {
	process.exitCode = await main();
} catch (error) {
	console.error(`sim: ${(error as Error).message}\n${USAGE}`);
	process.exitCode = 2;
}
