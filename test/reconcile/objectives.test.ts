import { test } from "uvu";
import * as assert from "uvu/assert";
import {
	BURN_ALERTS,
	burnRate,
	createBurnRing,
	createObjectives,
	type Outcome,
	recordOutcome,
	recordOutcomes,
	reportObjectives,
	WORST_DEVICES_MAX,
} from "../../src/reconcile/objectives.js";
import { createRandom, seed } from "../support/seed.js";
import { T0 } from "./messages.js";

const MINUTE_MS = 60_000;
const SLO = 0.995;

/** Totals that rise by `good` and `bad` each minute, recorded from `fromMinute` for `minutes`. */
function steady(minutes: number, good: number, bad: number): ReturnType<typeof createBurnRing> {
	const ring = createBurnRing();
	for (let i = 1; i <= minutes; i++) recordOutcome(ring, { good: good * i, bad: bad * i }, T0 + i * MINUTE_MS);
	return ring;
}

test("golden vectors: a steady share of loss burns at that share over what is allowed, in every window", () => {
	const vectors: [good: number, bad: number, rate: number][] = [
		[1_000, 0, 0],
		[995, 5, 1],
		[970, 30, 6],
		[928, 72, 14.4],
		[0, 1_000, 200],
	];
	for (const [good, bad, rate] of vectors) {
		const ring = steady(5_000, good, bad);
		const nowMs = T0 + 5_000 * MINUTE_MS;
		for (const { longMs, shortMs } of BURN_ALERTS) {
			for (const windowMs of [longMs, shortMs]) {
				assert.ok(Math.abs(burnRate(ring, SLO, windowMs, nowMs) - rate) < 1e-12, `${good} ${bad} ${windowMs}`);
			}
		}
	}
});

test("golden vectors: ten minutes of half lost, looked at as they pass through the windows", () => {
	const objectives = createObjectives(SLO);
	let total: Outcome = { good: 0, bad: 0 };
	const alerts: Record<number, readonly boolean[]> = {};
	for (let minute = 0; minute <= 500; minute++) {
		const isBad = minute > 400 && minute <= 410;
		total = { good: total.good + (isBad ? 500 : 1_000), bad: total.bad + (isBad ? 500 : 0) };
		const nowMs = T0 + minute * MINUTE_MS;
		recordOutcomes(objectives, total, [], nowMs);
		const { burn } = reportObjectives(objectives, total, [], nowMs).fleet;
		alerts[minute] = burn?.windows.map(({ isAlert }) => isAlert) ?? [];
	}
	assert.equal(alerts[400], [false, false, false]);
	// One minute of 61 half lost: 0.5 / 61 / 0.005 = 1.6 over the hour; 0.5 / 401 / 0.005 = 0.25 over all there is.
	assert.equal(alerts[401], [false, false, false]);
	// Nine of 61: 14.75 over the hour, 0.5 / 0.005 = 100 over five minutes.
	assert.equal(alerts[408], [false, false, true]);
	assert.equal(alerts[409], [true, false, true]);
	// Five minutes later the short window is clean, but for the one that has begun.
	assert.equal(alerts[416], [false, false, true]);
	assert.equal(alerts[500], [false, false, true]);
});

test("against a list of minutes: burn rates over random histories with holes, and days of silence", () => {
	for (let round = 0; round < 60; round++) {
		const random = createRandom(seed + round);
		const ring = createBurnRing();
		const minutes = new Map<number, Outcome>();
		let total = { good: 0, bad: 0 };
		let minute = Math.floor(T0 / MINUTE_MS);
		for (let step = 0; step < 200; step++) {
			minute += random() < 0.02 ? Math.floor(random() * 6_000) : Math.floor(random() * 4);
			const rise = { good: Math.floor(random() * 100), bad: random() < 0.3 ? Math.floor(random() * 20) : 0 };
			total = { good: total.good + rise.good, bad: total.bad + rise.bad };
			const known = minutes.get(minute) ?? { good: 0, bad: 0 };
			minutes.set(minute, { good: known.good + rise.good, bad: known.bad + rise.bad });
			recordOutcome(ring, total, minute * MINUTE_MS + Math.floor(random() * MINUTE_MS));
		}
		for (const windowMs of BURN_ALERTS.flatMap(({ longMs, shortMs }) => [longMs, shortMs])) {
			const sum = { good: 0, bad: 0 };
			for (const [each, { good, bad }] of minutes) {
				if (each < minute - windowMs / MINUTE_MS) continue;
				sum.good += good;
				sum.bad += bad;
			}
			const expected = sum.bad === 0 ? 0 : sum.bad / (sum.good + sum.bad) / (1 - SLO);
			const found = burnRate(ring, SLO, windowMs, minute * MINUTE_MS);
			assert.ok(Math.abs(found - expected) <= 1e-9 * Math.max(1, expected), `seed ${seed + round} ${windowMs}`);
		}
	}
});

test("an objective is missed by the fleet or by any device, and the budget says by how much", () => {
	const objectives = createObjectives(SLO);
	const devices: [string, Outcome][] = [
		["well", { good: 99_900, bad: 100 }],
		["ill", { good: 900, bad: 100 }],
		["new", { good: 0, bad: 0 }],
	];
	const report = reportObjectives(objectives, { good: 100_800, bad: 200 }, devices, T0);
	assert.equal([report.fleet.isMissed, report.isMissed], [false, true]);
	assert.ok(Math.abs(report.fleet.budgetLeft - (1 - 200 / 101_000 / 0.005)) < 1e-12);
	assert.equal(
		report.devices.map(({ device, isMissed }) => [device, isMissed]),
		[
			["ill", true],
			["well", false],
		],
	);
	const nothing = reportObjectives(objectives, { good: 0, bad: 0 }, [], T0);
	assert.equal([nothing.fleet.success, nothing.isMissed, nothing.fleet.budgetLeft], [null, false, 1]);
});

test("only so many devices have a ring, and a worse one takes the place of the least bad", () => {
	const objectives = createObjectives(SLO);
	const devices = (bad: (i: number) => number): [string, Outcome][] =>
		Array.from({ length: WORST_DEVICES_MAX + 8 }, (_, i) => [`d${i}`, { good: 100, bad: bad(i) }]);
	recordOutcomes(
		objectives,
		{ good: 0, bad: 0 },
		devices(() => 0),
		T0,
	);
	assert.is(objectives.worst.size, 0);
	recordOutcomes(
		objectives,
		{ good: 0, bad: 0 },
		devices((i) => i + 1),
		T0 + MINUTE_MS,
	);
	assert.is(objectives.worst.size, WORST_DEVICES_MAX);
	assert.not(objectives.worst.has("d0"));
	assert.ok(objectives.worst.has(`d${WORST_DEVICES_MAX + 7}`));
});

test("an outcome of 100 % allows no loss", () => {
	const objectives = createObjectives(1);
	const report = reportObjectives(objectives, { good: 10, bad: 1 }, [], T0);
	assert.equal([report.isMissed, report.fleet.budgetLeft], [true, Number.NEGATIVE_INFINITY]);
	assert.is(reportObjectives(objectives, { good: 10, bad: 0 }, [], T0).fleet.budgetLeft, 1);
});

test.run();
