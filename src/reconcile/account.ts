// The account of every reading of every device: takes frames, statuses and states as they come, in any order and as
// often as they come, and says what became of each reading (verdict.ts). Pure: time is the argument `nowMs`, the wall
// clock of the reconciler in Unix ms. What cannot be believed is counted and touches nobody's account (fleet.ts).
import type { DecodedFrame } from "../wire/decoded.js";
import { addEnded, closeEnded, countOdd, type Device, endRun, findRun, isClosed, rememberPrevious } from "./device.js";
import {
	type Admission,
	type Candidate,
	candidateKey,
	candidateOf,
	createFleet,
	type Fleet,
	type FleetLimits,
	findDevice,
	forgetDevice,
	hearDevice,
	isOlder,
	startedWatched,
	succession,
	tryAdmit,
	viewAt,
} from "./fleet.js";
import { type FleetReport, reportFleet } from "./indicators.js";
import { addLatency } from "./latency.js";
import {
	CANDIDATES_MAX,
	DEVICES_MAX,
	FORGET_MS,
	GRACE_MS,
	JUMP_SLACK,
	RATE_MAX,
	SILENT_MS,
	STALE_MS,
} from "./limits.js";
import { isBalanced, type ObservedPrevious, type ObservedStatus } from "./observed.js";
import { createRun, type Entry, enterFrame, enterPrevious, enterStatus, noteAbsence, type Run } from "./run.js";

export interface AccountOptions {
	/** How long a verdict waits for what may still come, ms. */
	readonly graceMs?: number;
	/** Readings per second beyond which a jump of seq is not believed. */
	readonly rateMax?: number;
	/** A device unheard for this long is silent, ms. */
	readonly silentMs?: number;
	readonly devicesMax?: number;
	readonly candidatesMax?: number;
}

export interface Account {
	/** A message on a device's data topic. */
	frame(frame: DecodedFrame, topicDevice: string, nowMs: number, retained?: boolean): void;
	/** A message on a device's status topic. */
	status(status: ObservedStatus, topicDevice: string, nowMs: number, retained: boolean): void;
	/** A message on a device's state topic. */
	state(topicDevice: string, text: string, nowMs: number, retained: boolean): void;
	/** The subscription stands, and has since `fromMs`. Before the first call everything is unobserved. */
	observing(fromMs: number): void;
	/** The subscription is gone: what is missed until the next `observing` is nobody's loss. */
	absent(): void;
	/** Whether the reconciler's own clock is synchronised; without it there is no latency. */
	setClock(isGood: boolean): void;
	/** Closes and believes what time has decided. To be called every second or so. */
	tick(nowMs: number): void;
	report(nowMs: number): FleetReport;
	/** For state.ts. */
	readonly fleet: Fleet;
}

/** Makes an account; `fleet` is one that was saved (state.ts). */
export function createAccount(options: AccountOptions = {}, fleet: Fleet = createFleet(limitsOf(options))): Account {
	const silentMs = options.silentMs ?? SILENT_MS;
	return {
		fleet,
		frame(frame, topicDevice, nowMs, retained = false) {
			takeFrame(fleet, frame, topicDevice, nowMs, retained);
		},
		status(status, topicDevice, nowMs, retained) {
			takeStatus(fleet, status, topicDevice, nowMs, retained);
		},
		state(topicDevice, text, nowMs, retained) {
			takeState(fleet, topicDevice, text, nowMs, retained);
		},
		observing(fromMs) {
			fleet.listeningMs = fromMs;
		},
		absent() {
			if (fleet.listeningMs !== Number.POSITIVE_INFINITY) fleet.stretch += 1;
			fleet.listeningMs = Number.POSITIVE_INFINITY;
		},
		setClock(isGood) {
			fleet.isClockGood = isGood;
		},
		tick: (nowMs) => tick(fleet, nowMs),
		report: (nowMs) => reportFleet(fleet, nowMs, silentMs),
	};
}

