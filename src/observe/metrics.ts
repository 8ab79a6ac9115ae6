// What is observed, as metrics. Series are bounded: causes, kinds and errors are closed sets, and only so many devices
// have series of their own.
import type { DeviceReport } from "../reconcile/indicators.js";
import { CAUSES, lostTotal } from "../reconcile/verdict.js";
import { expose, one, type Sample } from "../serve/exposition.js";
import { FLEET_METRICS, type FleetMetricName } from "./metric-names.js";
import type { Observation } from "./observer.js";

/** Devices with series of their own: 5 each of up to 130 bytes keep the page below 1 MiB. */
export const DEVICES_LISTED_MAX = 1_000;

/** A page of metrics of what is observed now. Counters never fall from one page to the next. */
export type FleetMetrics = (observation: Observation) => string;

/**
 * Makes the renderer; it remembers the highest value of each counter. Counters begin at 0 with the process, whatever
 * `start`, an account taken from a state file, holds: that file is a little older than what Prometheus saw last, and a
 * counter that goes on from a little less looks to it as if all of it had been counted anew.
 */
export function createFleetMetrics(start: Observation): FleetMetrics {
	const initial = new Map<string, number>();
	const highest = new Map<string, number>();
	for (const { name, type } of FLEET_METRICS) {
		if (type !== "counter") continue;
		for (const { labels, value } of SAMPLES[name](start, listedOf(start))) initial.set(keyOf(name, labels), value);
	}

	function neverFalling(name: FleetMetricName, { labels, value }: Sample): Sample {
		const key = keyOf(name, labels);
		const shown = Math.max(value - (initial.get(key) ?? 0), highest.get(key) ?? 0);
		highest.set(key, shown);
		return { labels, value: shown };
	}

	const kinds = new Map(FLEET_METRICS.map(({ name, type }) => [name, type]));
	return (observation) => {
		const listed = listedOf(observation);
		return expose(FLEET_METRICS, (name) => {
			const samples = SAMPLES[name](observation, listed);
			return kinds.get(name) === "counter" ? samples.map((sample) => neverFalling(name, sample)) : samples;
		});
	};
}

function keyOf(name: FleetMetricName, labels: readonly string[]): string {
	return [name, ...labels].join(" ");
}

function listedOf({ report }: Observation): readonly DeviceReport[] {
	return report.devices.filter(({ isEstablished }) => isEstablished).slice(0, DEVICES_LISTED_MAX);
}

type Samples = (observation: Observation, listed: readonly DeviceReport[]) => readonly Sample[];

