// Invariants, checked in production too. A broken one is a bug: nobody catches it, the process ends, a new run starts.

/** Throws with `invariant` (a sentence that should have been true) when `condition` is false. */
export function assert(condition: boolean, invariant: string): asserts condition {
	if (!condition) throw new Error(`broken invariant: ${invariant}`);
}
