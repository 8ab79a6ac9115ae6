// The loss of readings in PromQL: what is counted, what the objective allows, and at whose door a cause is laid.
import { lines, query, WINDOW } from "./panels.mjs";
import { OBJECTIVE } from "./settings.mjs";

export const LOST = "tallywire_reconcile_readings_lost_total";
export const RECEIVED = "tallywire_reconcile_readings_received_total";

/** The share of readings that may be lost; written as a person would. */
export const ALLOWED = Number((1 - OBJECTIVE).toFixed(9));

const DOORS = [
	{ words: "at the device", causes: ["overflow", "expired", "oversize", "shutdown", "crash"] },
	{ words: "on the way", causes: ["uncertain"] },
	{ words: "after the broker", causes: ["downstream"] },
];

export function lossByCause(title) {
	return lines(title, "cps", [query(`sum by (cause) (rate(${LOST}${WINDOW}))`, "{{cause}}")], { stacked: true });
}

/**
 * `causes` is the code's own list: each of them has one door, but `unknown`, which is no loss of the metric: the status that
 * explains it may still come.
 */
export function lossByDoor(title, causes) {
	const counted = causes.filter((cause) => cause !== "unknown");
	const laid = DOORS.flatMap((door) => door.causes);
	if ([...counted].sort().join() !== laid.sort().join())
		throw new Error(`the causes are ${counted}, and there are doors for ${laid}`);
	const queries = DOORS.map((door) =>
		query(`sum(rate(${LOST}{cause=~"${door.causes.join("|")}"}${WINDOW}))`, door.words),
	);
	return lines(title, "cps", queries, { stacked: true });
}
