import { test } from "uvu";
import * as assert from "uvu/assert";
import { DEVICES_REPORTED_MAX, fleetSite } from "../../src/observe/fleet-site.js";
import { type FleetPageState, fleetPageState, ROWS_MAX } from "../../src/observe/fleet-state.js";
import { createObjectives, reportObjectives } from "../../src/reconcile/objectives.js";
import { RESPONSE_BYTES_MAX } from "../../src/serve/http-server.js";
import { bigFleet, observationOf } from "./fleets.js";

/** An event to everybody who looks, once a second: a phone takes it in its stride. */
const EVENT_BYTES_MAX = 100_000;

function stateOf(observation = observationOf()): FleetPageState {
	return fleetPageState(observation, "mqtt://localhost:1883", 0);
}

test("what was lost at the doors and for the causes is all that was lost", () => {
	const { doors, causes, readings, rows } = stateOf();
	const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
	assert.is(readings.lost, 100);
	assert.is(sum(doors.map(({ lost }) => lost)), 100);
	assert.is(sum(causes.map(({ lost }) => lost)), 100);
	assert.is(sum(rows.flatMap(({ lost }) => Object.values(lost))), 100);
	assert.is(readings.received + readings.lost, readings.decided);
	assert.equal(
		doors.map(({ door, lost }) => [door, lost]),
		[
			["device", 40],
			["way", 20],
			["broker", 40],
		],
	);
});

test("a device that lost nothing has all of its budget, and notes are the terminal's", () => {
	const [ill, well] = stateOf().rows;
	assert.equal([ill?.device, well?.device], ["ill", "well"]);
	assert.equal([ill?.is_missed, well?.is_missed], [true, false]);
	assert.ok((ill?.budget_left ?? 0) < -8);
	assert.is(well?.budget_left, 1);
	assert.equal(well?.notes, ["silent for 61 s", "new"]);
});

test("an objective that allows no loss has no budget to speak of", () => {
	const { report, ...rest } = observationOf();
	const objectives = reportObjectives(createObjectives(1), { good: 10, bad: 1 }, [["ill", { good: 1, bad: 1 }]], 0);
	const state = stateOf({ ...rest, report, objectives });
	assert.is(state.objective.budget_left, null);
	assert.is(state.rows[0]?.budget_left, null);
	assert.equal(JSON.parse(JSON.stringify(state)), state);
});

test("is bounded, however many devices there are: the worst have a row", () => {
	const state = stateOf(bigFleet(16_384));
	assert.is(state.rows.length, ROWS_MAX);
	assert.is(state.devices.heard, 16_384);
	assert.ok(state.rows.every(({ lost }) => Object.keys(lost).length === 3));
	const bytes = JSON.stringify(state).length;
	assert.ok(bytes < EVENT_BYTES_MAX, `${bytes} bytes`);
});

test("the report of very many devices has the worst, says how many are left, and can be answered", () => {
	const big = bigFleet(16_384);
	const site = fleetSite({ brokerUrl: "mqtt://localhost:1883", observe: () => big });
	const { code, body = "" } = site.documents.get("/report")?.() ?? {};
	assert.is(code, 200);
	assert.ok(Buffer.byteLength(body) < RESPONSE_BYTES_MAX, `${body.length} bytes`);
	const report = JSON.parse(body);
	assert.is(report.devices.length, DEVICES_REPORTED_MAX);
	assert.is(report.devicesLeft, 16_384 - DEVICES_REPORTED_MAX);
	assert.ok(report.devices.every(({ tally }: { tally: { lost: { uncertain: number } } }) => tally.lost.uncertain > 0));
});

test.run();
