import { stripVTControlCharacters } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentScreenInput, renderAgentLine, renderAgentScreen } from "../../src/screen/agent-screen.js";
import { shownOfReport } from "../../src/screen/agent-shown.js";
import { fit, fitRight, render, textCells, visible } from "../../src/screen/cells.js";
import { type SampleChanges, sampleReport } from "../serve/sample-report.js";

const test = suite("agent screen");

const SOURCES = [
	{ name: "lab", type: "sim" },
	{ name: "door", type: "gpio", up: false, error: "no permission for /dev/gpiochip0: add the user to the group gpio" },
];

function input(changes: SampleChanges = {}, more: Partial<AgentScreenInput> = {}): AgentScreenInput {
	return {
		agent: shownOfReport(sampleReport({ sources: SOURCES, ...changes })),
		previous: shownOfReport(
			sampleReport({
				books: { stamped: 1_200_567, confirmed: 1_200_400 },
				sources: [{ name: "lab", readings: 100 }],
			}),
		),
		elapsedMs: 2_000,
		from: "http://127.0.0.1:9464/status",
		trouble: null,
		latest: [
			{ stream: "lab.temperature", value: 21.37, ageMs: 0 },
			{ stream: "lab.open", value: true, ageMs: 1_200 },
			{ stream: "lab.raw", value: Uint8Array.of(1, 255), ageMs: 10 },
		],
		hints: ["q quit"],
		columns: 80,
		rows: 24,
		colour: false,
		...more,
	};
}

const EXPECTED = `Tallywire 1.0.0  pi-7f3a, run AbCdEfGhIjk                           up 1 min 3 s
● readings flow, but 1 of 2 sources do not work

┌ sources ───┐  ┌ buffer ────┐  ┌ window ────┐  ┌ broker ────┐
│  1,234,567 │→ │         12 │→ │        140 │→ │  1,234,400 │
│   17,000/s │  │ ▏░░░░░░░░░ │  │  in flight │  │   17,000/s │
└────────────┘  └────────────┘  └────────────┘  └────────────┘
dropped    overflow 3 expired 2 oversize 0 shutdown 0
uncertain  10 sent on connections that were cut
books      1,234,567 = 12 + 1,234,550 + 5 balanced  buffered + sent + dropped
sources
● lab          sim             700 readings       300/s
○ door         gpio   no permission for /dev/gpiochip0: add the user to the gro…
last values
  lab.temperature                                21.37  now
  lab.open                                        true  1.2 s ago
  lab.raw                                       0x01ff  now
link       connected, 1 disconnect   from  http://127.0.0.1:9464/status
› q quit`;

test("shows the way of a reading on 80 x 24", () => {
	assert.fixture(renderAgentScreen(input()).join("\n"), EXPECTED);
});

test("colours change nothing but the colours", () => {
	const coloured = renderAgentScreen(input({}, { colour: true }));
	assert.fixture(coloured.map(stripVTControlCharacters).join("\n"), EXPECTED);
	assert.ok(coloured.join("").includes("\u001b[31m"));
	for (const line of coloured) {
		const sequences = line.split("\u001b[").slice(1);
		assert.ok(
			sequences.every((sequence, i) => sequence.startsWith("0m") === (i % 2 === 1)),
			"every colour ends where its text ends",
		);
		assert.is(sequences.length % 2, 0);
	}
});

const HOSTILE = [
	"\u001b[2J\u001b]0;owned\u0007",
	"a\nb\r\u0008c",
	"\u202egnp.exe",
	"\u200b\u2028\u0085",
	"\ud800",
	"温度".repeat(50),
	"🌡".repeat(50),
	"x".repeat(10_000),
	"",
];

