// Random calls against a naive model (fast-check's model-based testing): a failing sequence shrinks to the few calls that
// matter and prints them with the seed. Commands are plain objects here, no classes.
import fc from "fast-check";

/** A call on a system, with the same done to its model; `run` asserts that both agree. */
export type Call<Model extends object, System> = fc.Command<Model, System>;

/** Calls of one kind, with random arguments. */
export function call<Model extends object, System, Given>(
	name: string,
	given: fc.Arbitrary<Given>,
	run: (model: Model, system: System, given: Given) => void,
): fc.Arbitrary<Call<Model, System>> {
	return given.map((value) => ({
		check: () => true,
		run: (model, system) => run(model, system, value),
		toString: () => `${name}(${fc.stringify(value)})`,
	}));
}

/** What is tested beside its model, and what has to hold after every call. */
export interface Pair<Model extends object, System> {
	readonly model: Model;
	readonly real: System;
}

/** Runs sequences of up to `callsMax` calls, each on a pair made anew from random `settings`. */
export function assertFollowsModel<Settings, Model extends object, System>(options: {
	readonly settings: fc.Arbitrary<Settings>;
	readonly make: (settings: Settings) => Pair<Model, System>;
	/** Calls and how often each is chosen beside the others. */
	readonly calls: readonly (readonly [weight: number, call: fc.Arbitrary<Call<Model, System>>])[];
	readonly runs: number;
	readonly callsMax: number;
}): void {
	const { settings, make, callsMax, runs } = options;
	const calls = fc.oneof(...options.calls.map(([weight, arbitrary]) => ({ weight, arbitrary })));
	const sequences = fc.commands([calls], { maxCommands: callsMax });
	fc.assert(
		fc.property(settings, sequences, (given, sequence) => fc.modelRun(() => make(given), sequence)),
		{ numRuns: runs },
	);
}
