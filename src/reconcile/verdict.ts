// The verdict on a run: every reading that is known to be stamped has arrived, is lost for one cause, is still pending,
// or was not watched. A pure function of what is known, so neither order nor batching nor repetition can change it.
//
// Readings that were sent are numbered on the wire by seq - drops. A barrier or the end of a connection settles all that
// was sent before it, so the first `confirmed + uncertain` of a run are settled, and of those the ranges name the
// uncertain ones; a settled reading that is not uncertain was with the broker: if it is missing, it was lost after it.
import { DROP_REASONS } from "../core/value.js";
import { countWithin, forEachGap, sentBelowFloor } from "./interval-set.js";
import { countReasons, countUncertain, forEachDrop } from "./loss-ranges.js";
import { droppedKnown, type Folded, isUnwatched, type Run, stampedKnown } from "./run.js";

/** Why a reading is lost. The first four are the device's own word. */
export const CAUSES = [
	...DROP_REASONS,
	/** The device dropped it, and no status has said why. */
	"unknown",
	/** It waited in the device when its run ended without a word. */
	"crash",
	/** Sent, not confirmed, not received: lost on the way to the broker. */
	"uncertain",
	/** The broker had it and did not hand it on. */
	"downstream",
] as const;
export type Cause = (typeof CAUSES)[number];

/** stamped = received + the sum over the causes + pending + unobserved. */
export interface Tally extends Record<Cause, number> {
	stamped: number;
	received: number;
	/** Not decided: buffered or on its way as far as is known, or missing for less than the grace. */
	pending: number;
	/** Missing while the reconciler did not listen. */
	unobserved: number;
}

export function createTally(): Tally {
	// One literal, as V8 gives it one shape: put together from parts, a report of all devices took eight times as long.
	return {
		stamped: 0,
		received: 0,
		pending: 0,
		unobserved: 0,
		overflow: 0,
		expired: 0,
		oversize: 0,
		shutdown: 0,
		unknown: 0,
		crash: 0,
		uncertain: 0,
		downstream: 0,
	};
}

/** Adds `tally` to `total`. */
export function addTally(total: Tally, tally: Tally): void {
	total.stamped += tally.stamped;
	total.received += tally.received;
	total.pending += tally.pending;
	total.unobserved += tally.unobserved;
	for (const cause of CAUSES) total[cause] += tally[cause];
}

/** Readings lost for any cause. */
export function lostTotal(tally: Tally): number {
	let lost = 0;
	for (const cause of CAUSES) lost += tally[cause];
	return lost;
}

/** When and from where a run is judged. */
export interface View {
	readonly nowMs: number;
	readonly graceMs: number;
	/** The reconciler's present stretch of listening. */
	readonly stretch: number;
}

/** What lies behind the newest reading that arrived. */
interface Tail {
	readonly isWatched: boolean;
	readonly sent: number;
	readonly dropped: number;
	readonly waiting: number;
}

/** Readings lost on the way, sorted by what is known of them. */
interface Lost {
	pending: number;
	/** Settled, and in a range of reason `uncertain`. */
	named: number;
	/** Settled otherwise: uncertain as far as the totals know of more than the ranges name, else downstream. */
	unnamed: number;
	/** Of the unnamed, those that ranges of reason `mixed` may hide, and those settled after the newest ranges came. */
	mixed: number;
	late: number;
	/** Never settled, and old. */
	unsettled: number;
}

/** Judges a run. */
export function judge(run: Run, view: View): Tally {
	const tally = createTally();
	const { arrived, folded } = run;
	tally.stamped = stampedKnown(run);
	tally.received = arrived.count;
	tally.unobserved = folded?.unobserved ?? 0;
	let droppedUnwatched = folded?.unobservedDropped ?? 0;
	const tail = tailOf(run, view);
	const lost: Lost = { pending: 0, named: 0, unnamed: 0, mixed: 0, late: 0, unsettled: 0 };
	const horizon = decidedBelow(run, view);
	if (folded !== null && folded.lost > 0) sortFolded(run, lost, folded, horizon);
	if (arrived.older !== null || arrived.from > 0) {
		forEachGap(arrived, (from, to, before, after) => {
			if (!isUnwatched(run, from)) return sortGap(run, lost, from, to, from - before, to - after, horizon);
			tally.unobserved += to - from;
			droppedUnwatched += after - before;
		});
	}
	const sent = arrived.to - arrived.drops;
	if (tail.sent > 0) sortGap(run, lost, arrived.to, tally.stamped, sent, sent + tail.sent, horizon);
	if (!tail.isWatched) tally.unobserved += tally.stamped - arrived.to;
	if (run.endedMs > 0) tally.crash = tail.waiting;
	else tally.pending = tail.waiting;
	splitLost(run, lost, tally);
	splitDropped(run, arrived.drops - droppedUnwatched + tail.dropped, droppedUnwatched > 0 || !tail.isWatched, tally);
	return tally;
}

/**
 * Readings sent before this are decided: nothing was heard for a grace, or they were missing for one at the least, and for
 * two and the time between two messages at the most.
 */
function decidedBelow(run: Run, { nowMs, graceMs }: View): number {
	if (nowMs - run.heardMs >= graceMs) return Number.POSITIVE_INFINITY;
	return nowMs - run.markMs >= graceMs ? run.mark : run.settled;
}