/** The bounds of these options. */
export function limitsOf(options: AccountOptions): FleetLimits {
	return {
		devicesMax: options.devicesMax ?? DEVICES_MAX,
		candidatesMax: options.candidatesMax ?? CANDIDATES_MAX,
		rateMax: options.rateMax ?? RATE_MAX,
		graceMs: options.graceMs ?? GRACE_MS,
	};
}

function takeFrame(fleet: Fleet, frame: DecodedFrame, topicDevice: string, nowMs: number, retained: boolean): void {
	const { quarantine } = fleet;
	if (frame.device !== topicDevice) {
		quarantine.mismatched += 1;
		return;
	}
	const device = findDevice(fleet, frame.device);
	if (retained) {
		if (device === undefined) quarantine.retained += 1;
		else countOdd(device, "retained");
		return;
	}
	const run = device && findRun(device, frame.run);
	if (device !== undefined && run !== undefined) enterKnown(fleet, device, run, frame, nowMs);
	else if (device !== undefined && isClosed(device, frame.run)) countOdd(device, "replayed");
	else enterUnknown(fleet, frame, nowMs);
}

function enterKnown(fleet: Fleet, device: Device, run: Run, frame: DecodedFrame, nowMs: number): void {
	const readings = frame.stream.length;
	const { floor, to } = run.arrived;
	noteAbsence(run, fleet.stretch, fleet.bounds);
	const entry = enterFrame(run, frame, nowMs, fleet.bounds);
	if (typeof entry === "string") {
		refuse(device, entry, readings);
		return;
	}
	if (entry > 0 && run === device.current && !run.isFinal) run.endedMs = 0; // it was only silent
	hearDevice(fleet, device, nowMs);
	const late = Math.max(0, floor - frame.seq);
	if (late > 0) countOdd(device, "late", late);
	if (entry + late < readings) countOdd(device, "duplicates", readings - late - entry);
	if (entry > 0 && frame.seq < to) countOdd(device, "reordered");
	if (entry === readings) measure(fleet, device, frame, nowMs, frame.seq >= to);
}

/** Counts a frame that was not taken. */
function refuse(device: Device, why: Exclude<Entry, number>, readings: number): void {
	switch (why) {
		case "contradiction":
			countOdd(device, "discrepancies");
			return;
		case "jump":
			countOdd(device, "jumps");
			return;
		case "late":
			countOdd(device, "late", readings);
	}
}

/** Enters what the times of a new frame say: latency of each reading, and the age of the newest. */
function measure(fleet: Fleet, device: Device, frame: DecodedFrame, nowMs: number, isNewest: boolean): void {
	const isKnown = frame.clockSynchronised && fleet.isClockGood;
	if (isKnown) {
		let latencyMs = nowMs - frame.timeMs;
		for (const dt of frame.dt) {
			latencyMs -= dt;
			if (latencyMs >= 0) addLatency(fleet.latency, latencyMs);
			else fleet.clockInvalid += 1;
		}
		if (isNewest) device.newestMs = Math.max(device.newestMs, Math.min(nowMs, nowMs - latencyMs));
	} else if (isNewest) {
		device.newestMs = nowMs;
	}
}

function enterUnknown(fleet: Fleet, frame: DecodedFrame, nowMs: number): void {
	if (frame.clockSynchronised && fleet.isClockGood && nowMs - frame.timeMs > STALE_MS) {
		fleet.quarantine.stale += 1;
		return;
	}
	const candidate = candidateOf(fleet, frame.device, frame.run, nowMs);
	noteAbsence(candidate.run, fleet.stretch, fleet.bounds);
	const entry = enterFrame(candidate.run, frame, nowMs, fleet.bounds);
	if (typeof entry === "string") fleet.quarantine.implausible += 1;
	if (admit(fleet, candidate, nowMs)) hear(fleet, frame.device, nowMs);
}

