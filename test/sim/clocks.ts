// The clocks of one device: a monotonic one that stands still while the machine is suspended, and a wall clock that may be
// unset, wrong, stepped or slewed. True time is the world's.

export interface Clocks {
	/** Monotonic ms. */
	monotonicMs(): number;
	/** Unix ms, as the device believes. */
	wallMs(): number;
	/** What the device believes of its wall clock. */
	isSynchronised(): boolean;
	/** Sets the wall clock, and says whether it counts as synchronised from now on. */
	setWall(wallMs: number, isSynchronised: boolean): void;
	/** The wall clock gains this many millionths. */
	slew(partsPerMillion: number): void;
	/** The machine slept: the monotonic clock missed `ms` of true time. */
	missed(ms: number): void;
	/** The machine started anew: the monotonic clock begins at `monotonicMs`. */
	booted(monotonicMs: number): void;
}

/** Makes clocks; `nowMs` is true time. */
export function createClocks(nowMs: () => number, monotonicStartMs: number, wallStartMs: number): Clocks {
	let zeroMs = nowMs() - monotonicStartMs;
	let setAtMs = nowMs();
	let setToMs = wallStartMs;
	let rate = 1;
	let synchronised = true;
	const wallMs = (): number => setToMs + (nowMs() - setAtMs) * rate;

	function set(toMs: number): void {
		setAtMs = nowMs();
		setToMs = toMs;
	}

	return {
		monotonicMs: () => nowMs() - zeroMs,
		wallMs,
		isSynchronised: () => synchronised,
		setWall(toMs, isSynchronised) {
			set(toMs);
			synchronised = isSynchronised;
		},
		slew(partsPerMillion) {
			set(wallMs());
			rate = 1 + partsPerMillion / 1_000_000;
		},
		missed(ms) {
			zeroMs += ms;
		},
		booted(monotonicMs) {
			zeroMs = nowMs() - monotonicMs;
		},
	};
}
