// From the monotonic clock, on which readings are captured, to wall time, worked out when they are sent (CONTRACT G8).
// Only the newest pair of clocks counts: a wall clock that is set after boot mends every reading that still waits.

export interface ClockMap {
	/** Takes both clocks, read at the same instant. */
	set(nowMs: number, wallMs: number, synchronised: boolean): void;
	/** Unix ms of a monotonic instant, whole, never below 0. */
	wallMs(monotonicMs: number): number;
	/** Whether the wall clock was synchronised when it was last read. */
	synchronised(): boolean;
}

/** Makes a map that says 1970 and unsynchronised until it is set. */
export function createClockMap(): ClockMap {
	let offsetMs = 0;
	let isSynchronised = false;
	return {
		set(nowMs, wallMs, synchronised) {
			offsetMs = wallMs - nowMs;
			isSynchronised = synchronised;
		},
		wallMs: (monotonicMs) => Math.max(0, Math.round(monotonicMs + offsetMs)),
		synchronised: () => isSynchronised,
	};
}
