// The first glance: each thing that can be wrong is said with what to do, and never by halves with /healthz.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { agentProblems } from "../../src/serve/agent-problems.js";
import { health } from "../../src/serve/health.js";
import type { AgentView, LossCounts } from "../../src/wire/agent-view.js";
import type { LinkEvent } from "../../src/wire/status.js";
import { NO_LOSS, type SampleChanges, sampleReport, sampleView } from "./sample-report.js";

const test = suite("agent problems");

function problemsOf(changes: SampleChanges, more: Partial<AgentView> = {}) {
	return agentProblems(sampleView(sampleReport(changes), more));
}

function event(kind: LinkEvent["kind"], reason: string): LinkEvent {
	return { kind, reason, times: 1, firstAgeMs: 12_000, lastAgeMs: 12_000 };
}

const DOWN = { connected: false, error: "connection refused: no broker listens there", stateAgeMs: 12_000 };
const WAITING = { buffered: 2_140, oldestAgeMs: 12_000 };
const NOTHING = { stamped: 0, buffered: 0 };

/** What is changed about an agent at work, and the worst that is said of it. */
const CASES: readonly (readonly [string, SampleChanges, Partial<AgentView>, "bad" | "warn", RegExp])[] = [
	[
		"an outage",
		{ books: WAITING, link: { ...DOWN, events: [event("down", "reset")] } },
		{},
		"bad",
		/^The broker cannot be reached, so .* No connection to mqtt:\/\/broker\.example:1883 for 12 s: connection refused: no broker listens there\. 2,140 of 65,536 readings wait, the oldest for 12 s of 10 min\. The first are lost in about 5 min 55 s\. .*tallywire doctor/,
	],
	[
		"an outage with a full buffer",
		{ books: { buffered: 65_536, oldestAgeMs: 1_000 }, link: { ...DOWN, events: [event("down", "reset")] } },
		{},
		"bad",
		/The buffer is full: the oldest give way to new ones\./,
	],
	[
		"a refused login",
		{ link: { ...DOWN, events: [event("refused", "bad user")] } },
		{},
		"bad",
		/^The broker refuses the login .*mqtt\.password_file/,
	],
	[
		"the first connection",
		{ link: { ...DOWN, error: null, events: [] } },
		{},
		"warn",
		/^Connecting to the broker .*for 12 s/,
	],
	["books that do not balance", { books: { balanced: false } }, {}, "bad", /^The books do not balance .*report it/],
	["a stop", { state: "offline" }, {}, "bad", /^The agent is stopping .*12 readings still to be sent/],
	[
		"one source of two down",
		{ sources: [{}, { name: "door", up: false, error: "unplugged", stateAgeMs: 200_000 }] },
		{},
		"warn",
		/^Source door does not work door, for 3 min 20 s: unplugged\. .*tallywire doctor/,
	],
	["all sources down", { sources: [{ up: false, error: "unplugged" }] }, {}, "bad", /^No source works/],
	["sources that start", { sources: [{ up: false }] }, {}, "warn", /^Sources are starting/],
	["an ACL in the way", { link: { loopback: false } }, {}, "warn", /^The broker takes messages, but .*ACL/],
	[
		"a loss a minute ago",
		{},
		{ lossMinutes: [{ ...NO_LOSS, overflow: 1_200, expired: 3 }, NO_LOSS] },
		"warn",
		/^Readings are being lost .*1,200 overflow, 3 expired\. .*buffer\.capacity/,
	],
	[
		"a cut a minute ago",
		{},
		{ lossMinutes: [NO_LOSS, { ...NO_LOSS, uncertain: 5 }] },
		"warn",
		/^Some readings may be lost .*5 uncertain\. .*publish\.at_risk/,
	],
	[
		"noise on the line",
		{ sources: [{ readings: 0, rejected: { syntax: 12 } }] },
		{},
		"warn",
		/^Nothing that source env sends can be read .*syntax 12\. .*parse\.as/,
	],
	["a silent sensor", { books: NOTHING, sources: [{ readings: 0 }] }, {}, "warn", /^No reading has come yet/],
	["no source at all", { books: NOTHING, sources: [] }, {}, "warn", /^No source is configured/],
];

for (const [name, changes, more, level, pattern] of CASES) {
	test(`speaks of ${name}`, () => {
		const [worst, ...others] = problemsOf(changes, more);
		assert.is(worst?.level, level);
		assert.match(`${worst?.title} ${worst?.detail} ${worst?.advice}`, pattern);
		assert.equal(others, []);
	});
}

test("has nothing to say when all is well", () => {
	assert.equal(problemsOf({}), []);
});

test("speaks of a clock that is not synchronised, once it has been looked at", () => {
	const off = { ...sampleReport(), clockSynchronised: false };
	assert.match(agentProblems(sampleView(off))[0]?.title ?? "", /^The clock is not synchronised/);
	assert.equal(agentProblems(sampleView({ ...off, uptimeMs: 1_000 })), []);
});

test("a loss is no news after two minutes", () => {
	const lossMinutes: LossCounts[] = [{ ...NO_LOSS, overflow: 9 }, NO_LOSS, NO_LOSS];
	assert.equal(problemsOf({}, { lossMinutes }), []);
});

test("the worst comes first, and no title holds a figure that runs", () => {
	const changes = {
		books: WAITING,
		sources: [{}, { up: false, error: "gone" }],
		link: { ...DOWN, events: [event("down", "")] },
	};
	const found = problemsOf(changes, { lossMinutes: [{ ...NO_LOSS, uncertain: 5 }] });
	assert.equal(
		found.map(({ level }) => level),
		["bad", "warn", "warn"],
	);
	for (const { title } of found) assert.not.match(title, /\d/);
});

test("whenever /healthz is a 503 there is something to say, and nothing bad while it is 200", () => {
	for (const [name, changes, more] of CASES) {
		const report = sampleReport(changes);
		const problems = agentProblems(sampleView(report, more));
		if (!health(report).ok) assert.ok(problems.length > 0, name);
		else
			assert.ok(
				problems.every(({ level }) => level === "warn"),
				name,
			);
	}
});

test.run();