function takeStatus(fleet: Fleet, status: ObservedStatus, topicDevice: string, nowMs: number, retained: boolean): void {
	if (status.device !== topicDevice) {
		fleet.quarantine.mismatched += 1;
		return;
	}
	const known = findDevice(fleet, status.device);
	if (!isBalanced(status)) {
		if (known === undefined) fleet.quarantine.implausible += 1;
		else countOdd(known, "discrepancies");
		return;
	}
	const run = known && findRun(known, status.run);
	if (known !== undefined && run !== undefined) {
		noteAbsence(run, fleet.stretch, fleet.bounds);
		enterKnownStatus(fleet, known, run, status, nowMs, retained);
	} else if (known !== undefined && isClosed(known, status.run)) {
		if (!retained) countOdd(known, "replayed");
	} else {
		// The broker keeps a status that is older than the run that is talking.
		if (retained && known?.current && known.current.heardMs >= fleet.listeningMs) return;
		enterUnknownStatus(fleet, status, nowMs, retained);
	}
}

function enterKnownStatus(
	fleet: Fleet,
	device: Device,
	run: Run,
	status: ObservedStatus,
	nowMs: number,
	retained: boolean,
): void {
	const overflow = run.counters?.overflow ?? 0;
	const entry = enterStatus(run, status, nowMs, retained, fleet.bounds);
	if (entry === "jump") {
		countOdd(device, "jumps");
		return;
	}
	if (entry !== "entered") countOdd(device, "discrepancies");
	if (!retained && startedWatched(fleet, status.uptimeMs, nowMs)) run.isHeadWatched = true;
	if ((run.counters?.overflow ?? 0) > overflow) countOdd(device, "overflowEvents");
	if (!retained) hearDevice(fleet, device, nowMs);
	afterStatus(fleet, device, run, status.previous, status.delivery, nowMs);
}

function enterUnknownStatus(fleet: Fleet, status: ObservedStatus, nowMs: number, retained: boolean): void {
	const candidate = candidateOf(fleet, status.device, status.run, nowMs);
	const { run } = candidate;
	noteAbsence(run, fleet.stretch, fleet.bounds);
	let entry = enterStatus(run, status, nowMs, retained, fleet.bounds);
	if (entry === "contradiction" && run.counters === null) {
		// Its frames claim more than it ever stamped: they were not its own.
		fleet.quarantine.implausible += 1;
		fleet.quarantine.readingsEvicted += run.arrived.count;
		Object.assign(run, createRun(run.id, fleet.stretch, nowMs));
		entry = enterStatus(run, status, nowMs, retained, fleet.bounds);
	}
	if (entry !== "entered") fleet.quarantine.implausible += 1;
	if (entry === "jump") return;
	if (!retained && startedWatched(fleet, status.uptimeMs, nowMs)) run.isHeadWatched = true;
	candidate.previous = status.previous ?? candidate.previous;
	candidate.delivery = status.delivery;
	if (admit(fleet, candidate, nowMs, retained) && !retained) hear(fleet, status.device, nowMs);
}

/** Takes a candidate into the account if it may be, with all that its status said beyond its counters. */
function admit(fleet: Fleet, candidate: Candidate, nowMs: number, isRetained = false): boolean {
	const known = findDevice(fleet, candidate.device);
	const runs = known === undefined ? [] : succession(fleet, known, nowMs);
	for (const each of runs) admitOne(fleet, each, nowMs, { isInSuccession: true });
	if (runs.includes(candidate)) return known !== undefined && findRun(known, candidate.run.id) !== undefined;
	return admitOne(fleet, candidate, nowMs, { isRetained });
}

function admitOne(fleet: Fleet, candidate: Candidate, nowMs: number, how: Admission): boolean {
	// The word of a run in its succession may have taken it in already.
	if (fleet.candidates.get(candidateKey(candidate.device, candidate.run.id)) !== candidate) return false;
	const device = tryAdmit(fleet, candidate, nowMs, how);
	if (device === undefined) return false;
	const { run, previous, delivery } = candidate;
	if ((run.counters?.overflow ?? 0) > 0 && run.isHeadWatched) countOdd(device, "overflowEvents");
	afterStatus(fleet, device, run, previous, delivery, nowMs);
	return true;
}

