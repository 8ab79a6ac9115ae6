import { test } from "uvu";
import * as assert from "uvu/assert";
import { createAccount } from "../../src/reconcile/account.js";
import { jsonReport, type ReportContext } from "../../src/reconcile/report.js";
import { textReport } from "../../src/screen/fleet-report.js";
import { NOW, played, seen } from "./fleet.js";

test("the text says in the words of the contract where each reading is", () => {
	const { report, objectives } = seen(played());
	const context: ReportContext = { observedMs: 60_000, refused: { cbor: 2 }, objectives };
	assert.equal(textReport(report, context).split("\n"), [
		"observed 60 s: 2 devices, 1 silent",
		"received     2,900 of 3,000 decided (96.6666 %)",
		"lost         100: overflow 40, uncertain 20, downstream 40",
		"not decided  0 pending, 0 unobserved",
		"duplicates   0 (0 %), 0 frames reordered",
		"latency      p50 100 ms, p95 100 ms, p99 100 ms of 2,900 readings",
		"freshness    the newest reading of the stalest device is 61 s old",
		"at devices   0 rejected, 1 overflow events, 0 reconnects, 0 refused logins",
		"not decoded  cbor 2",
		"objective    99.5 %: MISSED with 96.6666 %, -566.6667 % of the budget left, 1 devices below it",
		"             burn rate 6.67 over 60 min, 6.67 over 5 min",
		"             burn rate 6.67 over 6 h, 6.67 over 30 min: ALERT, both at 6 or more",
		"             burn rate 6.67 over 3 d, 6.67 over 6 h: ALERT, both at 1 or more",
		"",
		"device  success  received  lost  pending  unobserved  notes",
		"ill        95 %     1,900   100        0           0  overflow 40, uncertain 20, downstream 40, new",
		"well      100 %     1,000     0        0           0  silent, new",
		"",
	]);
});

test("nobody heard: the report says so and claims nothing", () => {
	const text = textReport(createAccount().report(NOW), { observedMs: 5_000, refused: {}, objectives: null });
	assert.match(text, "received     0 of 0 decided (-)");
	assert.match(text, "no device was heard");
});

test("one lost reading of ten million is not shown as 100 %", () => {
	const account = played();
	const report = account.report(NOW);
	const text = textReport({ ...report, success: 1 - 1e-7 }, { observedMs: 1, refused: {}, objectives: null });
	assert.match(text, "(99.9999 %)");
});

test("the JSON balances for each device and the fleet", () => {
	const report = jsonReport(played().report(NOW), { observedMs: 60_000, refused: {}, objectives: null });
	const { tally, devices } = JSON.parse(JSON.stringify(report)) as Plain;
	for (const each of [tally, ...devices.map((device) => device.tally)]) {
		const lost = Object.values(each.lost).reduce((sum, count) => sum + count, 0);
		assert.is(each.stamped, each.received + lost + each.pending + each.unobserved);
	}
	assert.is(devices.length, 2);
});

interface PlainTally {
	readonly stamped: number;
	readonly received: number;
	readonly pending: number;
	readonly unobserved: number;
	readonly lost: Readonly<Record<string, number>>;
}

interface Plain {
	readonly tally: PlainTally;
	readonly devices: readonly { readonly tally: PlainTally }[];
}

test.run();
