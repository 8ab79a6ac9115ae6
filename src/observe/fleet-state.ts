// What the fleet's page gets: the account as a person wants to see it. It is the page's own and no contract; its size is
// bounded, as of many devices only the worst have a row.
import { DOOR_OF, DOOR_WORDS, DOORS, type Door } from "../reconcile/doors.js";
import { type DeviceReport, decidedTotal, type FleetReport, worstFirst } from "../reconcile/indicators.js";
import type { ObjectiveReport } from "../reconcile/objectives.js";
import { CAUSES, type Cause, lostTotal, type Tally } from "../reconcile/verdict.js";
import { notesOf } from "../screen/device-table.js";
import type { Problem } from "../serve/problem.js";
import { fleetProblems, fleetWellness, type Wellness } from "./fleet-problems.js";
import type { Observation } from "./observer.js";

/** Devices with a row, the worst: some 40 kB a second to each who looks, and more than a person reads. */
export const ROWS_MAX = 200;

/** Shares are 0 to 1; a budget that is left may be below 0, and is null where the objective allows no loss at all. */
export interface FleetPageState {
	/** Monotonic; falls when the program was started anew. */
	readonly at_ms: number;
	/** Without credentials. */
	readonly broker: string;
	readonly observed_ms: number;
	readonly is_observing: boolean;
	/** The worst first. */
	readonly problems: readonly Problem[];
	readonly well: Wellness;
	readonly devices: Readonly<Record<"heard" | "new" | "offline" | "silent" | "below", number>>;
	readonly readings: Readonly<Record<"received" | "decided" | "lost" | "pending" | "unobserved", number>>;
	readonly objective: {
		readonly slo: number;
		readonly success: number | null;
		readonly is_missed: boolean;
		readonly budget_left: number | null;
		readonly windows: readonly {
			readonly alert_rate: number;
			readonly long_ms: number;
			readonly long: number | null;
			readonly short_ms: number;
			readonly short: number | null;
			readonly is_alert: boolean;
		}[];
	};
	readonly doors: readonly { readonly door: Door; readonly words: string; readonly lost: number }[];
	readonly causes: readonly {
		readonly cause: Cause;
		readonly door: Door;
		readonly lost: number;
		readonly meaning: string;
	}[];
	/** The worst first. */
	readonly rows: readonly DeviceRow[];
	readonly latency: FleetReport["latency"];
	readonly stalest_ms: number | null;
	/** What, how often, what it means, and whether it should never be. */
	readonly noticed: readonly Noticed[];
}

export interface DeviceRow {
	readonly device: string;
	readonly success: number | null;
	readonly is_missed: boolean;
	readonly received: number;
	/** Only causes of which there are any. */
	readonly lost: Readonly<Partial<Record<Cause, number>>>;
	readonly budget_left: number | null;
	readonly freshness_ms: number | null;
	readonly is_silent: boolean;
	readonly notes: readonly string[];
}

type Noticed = readonly [what: string, times: number, meaning: string, isWrong: boolean];

const MEANINGS: Readonly<Record<Cause, string>> = {
	overflow: "the device's buffer was full",
	expired: "older than the device's buffer keeps a reading",
	oversize: "does not fit a message",
	shutdown: "still waiting in the device when its agent was stopped",
	unknown: "dropped by the device, and no status has said why yet",
	crash: "still waiting in the device when its agent died",
	uncertain: "sent on a connection that ended before the broker had confirmed them",
	downstream: "the broker took it and did not hand it on",
};

