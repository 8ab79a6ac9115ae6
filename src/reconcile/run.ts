// What is known of one run: the readings that arrived, the newest counters that its device stated, and the loss ranges
// of every status. Nothing is judged here: `judge` in verdict.ts reads it, so the order of arrival decides nothing.
import type { LossRange } from "../core/value.js";
import type { DecodedFrame } from "../wire/decoded.js";
import { addRange, createIntervalSet, forgetBelow, type IntervalSet } from "./interval-set.js";
import {
	ABSENCES_PER_RUN_MAX,
	DETAIL_MAX,
	DETAIL_PER_RUN_MIN,
	INTERVALS_PER_RUN_MAX,
	JUMP_SLACK,
	RANGES_PER_RUN_MAX,
	STALE_MS,
} from "./limits.js";
import { addLoss, countUncertain, createLossRanges, forgetLosses, type LossRanges } from "./loss-ranges.js";
import type { ObservedBooks, ObservedStatus } from "./observed.js";

/** The newest counters of a run. All of them only ever rise. */
export interface Counters {
	uptimeMs: number;
	stamped: number;
	sent: number;
	confirmed: number;
	uncertain: number;
	overflow: number;
	expired: number;
	oversize: number;
	shutdown: number;
	rejected: number;
	connects: number;
	authFailures: number;
}

/** Totals of detail that was given up (interval-set.ts, `floor`). */
export interface Folded {
	/** Lost on the way in gaps that were watched. */
	lost: number;
	/** Of those, how many a range named uncertain. */
	uncertainLost: number;
	/** Readings that forgotten ranges named uncertain, lost or not. */
	uncertainNamed: number;
	/** Missing in gaps that were not watched, and how many of those the device dropped. */
	unobserved: number;
	unobservedDropped: number;
	/** Ranges below this are forgotten. */
	rangesFloor: number;
}

export interface Run {
	readonly id: string;
	readonly arrived: IntervalSet;
	/** The newest status, or null. */
	counters: Counters | null;
	/** The counters are the last that this run will ever state. */
	isFinal: boolean;
	/** Uncertain readings that the first status did not name: of a time that nobody watched, if the head was not. */
	uncertainBefore: number;
	/** Of the newest status: how many were uncertain, and the number in order of sending below which all was settled. */
	toldUncertain: number;
	toldBelow: number;
	ranges: LossRanges | null;
	folded: Folded | null;
	/** The run began while the reconciler listened. */
	isHeadWatched: boolean;
	/** Ends of what had arrived when the reconciler went away: the gaps that begin there are nobody's. */
	absences: number[] | null;
	/** The reconciler's stretch of listening (account.ts) in which this run was last heard. */
	stretch: number;
	/** When it began by the clock of its device, Unix ms; 0 while that was not synchronised. */
	startMs: number;
	firstMs: number;
	heardMs: number;
	/** The time that its newest message gave, by the clock of its device, Unix ms; 0 before there was one. */
	deviceMs: number;
	/** When it was found to be over; 0 while it is not. */
	endedMs: number;
	/** Readings sent before `settled` are old enough for a verdict; `mark` becomes `settled` a grace after `markMs`. */
	settled: number;
	mark: number;
	markMs: number;
	frames: number;
}

/** Bounds that hold over all runs together, and the limits of belief. */
export interface Bounds {
	/** Intervals and ranges that all runs hold now. */
	detail: number;
	readonly rateMax: number;
	readonly graceMs: number;
}

export function createRun(id: string, stretch: number, nowMs: number): Run {
	return {
		id,
		arrived: createIntervalSet(),
		counters: null,
		isFinal: false,
		uncertainBefore: 0,
		toldUncertain: 0,
		toldBelow: 0,
		ranges: null,
		folded: null,
		isHeadWatched: false,
		absences: null,
		stretch,
		startMs: 0,
		firstMs: nowMs,
		heardMs: nowMs,
		deviceMs: 0,
		endedMs: 0,
		settled: 0,
		mark: 0,
		markMs: nowMs,
		frames: 0,
	};
}

