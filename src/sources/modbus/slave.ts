// When a slave is to be asked, and what is known of it. Instants are counted from the start on the monotonic clock, so that
// nothing adds up. One that does not answer is asked at its next instant again, then after 2, 4, 8, ... of them, AWAY_MS_MAX
// at the most; and never before an answer that is as late as another timeout would have come: it fits the next question too.
import type { Read } from "./reads.js";

/** The longest that a slave which is away goes unasked, unless its own interval is longer. */
const AWAY_MS_MAX = 30_000;
/** Polls in a row with a problem before it is the source's error: a wrong checksum now and then is no failure. */
const BAD_POLLS_MAX = 2;

export interface Slave {
	/** `slave 3` or `slave 3 (kitchen)`. */
	readonly shown: string;
	readonly everyMs: number;
	readonly reads: readonly Read[];
	startMs: number;
	/** The instant of the poll that comes next, or is being done. */
	instant: number;
	/** The read of that poll which comes next; 0 between polls. */
	nextRead: number;
	/** When its last poll ended. */
	polledMs: number;
	/** What went wrong first in this poll. */
	problem: string | null;
	/** It did not answer in this poll. */
	isAway: boolean;
	/** Polls in a row with a problem. */
	badPolls: number;
	/** Polls in a row without an answer. */
	awayPolls: number;
	/** What is wrong with it; undefined before its first poll. */
	error: string | null | undefined;
}

export function createSlave(shown: string, everyMs: number, reads: readonly Read[]): Slave {
	return { shown, everyMs, reads, ...fresh(0) };
}

/** The port is open: everything is due now, and nothing is known. */
export function restart(slave: Slave, nowMs: number): void {
	Object.assign(slave, fresh(nowMs));
}

function fresh(startMs: number) {
	return {
		startMs,
		instant: 0,
		nextRead: 0,
		polledMs: 0,
		problem: null,
		isAway: false,
		badPolls: 0,
		awayPolls: 0,
		error: undefined,
	};
}

/** When it is due, or was. */
export function dueMs({ startMs, instant, everyMs }: Slave): number {
	return startMs + instant * everyMs;
}

/** Who is to be asked next: of those that are due the one that was polled longest ago, else the one that is due first. */
export function nextSlave(slaves: readonly Slave[], nowMs: number): Slave | undefined {
	const whenMs = (slave: Slave): number => Math.max(nowMs, dueMs(slave));
	return [...slaves].sort((a, b) => whenMs(a) - whenMs(b) || a.polledMs - b.polledMs)[0];
}

/** Ends a poll; says how many instants have passed in which it should have been asked. */
export function endPoll(slave: Slave, nowMs: number, timeoutMs: number): number {
	const { everyMs, startMs, instant, problem, isAway } = slave;
	slave.badPolls = problem === null ? 0 : slave.badPolls + 1;
	slave.awayPolls = isAway ? slave.awayPolls + 1 : 0;
	if (problem === null || slave.badPolls >= BAD_POLLS_MAX || slave.error === undefined) slave.error = problem;
	const skip = isAway ? Math.max(1, Math.min(2 ** (slave.awayPolls - 1), Math.floor(AWAY_MS_MAX / everyMs))) : 1;
	// The newest instant that has passed, and the first one that is late enough.
	const newest = Math.max(instant, Math.floor((nowMs - startMs) / everyMs));
	const earliest = isAway ? Math.ceil((nowMs + timeoutMs - startMs) / everyMs) : 0;
	slave.instant = Math.max(instant + skip, newest + 1, earliest);
	slave.nextRead = 0;
	slave.polledMs = nowMs;
	slave.problem = null;
	slave.isAway = false;
	return Math.max(0, newest - (instant + skip) + 1);
}