function tailOf(run: Run, view: View): Tail {
	const { arrived, counters } = run;
	const total = stampedKnown(run) - arrived.to;
	const isAway = run.endedMs === 0 && run.stretch !== view.stretch;
	const isWatched = total === 0 || !(isAway || isUnwatched(run, arrived.to));
	if (counters === null || total === 0 || !isWatched) return { isWatched, sent: 0, dropped: 0, waiting: 0 };
	const sent = Math.max(0, counters.sent - (arrived.to - arrived.drops));
	let dropped = droppedKnown(counters) - arrived.drops;
	// Frames newer than the status: some of its drops may be below them, those that a range names above them are not.
	if (sent === 0) dropped = Math.max(dropped, namedDrops(run, arrived.to, stampedKnown(run)));
	dropped = Math.min(Math.max(0, dropped), Math.max(0, total - sent));
	return { isWatched, sent: Math.min(sent, total), dropped, waiting: Math.max(0, total - sent - dropped) };
}

function namedDrops({ ranges }: Run, from: number, to: number): number {
	if (ranges === null) return 0;
	const counts = [0, 0, 0, 0, 0];
	countReasons(ranges, from, to, counts);
	return DROP_REASONS.reduce((sum, _, i) => sum + (counts[i] ?? 0), 0);
}

/** Sorts the readings of one gap [from, to) that were sent as numbers [first, end) and did not arrive. */
function sortGap(
	run: Run,
	lost: Lost,
	from: number,
	to: number,
	first: number,
	end: number,
	decidedBelow: number,
): void {
	const { ranges } = run;
	const named = ranges === null ? 0 : countUncertain(ranges, from, to);
	const isMixed = ranges === null || ranges.mixedTo < 0 || from <= ranges.mixedTo;
	sortLost(run, lost, first, end, decidedBelow, named, isMixed);
}

/** Those of the gaps that were given up: nothing says any more which numbers they had, so they count as the newest. */
function sortFolded(run: Run, lost: Lost, folded: Folded, decidedBelow: number): void {
	const end = sentBelowFloor(run.arrived);
	sortLost(run, lost, end - folded.lost, end, decidedBelow, folded.uncertainLost, true);
}

function sortLost(
	{ counters, toldBelow }: Run,
	lost: Lost,
	first: number,
	end: number,
	decidedBelow: number,
	namedAtMost: number,
	isMixed: boolean,
): void {
	const decided = Math.max(0, Math.min(end, decidedBelow) - first);
	lost.pending += end - first - decided;
	const settledBelow = counters === null ? 0 : counters.confirmed + counters.uncertain;
	const settled = Math.max(0, Math.min(first + decided, settledBelow) - first);
	lost.unsettled += decided - settled;
	const named = Math.min(settled, namedAtMost);
	lost.named += named;
	lost.unnamed += settled - named;
	const late = Math.min(settled - named, Math.max(0, first + settled - Math.max(first, toldBelow)));
	lost.late += late;
	if (isMixed) lost.mixed += settled - named - late;
}

function splitLost(run: Run, lost: Lost, tally: Tally): void {
	const { counters, ranges, folded, toldUncertain } = run;
	const named = (ranges?.uncertain ?? 0) + (folded?.uncertainNamed ?? 0);
	const before = run.isHeadWatched ? 0 : run.uncertainBefore;
	const mixed = Math.min(lost.mixed, Math.max(0, toldUncertain - named - before));
	const late = Math.min(lost.late, Math.max(0, (counters?.uncertain ?? 0) - toldUncertain));
	tally.pending += lost.pending;
	tally.uncertain = lost.named + lost.unsettled + mixed + late;
	tally.downstream = lost.unnamed - mixed - late;
}

/** Splits what the device dropped by its own totals; where not all of the run was watched, by its ranges first. */
function splitDropped(run: Run, dropped: number, isPartlyWatched: boolean, tally: Tally): void {
	const { counters } = run;
	const known = counters === null ? 0 : droppedKnown(counters);
	if (counters !== null && known <= dropped && !isPartlyWatched) {
		for (const reason of DROP_REASONS) tally[reason] = counters[reason];
		tally.unknown = dropped - known;
		return;
	}
	let left = dropped;
	const watched = [0, 0, 0, 0, 0];
	const unwatched = [0, 0, 0, 0, 0];
	if (run.ranges !== null) countByWatch(run, watched, unwatched);
	DROP_REASONS.forEach((reason, i) => {
		tally[reason] = Math.min(left, watched[i] ?? 0);
		left -= tally[reason];
	});
	DROP_REASONS.forEach((reason, i) => {
		const rest = (counters?.[reason] ?? 0) - (watched[i] ?? 0) - (unwatched[i] ?? 0);
		const share = Math.min(left, Math.max(0, rest));
		tally[reason] += share;
		left -= share;
	});
	tally.unknown = left;
}

/** What the ranges name, in gaps that were watched and in those that were not. */
function countByWatch(run: Run, watched: number[], unwatched: number[]): void {
	const { arrived, ranges } = run;
	if (ranges === null) return;
	forEachGap(arrived, (from, to) => {
		countReasons(ranges, from, to, isUnwatched(run, from) ? unwatched : watched);
	});
	countReasons(ranges, arrived.to, Infinity, isUnwatched(run, arrived.to) ? unwatched : watched);
}

/** Readings that the device says it dropped, and that arrived. */
export function contradictions({ ranges, arrived }: Run): number {
	let count = 0;
	if (ranges !== null) {
		forEachDrop(ranges, (from, to) => {
			count += countWithin(arrived, from, to + 1);
		});
	}
	return count;
}