/** Readings of the run that are known to be stamped. */
export function stampedKnown({ arrived, counters }: Run): number {
	return Math.max(arrived.to, counters === null ? 0 : counters.stamped);
}

/** Readings of the run that are known to be sent. */
export function sentKnown({ arrived, counters }: Run): number {
	return Math.max(arrived.to - arrived.drops, counters === null ? 0 : counters.sent);
}

/** What entering a frame came to: how many of its readings are new, or why it was not taken. */
export type Entry = number | "jump" | "contradiction" | "late";

/** Enters a frame. */
export function enterFrame(
	run: Run,
	{ seq, stream, sent, timeMs }: DecodedFrame,
	nowMs: number,
	bounds: Bounds,
): Entry {
	const { arrived } = run;
	const end = seq + stream.length;
	if (sent > seq) return "contradiction";
	if (end > Number.MAX_SAFE_INTEGER || !isPlausible(run, end, nowMs, timeMs, bounds)) return "jump";
	if (end <= arrived.floor) return "late";
	const before = detailOf(run);
	const newest = arrived.to;
	const fresh = addRange(arrived, seq, end, seq - sent);
	if (fresh < 0) return "contradiction";
	run.frames += 1;
	run.deviceMs = timeMs;
	if (fresh > 0 && run.absences !== null) moveAbsence(run, seq, newest);
	hear(run, nowMs, bounds.graceMs);
	bounds.detail += detailOf(run) - before;
	keepBounds(run, bounds);
	return fresh;
}

/**
 * Whether `end` readings can have been stamped by now, given what was known when the run was last heard. What was heard last
 * may have waited in a broker that stood still: then more time passed at the device than between the two messages here.
 */
function isPlausible(run: Run, end: number, nowMs: number, deviceMs: number, bounds: Bounds): boolean {
	if (run.frames === 0 && run.counters === null) return true;
	const atDeviceMs = run.deviceMs > 0 ? Math.min(STALE_MS, deviceMs - run.deviceMs) : 0;
	const elapsedS = Math.max(0, nowMs - run.heardMs, atDeviceMs) / 1000;
	return end <= stampedKnown(run) + JUMP_SLACK + bounds.rateMax * elapsedS;
}

/** A frame that follows what had arrived before an absence leaves no gap there, or a smaller one. */
function moveAbsence(run: Run, seq: number, newest: number): void {
	const at = run.absences?.indexOf(seq) ?? -1;
	if (at < 0 || run.absences === null) return;
	if (seq === newest) run.absences.splice(at, 1);
	else run.absences[at] = endOfInterval(run.arrived, seq);
}

function endOfInterval(set: IntervalSet, seq: number): number {
	const list = set.older ?? [];
	for (let i = 0; i < list.length; i += 3) {
		if ((list[i] as number) <= seq && seq < (list[i + 1] as number)) return list[i + 1] as number;
	}
	return set.to;
}

/** The run was heard: what is a grace old is settled. */
function hear(run: Run, nowMs: number, graceMs: number): void {
	if (nowMs > run.heardMs) run.heardMs = nowMs;
	if (nowMs - run.markMs < graceMs) return;
	run.settled = run.mark;
	run.mark = sentKnown(run);
	run.markMs = nowMs;
}

/** What entering counters came to. */
export type StatusEntry = "entered" | "jump" | "backwards" | "contradiction";