/** The state of the page. */
export function fleetPageState(observation: Observation, broker: string, atMs: number): FleetPageState {
	const { report, objectives, observedMs, trouble } = observation;
	const { devices, tally } = report;
	const held = new Map(objectives.devices.map((objective) => [objective.device, objective]));
	const countOf = (is: (device: DeviceReport) => boolean): number =>
		devices.reduce((sum, device) => sum + Number(is(device)), 0);
	return {
		at_ms: Math.round(atMs),
		broker,
		observed_ms: Math.round(observedMs),
		is_observing: trouble === null,
		problems: fleetProblems(observation),
		well: fleetWellness(observation),
		devices: {
			heard: devices.length,
			new: countOf(({ isEstablished }) => !isEstablished),
			offline: countOf(({ state }) => state === "offline"),
			silent: report.silent,
			below: objectives.devices.reduce((sum, { isMissed }) => sum + Number(isMissed), 0),
		},
		readings: {
			received: tally.received,
			decided: decidedTotal(tally),
			lost: lostTotal(tally),
			pending: tally.pending,
			unobserved: tally.unobserved,
		},
		objective: objectiveOf(objectives.slo, objectives.fleet),
		doors: DOORS.map((door) => ({ door, words: DOOR_WORDS[door], lost: lostAt(door, tally) })),
		causes: CAUSES.map((cause) => ({
			cause,
			door: DOOR_OF[cause],
			lost: tally[cause],
			meaning: MEANINGS[cause],
		})),
		rows: worstFirst(devices)
			.slice(0, ROWS_MAX)
			.map((device) => rowOf(device, held.get(device.device))),
		latency: report.latency,
		stalest_ms: report.freshnessMs,
		noticed: noticedIn(observation).filter(([, times]) => times > 0),
	};
}

function lostAt(door: Door, tally: Tally): number {
	return CAUSES.reduce((sum, cause) => sum + (DOOR_OF[cause] === door ? tally[cause] : 0), 0);
}

function objectiveOf(slo: number, fleet: ObjectiveReport): FleetPageState["objective"] {
	return {
		slo,
		success: fleet.success,
		is_missed: fleet.isMissed,
		budget_left: finite(fleet.budgetLeft),
		windows: (fleet.burn?.windows ?? []).map(({ rate, longMs, long, shortMs, short, isAlert }) => ({
			alert_rate: rate,
			long_ms: longMs,
			long: finite(long),
			short_ms: shortMs,
			short: finite(short),
			is_alert: isAlert,
		})),
	};
}

function rowOf(device: DeviceReport, held: ObjectiveReport | undefined): DeviceRow {
	const { tally, success, freshnessMs, isSilent } = device;
	return {
		device: device.device,
		success,
		is_missed: held?.isMissed ?? false,
		received: tally.received,
		lost: Object.fromEntries(CAUSES.filter((cause) => tally[cause] > 0).map((cause) => [cause, tally[cause]])),
		// Who lost nothing has no report of its own, and all of its budget.
		budget_left: finite(held?.budgetLeft ?? 1),
		freshness_ms: freshnessMs === null ? null : Math.round(freshnessMs),
		is_silent: isSilent,
		notes: notesOf(device),
	};
}

/** JSON has no infinity. */
function finite(value: number): number | null {
	return Number.isFinite(value) ? value : null;
}

/** In the order in which the terminal has them. */
function noticedIn({ report, refused }: Observation): readonly Noticed[] {
	const { odd, quarantine, candidates, latency, deliveries } = report;
	const kinds = Object.entries(refused);
	const undecoded = kinds.reduce((sum, [, messages]) => sum + messages, 0);
	const quarantined = quarantine.mismatched + quarantine.stale + quarantine.implausible + quarantine.retained;
	const ignored = odd.jumps + odd.retained + odd.replayed;
	return [
		["rejected", report.rejected, "sensor input that gave no reading, by the devices' own count", false],
		["overflow events", odd.overflowEvents, "a device said that its buffer had overflowed again", false],
		["reconnects", report.reconnects, "connections of devices after their first", false],
		["refused logins", report.authFailures, "the broker refused a device: check its password or certificate", false],
		["duplicates", odd.duplicates, "readings that arrived again; no agent sends one twice", true],
		["frames out of order", odd.reordered, "arrived after a later one of their run", false],
		["discrepancies", odd.discrepancies, "messages that contradict others or themselves", true],
		["messages not decoded", undecoded, kinds.map(([kind, messages]) => `${kind} ${messages}`).join(", "), false],
		[
			"messages in quarantine",
			quarantined + ignored,
			"stale, replayed, implausible, or on another device's topic; they touched nobody's account",
			false,
		],
		["runs not believed yet", candidates.runs, "no status vouches for them", false],
		["readings from the future", latency.clockInvalid, "captured after they arrived: a clock is wrong", false],
		[
			"other delivery settings",
			Math.max(0, deliveries.length - 1),
			"sets of settings beside that of most devices; the notes say whose",
			false,
		],
	];
}