function hear(fleet: Fleet, id: string, nowMs: number): void {
	const device = findDevice(fleet, id);
	if (device !== undefined) hearDevice(fleet, device, nowMs);
}

/** What a status says beyond its counters: the end of its run, the run before it, the settings. */
function afterStatus(
	fleet: Fleet,
	device: Device,
	run: Run,
	previous: ObservedPrevious | null,
	delivery: string | null,
	nowMs: number,
): void {
	if (run.isFinal) endRun(run, nowMs, fleet.stretch, fleet.bounds);
	if (run === device.current && device.delivery !== delivery) device.delivery = delivery;
	if (previous === null || isClosed(device, previous.run)) return;
	const before = findRun(device, previous.run);
	if (before === run) return;
	if (before === undefined) {
		admitPrevious(fleet, device, previous, nowMs);
		return;
	}
	if (enterPrevious(before, previous, nowMs, fleet.bounds)) endRun(before, nowMs, fleet.stretch, fleet.bounds);
	else if (!before.isFinal) countOdd(device, "discrepancies");
}

/** The run before the current one is not in the account yet. */
function admitPrevious(fleet: Fleet, device: Device, previous: ObservedPrevious, nowMs: number): void {
	rememberPrevious(device, previous);
	const candidate = fleet.candidates.get(candidateKey(device.id, previous.run));
	if (candidate !== undefined) {
		admit(fleet, candidate, nowMs);
		return;
	}
	// Never heard, though it lived after a run that was: all of it is lost, and that is known to the reading.
	const { bounds, listeningMs } = fleet;
	const isAfterClosed = device.closedIds !== null && device.firstMs >= listeningMs;
	if (!isAfterClosed && !device.ended?.some((other) => other.heardMs >= listeningMs)) return;
	if (previous.stamped > JUMP_SLACK + (bounds.rateMax * (nowMs - listeningMs)) / 1000) return;
	const lost = createRun(previous.run, fleet.stretch, nowMs);
	if (!enterPrevious(lost, previous, nowMs, bounds)) return;
	lost.isHeadWatched = true;
	lost.firstMs = 0; // never heard: it began before all that was
	addEnded(device, lost, nowMs, viewAt(fleet, nowMs), fleet.bounds);
}

function takeState(fleet: Fleet, topicDevice: string, text: string, nowMs: number, retained: boolean): void {
	const device = findDevice(fleet, topicDevice);
	if (device === undefined || (text !== "online" && text !== "offline")) {
		fleet.quarantine.states += 1;
		return;
	}
	device.state = text;
	// `offline` may be the broker's word, and then it is of an earlier moment than its arrival says of the device.
	if (!retained && text === "online") hearDevice(fleet, device, nowMs);
}

/** A current run that fell silent, though one that began after it has come and gone, is over too. */
function endOutlived(fleet: Fleet, { current, ended }: Device, nowMs: number): void {
	if (current === null || nowMs - current.heardMs < fleet.bounds.graceMs) return;
	if (ended?.some((run) => isOlder(current, run))) endRun(current, nowMs, fleet.stretch, fleet.bounds);
}

function tick(fleet: Fleet, nowMs: number): void {
	const view = viewAt(fleet, nowMs);
	for (const candidate of fleet.candidates.values()) admit(fleet, candidate, nowMs);
	for (const devices of [fleet.devices, fleet.newcomers]) {
		for (const device of devices.values()) {
			if (device.ended === null && (device.current === null || device.current.endedMs === 0)) continue;
			endOutlived(fleet, device, nowMs);
			closeEnded(device, view, fleet.bounds);
		}
	}
	for (const device of fleet.devices.values()) {
		if (nowMs - device.heardMs >= FORGET_MS) forgetDevice(fleet, device, nowMs);
	}
}