/** Enters a balanced status. The newest counts, whatever the order in which they came. */
export function enterStatus(
	run: Run,
	status: ObservedStatus,
	nowMs: number,
	retained: boolean,
	bounds: Bounds,
): StatusEntry {
	const isFirst = run.counters === null;
	const allowed = JUMP_SLACK + (bounds.rateMax * status.uptimeMs) / 1000;
	if (status.stamped > allowed || (!isFirst && !isPlausible(run, status.stamped, nowMs, status.timeMs, bounds)))
		return "jump";
	if (isFirst && !retained && run.arrived.to > status.stamped + JUMP_SLACK) return "contradiction";
	const before = detailOf(run);
	const agrees = enterLosses(run, status.losses);
	if (isFirst) {
		const named = status.losses.reduce(
			(sum, [from, to, reason]) => sum + (reason === "uncertain" ? to - from + 1 : 0),
			0,
		);
		run.uncertainBefore = Math.max(0, status.uncertain - named);
	}
	const entered = enterCounters(run, countersOf(status, status), status.state === "offline");
	if (entered) noteTold(run, status);
	run.deviceMs = status.timeMs;
	if (status.clockSynchronised) run.startMs = Math.max(1, Math.round(status.timeMs - status.uptimeMs));
	// A retained status is as old as it says, if its clock is any good; a jump after it needs that much time.
	if (!retained) hear(run, nowMs, bounds.graceMs);
	else if (isFirst && run.frames === 0) run.heardMs = status.clockSynchronised ? Math.min(nowMs, status.timeMs) : 0;
	bounds.detail += detailOf(run) - before;
	keepBounds(run, bounds);
	if (!entered) return "backwards";
	return agrees ? "entered" : "contradiction";
}

/** The ranges of a status name all that was uncertain by then, but for what is mixed; `previous` has none. */
function noteTold(run: Run, { confirmed, uncertain }: ObservedStatus): void {
	run.toldUncertain = Math.max(run.toldUncertain, uncertain);
	run.toldBelow = Math.max(run.toldBelow, confirmed + uncertain);
}

/** Stands for the uptime of a last word, which `previous` does not state. */
const LAST_UPTIME_MS = Number.MAX_SAFE_INTEGER;

/**
 * The run is over, and these are its last counters: `previous` of the run after it. False when they cannot be its own.
 * A few may be older than its last status: they were kept a moment before it.
 */
export function enterPrevious(run: Run, books: ObservedBooks, nowMs: number, bounds: Bounds): boolean {
	const last = countersOf(books, { uptimeMs: LAST_UPTIME_MS, rejected: 0, mqtt: { connects: 0, authFailures: 0 } });
	if (last.stamped < last.sent + droppedKnown(last) || last.sent < last.confirmed + last.uncertain) return false;
	return isPlausible(run, last.stamped, nowMs, run.deviceMs, bounds) && enterCounters(run, last, true);
}

function countersOf(
	books: ObservedBooks,
	{ uptimeMs, rejected, mqtt }: Pick<ObservedStatus, "uptimeMs" | "rejected" | "mqtt">,
): Counters {
	return {
		uptimeMs,
		stamped: books.stamped,
		sent: books.sent,
		confirmed: books.confirmed,
		uncertain: books.uncertain,
		overflow: books.dropped.overflow,
		expired: books.dropped.expired,
		oversize: books.dropped.oversize,
		shutdown: books.dropped.shutdown,
		rejected,
		connects: mqtt.connects,
		authFailures: mqtt.authFailures,
	};
}

/** Takes the newer of two sets of counters. False when neither can be the later one. */
function enterCounters(run: Run, next: Counters, isFinal: boolean): boolean {
	const known = run.counters;
	run.isFinal ||= isFinal;
	if (known === null) {
		run.counters = next;
		return true;
	}
	const rises = neverFalls(known, next);
	if (!rises && !neverFalls(next, known)) return false;
	if (!rises) return next.uptimeMs <= known.uptimeMs || next.uptimeMs === LAST_UPTIME_MS;
	run.counters = next;
	next.rejected = Math.max(known.rejected, next.rejected);
	next.connects = Math.max(known.connects, next.connects);
	next.authFailures = Math.max(known.authFailures, next.authFailures);
	next.uptimeMs = Math.max(known.uptimeMs, next.uptimeMs);
	return true;
}

function neverFalls(from: Counters, to: Counters): boolean {
	return (
		to.stamped >= from.stamped &&
		to.sent >= from.sent &&
		to.confirmed >= from.confirmed &&
		to.uncertain >= from.uncertain &&
		to.overflow >= from.overflow &&
		to.expired >= from.expired &&
		to.oversize >= from.oversize &&
		to.shutdown >= from.shutdown
	);
}

