// A small fleet with a history, for the tests of what is shown of it.
import { type Account, createAccount } from "../../src/reconcile/account.js";
import type { FleetReport } from "../../src/reconcile/indicators.js";
import {
	createObjectives,
	type ObjectivesReport,
	recordOutcomes,
	reportObjectives,
} from "../../src/reconcile/objectives.js";
import { deviceOutcomes, fleetOutcome } from "../../src/reconcile/outcomes.js";
import { frame, status, T0 } from "../reconcile/messages.js";

/** When it is looked at: everything is decided. */
export const NOW = T0 + 61_000;

/** Two devices, one of which lost something on the way, at the broker and for itself. */
export function played(): Account {
	const account = createAccount();
	account.observing(T0 - 60_000);
	for (const device of ["ill", "well"]) {
		account.status(status(device, "run", 0), device, T0, false);
		account.frame(frame(device, "run", 0, 1_000, 0, T0), device, T0 + 100);
	}
	account.frame(frame("ill", "run", 1_100, 900, 1_060, T0 + 1_000), "ill", T0 + 1_100);
	const books = { stamped: 2_000, sent: 1_960, confirmed: 1_940, uncertain: 20 };
	const losses = { losses: [[1_000, 1_039, "overflow"] as const, [1_040, 1_059, "uncertain"] as const] };
	account.status(status("ill", "run", 5_000, books, { overflow: 40 }, losses), "ill", T0 + 5_000, false);
	return account;
}

/** What an observer would say of it. */
export function seen(account: Account): { readonly report: FleetReport; readonly objectives: ObjectivesReport } {
	const { fleet } = account;
	const objectives = createObjectives(0.995);
	recordOutcomes(objectives, fleetOutcome(fleet, NOW), deviceOutcomes(fleet, NOW), NOW);
	return {
		report: account.report(NOW),
		objectives: reportObjectives(objectives, fleetOutcome(fleet, NOW), deviceOutcomes(fleet, NOW), NOW),
	};
}