test("fits every size, with hostile names, errors, values and hints", () => {
	const sources = HOSTILE.flatMap((text) => [
		{ name: text, up: false, error: text },
		{ name: text, type: text },
	]);
	const hostile = input(
		{ sources, link: { connected: false, error: HOSTILE.join("") }, facts: { device: HOSTILE.join("") } },
		{
			latest: HOSTILE.map((text) => ({ stream: text, value: text, ageMs: Number.NaN })),
			hints: HOSTILE,
			from: HOSTILE.join(""),
		},
	);
	for (const [columns, rows] of [
		[80, 24],
		[40, 10],
		[200, 60],
		[78, 20],
		[77, 19],
		[20, 5],
		[1, 1],
		[0, 0],
	] as const) {
		for (const colour of [false, true]) {
			const lines = renderAgentScreen({ ...hostile, columns, rows, colour });
			assert.ok(lines.length <= rows, `${columns}x${rows}: ${lines.length} lines`);
			for (const line of lines) {
				const plain = colour ? stripVTControlCharacters(line) : line;
				assert.not.match(plain, /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
				assert.ok(textCells(plain) <= columns, `${columns}x${rows}: ${JSON.stringify(plain)}`);
			}
		}
	}
});

test("keeps the counters on 40 x 10", () => {
	const lines = renderAgentScreen(input({}, { columns: 40, rows: 10 }));
	assert.is(lines.length, 10);
	const text = lines.join("\n");
	for (const shown of ["Tallywire", "sources", "1,234,567", "17,000/s", "140", "broker", "overflow 3"]) {
		assert.ok(text.includes(shown), shown);
	}
});

test("says how many sources and values there was no room for", () => {
	const sources = Array.from({ length: 30 }, (_, i) => ({ name: `s${i}` }));
	const lines = renderAgentScreen(input({ sources }));
	assert.ok(lines.length <= 24);
	assert.match(lines.join("\n"), /^sources \(\d+ more\)$/m);
	assert.match(lines.at(-1) ?? "", /q quit/);
});

test("says what is wrong", () => {
	const cut = renderAgentScreen(input({ link: { connected: false, error: "connection refused" } })).join("\n");
	assert.match(cut, /● not connected to the broker: connection refused/);
	assert.match(cut, /no link/);
	assert.match(cut, /^link {7}connection refused/m);
	assert.match(renderAgentScreen(input({}, { trouble: "nobody listens" })).join("\n"), /^● nobody listens$/m);
	assert.match(renderAgentScreen(input({ books: { balanced: false } })).join("\n"), /DO NOT BALANCE/);
	assert.match(renderAgentScreen(input({ sources: [{}] })).join("\n"), /● all is well: every reading is accounted for/);
});

test("shows no rate before there are two reports of one run", () => {
	for (const more of [{ previous: null }, { elapsedMs: 0 }]) {
		assert.not.match(renderAgentScreen(input({}, more)).join("\n"), /\d\/s\b/);
	}
	const restarted = input({ facts: { run: "another" } });
	assert.not.match(
		renderAgentScreen({ ...restarted, agent: { ...restarted.agent, sources: [] } }).join("\n"),
		/\d\/s\b/,
	);
});

test("large counts stay inside their boxes", () => {
	for (const stamped of [99_999_999, 100_000_000, 9_999_999_999, 10_000_000_000, 2 ** 52]) {
		const lines = renderAgentScreen(input({ books: { stamped, buffered: 65_536 } }));
		assert.is(lines[4]?.length, lines[3]?.length, String(stamped));
		assert.not.match(lines[4] ?? "", /…/);
	}
	assert.match(renderAgentScreen(input({ books: { buffered: 65_536 } })).join("\n"), /██████████/);
});

test("a million readings a second fit too", () => {
	const previous = shownOfReport(sampleReport({ books: { stamped: 0, confirmed: 0 } }));
	const lines = renderAgentScreen(input({ books: { stamped: 2_500_000, confirmed: 200_000_000 } }, { previous }));
	assert.match(lines[5] ?? "", /^│ +1250000\/s │ .* │ +0\.10 G\/s │$/);
});

test("says it all in one plain line for a pipe", () => {
	assert.is(
		renderAgentLine(input()),
		"device=pi-7f3a up=63s link=up stamped=1234567 rate=17000 buffered=12 sent=1234550 confirmed=1234400 " +
			"in_flight=140 uncertain=10 overflow=3 expired=2 oversize=0 shutdown=0 ok=true",
	);
	const wrong = renderAgentLine(input({ link: { connected: false, error: 'a "b"\n\u001b[2J' } }, { previous: null }));
	assert.match(wrong, /rate=- .* ok=false why="not connected to the broker: a \\"b\\"\ufffd\ufffd\[2J"$/);
	assert.not.match(wrong, /[\p{Cc}]/u);
});

test("measures, clips and fills by cells", () => {
	assert.is(textCells("a温🌡é"), 6);
	assert.is(fit("温度", 3), "温…");
	assert.is(fit("温度", 2), "… ");
	assert.is(fit("ab", 4), "ab  ");
	assert.is(fitRight("ab", 4), "  ab");
	assert.is(render([{ text: "abcdef", style: "bold" }], 4, false), "abc…");
	assert.is(visible("a\u0000\ud83c"), "a\ufffd\ufffd");
});

test.run();
