// The sequence numbers of a run that arrived, as sorted disjoint intervals [from, to). Each carries `drops`: how many
// readings below it the device dropped, which is seq - sent of any frame in it (CONTRACT, Frame). So the set alone says
// of each gap how much was dropped and how much was lost, whatever the order in which its frames came.
// The newest interval is held in the object itself: a run without a gap allocates nothing else.
import { at, firstEndingAt } from "./triples.js";

export interface IntervalSet {
	/** Detail below this is given up: nothing enters there, and `countBelow` of its numbers arrived. */
	floor: number;
	countBelow: number;
	/** Numbers in the set, those below the floor included. */
	count: number;
	/** The newest interval; from === to in an empty set. */
	from: number;
	to: number;
	drops: number;
	/** The intervals before it, in order: from, to, drops of each in turn. */
	older: number[] | null;
}

/** Called for each gap: numbers [from, to) are missing, and the device's drops rose from `before` to `after` over them. */
export type GapVisitor = (from: number, to: number, before: number, after: number) => void;

export function createIntervalSet(): IntervalSet {
	return { floor: 0, countBelow: 0, count: 0, from: 0, to: 0, drops: 0, older: null };
}

/** Intervals in detail. */
export function intervalCount(set: IntervalSet): number {
	return (set.older === null ? 0 : set.older.length / 3) + (set.to > set.from ? 1 : 0);
}

/** Adds one number. */
export function add(set: IntervalSet, seq: number, drops: number): number {
	return addRange(set, seq, seq + 1, drops);
}

/**
 * Adds [from, to), joining what touches. What lies below the floor is left out.
 * @returns how many numbers are new, or -1 when `drops` contradicts a neighbour (nothing is added then): over a gap they
 * rise by 0 up to the number of missing readings, and within an interval never
 */
export function addRange(set: IntervalSet, from: number, to: number, drops: number): number {
	if (from === set.to && drops === set.drops && set.to > set.from) {
		set.to = to;
		set.count += to - from;
		return to - from;
	}
	if (to <= set.floor) return 0;
	return addAnywhere(set, Math.max(from, set.floor), to, drops);
}

function addAnywhere(set: IntervalSet, from: number, to: number, drops: number): number {
	const list = spread(set);
	const first = firstEndingAt(list, from);
	let last = first;
	let known = 0;
	for (; last < list.length && at(list, last) <= to; last += 3) {
		if (at(list, last + 2) !== drops) return settle(set, list, -1);
		known += Math.max(0, Math.min(at(list, last + 1), to) - Math.max(at(list, last), from));
	}
	const [endBefore, dropsBefore] =
		first === 0 ? [set.floor, floorDrops(set)] : [at(list, first - 2), at(list, first - 1)];
	const joinsFirst = first < last && at(list, first) <= from;
	if (!joinsFirst && !explains(from - endBefore, drops - dropsBefore)) return settle(set, list, -1);
	const low = first < last ? Math.min(from, at(list, first)) : from;
	const high = first < last ? Math.max(to, at(list, last - 2)) : to;
	if (last < list.length && !explains(at(list, last) - high, at(list, last + 2) - drops)) return settle(set, list, -1);
	list.splice(first, last - first, low, high, drops);
	const fresh = to - from - known;
	set.count += fresh;
	return settle(set, list, fresh);
}

/** Whether a gap of `missing` numbers can hold `dropped` drops. */
function explains(missing: number, dropped: number): boolean {
	return dropped >= 0 && dropped <= missing;
}

/** The drops at the floor are those of the first interval, which begins there once there is a floor. */
function floorDrops(set: IntervalSet): number {
	if (set.floor === 0) return 0;
	return set.older === null ? set.drops : at(set.older, 2);
}

/** Numbers below the floor that were sent, whether they arrived or not. */
export function sentBelowFloor(set: IntervalSet): number {
	return set.floor - floorDrops(set);
}

/** All intervals as one list: the newest goes to its end, until `settle`. */
function spread(set: IntervalSet): number[] {
	const list = set.older ?? [];
	if (set.to > set.from) list.push(set.from, set.to, set.drops);
	return list;
}

/** Takes the newest interval back out of the list. */
function settle(set: IntervalSet, list: number[], result: number): number {
	if (list.length > 0) {
		set.from = at(list, list.length - 3);
		set.to = at(list, list.length - 2);
		set.drops = at(list, list.length - 1);
		list.length -= 3;
	}
	set.older = list.length > 0 ? list : null;
	return result;
}

/** Whether `seq` arrived, as far as detail is kept. */
export function contains(set: IntervalSet, seq: number): boolean {
	return countWithin(set, seq, seq + 1) === 1;
}

/** How many numbers of [from, to) arrived, as far as detail is kept. */
export function countWithin(set: IntervalSet, from: number, to: number): number {
	let count = Math.max(0, Math.min(set.to, to) - Math.max(set.from, from));
	const list = set.older;
	if (list === null) return count;
	for (let i = firstEndingAt(list, from); i < list.length && at(list, i) < to; i += 3) {
		count += Math.max(0, Math.min(at(list, i + 1), to) - Math.max(at(list, i), from));
	}
	return count;
}

/** Visits the gaps from the floor on in order of seq; the first one may be the head of the run. */
export function forEachGap(set: IntervalSet, visit: GapVisitor): void {
	let end = set.floor;
	let drops = floorDrops(set);
	const list = set.older;
	if (list !== null) {
		for (let i = 0; i < list.length; i += 3) {
			if (at(list, i) > end) visit(end, at(list, i), drops, at(list, i + 2));
			end = at(list, i + 1);
			drops = at(list, i + 2);
		}
	}
	if (set.from > end) visit(end, set.from, drops, set.drops);
}

/**
 * Gives up the detail of all intervals that begin below `seq`, the newest excepted, and of the gaps after them.
 * `visit` gets those gaps first, for the last time. `count` stays exact.
 */
export function forgetBelow(set: IntervalSet, seq: number, visit: GapVisitor): void {
	const list = set.older;
	if (list === null) return;
	let keep = 0;
	while (keep < list.length && at(list, keep) < seq) keep += 3;
	if (keep === 0) return;
	const floor = keep < list.length ? at(list, keep) : set.from;
	forEachGap(set, (from, to, before, after) => {
		if (to <= floor) visit(from, to, before, after);
	});
	for (let i = 0; i < keep; i += 3) set.countBelow += at(list, i + 1) - at(list, i);
	list.splice(0, keep);
	if (list.length === 0) set.older = null;
	set.floor = floor;
}
