import { test } from "uvu";
import * as assert from "uvu/assert";
import { FLEET_METRICS } from "../../src/observe/metric-names.js";
import { createFleetMetrics, DEVICES_LISTED_MAX } from "../../src/observe/metrics.js";
import type { Observation } from "../../src/observe/observer.js";
import { createAccount } from "../../src/reconcile/account.js";
import { RESPONSE_BYTES_MAX } from "../../src/serve/http-server.js";
import { played, seen } from "../screen/fleet.js";

const observation: Observation = { ...seen(played()), observedMs: 60_000, trouble: null, refused: { cbor: 2 } };

const NOTHING: Observation = { ...seen(createAccount()), observedMs: 0, trouble: null, refused: {} };

/** The value of each series. */
function seriesOf(text: string): Map<string, number> {
	const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
	return new Map(lines.map((line) => [line.replace(/ [^ ]*$/, ""), Number(line.replace(/^.* /, ""))]));
}

test("says what the report says", () => {
	const series = seriesOf(createFleetMetrics(NOTHING)(observation));
	for (const [name, value] of [
		["observing", 1],
		["observed_seconds_total", 60],
		["readings_received_total", 2_900],
		['readings_lost_total{cause="overflow"}', 40],
		['readings_lost_total{cause="uncertain"}', 20],
		['readings_lost_total{cause="downstream"}', 40],
		['readings_lost_total{cause="expired"}', 0],
		['latency_seconds{quantile="0.99"}', 0.1],
		['devices{is="new"}', 2],
		['devices{is="silent"}', 1],
		["readings_unexplained", 0],
		["overflow_events_total", 1],
		['undecodable_total{error="cbor"}', 2],
		["objective_ratio", 0.995],
	] as const) {
		const shown = series.get(`tallywire_reconcile_${name}`);
		assert.ok(shown !== undefined && Math.abs(shown - value) < 0.002, `${name}: ${shown}, not ${value}`);
	}
	assert.ok((series.get('tallywire_reconcile_burn_rate{window="6h"}') ?? 0) > 6);
	assert.ok((series.get("tallywire_reconcile_budget_left_ratio") ?? 0) < -5);
});

test("every metric of the list is on the page, with its type and help", () => {
	const text = createFleetMetrics(NOTHING)(observation);
	for (const { name, type } of FLEET_METRICS) {
		assert.match(text, `# TYPE ${name} ${type}\n`);
		assert.is(name.endsWith("_total"), type === "counter", name);
	}
});

test("a counter never falls, though a late message takes a loss back", () => {
	const render = createFleetMetrics(NOTHING);
	const lost = 'tallywire_reconcile_readings_lost_total{cause="downstream"}';
	assert.is(seriesOf(render(observation)).get(lost), 40);
	const tally = { ...observation.report.tally, downstream: 30, received: 2_910 };
	const later = seriesOf(render({ ...observation, report: { ...observation.report, tally } }));
	assert.is(later.get(lost), 40);
	assert.is(later.get("tallywire_reconcile_readings_received_total"), 2_910);
});

test("counters begin at 0 though the account goes on from a state file, and the gauges tell all of it", () => {
	const render = createFleetMetrics(observation);
	const tally = { ...observation.report.tally, received: 2_950, downstream: 47 };
	const series = seriesOf(render({ ...observation, report: { ...observation.report, tally } }));
	for (const [name, value] of [
		["readings_received_total", 50],
		['readings_lost_total{cause="downstream"}', 7],
		['readings_lost_total{cause="overflow"}', 0],
		["objective_ratio", 0.995],
	] as const) {
		assert.is(series.get(`tallywire_reconcile_${name}`), value, name);
	}
	assert.ok((series.get("tallywire_reconcile_budget_left_ratio") ?? 0) < -5);
});

test("series are bounded: of very many devices only the first have their own, and the page stays below its limit", () => {
	const [some] = observation.report.devices;
	assert.ok(some);
	const devices = Array.from({ length: DEVICES_LISTED_MAX + 50 }, (_, i) => {
		return { ...some, device: `${"x".repeat(59)}${i}`, isEstablished: true, freshnessMs: 123_456.789 };
	});
	const text = createFleetMetrics(NOTHING)({ ...observation, report: { ...observation.report, devices } });
	const listed = [...seriesOf(text).keys()].filter((name) => name.startsWith("tallywire_reconcile_device_lost_total"));
	assert.is(listed.length, DEVICES_LISTED_MAX);
	assert.is(seriesOf(text).get("tallywire_reconcile_devices_listed"), DEVICES_LISTED_MAX);
	assert.ok(text.length < RESPONSE_BYTES_MAX, `${text.length} bytes`);
});

test.run();
