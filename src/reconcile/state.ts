// The account and its objectives as JSON, compact, and back again with every value checked: a state file may be torn,
// old or somebody else's. Bounds of the running reconciler hold for what it reads, too.
import type { Device, Oddities } from "./device.js";
import { createDevice, createOddities } from "./device.js";
import { type Candidate, candidateKey, createFleet, type Fleet, type FleetLimits } from "./fleet.js";
import type { IntervalSet } from "./interval-set.js";
import { latencyFromState, latencyState } from "./latency.js";
import { type BurnRing, createBurnRing, createObjectives, type Objectives, WORST_DEVICES_MAX } from "./objectives.js";
import type { ObservedPrevious } from "./observed.js";
import { type Counters, createRun, detailOf, type Folded, type Run } from "./run.js";
import { CAUSES, createTally, type Tally } from "./verdict.js";

const VERSION = 2;

/** A state that is not one. Thrown and caught in this file. */
class InvalidState extends Error {}

const COUNTERS: readonly (keyof Counters)[] = [
	...(["uptimeMs", "stamped", "sent", "confirmed", "uncertain", "overflow", "expired", "oversize"] as const),
	...(["shutdown", "rejected", "connects", "authFailures"] as const),
];
const FOLDED: readonly (keyof Folded)[] = [
	...(["lost", "uncertainLost", "uncertainNamed", "unobserved", "unobservedDropped", "rangesFloor"] as const),
];
const RUN_NUMBERS = [
	...([
		"uncertainBefore",
		"toldUncertain",
		"toldBelow",
		"stretch",
		"startMs",
		"firstMs",
		"heardMs",
		"deviceMs",
		"endedMs",
		"settled",
		"mark",
		"markMs",
		"frames",
	] as const),
] as const;
const SET_NUMBERS = ["floor", "countBelow", "count", "from", "to", "drops"] as const;
const TALLY: readonly (keyof Tally)[] = ["stamped", "received", "pending", "unobserved", ...CAUSES];
const ODDITIES = Object.keys(createOddities()) as (keyof Oddities)[];
const BOOKS = ["stamped", "sent", "confirmed", "uncertain"] as const;
const DROPPED = ["overflow", "expired", "oversize", "shutdown"] as const;

/** The state as an object that JSON can hold. */
export function toState(fleet: Fleet, objectives: Objectives, nowMs: number): object {
	return {
		v: VERSION,
		savedMs: nowMs,
		stretch: fleet.stretch,
		devices: [...fleet.devices.values()].map(deviceState),
		newcomers: [...fleet.newcomers.values()].map(deviceState),
		candidates: [...fleet.candidates.values()].map(({ device, run, previous, delivery }) => ({
			...{ device, previous, delivery },
			run: runState(run),
		})),
		latency: latencyState(fleet.latency),
		clockInvalid: fleet.clockInvalid,
		quarantine: { ...fleet.quarantine },
		forgotten: numbersOf(fleet.forgotten, TALLY),
		fleet: ringState(objectives.fleet),
		worst: [...objectives.worst].map(([device, ring]) => ({ device, ring: ringState(ring) })),
	};
}

function deviceState(device: Device): object {
	const { id, state, firstMs, heardMs, newestMs, delivery, previous, closedIds } = device;
	return {
		...{ id, state, firstMs, heardMs, newestMs, delivery, previous, closedIds },
		current: device.current && runState(device.current),
		ended: device.ended?.map(runState) ?? null,
		past: device.past && numbersOf(device.past, TALLY),
		odd: device.odd && numbersOf(device.odd, ODDITIES),
	};
}

function runState(run: Run): object {
	const { arrived, counters, ranges, folded } = run;
	return {
		id: run.id,
		numbers: numbersOf(run, RUN_NUMBERS),
		isFinal: run.isFinal,
		isHeadWatched: run.isHeadWatched,
		arrived: numbersOf(arrived, SET_NUMBERS),
		older: arrived.older,
		counters: counters && numbersOf(counters, COUNTERS),
		ranges: ranges && [ranges.uncertain, ranges.mixedTo, ...ranges.list],
		folded: folded && numbersOf(folded, FOLDED),
		absences: run.absences,
	};
}

function ringState(ring: BurnRing): object {
	const buckets: number[] = [];
	ring.good.forEach((good, i) => {
		const bad = ring.bad[i] as number;
		if (good !== 0 || bad !== 0) buckets.push(i, good, bad);
	});
	return { minute: ring.minute, seenGood: ring.seenGood, seenBad: ring.seenBad, buckets };
}

function numbersOf<Key extends string>(from: Readonly<Record<Key, number>>, keys: readonly Key[]): number[] {
	return keys.map((key) => from[key]);
}

export type Restored =
	| { readonly ok: true; readonly fleet: Fleet; readonly objectives: Objectives; readonly savedMs: number }
	| { readonly ok: false; readonly why: string };

