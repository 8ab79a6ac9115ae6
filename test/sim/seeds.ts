// Plays one seed after another and adds up what came of it, in this thread or in several.
import { Worker } from "node:worker_threads";
import { createRareCounts, RARE_STATES, type RareCounts } from "./rare-states.js";
import { type ScenarioOptions, scenarioOf } from "./scenario.js";
import { type Outcome, simulate } from "./simulate.js";
import { createTotals, type Totals } from "./world.js";

export interface Plan {
	readonly from: number;
	/** To the next seed: with n threads each takes every nth. */
	readonly step: number;
	/** Whichever comes first. */
	readonly seedsMax: number;
	readonly deviceHoursMax: number;
	readonly handOversMax: number;
	/** Time of the machine, ms: no seed is begun after that. */
	readonly forMsMax: number;
	readonly scenario: ScenarioOptions;
}

export interface Batch {
	seeds: number;
	deviceHours: number;
	/** Processor time of all threads, ms. */
	cpuMs: number;
	readonly rare: RareCounts;
	readonly totals: Totals;
	/** The first one; the batch ends with it. */
	failure: { readonly seed: number; readonly violation: NonNullable<Outcome["violation"]> } | null;
}

export function createBatch(): Batch {
	return { seeds: 0, deviceHours: 0, cpuMs: 0, rare: createRareCounts(), totals: createTotals(), failure: null };
}

/** Told of each world when it is over. */
export type Played = (world: Pick<Batch, "seeds" | "deviceHours"> & { readonly handOvers: number }) => void;

/** Plays seeds until the plan is done or one fails. */
export function playSeeds(plan: Plan, played: Played = () => {}): Batch {
	const batch = createBatch();
	const startedMs = performance.now();
	for (let seed = plan.from; batch.seeds < plan.seedsMax; seed += plan.step) {
		if (batch.deviceHours >= plan.deviceHoursMax || batch.totals.handOvers >= plan.handOversMax) break;
		if (performance.now() - startedMs >= plan.forMsMax) break;
		const outcome = simulate(scenarioOf(seed, plan.scenario));
		batch.seeds += 1;
		batch.deviceHours += outcome.deviceHours;
		add(batch.rare, outcome.rare);
		add(batch.totals, outcome.totals);
		played({ seeds: 1, deviceHours: outcome.deviceHours, handOvers: outcome.totals.handOvers });
		if (outcome.violation !== null) {
			batch.failure = { seed, violation: outcome.violation };
			break;
		}
	}
	return batch;
}

function add<Key extends string>(to: Record<Key, number>, more: Record<Key, number>): void {
	for (const key of Object.keys(more) as Key[]) to[key] += more[key];
}

/** Plays a plan in `threads` threads, each with its share. */
export async function playInThreads(plan: Plan, threads: number, played: Played = () => {}): Promise<Batch> {
	const share = (whole: number): number => (whole === Number.POSITIVE_INFINITY ? whole : Math.ceil(whole / threads));
	const before = process.cpuUsage();
	const batches = await Promise.all(
		Array.from({ length: threads }, (_, i) =>
			playInThread(
				{
					...{ ...plan, from: plan.from + i * plan.step, step: plan.step * threads },
					seedsMax: share(plan.seedsMax),
					deviceHoursMax: share(plan.deviceHoursMax),
					handOversMax: share(plan.handOversMax),
				},
				played,
			),
		),
	);
	const all = createBatch();
	const { user, system } = process.cpuUsage(before);
	all.cpuMs = (user + system) / 1_000;
	for (const batch of batches) {
		all.seeds += batch.seeds;
		all.deviceHours += batch.deviceHours;
		add(all.rare, batch.rare);
		add(all.totals, batch.totals);
		if (batch.failure !== null && (all.failure === null || batch.failure.seed < all.failure.seed))
			all.failure = batch.failure;
	}
	return all;
}

/** What a thread says: each world that is over, and all of them at its end. */
export type Word = { readonly world: Parameters<Played>[0] } | { readonly batch: Batch };

function playInThread(plan: Plan, played: Played): Promise<Batch> {
	return new Promise((resolve, reject) => {
		const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: plan });
		worker.on("message", (word: Word) => ("batch" in word ? resolve(word.batch) : played(word.world)));
		worker.on("error", reject);
		worker.on("exit", () => reject(new Error("a thread of the simulation ended without a word")));
	});
}

/** What a batch came to, in words. */
export function batchWords({ seeds, deviceHours, cpuMs, totals }: Batch): string {
	const perMinute = Math.round((deviceHours / cpuMs) * 60_000);
	const count = (number: number): string => number.toLocaleString("en-US", { maximumFractionDigits: 0 });
	return [
		`${count(seeds)} seeds, ${count(deviceHours)} device-hours (${count(perMinute)} per core-minute), ${count(totals.runs)} runs`,
		`${count(totals.events)} events, ${count(totals.faults)} faults (${count(totals.faults / deviceHours)} per device-hour)`,
		`${count(totals.handOvers)} readings handed over once each, ${count(totals.received)} received`,
		`verdicts: ${count(totals.exactVerdicts)} exact to the reading, ${count(totals.boundedVerdicts)} with nothing wrong in them`,
	].join("\n");
}

/** States reached fewer than `least` times. */
export function rarelyReached({ rare }: Batch, least: number): string[] {
	return RARE_STATES.filter((state) => rare[state] < least).map((state) => `${state} (${rare[state]})`);
}
