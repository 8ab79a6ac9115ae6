// What operators ask, worked out of the account: success, loss by cause, duplicates, latency, freshness, and what is odd.
import { type Device, deviceTally, type Oddities } from "./device.js";
import { type Fleet, type Quarantine, viewAt } from "./fleet.js";
import { latencyQuantile } from "./latency.js";
import { addTally, contradictions, createTally, lostTotal, type Tally } from "./verdict.js";

export interface DeviceReport {
	readonly device: string;
	/** The current run, if one is known. */
	readonly run: string | null;
	readonly state: "online" | "offline" | null;
	/** Heard for longer than the grace; others may be invented. */
	readonly isEstablished: boolean;
	/** Not heard for `silentMs`, and not said to be offline. */
	readonly isSilent: boolean;
	readonly tally: Tally;
	/** Received over decided readings, 0 to 1; null while none is decided. */
	readonly success: number | null;
	/** Age of the newest reading, ms; null while none came. */
	readonly freshnessMs: number | null;
	/** Settings that decide delivery are not those of most devices. */
	readonly isDrifted: boolean;
	readonly delivery: string | null;
	/** Since the start of the runs that are known; the first may have begun before the account did. */
	readonly rejected: number;
	readonly authFailures: number;
	readonly reconnects: number;
	readonly odd: Readonly<Omit<Oddities, "rejected" | "authFailures" | "reconnects">>;
}

export interface FleetReport {
	readonly devices: readonly DeviceReport[];
	readonly tally: Tally;
	readonly success: number | null;
	/** Readings that arrived again, over all that arrived. */
	readonly duplicateRate: number | null;
	/** From capture to arrival, ms, within LATENCY_RELATIVE_ERROR; only where both clocks are known to be good. */
	readonly latency: {
		readonly p50: number | null;
		readonly p95: number | null;
		readonly p99: number | null;
		readonly readings: number;
		/** Readings whose capture lay after their arrival: a clock is wrong. Not in the quantiles. */
		readonly clockInvalid: number;
	};
	/** Age of the oldest of the newest readings of all devices that are not offline, ms. */
	readonly freshnessMs: number | null;
	readonly silent: number;
	readonly rejected: number;
	readonly authFailures: number;
	readonly reconnects: number;
	readonly odd: DeviceReport["odd"];
	/** Distinct `delivery` hashes, the most common first. */
	readonly deliveries: readonly { readonly delivery: string; readonly devices: number }[];
	/** Runs that nothing vouches for yet, and the readings they hold. */
	readonly candidates: { readonly runs: number; readonly readings: number };
	readonly quarantine: Readonly<Quarantine>;
	/** Of devices that left the table; part of `tally`. */
	readonly forgotten: Tally;
}

/** Readings whose fate is decided. */
export function decidedTotal(tally: Tally): number {
	return tally.received + lostTotal(tally);
}

/** Received over decided readings. */
export function successOf(tally: Tally): number | null {
	const decided = decidedTotal(tally);
	return decided === 0 ? null : tally.received / decided;
}

/** The device that delivers the smallest share of its readings first; of equals, the one that lost more, then the silent. */
export function worstFirst(devices: readonly DeviceReport[]): DeviceReport[] {
	return [...devices].sort(
		(a, b) =>
			(a.success ?? 1) - (b.success ?? 1) ||
			lostTotal(b.tally) - lostTotal(a.tally) ||
			Number(b.isSilent) - Number(a.isSilent) ||
			(a.device < b.device ? -1 : 1),
	);
}

