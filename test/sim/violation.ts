// What a simulation ends with when something that must always hold does not.

/** What is checked, by name: the guarantees of CONTRACT.md and what follows from them. */
export const INVARIANTS = [
	"at-most-once", // G1
	"conservation", // G2: the books balance and are the true ones
	"explained", // G3: two frames say how much was lost and how much was dropped
	"losses", // G3: the ranges of a status name the true reasons
	"bounded", // G4
	"fresh", // G5
	"at-risk", // G6: no more in flight than that
	"confirmed", // G6: never ahead of the broker
	"order", // G7
	"honest-time", // G8
	"clean-end", // G10
	"content", // what arrives is what was offered
	"wire", // the bytes are MQTT, and frames and statuses that the strict decoder takes
	"prompt", // nothing waits for a timer that does not come
	"live", // after the last fault all is well again
	"previous", // the last counters of a run that was killed
	"verdict", // the reconciler's account is the truth
	"assertion", // the agent's own
] as const;
export type Invariant = (typeof INVARIANTS)[number];

export class Violation extends Error {
	readonly invariant: Invariant;

	constructor(invariant: Invariant, message: string) {
		super(message);
		this.invariant = invariant;
	}
}

/** Ends the simulation. */
export function fail(invariant: Invariant, message: string): never {
	throw new Violation(invariant, message);
}
