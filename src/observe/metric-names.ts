// The reconciler's metrics as data: name, type, help and labels, once. The renderer works through this list, and
// dashboards and alerts are made from it.
import { counter, gauge, type MetricDefinition } from "../serve/exposition.js";

export const FLEET_METRICS = [
	gauge("tallywire_reconcile_observing", "1 while the subscription stands; what is missed meanwhile is nobody's loss."),
	counter("tallywire_reconcile_observed_seconds_total", "Time for which the subscription stood."),
	counter("tallywire_reconcile_readings_received_total", "Readings that arrived, each counted once."),
	counter(
		"tallywire_reconcile_readings_lost_total",
		"Readings found lost, by cause. A verdict that a late message takes back stays in here; the report is exact.",
		["cause"],
	),
	gauge(
		"tallywire_reconcile_readings_unexplained",
		"Readings that a device dropped and no status has given a reason for yet; in no cause until then.",
	),
	counter("tallywire_reconcile_readings_unobserved_total", "Readings missing while the subscription did not stand."),
	gauge("tallywire_reconcile_readings_pending", "Readings whose fate is not decided yet."),
	counter("tallywire_reconcile_readings_duplicate_total", "Readings that arrived again."),
	counter("tallywire_reconcile_frames_reordered_total", "Frames that arrived after a later one of their run."),
	gauge("tallywire_reconcile_latency_seconds", "From capture to arrival, where both clocks are known good.", [
		"quantile",
	]),
	counter(
		"tallywire_reconcile_clock_invalid_total",
		"Readings captured after they arrived, though both clocks are said to be good.",
	),
	gauge(
		"tallywire_reconcile_freshness_seconds",
		"Age of the newest reading of the stalest device that is not offline.",
	),
	gauge("tallywire_reconcile_devices", "Devices in the account, by what is to be said of them.", ["is"]),
	counter(
		"tallywire_reconcile_readings_rejected_total",
		"Sensor input that gave no reading, by the devices' own count.",
	),
	counter("tallywire_reconcile_overflow_events_total", "Times that a device said its buffer had overflowed again."),
	counter("tallywire_reconcile_reconnects_total", "Connections of devices after their first."),
	counter("tallywire_reconcile_auth_failures_total", "Connections of devices that the broker refused."),
	counter("tallywire_reconcile_discrepancies_total", "Messages that contradict others or themselves."),
	counter("tallywire_reconcile_quarantined_total", "Messages that touched nobody's account, by kind.", ["kind"]),
	counter("tallywire_reconcile_undecodable_total", "Messages that the strict decoder refused, by kind of error.", [
		"error",
	]),
	gauge("tallywire_reconcile_delivery_settings", "Different settings that decide delivery among the devices."),
	gauge("tallywire_reconcile_objective_ratio", "The share of decided readings that has to arrive."),
	gauge("tallywire_reconcile_budget_left_ratio", "The share of the error budget that is left; below 0 when overspent."),
	gauge("tallywire_reconcile_burn_rate", "Loss in the window over what the objective allows.", ["window"]),
	gauge("tallywire_reconcile_devices_listed", "Devices with series of their own, the first that were established."),
	counter("tallywire_reconcile_device_received_total", "Readings of one device that arrived.", ["device"]),
	counter("tallywire_reconcile_device_lost_total", "Readings of one device found lost.", ["device"]),
	gauge("tallywire_reconcile_device_freshness_seconds", "Age of the newest reading of one device.", ["device"]),
	gauge("tallywire_reconcile_device_silent", "1 for a device that is neither heard nor said to be offline.", [
		"device",
	]),
	gauge("tallywire_reconcile_device_drifted", "1 for a device whose delivery settings are not those of most.", [
		"device",
	]),
] as const satisfies readonly MetricDefinition[];

export type FleetMetricName = (typeof FLEET_METRICS)[number]["name"];