export function reportFleet(fleet: Fleet, nowMs: number, silentMs: number): FleetReport {
	const deliveries = countDeliveries(fleet);
	const usual = deliveries[0]?.delivery ?? null;
	const devices: DeviceReport[] = [];
	for (const device of fleet.devices.values()) devices.push(reportDevice(fleet, device, true, usual, nowMs, silentMs));
	for (const device of fleet.newcomers.values())
		devices.push(reportDevice(fleet, device, false, usual, nowMs, silentMs));
	const tally = createTally();
	addTally(tally, fleet.forgotten);
	for (const device of devices) addTally(tally, device.tally);
	const sum = (count: (device: DeviceReport) => number): number =>
		devices.reduce((total, device) => total + count(device), 0);
	const odd = sumOdd(devices);
	const ages = devices.flatMap(({ state, freshnessMs }) =>
		state === "offline" || freshnessMs === null ? [] : [freshnessMs],
	);
	let readings = 0;
	for (const { run } of fleet.candidates.values()) readings += run.arrived.count;
	return {
		devices,
		tally,
		success: successOf(tally),
		duplicateRate: tally.received === 0 ? null : odd.duplicates / (tally.received + odd.duplicates),
		latency: {
			p50: latencyQuantile(fleet.latency, 0.5),
			p95: latencyQuantile(fleet.latency, 0.95),
			p99: latencyQuantile(fleet.latency, 0.99),
			readings: fleet.latency.count,
			clockInvalid: fleet.clockInvalid,
		},
		freshnessMs: ages.length === 0 ? null : ages.reduce((oldest, age) => Math.max(oldest, age), 0),
		silent: sum(({ isSilent }) => (isSilent ? 1 : 0)),
		rejected: sum(({ rejected }) => rejected),
		authFailures: sum(({ authFailures }) => authFailures),
		reconnects: sum(({ reconnects }) => reconnects),
		odd,
		deliveries,
		candidates: { runs: fleet.candidates.size, readings },
		quarantine: { ...fleet.quarantine },
		forgotten: { ...fleet.forgotten },
	};
}

/** All readings of all devices: what `reportFleet` says in `tally`, without the rest. */
export function fleetTally(fleet: Fleet, nowMs: number): Tally {
	const view = viewAt(fleet, nowMs);
	const tally = createTally();
	addTally(tally, fleet.forgotten);
	for (const device of fleet.devices.values()) addTally(tally, deviceTally(device, view));
	for (const device of fleet.newcomers.values()) addTally(tally, deviceTally(device, view));
	return tally;
}

function reportDevice(
	fleet: Fleet,
	device: Device,
	isEstablished: boolean,
	usual: string | null,
	nowMs: number,
	silentMs: number,
): DeviceReport {
	const tally = deviceTally(device, viewAt(fleet, nowMs));
	const runs = [...(device.current === null ? [] : [device.current]), ...(device.ended ?? [])];
	const counters = runs.flatMap((run) => (run.counters === null ? [] : [run.counters]));
	const contradicted = runs.reduce((total, run) => total + contradictions(run), 0);
	const { odd } = device;
	return {
		device: device.id,
		run: device.current?.id ?? null,
		state: device.state,
		isEstablished,
		isSilent: device.state !== "offline" && nowMs - Math.max(device.heardMs, device.firstMs) >= silentMs,
		tally,
		success: successOf(tally),
		freshnessMs: device.newestMs === 0 ? null : Math.max(0, nowMs - device.newestMs),
		isDrifted: device.delivery !== null && device.delivery !== usual,
		delivery: device.delivery,
		rejected: (odd?.rejected ?? 0) + counters.reduce((total, { rejected }) => total + rejected, 0),
		authFailures: (odd?.authFailures ?? 0) + counters.reduce((total, { authFailures }) => total + authFailures, 0),
		reconnects: (odd?.reconnects ?? 0) + counters.reduce((total, { connects }) => total + Math.max(0, connects - 1), 0),
		odd: {
			duplicates: odd?.duplicates ?? 0,
			reordered: odd?.reordered ?? 0,
			late: odd?.late ?? 0,
			retained: odd?.retained ?? 0,
			replayed: odd?.replayed ?? 0,
			jumps: odd?.jumps ?? 0,
			discrepancies: (odd?.discrepancies ?? 0) + contradicted,
			overflowEvents: odd?.overflowEvents ?? 0,
		},
	};
}

function sumOdd(devices: readonly DeviceReport[]): DeviceReport["odd"] {
	const total = {
		...{ duplicates: 0, reordered: 0, late: 0, retained: 0, replayed: 0, jumps: 0, discrepancies: 0 },
		overflowEvents: 0,
	};
	for (const { odd } of devices) {
		for (const what of Object.keys(total) as (keyof typeof total)[]) total[what] += odd[what];
	}
	return total;
}

function countDeliveries(fleet: Fleet): FleetReport["deliveries"] {
	const counts = new Map<string, number>();
	for (const devices of [fleet.devices, fleet.newcomers]) {
		for (const { delivery } of devices.values()) {
			if (delivery !== null) counts.set(delivery, (counts.get(delivery) ?? 0) + 1);
		}
	}
	return [...counts]
		.map(([delivery, devices]) => ({ delivery, devices }))
		.sort((a, b) => b.devices - a.devices || (a.delivery < b.delivery ? -1 : 1));
}
