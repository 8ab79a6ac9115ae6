import { stripVTControlCharacters } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type DemoScreenInput, lastWords, renderDemoLine, renderDemoScreen } from "../../src/demo/screen.js";
import type { Observation } from "../../src/observe/observer.js";
import { shownOfReport } from "../../src/screen/agent-shown.js";
import { textCells } from "../../src/screen/cells.js";
import { played, seen } from "../screen/fleet.js";
import { sampleReport } from "../serve/sample-report.js";

const test = suite("demo screen");

const observation: Observation = { ...seen(played()), observedMs: 60_000, trouble: null, refused: {} };

function input(more: Partial<DemoScreenInput> = {}): DemoScreenInput {
	const report = sampleReport({ facts: { device: "ill" }, books: { stamped: 2_000, buffered: 0, sent: 1_960 } });
	return {
		observation,
		previous: observation,
		elapsedMs: 2_000,
		gateway: { agent: shownOfReport(report), previous: null, link: "cut" },
		losses: [
			{ gateway: "ill", range: [1_040, 1_059, "uncertain"] },
			{ gateway: "ill", range: [1_000, 1_039, "overflow"] },
		],
		uptimeMs: 63_000,
		brokerUrl: "mqtt://127.0.0.1:1883",
		pageUrl: "http://127.0.0.1:9464/",
		hints: ["keys: q quit"],
		columns: 100,
		rows: 24,
		colour: false,
		...more,
	};
}

test("shows the way through one gateway, all gateways, and what became of the newest losses", () => {
	const text = renderDemoScreen(input()).join("\n");
	assert.match(text, /^● every loss is explained: {2}3,000 stamped = 2,900 received \+ 100 lost \+ 0 on the way$/m);
	assert.match(text, /^gateway {4}ill, link cut$/m);
	assert.match(text, /┌ subscriber ┐/);
	assert.match(text, /│ +1,900 │$/m, "the reconciler's count ends the way");
	assert.match(text, /^ill +95 % +1,900 +0\/s +100 {2}O▇+U▇+D▇+ +-900 %/m);
	assert.match(text, /^ {2}ill +1,000 - 1,039 +40 {2}overflow {3}the buffer was full$/m);
	assert.match(text, /uncertain {2}sent, but the link went down/);
	assert.is(text.split("\n").at(-1), "› keys: q quit");
});

test("what should not be is said first", () => {
	const odd = { ...observation.report.odd, duplicates: 3 };
	const text = renderDemoScreen(input({ observation: { ...observation, report: { ...observation.report, odd } } }));
	assert.match(text[1] ?? "", "● 3 duplicates, 0 discrepancies");
});

test("fits every size, and colours change nothing", () => {
	for (const [columns, rows] of [
		[110, 40],
		[80, 24],
		[40, 10],
		[1, 1],
		[0, 0],
	] as const) {
		const plain = renderDemoScreen(input({ columns, rows }));
		assert.ok(plain.length <= rows);
		for (const line of plain) assert.ok(textCells(line) <= columns, `${columns}x${rows}: ${line}`);
		assert.equal(renderDemoScreen(input({ columns, rows, colour: true })).map(stripVTControlCharacters), plain);
	}
});

test("says it all in one plain line for a pipe", () => {
	assert.is(
		renderDemoLine(input()),
		"up=63s gateways=2 stamped=3000 received=2900 lost=100 overflow=40 expired=0 oversize=0 shutdown=0 unknown=0 " +
			"crash=0 uncertain=20 downstream=40 pending=0 unobserved=0 duplicates=0",
	);
});

test("the last words hold the reconciler's sum against the gateways' own", () => {
	assert.is(
		lastWords(observation, 3_001),
		"The gateways:   3,001 readings stamped.\n" +
			"The reconciler: 2,900 received, 100 lost (overflow 40, uncertain 20, downstream 40), 0 twice, 1 unexplained.",
	);
});

test.run();
