// The account's totals as the objectives take them: decided for good, decided for bad.
import { deviceTally } from "./device.js";
import { type Fleet, viewAt } from "./fleet.js";
import { fleetTally } from "./indicators.js";
import type { Outcome } from "./objectives.js";
import { lostTotal, type Tally } from "./verdict.js";

export function outcomeOf(tally: Tally): Outcome {
	return { good: tally.received, bad: lostTotal(tally) };
}

/** Of the fleet, devices that left the table included. */
export function fleetOutcome(fleet: Fleet, nowMs: number): Outcome {
	return outcomeOf(fleetTally(fleet, nowMs));
}

/** Of each device. */
export function* deviceOutcomes(fleet: Fleet, nowMs: number): Generator<readonly [device: string, outcome: Outcome]> {
	const view = viewAt(fleet, nowMs);
	for (const devices of [fleet.devices, fleet.newcomers]) {
		for (const device of devices.values()) yield [device.id, outcomeOf(deviceTally(device, view))];
	}
}
