// The end of a simulation: the reconciler's account of every device against the truth, to the reading and to the reason.
import type { DeviceReport, FleetReport } from "../../src/reconcile/indicators.js";
import { CAUSES, createTally, lostTotal, type Tally } from "../../src/reconcile/verdict.js";
import type { Device } from "./device.js";
import { expectationOf, tallyWords } from "./expected.js";
import type { RunRecord } from "./run-record.js";
import {
	BUFFERED,
	CONFIRMED,
	EXPIRED,
	FLIGHT,
	OVERFLOW,
	OVERSIZE,
	RECEIVED,
	SHUTDOWN,
	UNCERTAIN,
} from "./run-truth.js";
import { fail } from "./violation.js";
import { reach, type World } from "./world.js";

/** While all goes on: whatever is not decided yet, nothing is explained wrongly. */
export function inspectAccount(devices: readonly Device[], report: FleetReport): void {
	for (const device of devices) {
		const told = report.devices.find(({ device: id }) => id === device.id);
		if (told !== undefined) checkNothingWrong(device, told.tally, told);
	}
}

/** Ends with a violation where the account is not what it has to be. */
export function judgeAccount(world: World, devices: readonly Device[], report: FleetReport, wasAway: boolean): void {
	for (const device of devices) {
		const told = report.devices.find(({ device: id }) => id === device.id);
		const { tally, isExact, mistakable } = expectationOf(device.runs);
		checkNothingWrong(device, told?.tally ?? createTally(), told);
		if (!device.hasLied) checkDownstream(device, told?.tally ?? createTally());
		if (device.runs.some((run) => !run.isVouched && run.received > 0)) reach(world, "run known by its frames alone");
		if (wasAway || device.hasLied || !isExact) {
			world.totals.boundedVerdicts += 1;
			continue;
		}
		world.totals.exactVerdicts += 1;
		checkSame(device, told?.tally ?? createTally(), tally, mistakable);
	}
	if (report.odd.duplicates > 0) fail("verdict", `${report.odd.duplicates} duplicates`);
}

function checkSame({ id }: Device, told: Tally, tally: Tally, mistakable: number): void {
	const keys = ["stamped", "received", "pending", "unobserved", ...CAUSES] as const;
	for (const key of keys) {
		const slack = key === "uncertain" || key === "downstream" ? mistakable : 0;
		if (Math.abs(told[key] - tally[key]) > slack)
			fail("verdict", `${id} ${key}: ${tallyWords(told)}; in truth ${tallyWords(tally)}`);
	}
	if (told.uncertain + told.downstream !== tally.uncertain + tally.downstream) {
		fail("verdict", `${id} on the way: ${tallyWords(told)}; in truth ${tallyWords(tally)}`);
	}
}

/** Whatever it missed, it says nothing that is not so. */
function checkNothingWrong({ id, runs, hasLied }: Device, told: Tally, report: DeviceReport | undefined): void {
	const sum = told.received + lostTotal(told) + told.pending + told.unobserved;
	if (sum !== told.stamped) fail("verdict", `${id}: ${tallyWords(told)} is no sum`);
	const of = (fate: number): number => runs.reduce((total, { truth }) => total + (truth.counts[fate] as number), 0);
	const received = runs.reduce((total, run) => total + run.received, 0);
	const sent = runs.reduce((total, { truth }) => total + truth.sent - truth.past, 0);
	const waited = runs.reduce((total, run) => total + waitedAtMost(run), 0);
	const bounds: readonly (readonly [what: string, told: number, atMost: number])[] = [
		["received", told.received, received],
		["overflow", told.overflow, of(OVERFLOW)],
		["expired", told.expired, of(EXPIRED)],
		["oversize", told.oversize, of(OVERSIZE)],
		["shutdown", told.shutdown, of(SHUTDOWN)],
		["crash", told.crash, waited],
		// Frames that a lying clock makes look like a replay are refused, and then they are missing.
		["lost on the way", told.uncertain + told.downstream, hasLied ? sent : sent - received],
		["unknown", told.unknown, of(OVERFLOW) + of(EXPIRED) + of(OVERSIZE) + of(SHUTDOWN)],
	];
	for (const [what, count, atMost] of bounds) {
		if (count > atMost) fail("verdict", `${id}: ${what} ${count} of ${atMost}: ${tallyWords(told)}`);
	}
	if (report === undefined || hasLied) return;
	const { discrepancies, duplicates, jumps, late, replayed, reordered } = report.odd;
	if (discrepancies + duplicates + jumps + late + replayed + reordered > 0) {
		fail("verdict", `${id}: odd ${JSON.stringify(report.odd)}`);
	}
}

/** What is said to be lost behind the broker was with the broker for certain. */
function checkDownstream({ id, runs }: Device, told: Tally): void {
	let atMost = 0;
	for (const { truth } of runs) {
		for (let seq = truth.past; seq < truth.stamped; seq++) {
			if (truth.fate(seq) === CONFIRMED && !truth.isMarked(seq, RECEIVED)) atMost += 1;
		}
	}
	if (told.downstream > atMost)
		fail("verdict", `${id}: downstream ${told.downstream} of ${atMost}: ${tallyWords(told)}`);
}

/** Readings of a run that a reconciler may believe to have waited in it at its end. */
function waitedAtMost({ truth, end }: RunRecord): number {
	if (end === "alive") return 0;
	// What was dropped or sent after the last word of the run is not known to have been.
	const { counts } = truth;
	const after = [BUFFERED, FLIGHT, UNCERTAIN, OVERFLOW, EXPIRED, OVERSIZE, SHUTDOWN];
	return after.reduce((total, fate) => total + (counts[fate] as number), 0) + truth.sent;
}
