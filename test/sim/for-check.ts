// How the checks play seeds: in two threads, with all that is needed to see a failure again.
import { scenarioOf } from "./scenario.js";
import { type Batch, playInThreads } from "./seeds.js";
import { shrink } from "./shrink.js";

/** One for each core that a check has at the least. */
const THREADS = 2;
/** Simulations that a failure may take to become small, within the time of a test. */
const SHRINK_TRIES = 60;

/** Plays `seedsMax` seeds, or those that are begun within `forMsMax` of the machine's time. */
export function playForCheck(from: number, seedsMax: number, forMsMax = Number.POSITIVE_INFINITY): Promise<Batch> {
	const unbounded = { deviceHoursMax: Number.POSITIVE_INFINITY, handOversMax: Number.POSITIVE_INFINITY };
	return playInThreads({ from, step: 1, seedsMax, forMsMax, ...unbounded, scenario: {} }, THREADS);
}

/** Nothing, or the invariant, the line that plays it again, and a small scenario that violates it too. */
export function failureWords({ failure }: Batch): string {
	if (failure === null) return "";
	const { seed, violation } = failure;
	const small = shrink(scenarioOf(seed), violation.invariant, SHRINK_TRIES).scenario;
	return `${violation.invariant}: ${violation.message}\nagain: npm run sim -- --seed ${seed}\n${JSON.stringify(small)}`;
}
