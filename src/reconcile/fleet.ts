// All devices, and the runs that nothing vouches for yet. Every table is bounded: newcomers and candidates make room for
// each other in the order in which they were last heard, so a flood of invented names displaces only itself.
import { addEnded, createDevice, type Device, deviceTally, endRun, isBelieved, succeed } from "./device.js";
import { createLatencySketch, type LatencySketch } from "./latency.js";
import { START_MARGIN_MS } from "./limits.js";
import type { ObservedPrevious } from "./observed.js";
import { type Bounds, createRun, detailOf, enterPrevious, type Run } from "./run.js";
import { addTally, createTally, type Tally, type View } from "./verdict.js";

/** What is not accounted to any device, counted. */
export interface Quarantine {
	/** Messages whose payload names another device than their topic. */
	mismatched: number;
	/** First frames of a run that are older than any buffer. */
	stale: number;
	/** Retained data frames of devices that are not known. */
	retained: number;
	/** Messages of a state that is neither online nor offline, or of a device that is not known. */
	states: number;
	/** Jumps and contradictions of runs that nothing vouched for. */
	implausible: number;
	/** Candidates that made room, and the readings they held. */
	candidatesEvicted: number;
	readingsEvicted: number;
	/** Newcomers that made room. */
	devicesEvicted: number;
	/** Newcomers that found every place taken by established devices. */
	devicesRefused: number;
}

export interface Candidate {
	readonly device: string;
	readonly run: Run;
	/** Of its newest status. */
	previous: ObservedPrevious | null;
	delivery: string | null;
}

export interface Fleet {
	/** Heard for longer than a grace. */
	readonly devices: Map<string, Device>;
	/** The rest, the one heard longest ago first. */
	readonly newcomers: Map<string, Device>;
	/** By device and run, the one heard longest ago first. */
	readonly candidates: Map<string, Candidate>;
	readonly devicesMax: number;
	readonly candidatesMax: number;
	readonly bounds: Bounds;
	readonly latency: LatencySketch;
	/** Readings whose capture lies after their arrival, though both clocks are said to be good. */
	clockInvalid: number;
	readonly quarantine: Quarantine;
	/** Of devices that left the table. */
	readonly forgotten: Tally;
	/** Counts the absences of the reconciler. */
	stretch: number;
	/** Since when it listens without a break; Infinity while it does not. */
	listeningMs: number;
	/** Whether the reconciler's own clock is synchronised. */
	isClockGood: boolean;
}

export type FleetLimits = Pick<Fleet, "devicesMax" | "candidatesMax"> & Omit<Bounds, "detail">;

export function createFleet(limits: FleetLimits): Fleet {
	return {
		devices: new Map(),
		newcomers: new Map(),
		candidates: new Map(),
		devicesMax: limits.devicesMax,
		candidatesMax: limits.candidatesMax,
		bounds: { detail: 0, rateMax: limits.rateMax, graceMs: limits.graceMs },
		latency: createLatencySketch(),
		clockInvalid: 0,
		quarantine: {
			...{ mismatched: 0, stale: 0, retained: 0, states: 0, implausible: 0 },
			...{ candidatesEvicted: 0, readingsEvicted: 0, devicesEvicted: 0, devicesRefused: 0 },
		},
		forgotten: createTally(),
		stretch: 0,
		listeningMs: Number.POSITIVE_INFINITY,
		isClockGood: true,
	};
}

export function viewAt({ bounds, stretch }: Fleet, nowMs: number): View {
	return { nowMs, graceMs: bounds.graceMs, stretch };
}

export function findDevice({ devices, newcomers }: Fleet, id: string): Device | undefined {
	return devices.get(id) ?? newcomers.get(id);
}

/** The device spoke: a newcomer goes to the end of the queue, or is established. */
export function hearDevice(fleet: Fleet, device: Device, nowMs: number): void {
	device.heardMs = Math.max(device.heardMs, nowMs);
	if (fleet.newcomers.size === 0 || !fleet.newcomers.delete(device.id)) return;
	const isEstablished = nowMs - device.firstMs >= fleet.bounds.graceMs;
	(isEstablished ? fleet.devices : fleet.newcomers).set(device.id, device);
}

/** Removes the first sixteenth of a table: one at a time, a Map would walk over all that was deleted before, each time. */
function removeOldest<Entry>(table: Map<string, Entry>): Entry[] {
	const removed: Entry[] = [];
	const count = Math.ceil(table.size / 16);
	for (const [key, entry] of table) {
		if (removed.length >= count) break;
		table.delete(key);
		removed.push(entry);
	}
	return removed;
}

/** The key of a run in the table of candidates. */
export function candidateKey(device: string, run: string): string {
	return `${device}/${run}`;
}

/** The candidate of this name, made if need be; the one heard longest ago makes room. */
export function candidateOf(fleet: Fleet, device: string, id: string, nowMs: number): Candidate {
	const { candidates, quarantine, bounds } = fleet;
	const key = candidateKey(device, id);
	let candidate = candidates.get(key);
	if (candidate === undefined) {
		if (candidates.size >= fleet.candidatesMax) {
			for (const { run } of removeOldest(candidates)) {
				bounds.detail -= detailOf(run);
				quarantine.candidatesEvicted += 1;
				quarantine.readingsEvicted += run.arrived.count;
			}
		}
		candidate = { device, run: createRun(id, fleet.stretch, nowMs), previous: null, delivery: null };
	} else {
		candidates.delete(key);
	}
	candidates.set(key, candidate);
	return candidate;
}

