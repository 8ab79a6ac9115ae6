import { test } from "uvu";
import * as assert from "uvu/assert";
import { fleetProblems, fleetWellness } from "../../src/observe/fleet-problems.js";
import type { Observation } from "../../src/observe/observer.js";
import type { DeviceReport } from "../../src/reconcile/indicators.js";
import { createObjectives, recordOutcomes, reportObjectives } from "../../src/reconcile/objectives.js";
import { outcomeOf } from "../../src/reconcile/outcomes.js";
import { addTally, CAUSES, type Cause, createTally, lostTotal, type Tally } from "../../src/reconcile/verdict.js";
import { T0 } from "../reconcile/messages.js";
import { observationOf } from "./fleets.js";

const BASE = observationOf();

/** Devices that are heard and have lost this. */
function fleet(tallies: Readonly<Record<string, Partial<Tally>>>, more: Partial<DeviceReport> = {}): Observation {
	const [some] = BASE.report.devices;
	assert.ok(some);
	const devices = Object.entries(tallies).map(([device, counts]) => {
		const tally = { ...createTally(), received: 100_000, ...counts };
		const success = tally.received / (tally.received + lostTotal(tally));
		return { ...some, isSilent: false, tally, success, ...more, device };
	});
	const tally = createTally();
	for (const device of devices) addTally(tally, device.tally);
	const outcomes = devices.map((device) => [device.device, outcomeOf(device.tally)] as const);
	const objectives = createObjectives(0.995);
	recordOutcomes(objectives, outcomeOf(tally), outcomes, T0);
	const odd = { ...BASE.report.odd, discrepancies: 0, duplicates: 0 };
	return {
		...BASE,
		report: {
			...BASE.report,
			devices,
			tally,
			odd,
			success: null,
			silent: devices.filter((one) => one.isSilent).length,
		},
		objectives: reportObjectives(objectives, outcomeOf(tally), outcomes, T0),
	};
}

function titles(observation: Observation): string[] {
	return fleetProblems(observation).map(({ level, title }) => `${level}: ${title}`);
}

test("says nothing of a loss within the objective but how much it is", () => {
	assert.equal(fleetProblems(fleet({ one: {}, two: { uncertain: 1 } })), []);
	assert.match(
		fleetWellness(fleet({ one: {}, two: { uncertain: 1 } })).detail,
		/and 1 lost reading is within the objec/,
	);
	assert.match(fleetWellness(fleet({ one: {} })).detail, /and none was lost\.$/);
	assert.is(fleetWellness(fleet({})).level, "wait");
});

test("tells the loss of the fleet before that of a device, and what is to be done once", () => {
	const problems = fleetProblems(fleet({ one: { uncertain: 9_000 }, two: { uncertain: 9 } }));
	assert.equal(
		problems.map(({ title }) => title),
		["The error budget burns too fast", "The objective is missed", "Device one is below the objective"],
	);
	assert.equal(
		problems.map(({ advice }) => advice.includes("broker restarts")),
		[true, false, false],
	);
});

test("knows for every cause what to do", () => {
	const advices = CAUSES.map((cause: Cause) => fleetProblems(fleet({ one: { [cause]: 50_000 } }))[0]?.advice ?? "");
	assert.is(new Set(advices).size, CAUSES.length);
	assert.ok(advices.every((advice) => advice.length > 20));
});

test("a slow leak is no reason to wake anybody", () => {
	const observation = fleet({ one: { overflow: 600 } });
	assert.equal(titles(observation).slice(0, 1), ["bad: The objective is missed"]);
	assert.ok(titles(observation).includes("warn: The error budget leaks"));
});

test("names a few of many devices, the worst first", () => {
	const many = Object.fromEntries(
		Array.from({ length: 40 }, (_, i) => [`pi-${i}`, i < 5 ? { expired: 1_000 + i } : {}]),
	);
	const below = fleetProblems(fleet(many)).find(({ title }) => title === "Devices are below the objective");
	assert.match(
		below?.detail ?? "",
		/^pi-4 99\.0060 % \(expired 1,004\), pi-3 .*, pi-2 [^,]*,\d+\) and 2 more\.$|^pi-4 /,
	);
	assert.match(below?.detail ?? "", / and 2 more\.$/);
});

test("one device that is silent is a warning, a fifth of them is a fault, and none is while nothing is observed", () => {
	const names = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`pi-${i}`, {}]));
	const quiet = (count: number): Observation => {
		const { report, ...rest } = fleet(names);
		const devices = report.devices.map((device, i) => ({ ...device, isSilent: i < count }));
		return { ...rest, report: { ...report, devices, silent: count } };
	};
	assert.equal(titles(quiet(1)), ["warn: Device pi-0 is silent"]);
	assert.equal(titles(quiet(2)), ["warn: Devices are silent"]);
	assert.equal(titles(quiet(3)), ["bad: Many devices are silent"]);
	assert.equal(titles({ ...quiet(10), trouble: "connection closed" }), ["bad: Nothing is observed"]);
});

test("says what should never be: contradictions and duplicates", () => {
	const { report, ...rest } = fleet({ one: {} }, { odd: { ...BASE.report.odd, discrepancies: 2, duplicates: 3 } });
	const odd = { ...report.odd, discrepancies: 2, duplicates: 3 };
	assert.equal(titles({ ...rest, report: { ...report, odd } }), [
		"warn: Messages contradict others or themselves",
		"warn: Readings arrive more than once",
	]);
});

test("a title is spoken aloud, so no figure runs in it", () => {
	const all = [
		fleet({ one: { uncertain: 9_000 }, two: { overflow: 5_000 } }),
		{ ...observationOf(), trouble: "closed" },
		observationOf(),
	].flatMap((observation) => fleetProblems(observation).map(({ title }) => title));
	assert.ok(all.length > 6);
	for (const title of all) assert.not.match(title, /\d/);
});

test.run();
