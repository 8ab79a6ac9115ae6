// The books of one line: what was taken from it and what was not. Owns the rule that a line which gave no reading counts
// one rejection (the first reason met), and one that gave some counts each value that could not be taken.
import type { RejectReason, Value } from "../../core/value.js";
import type { StreamId } from "../source.js";
import type { ParserHost } from "./line-parser.js";
import { isNotFiniteToken, parseNumber } from "./number.js";

export interface LineAccount {
	/** One value; a number that is not finite counts as missed, -0 becomes 0. */
	take(stream: StreamId, value: Value, capturedMs: number): void;
	/** One value as text, from `from` to before `to` of `line`: a number where it looks like one. */
	takeText(stream: StreamId, line: string, from: number, to: number, capturedMs: number): void;
	/** One value that could not be taken, or the line itself. */
	miss(reason: RejectReason): void;
	/** The line is at its end: counts what was missed. `nothing` is the reason where it held no value at all. */
	settle(nothing: RejectReason): void;
}

/** Makes the books that one parser uses for line after line. */
export function createLineAccount(host: ParserHost): LineAccount {
	// At most one entry for each value of a line, which max_line bounds.
	const missed: RejectReason[] = [];
	let taken = 0;

	function take(stream: StreamId, value: Value, capturedMs: number): void {
		if (typeof value === "number") {
			if (!Number.isFinite(value)) {
				missed.push("value");
				return;
			}
			taken += 1;
			host.offer(stream, value + 0, capturedMs);
			return;
		}
		taken += 1;
		host.offer(stream, value, capturedMs);
	}

	return {
		take,
		takeText(stream, line, from, to, capturedMs) {
			if (from >= to) {
				missed.push("empty");
				return;
			}
			const number = parseNumber(line, from, to);
			if (!Number.isNaN(number)) take(stream, number, capturedMs);
			else if (isNotFiniteToken(line, from, to)) missed.push("value");
			else take(stream, line.slice(from, to), capturedMs);
		},
		miss(reason) {
			missed.push(reason);
		},
		settle(nothing) {
			if (taken === 0) host.reject(missed[0] ?? nothing);
			else for (const reason of missed) host.reject(reason);
			taken = 0;
			missed.length = 0;
		},
	};
}