/** Reads a state. All that was missed since it was saved is an absence of the reconciler. */
export function fromState(value: unknown, limits: FleetLimits, slo: number): Restored {
	try {
		const state = objectOf(value, "state");
		if (state["v"] !== VERSION) return { ok: false, why: `it is of version ${String(state["v"])}, not ${VERSION}` };
		const fleet = createFleet(limits);
		const objectives = createObjectives(slo);
		fillFleet(fleet, state);
		restoreRing(objectives.fleet, state["fleet"]);
		for (const each of listOf(state["worst"], "worst", WORST_DEVICES_MAX)) {
			const { device, ring } = objectOf(each, "worst");
			objectives.worst.set(textOf(device, "worst device"), restoreRing(createBurnRing(), ring));
		}
		return { ok: true, fleet, objectives, savedMs: countOf(state["savedMs"], "savedMs") };
	} catch (error) {
		if (!(error instanceof InvalidState)) throw error;
		return { ok: false, why: error.message };
	}
}

function fillFleet(fleet: Fleet, state: Readonly<Record<string, unknown>>): void {
	fleet.stretch = countOf(state["stretch"], "stretch") + 1;
	for (const name of ["devices", "newcomers"] as const) {
		for (const each of listOf(state[name], name, fleet.devicesMax)) {
			const device = restoreDevice(each);
			fleet[name].set(device.id, device);
			for (const run of [device.current, ...(device.ended ?? [])]) {
				if (run !== null) fleet.bounds.detail += detailOf(run);
			}
		}
	}
	for (const each of listOf(state["candidates"], "candidates", fleet.candidatesMax)) {
		const { device, run, previous, delivery } = objectOf(each, "candidate");
		const candidate: Candidate = {
			device: textOf(device, "candidate"),
			run: restoreRun(run),
			previous: orNull(previous, restorePrevious),
			delivery: orNull(delivery, (text) => textOf(text, "delivery")),
		};
		fleet.candidates.set(candidateKey(candidate.device, candidate.run.id), candidate);
		fleet.bounds.detail += detailOf(candidate.run);
	}
	const latency = latencyFromState(numberList(state["latency"], "latency"));
	if (latency === null) throw new InvalidState("latency: not buckets and counts");
	fleet.latency.buckets.set(latency.buckets);
	fleet.latency.count = latency.count;
	fleet.clockInvalid = countOf(state["clockInvalid"], "clockInvalid");
	const quarantine = objectOf(state["quarantine"], "quarantine");
	for (const key of Object.keys(fleet.quarantine) as (keyof Fleet["quarantine"])[]) {
		fleet.quarantine[key] = countOf(quarantine[key], key);
	}
	restoreNumbers(fleet.forgotten, TALLY, state["forgotten"], "forgotten");
}

function restoreDevice(value: unknown): Device {
	const state = objectOf(value, "device");
	const device = createDevice(textOf(state["id"], "device id"), countOf(state["firstMs"], "firstMs"));
	device.heardMs = countOf(state["heardMs"], "heardMs");
	device.newestMs = countOf(state["newestMs"], "newestMs");
	const online = state["state"];
	if (online !== null && online !== "online" && online !== "offline") throw new InvalidState("state: not a state");
	device.state = online;
	device.delivery = orNull(state["delivery"], (each) => textOf(each, "delivery"));
	device.previous = orNull(state["previous"], (each) => listOf(each, "previous").map(restorePrevious));
	device.closedIds = orNull(state["closedIds"], (each) => listOf(each, "closedIds").map((id) => textOf(id, "run id")));
	device.current = orNull(state["current"], restoreRun);
	device.ended = orNull(state["ended"], (each) => listOf(each, "ended").map(restoreRun));
	device.past = orNull(state["past"], (each) => restoreNumbers(createTally(), TALLY, each, "past"));
	device.odd = orNull(state["odd"], (each) => restoreNumbers(createOddities(), ODDITIES, each, "odd"));
	return device;
}

function restorePrevious(value: unknown): ObservedPrevious {
	const state = objectOf(value, "previous");
	const dropped = objectOf(state["dropped"], "previous.dropped");
	const [stamped, sent, confirmed, uncertain] = BOOKS.map((key) => countOf(state[key], key)) as FourCounts;
	const [overflow, expired, oversize, shutdown] = DROPPED.map((key) => countOf(dropped[key], key)) as FourCounts;
	const run = textOf(state["run"], "previous.run");
	return { run, stamped, sent, confirmed, uncertain, dropped: { overflow, expired, oversize, shutdown } };
}

type FourCounts = [number, number, number, number];

