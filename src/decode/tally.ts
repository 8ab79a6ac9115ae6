// What came of an input: frames, readings, and what was no frame by its kind, with the first place of each.
import type { InputProblem, OnProblem } from "./frame-input.js";

export interface Tally {
	frames: number;
	readings: number;
	readonly problem: OnProblem;
	/** Lines for a person; empty where nothing was wrong. */
	report(): string;
}

/** Makes the tally of one input. */
export function createTally(): Tally {
	const problems = new Map<InputProblem, { count: number; readonly where: string }>();
	const tally: Tally = {
		frames: 0,
		readings: 0,
		problem(problem, where) {
			const entry = problems.get(problem);
			if (entry === undefined) problems.set(problem, { count: 1, where });
			else entry.count += 1;
		},
		report() {
			const lines = [...problems].map(
				([problem, { count, where }]) => `tallywire decode: ${count} no frame: ${problem}, first at ${where}\n`,
			);
			if (tally.frames === 0) lines.push("tallywire decode: no frame was decoded\n");
			return lines.join("");
		},
	};
	return tally;
}