/**
 * Takes a candidate into the account once it is believed and nothing speaks against it. A run beside one that is talking
 * waits: only the end of that one, or its silence for a grace, makes room, so invented runs displace nobody.
 * @returns the device it was taken into
 */
export function tryAdmit(fleet: Fleet, candidate: Candidate, nowMs: number, how: Admission = {}): Device | undefined {
	const { run } = candidate;
	const view = viewAt(fleet, nowMs);
	const known = findDevice(fleet, candidate.device);
	const previous = known?.previous?.find((each) => each.run === run.id);
	if (previous === undefined && !isBelieved(run, view)) return undefined;
	const device = known ?? admitDevice(fleet, candidate.device, nowMs);
	if (device === undefined) return undefined;
	const { current } = device;
	// Its own word that the run before it is dead, with that run's last counters.
	if (current !== null && candidate.previous?.run === current.id) {
		if (enterPrevious(current, candidate.previous, nowMs, fleet.bounds))
			endRun(current, nowMs, fleet.stretch, fleet.bounds);
	}
	const isFree = current === null || current.endedMs > 0;
	if (previous !== undefined) {
		if (!enterPrevious(run, previous, nowMs, fleet.bounds)) return undefined;
		run.isHeadWatched ||= hasHeard(fleet, device.ended);
		addEnded(device, run, nowMs, view, fleet.bounds);
	} else if (isFree && current !== null && isOlder(run, current)) {
		addEnded(device, run, nowMs, view, fleet.bounds);
	} else if (isFree || gaveWay(fleet, current, run, nowMs, how)) {
		// The run before it was heard while we listened, so this one began after that.
		if (current !== null) run.isHeadWatched ||= hasHeard(fleet, [current]);
		succeed(device, run, nowMs, view, fleet.bounds);
	} else if (run.isFinal) {
		addEnded(device, run, nowMs, view, fleet.bounds);
	} else {
		return undefined;
	}
	fleet.candidates.delete(candidateKey(candidate.device, run.id));
	return device;
}

/** Whether a run began before another: by their clocks where both were good, else as they were first heard of. */
export function isOlder(run: Run, other: Run): boolean {
	return run.startMs > 0 && other.startMs > 0 ? run.startMs < other.startMs : run.firstMs < other.firstMs;
}

function hasHeard({ listeningMs }: Fleet, runs: readonly Run[] | null): boolean {
	return runs?.some((run) => run.heardMs >= listeningMs) ?? false;
}

/** What besides time can make room for a candidate. */
export interface Admission {
	/** Its status was retained: the broker's newest word. */
	readonly isRetained?: boolean;
	/** The current run came in the same succession of runs, none of which was heard beside another. */
	readonly isInSuccession?: boolean;
}

/** Whether the current run gave way: not heard for a grace while the other was, or replaced during an absence. */
function gaveWay(fleet: Fleet, current: Run, run: Run, nowMs: number, how: Admission): boolean {
	if (how.isRetained && current.heardMs < fleet.listeningMs) return true;
	if (how.isInSuccession && current.heardMs <= run.firstMs) return true;
	// A current run known by a retained status alone was never heard; it still is newer than what was heard before that came.
	return isSilent(fleet, current, nowMs) && run.heardMs > Math.max(current.heardMs, current.firstMs);
}

function isSilent({ bounds }: Fleet, run: Run, nowMs: number): boolean {
	return nowMs - run.heardMs >= bounds.graceMs;
}

/**
 * The candidates of a device whose current run fell silent, in the order of their lives: several runs may have come and
 * gone in one grace. Empty where the current run still talks, or where there is but one.
 */
export function succession(fleet: Fleet, device: Device, nowMs: number): Candidate[] {
	const { current } = device;
	if (current === null || !isSilent(fleet, current, nowMs)) return [];
	const view = viewAt(fleet, nowMs);
	const waiting = [...fleet.candidates.values()].filter(
		({ device: id, run }) => id === device.id && run.firstMs >= current.heardMs && isBelieved(run, view),
	);
	return waiting.length < 2 ? [] : waiting.sort((a, b) => a.run.firstMs - b.run.firstMs);
}

function admitDevice(fleet: Fleet, id: string, nowMs: number): Device | undefined {
	const { devices, newcomers, quarantine } = fleet;
	if (devices.size + newcomers.size >= fleet.devicesMax) {
		for (const device of removeOldest(newcomers)) {
			forgetDetail(fleet, device);
			quarantine.devicesEvicted += 1;
		}
	}
	if (devices.size >= fleet.devicesMax) {
		quarantine.devicesRefused += 1;
		return undefined;
	}
	const device = createDevice(id, nowMs);
	newcomers.set(id, device);
	return device;
}

function forgetDetail({ bounds }: Fleet, device: Device): void {
	for (const run of [device.current, ...(device.ended ?? [])]) if (run !== null) bounds.detail -= detailOf(run);
}

/** An established device leaves the table; its totals stay in the fleet's. */
export function forgetDevice(fleet: Fleet, device: Device, nowMs: number): void {
	addTally(fleet.forgotten, deviceTally(device, viewAt(fleet, nowMs)));
	forgetDetail(fleet, device);
	fleet.devices.delete(device.id);
}

/** The run began after the reconciler did, by its own uptime. */
export function startedWatched({ listeningMs }: Fleet, uptimeMs: number, nowMs: number): boolean {
	return nowMs - uptimeMs - START_MARGIN_MS >= listeningMs;
}
