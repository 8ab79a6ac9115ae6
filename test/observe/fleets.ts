// What an observer would say of fleets that tests make up.
import type { Observation } from "../../src/observe/observer.js";
import { type Account, createAccount } from "../../src/reconcile/account.js";
import { createObjectives, reportObjectives } from "../../src/reconcile/objectives.js";
import { outcomeOf } from "../../src/reconcile/outcomes.js";
import { addTally, createTally } from "../../src/reconcile/verdict.js";
import { frame, status, T0 } from "../reconcile/messages.js";
import { played, seen } from "../screen/fleet.js";

/** Of this account; without one, of nothing at all. */
export function observationOf(changes: Partial<Observation> = {}, account: Account | null = played()): Observation {
	const observed = { observedMs: 60_000, trouble: null, refused: {} };
	return { ...seen(account ?? createAccount()), ...observed, ...changes };
}

/** Three devices that deliver all they have, 100 readings a second each. */
export function wellFleet(): () => Observation {
	const account = createAccount();
	account.setClock(true);
	account.observing(T0 - 60_000);
	const startMs = performance.now();
	let sent = 0;
	return () => {
		const elapsedMs = performance.now() - startMs;
		const nowMs = T0 + Math.round(elapsedMs);
		const readings = Math.max(1, Math.round(elapsedMs / 10) + 1_000 - sent);
		for (const device of ["pi-1", "pi-2", "pi-3"]) {
			account.frame(frame(device, "run", sent, readings, sent, nowMs - 100), device, nowMs);
			const books = { stamped: sent + readings, sent: sent + readings, confirmed: sent + readings };
			account.status(status(device, "run", elapsedMs, books), device, nowMs, false);
		}
		sent += readings;
		const report = account.report(nowMs);
		const objectives = createObjectives(0.995);
		const total = outcomeOf(report.tally);
		return {
			report,
			objectives: reportObjectives(objectives, total, [], nowMs),
			...{ observedMs: 3_600_000, trouble: null, refused: {} },
		};
	};
}

/** A fleet of which every third device lost something, names as long as they may be. */
export function bigFleet(size: number): Observation {
	const base = observationOf();
	const [some] = base.report.devices;
	if (some === undefined) throw new Error("a fleet has devices");
	const devices = Array.from({ length: size }, (_, i) => {
		const lost = i % 3 === 0 ? { overflow: i + 1, uncertain: 17, downstream: 1_234_567 } : {};
		const tally = { ...createTally(), received: 1_000_000 + i, pending: 3, ...lost };
		const { good, bad } = outcomeOf(tally);
		return { ...some, device: `gateway-${i}-`.padEnd(64, "x"), tally, success: good / (good + bad), isSilent: false };
	});
	const outcomes = devices.map(({ device, tally }) => [device, outcomeOf(tally)] as const);
	const tally = createTally();
	for (const device of devices) addTally(tally, device.tally);
	const total = outcomeOf(tally);
	return {
		...base,
		report: { ...base.report, devices, tally, silent: 0, success: total.good / (total.good + total.bad) },
		objectives: reportObjectives(createObjectives(0.995), total, outcomes, T0),
	};
}
