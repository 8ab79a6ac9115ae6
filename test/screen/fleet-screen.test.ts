import { stripVTControlCharacters } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createAccount } from "../../src/reconcile/account.js";
import type { FleetReport } from "../../src/reconcile/indicators.js";
import { createTally } from "../../src/reconcile/verdict.js";
import { textCells } from "../../src/screen/cells.js";
import { lossBar } from "../../src/screen/device-table.js";
import { type FleetScreenInput, renderFleetScreen } from "../../src/screen/fleet-screen.js";
import { played, seen } from "./fleet.js";

const test = suite("fleet screen");

function input(more: Partial<FleetScreenInput> = {}): FleetScreenInput {
	return {
		...seen(played()),
		previous: null,
		elapsedMs: 0,
		brokerUrl: "mqtt://localhost:1883",
		observedMs: 60_000,
		trouble: null,
		refused: 2,
		columns: 100,
		rows: 24,
		colour: false,
		...more,
	};
}

const EXPECTED = `Tallywire reconcile  mqtt://localhost:1883, 2 devices                             observed 1 min 0 s
● 1 device below the objective, 1 silent
objective  99.5 %: missed, -566.6667 % of the budget left; burn rate 6.7 over 60 min, 6.7 over 6 h,…
received   2,900 of 3,000 decided, -; 100 lost, 0 not decided yet, 0 unobserved
lost       at the device O overflow 40  on the way U uncertain 20  after the broker D downstream 40
latency    p50 100 ms, p95 100 ms, p99 100 ms; stalest device: 61 s
noticed    overflow events 1, messages not decoded 2

device   success   received      rate       lost  by cause           budget left  notes
ill         95 %      1,900         -        100  O▇▇▇▇▇U▇▇D▇▇▇▇▇         -900 %  new
well       100 %      1,000         -          0                           100 %  silent for 61 s, …`;

test("shows what was lost and at whose door, the worst device first", () => {
	assert.fixture(renderFleetScreen(input()).join("\n"), EXPECTED);
});

test("colours change nothing but the colours", () => {
	const lines = renderFleetScreen(input({ colour: true }));
	assert.fixture(lines.map(stripVTControlCharacters).join("\n"), EXPECTED);
	assert.ok(lines.join("").includes("\u001b[33mD"), "what the broker lost has a colour of its own");
});

test("fits every size", () => {
	for (const [columns, rows] of [
		[80, 24],
		[40, 10],
		[200, 60],
		[20, 5],
		[1, 1],
		[0, 0],
	] as const) {
		const lines = renderFleetScreen(input({ columns, rows }));
		assert.ok(lines.length <= rows, `${columns}x${rows}: ${lines.length} lines`);
		for (const line of lines) assert.ok(textCells(line) <= columns, `${columns}x${rows}: ${line}`);
	}
});

test("says how many devices there was no room for", () => {
	const base = seen(played());
	const [well, ill] = base.report.devices;
	assert.ok(ill && well);
	const more = Array.from({ length: 40 }, (_, i) => ({ ...well, device: `well-${i}` }));
	const report: FleetReport = { ...base.report, devices: [...more, ill] };
	const lines = renderFleetScreen(input({ report }));
	assert.is(lines.length, 24);
	assert.match(lines[9] ?? "", /^ill /);
	assert.is(lines.at(-1), "and 27 that are no worse");
	assert.is(lines.filter((line) => line.startsWith("well")).length + 27, 40);
});

test("rates are of what was received between two reports of the same device", () => {
	const now = seen(played());
	const before = structuredClone(now.report) as FleetReport;
	for (const device of before.devices) device.tally.received -= 500;
	before.tally.received -= 1_000;
	const text = renderFleetScreen(input({ ...now, previous: before, elapsedMs: 2_000 })).join("\n");
	assert.match(text, /^received .* decided, 500\/s;/m);
	assert.match(text, /^well +100 % +1,000 +250\/s /m);
});

test("while nothing is observed it says so, and that nobody is charged", () => {
	const text = renderFleetScreen(input({ trouble: "connection refused" })).join("\n");
	assert.match(text, "● not observing: connection refused; what is missed now is nobody's loss");
});

test("before any device is heard it claims nothing", () => {
	const text = renderFleetScreen(input({ ...seen(createAccount()), refused: 0 })).join("\n");
	assert.match(text, "listening; no device was heard yet");
	assert.match(text, "nothing decided yet");
	assert.match(text, "nothing so far");
	assert.not.match(text, "noticed");
});

test("a bar is as long as its loss beside the worst, and no cause is too small to be in it", () => {
	const shown = (counts: object, worst: number, cells = 12): string =>
		lossBar({ ...createTally(), ...counts }, worst, cells)
			.map(({ text }) => text)
			.join("");
	assert.is(shown({}, 100), " ".repeat(12));
	assert.is(shown({ overflow: 100 }, 100), "O▇▇▇▇▇▇▇▇▇▇▇");
	assert.is(shown({ overflow: 50 }, 100), "O▇▇▇▇▇      ");
	assert.is(shown({ overflow: 1 }, 1_000_000), "O           ");
	assert.is(shown({ overflow: 999_998, expired: 1, downstream: 1 }, 1_000_000), "O▇▇▇▇▇▇▇▇ED ");
	assert.is(shown({ overflow: 1, expired: 1, uncertain: 1, downstream: 1 }, 4, 2), "OE");
});

test.run();
