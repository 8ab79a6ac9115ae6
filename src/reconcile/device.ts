// One device: its current run, the ended runs whose verdict is still open, and the totals of those that are closed.
// A device that nothing is wrong with holds one run and no list.

import { CLOSED_IDS_MAX, ENDED_RUNS_MAX, FRAMES_BELIEVED_MIN } from "./limits.js";
import type { ObservedPrevious } from "./observed.js";
import { type Bounds, detailOf, noteAbsence, type Run } from "./run.js";
import { addTally, contradictions, createTally, judge, type Tally, type View } from "./verdict.js";

/** What should not be, counted; all zero for most devices for ever. */
export interface Oddities {
	/** Readings that arrived again. */
	duplicates: number;
	/** Frames that arrived after a later one of their run. */
	reordered: number;
	/** Readings that arrived below the detail that is kept: not accounted. */
	late: number;
	/** Retained data frames: no agent sends them. Not accounted. */
	retained: number;
	/** Messages of a run that is closed. Not accounted. */
	replayed: number;
	/** Frames and statuses that elapsed time cannot explain. Not accounted. */
	jumps: number;
	/** Frames and statuses that contradict others, statuses whose books do not balance, and dropped readings that arrived. */
	discrepancies: number;
	/** Times that a status said the buffer had overflowed again. */
	overflowEvents: number;
	/** Of closed runs. */
	rejected: number;
	authFailures: number;
	reconnects: number;
}

export interface Device {
	readonly id: string;
	current: Run | null;
	/** Ended, and still open to what may come late. */
	ended: Run[] | null;
	/** Of closed runs. */
	past: Tally | null;
	closedIds: string[] | null;
	/** Last words of runs that were not in the account when they were told, the newest ENDED_RUNS_MAX. */
	previous: ObservedPrevious[] | null;
	state: "online" | "offline" | null;
	firstMs: number;
	/** When anything that was not retained came last; 0 for never. */
	heardMs: number;
	/** Capture time of the newest reading, or its arrival where a clock is not known to be good; 0 for none. */
	newestMs: number;
	delivery: string | null;
	odd: Oddities | null;
}

export function createDevice(id: string, nowMs: number): Device {
	return {
		id,
		current: null,
		ended: null,
		past: null,
		closedIds: null,
		previous: null,
		state: null,
		firstMs: nowMs,
		heardMs: 0,
		newestMs: 0,
		delivery: null,
		odd: null,
	};
}

export function createOddities(): Oddities {
	return {
		...{ duplicates: 0, reordered: 0, late: 0, retained: 0, replayed: 0, jumps: 0, discrepancies: 0 },
		...{ overflowEvents: 0, rejected: 0, authFailures: 0, reconnects: 0 },
	};
}

/** Counts `by` of something that should not be. */
export function countOdd(device: Device, what: keyof Oddities, by = 1): void {
	device.odd ??= createOddities();
	device.odd[what] += by;
}

/** The run of this id whose verdict is open, if there is one. */
export function findRun(device: Device, id: string): Run | undefined {
	if (device.current?.id === id) return device.current;
	return device.ended?.find((run) => run.id === id);
}

export function isClosed(device: Device, id: string): boolean {
	return device.closedIds?.includes(id) ?? false;
}

/** Keeps the last words of a run that may still turn up. */
export function rememberPrevious(device: Device, previous: ObservedPrevious): void {
	const others = device.previous?.filter(({ run }) => run !== previous.run) ?? [];
	device.previous = [...others, previous].slice(-ENDED_RUNS_MAX);
}

/** The run is over: nothing more is stamped in it. */
export function endRun(run: Run, nowMs: number, stretch: number, bounds: Bounds): void {
	if (run.endedMs > 0) return;
	noteAbsence(run, stretch, bounds);
	run.endedMs = nowMs;
}

/** Makes `run` the current one; the one before it is over. */
export function succeed(device: Device, run: Run, nowMs: number, view: View, bounds: Bounds): void {
	const before = device.current;
	device.current = run;
	if (before !== null) addEnded(device, before, nowMs, view, bounds);
}

/** Adds a run that is over; of too many, the one that was heard of first is closed. */
export function addEnded(device: Device, run: Run, nowMs: number, view: View, bounds: Bounds): void {
	endRun(run, nowMs, view.stretch, bounds);
	device.ended = [...(device.ended ?? []), run].sort((a, b) => a.firstMs - b.firstMs);
	const oldest = device.ended[0];
	if (device.ended.length > ENDED_RUNS_MAX && oldest !== undefined) closeRun(device, oldest, view, bounds);
}

/** Enters the verdict on a run into the device's totals and forgets its detail. */
export function closeRun(device: Device, run: Run, view: View, bounds: Bounds): void {
	device.past ??= createTally();
	addTally(device.past, judge(run, { ...view, nowMs: Number.POSITIVE_INFINITY }));
	const contradicted = contradictions(run);
	if (contradicted > 0) countOdd(device, "discrepancies", contradicted);
	const { counters } = run;
	if (counters !== null) {
		if (counters.rejected > 0) countOdd(device, "rejected", counters.rejected);
		if (counters.authFailures > 0) countOdd(device, "authFailures", counters.authFailures);
		if (counters.connects > 1) countOdd(device, "reconnects", counters.connects - 1);
	}
	bounds.detail -= detailOf(run);
	device.closedIds = [...(device.closedIds ?? []), run.id].slice(-CLOSED_IDS_MAX);
	if (device.current === run) device.current = null;
	const ended = device.ended?.filter((other) => other !== run) ?? [];
	device.ended = ended.length > 0 ? ended : null;
}

/** Closes the runs that ended so long ago that nothing of them can still come. */
export function closeEnded(device: Device, view: View, bounds: Bounds): void {
	const { current, ended } = device;
	if (current !== null && isOver(current, view)) closeRun(device, current, view, bounds);
	if (ended === null) return;
	// Its last counters come with the first status of the run after it, if at all.
	const isTold = current === null || current.counters !== null;
	for (const run of ended) if ((isTold || run.isFinal) && isOver(run, view)) closeRun(device, run, view, bounds);
}

function isOver(run: Run, { nowMs, graceMs }: View): boolean {
	return run.endedMs > 0 && nowMs - Math.max(run.endedMs, run.heardMs) >= 2 * graceMs;
}

/** Whether something vouches for a run: a status of it, or frames over more than a grace. */
export function isBelieved(run: Run, { graceMs }: View): boolean {
	return run.counters !== null || (run.frames >= FRAMES_BELIEVED_MIN && run.heardMs - run.firstMs >= graceMs);
}

/** All readings of a device. */
export function deviceTally(device: Device, view: View): Tally {
	const tally = createTally();
	if (device.past !== null) addTally(tally, device.past);
	if (device.current !== null) addTally(tally, judge(device.current, view));
	if (device.ended !== null) for (const run of device.ended) addTally(tally, judge(run, view));
	return tally;
}