/** What each metric says. A metric added to the list does not compile until it is here. */
const SAMPLES: Readonly<Record<FleetMetricName, Samples>> = {
	tallywire_reconcile_observing: ({ trouble }) => one(Number(trouble === null)),
	tallywire_reconcile_observed_seconds_total: ({ observedMs }) => one(observedMs / 1_000),
	tallywire_reconcile_readings_received_total: ({ report }) => one(report.tally.received),
	tallywire_reconcile_readings_lost_total: ({ report }) =>
		CAUSES.filter((cause) => cause !== "unknown").map((cause) => ({ labels: [cause], value: report.tally[cause] })),
	tallywire_reconcile_readings_unexplained: ({ report }) => one(report.tally.unknown),
	tallywire_reconcile_readings_unobserved_total: ({ report }) => one(report.tally.unobserved),
	tallywire_reconcile_readings_pending: ({ report }) => one(report.tally.pending),
	tallywire_reconcile_readings_duplicate_total: ({ report }) => one(report.odd.duplicates),
	tallywire_reconcile_frames_reordered_total: ({ report }) => one(report.odd.reordered),
	tallywire_reconcile_latency_seconds: ({ report: { latency } }) =>
		(["p50", "p95", "p99"] as const).flatMap((name) => {
			const ms = latency[name];
			return ms === null ? [] : [{ labels: [`0.${name.slice(1)}`], value: ms / 1_000 }];
		}),
	tallywire_reconcile_clock_invalid_total: ({ report }) => one(report.latency.clockInvalid),
	tallywire_reconcile_freshness_seconds: ({ report }) => seconds(report.freshnessMs),
	tallywire_reconcile_devices: ({ report: { devices, silent } }) => [
		{ labels: ["established"], value: countOf(devices, ({ isEstablished }) => isEstablished) },
		{ labels: ["new"], value: countOf(devices, ({ isEstablished }) => !isEstablished) },
		{ labels: ["silent"], value: silent },
		{ labels: ["offline"], value: countOf(devices, ({ state }) => state === "offline") },
		{ labels: ["drifted"], value: countOf(devices, ({ isDrifted }) => isDrifted) },
	],
	tallywire_reconcile_readings_rejected_total: ({ report }) => one(report.rejected),
	tallywire_reconcile_overflow_events_total: ({ report }) => one(report.odd.overflowEvents),
	tallywire_reconcile_reconnects_total: ({ report }) => one(report.reconnects),
	tallywire_reconcile_auth_failures_total: ({ report }) => one(report.authFailures),
	tallywire_reconcile_discrepancies_total: ({ report }) => one(report.odd.discrepancies),
	tallywire_reconcile_quarantined_total: ({ report: { quarantine, odd } }) =>
		Object.entries({
			mismatched: quarantine.mismatched,
			stale: quarantine.stale,
			implausible: quarantine.implausible + odd.jumps,
			retained: quarantine.retained + odd.retained,
			replayed: odd.replayed,
		}).map(([kind, value]) => ({ labels: [kind], value })),
	tallywire_reconcile_undecodable_total: ({ refused }) =>
		Object.entries(refused).map(([error, value]) => ({ labels: [error], value })),
	tallywire_reconcile_delivery_settings: ({ report }) => one(report.deliveries.length),
	tallywire_reconcile_objective_ratio: ({ objectives }) => one(objectives.slo),
	tallywire_reconcile_budget_left_ratio: ({ objectives }) => one(objectives.fleet.budgetLeft),
	tallywire_reconcile_burn_rate: ({ objectives }) => {
		const rates = (objectives.fleet.burn?.windows ?? []).flatMap(({ longMs, shortMs, long, short }) => [
			[windowName(longMs), long] as const,
			[windowName(shortMs), short] as const,
		]);
		// One window is the long one of an alert and the short one of another.
		return [...new Map(rates)].map(([window, value]) => ({ labels: [window], value }));
	},
	tallywire_reconcile_devices_listed: (_, listed) => one(listed.length),
	tallywire_reconcile_device_received_total: (_, listed) => perDevice(listed, ({ tally }) => tally.received),
	tallywire_reconcile_device_lost_total: (_, listed) => perDevice(listed, ({ tally }) => lostTotal(tally)),
	tallywire_reconcile_device_freshness_seconds: (_, listed) =>
		perDevice(listed, ({ freshnessMs }) => (freshnessMs === null ? null : freshnessMs / 1_000)),
	tallywire_reconcile_device_silent: (_, listed) => perDevice(listed, ({ isSilent }) => Number(isSilent)),
	tallywire_reconcile_device_drifted: (_, listed) => perDevice(listed, ({ isDrifted }) => Number(isDrifted)),
};

function seconds(ms: number | null): Sample[] {
	return one(ms === null ? null : ms / 1_000);
}

function countOf(devices: readonly DeviceReport[], is: (device: DeviceReport) => boolean): number {
	return devices.reduce((sum, device) => sum + (is(device) ? 1 : 0), 0);
}

function perDevice(devices: readonly DeviceReport[], value: (device: DeviceReport) => number | null): Sample[] {
	return devices.flatMap((device) => {
		const number = value(device);
		return number === null ? [] : [{ labels: [device.device], value: number }];
	});
}

/** As Prometheus writes durations. */
function windowName(ms: number): string {
	if (ms % 86_400_000 === 0) return `${ms / 86_400_000}d`;
	return ms % 3_600_000 === 0 ? `${ms / 3_600_000}h` : `${ms / 60_000}m`;
}
