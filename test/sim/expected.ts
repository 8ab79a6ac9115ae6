// What a reconciler ought to make of a device, from the truth and from what of it came through: nobody can know more.
import { CAUSES, type Cause, createTally, type Tally } from "../../src/reconcile/verdict.js";
import type { RunRecord } from "./run-record.js";
import { CONFIRMED, EXPIRED, FLIGHT, NAMED, OVERFLOW, OVERSIZE, RECEIVED, SHUTDOWN, UNCERTAIN } from "./run-truth.js";

export interface Expectation {
	readonly tally: Tally;
	/** Nothing kept the reconciler from knowing all this: it has to say the same. */
	readonly isExact: boolean;
	/** Uncertain readings that arrived and were not named to it: as many lost behind the broker may be taken for them. */
	readonly mistakable: number;
}

const DROPS: Readonly<Record<number, Cause>> = {
	[OVERFLOW]: "overflow",
	[EXPIRED]: "expired",
	[OVERSIZE]: "oversize",
	[SHUTDOWN]: "shutdown",
};

/** Of all runs of a device. */
export function expectationOf(runs: readonly RunRecord[]): Expectation {
	const tally = createTally();
	let isExact = true;
	let mistakable = 0;
	let isAnyHeard = false;
	runs.forEach((run, i) => {
		// A run that nobody heard is known where the run after it spoke of it, and one before it was heard.
		const isTold = run.known >= 0;
		if (!isTold && run.received === 0) return;
		if (!run.isVouched) {
			if (run.received > 0 || !isAnyHeard) isExact = false;
		}
		isAnyHeard ||= run.isVouched;
		if (run.truth.past > 0) isExact = false;
		mistakable += addRun(tally, run, run.isKnownOver || i < runs.length - 1);
	});
	return { tally, isExact, mistakable };
}

/** Adds what is to be known of a run; says how many of its readings are mistakable. */
function addRun(tally: Tally, run: RunRecord, isOver: boolean): number {
	const { truth } = run;
	const known = run.known < 0 ? new Uint8Array(0) : truth.fatesAt(run.known);
	const end = run.receivedTo - truth.past;
	const stamped = Math.max(end, known.length);
	let mistakable = 0;
	for (let at = 0; at < stamped; at++) {
		const seq = at + truth.past;
		const isReceived = truth.isMarked(seq, RECEIVED);
		const fate = known[at];
		if (fate === UNCERTAIN && isReceived && !truth.isMarked(seq, NAMED)) mistakable += 1;
		tally.stamped += 1;
		if (isReceived) tally.received += 1;
		else tally[causeOf(fate, truth.fate(seq), at < end, isOver)] += 1;
	}
	return mistakable;
}

function causeOf(known: number | undefined, fate: number, isBeforeEnd: boolean, isOver: boolean): Cause | "pending" {
	const drop = known === undefined ? undefined : DROPS[known];
	if (drop !== undefined) return drop;
	if (known === CONFIRMED) return "downstream";
	if (known === UNCERTAIN || known === FLIGHT) return "uncertain";
	if (!isBeforeEnd) return isOver ? "crash" : "pending";
	return DROPS[fate] === undefined ? "uncertain" : "unknown";
}

/** What a tally says of each reading, in words. */
export function tallyWords(tally: Tally): string {
	const keys = ["stamped", "received", "pending", "unobserved", ...CAUSES] as const;
	return keys
		.filter((key) => tally[key] !== 0)
		.map((key) => `${key} ${tally[key]}`)
		.join(", ");
}