/** Drops of all reasons. */
export function droppedKnown(counters: Counters): number {
	return counters.overflow + counters.expired + counters.oversize + counters.shutdown;
}

function enterLosses(run: Run, losses: readonly LossRange[]): boolean {
	if (losses.length === 0) return true;
	run.ranges ??= createLossRanges();
	const floor = run.folded?.rangesFloor ?? 0;
	let agrees = true;
	for (const [from, to, reason] of losses) {
		if (to < floor) continue;
		if (!addLoss(run.ranges, Math.max(from, floor), to, reason)) agrees = false;
	}
	return agrees;
}

/** The reconciler went away after this run was last heard: the gap that follows is nobody's. */
export function noteAbsence(run: Run, stretch: number, bounds: Bounds): void {
	if (run.stretch === stretch) return;
	run.stretch = stretch;
	run.absences ??= [];
	if (!run.absences.includes(run.arrived.to)) run.absences.push(run.arrived.to);
	if (run.absences.length <= ABSENCES_PER_RUN_MAX) return;
	const before = detailOf(run);
	fold(run, run.absences[run.absences.length >> 1] as number);
	bounds.detail += detailOf(run) - before;
	const { floor, to } = run.arrived;
	run.absences = run.absences.filter((end) => end >= floor).slice(-ABSENCES_PER_RUN_MAX);
	if (!run.absences.includes(to)) run.absences.push(to);
}

/** Whether a gap that begins at `from` was not watched. */
export function isUnwatched(run: Run, from: number): boolean {
	if (from === 0 && !run.isHeadWatched) return true;
	return run.absences?.includes(from) ?? false;
}

/** Intervals and ranges held beside the run itself. */
export function detailOf({ arrived, ranges }: Run): number {
	return ((arrived.older === null ? 0 : arrived.older.length) + (ranges === null ? 0 : ranges.list.length)) / 3;
}

function keepBounds(run: Run, bounds: Bounds): void {
	const intervals = run.arrived.older === null ? 0 : run.arrived.older.length / 3;
	const ranges = run.ranges === null ? 0 : run.ranges.list.length / 3;
	const isFull = bounds.detail > DETAIL_MAX && intervals + ranges > DETAIL_PER_RUN_MIN;
	if (intervals <= INTERVALS_PER_RUN_MAX && ranges <= RANGES_PER_RUN_MAX && !isFull) return;
	const list = intervals >= ranges ? run.arrived.older : (run.ranges?.list ?? null);
	const middle = list === null ? 0 : (list[Math.floor(list.length / 6) * 3] as number);
	fold(run, middle);
	bounds.detail += detailOf(run) - intervals - ranges;
}

/** Gives up detail below `seq`; the totals of what is forgotten are kept. */
function fold(run: Run, seq: number): void {
	run.folded ??= { lost: 0, uncertainLost: 0, uncertainNamed: 0, unobserved: 0, unobservedDropped: 0, rangesFloor: 0 };
	const { folded, arrived, ranges } = run;
	forgetBelow(arrived, seq, (from, to, before, after) => {
		const missing = to - from;
		const dropped = after - before;
		if (isUnwatched(run, from)) {
			folded.unobserved += missing;
			folded.unobservedDropped += dropped;
			return;
		}
		folded.lost += missing - dropped;
		if (ranges !== null) folded.uncertainLost += Math.min(missing - dropped, countUncertain(ranges, from, to));
	});
	if (ranges === null) return;
	// Up to the end of the first interval that is left, every uncertain reading is in the totals above or has arrived.
	const told = arrived.older === null ? arrived.to : (arrived.older[1] as number);
	folded.uncertainNamed += forgetLosses(ranges, Math.min(seq, told));
	forgetLosses(ranges, seq);
	folded.rangesFloor = Math.max(folded.rangesFloor, seq);
}