function restoreRun(value: unknown): Run {
	const state = objectOf(value, "run");
	const run = createRun(textOf(state["id"], "run id"), 0, 0);
	restoreNumbers(run, RUN_NUMBERS, state["numbers"], "run");
	run.isFinal = flagOf(state["isFinal"], "isFinal");
	run.isHeadWatched = flagOf(state["isHeadWatched"], "isHeadWatched");
	restoreSet(run.arrived, state["arrived"], state["older"]);
	run.counters = orNull(state["counters"], (each) => {
		const counters = {
			uptimeMs: 0,
			stamped: 0,
			sent: 0,
			confirmed: 0,
			uncertain: 0,
			overflow: 0,
			expired: 0,
			oversize: 0,
		};
		const rest = { shutdown: 0, rejected: 0, connects: 0, authFailures: 0 };
		return restoreNumbers({ ...counters, ...rest }, COUNTERS, each, "counters", false);
	});
	run.ranges = orNull(state["ranges"], (each) => {
		const [uncertain, mixedTo, ...list] = listOf(each, "ranges").map((number) => integerOf(number, "ranges", -1));
		if (uncertain === undefined || mixedTo === undefined) throw new InvalidState("ranges: too short");
		checkTriples(list, "ranges", 1);
		return { uncertain, mixedTo, list };
	});
	run.folded = orNull(state["folded"], (each) => {
		const folded = {
			lost: 0,
			uncertainLost: 0,
			uncertainNamed: 0,
			unobserved: 0,
			unobservedDropped: 0,
			rangesFloor: 0,
		};
		return restoreNumbers(folded, FOLDED, each, "folded");
	});
	run.absences = orNull(state["absences"], (each) => numberList(each, "absences"));
	return run;
}

function restoreSet(set: IntervalSet, numbers: unknown, older: unknown): void {
	restoreNumbers(set, SET_NUMBERS, numbers, "arrived");
	set.older = orNull(older, (each) => numberList(each, "older"));
	const all = [...(set.older ?? []), ...(set.to > set.from ? [set.from, set.to, set.drops] : [])];
	checkTriples(all, "arrived", 0);
	let count = set.countBelow;
	for (let i = 0; i < all.length; i += 3) count += (all[i + 1] as number) - (all[i] as number);
	if (count !== set.count) throw new InvalidState("arrived: the count is not that of its intervals");
}

/** from, to and something of ranges in order, apart; a range holds `to - from + inclusive` numbers. */
function checkTriples(list: readonly number[], where: string, inclusive: number): void {
	let end = -1;
	for (let i = 0; i < list.length; i += 3) {
		const [from, to] = [list[i] as number, list[i + 1] as number];
		if (list[i + 2] === undefined || from <= end - inclusive || to + inclusive <= from) {
			throw new InvalidState(`${where}: ranges out of order`);
		}
		end = to + inclusive;
	}
}

function restoreRing(ring: BurnRing, value: unknown): BurnRing {
	const state = objectOf(value, "ring");
	ring.minute = integerOf(state["minute"], "minute", -1);
	ring.seenGood = countOf(state["seenGood"], "seenGood");
	ring.seenBad = countOf(state["seenBad"], "seenBad");
	const buckets = listOf(state["buckets"], "buckets").map((each) =>
		integerOf(each, "buckets", -Number.MAX_SAFE_INTEGER),
	);
	for (let i = 0; i < buckets.length; i += 3) {
		const [at, good, bad] = buckets.slice(i, i + 3);
		if (at === undefined || good === undefined || bad === undefined || at < 0 || at >= ring.good.length) {
			throw new InvalidState("buckets: not a minute and its two counts");
		}
		ring.good[at] = good;
		ring.bad[at] = bad;
	}
	return ring;
}

function restoreNumbers<Target extends object, Key extends keyof Target & string>(
	target: Target,
	keys: readonly Key[],
	value: unknown,
	where: string,
	whole = true,
): Target {
	const numbers = listOf(value, where, keys.length);
	keys.forEach((key, i) => {
		const number = whole ? countOf(numbers[i], `${where}.${key}`) : amountOf(numbers[i], `${where}.${key}`);
		Object.assign(target, { [key]: number });
	});
	return target;
}

function numberList(value: unknown, where: string): number[] {
	return listOf(value, where).map((each) => countOf(each, where));
}

function orNull<Value>(value: unknown, read: (value: unknown) => Value): Value | null {
	return value === null ? null : read(value);
}

function objectOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw new InvalidState(`${where}: no object`);
	return value as Readonly<Record<string, unknown>>;
}

/** Longer lists than any bound of the reconciler are not its own. */
function listOf(value: unknown, where: string, max = 16_384): readonly unknown[] {
	if (!Array.isArray(value) || value.length > max) throw new InvalidState(`${where}: no list of up to ${max}`);
	return value;
}

function textOf(value: unknown, where: string): string {
	if (typeof value !== "string" || value.length > 256) throw new InvalidState(`${where}: no short text`);
	return value;
}

function flagOf(value: unknown, where: string): boolean {
	if (typeof value !== "boolean") throw new InvalidState(`${where}: neither true nor false`);
	return value;
}

/** A number >= 0 of whole milliseconds, readings or events. */
function countOf(value: unknown, where: string): number {
	return integerOf(value, where, 0);
}

function integerOf(value: unknown, where: string, min: number): number {
	if (!Number.isSafeInteger(value) || (value as number) < min) throw new InvalidState(`${where}: no whole number`);
	return value as number;
}

function amountOf(value: unknown, where: string): number {
	if (typeof value !== "number" || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
		throw new InvalidState(`${where}: no amount`);
	}
	return value;
}
