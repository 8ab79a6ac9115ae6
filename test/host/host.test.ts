import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STREAMS_PER_SOURCE_MAX } from "../../src/core/limits.js";
import type { Value } from "../../src/core/value.js";
import { createSourceHost, ERROR_CHARS_MAX, isFieldName, unitsByStream } from "../../src/sources/host.js";
import { randomAt } from "../../src/sources/sim/random.js";
import type { FieldLimits, SourceSettings } from "../../src/sources/source.js";

const test = suite("source host");

interface Stamped {
	readonly name: string;
	readonly value: Value;
	readonly capturedMs: number;
}

function createWorld(settings: Partial<SourceSettings> = {}) {
	const names: string[] = [];
	const stamped: Stamped[] = [];
	const { host, report } = createSourceHost({
		settings: { name: "env", type: "serial", ...settings },
		now: () => 5,
		// Not from 0: a host must not confuse its own ids with the agent's.
		registerStream: (name) => 1_000 + names.push(name) - 1,
		offer: (index, value, capturedMs) => stamped.push({ name: names[index - 1_000] ?? "?", value, capturedMs }),
	});
	return { host, report, names, stamped };
}

test("stamps a value under <source>.<field> with its own time", () => {
	const { host, report, stamped } = createWorld();
	const stream = host.stream("temperature");
	for (const value of [21.5, true, "text", Uint8Array.of(1, 2)]) host.offer(stream, value, 3);
	assert.equal(
		stamped.map(({ name, value, capturedMs }) => [name, value, capturedMs]),
		[21.5, true, "text", Uint8Array.of(1, 2)].map((value) => ["env.temperature", value, 3]),
	);
	assert.is(report().readings, 4);
	assert.is(host.now(), 5);
});

test("gives a field one id for ever, and registers it once", () => {
	const { host, names } = createWorld();
	assert.is(host.stream("a"), host.stream("a"));
	assert.is.not(host.stream("a"), host.stream("b"));
	assert.equal(names, ["env.a", "env.b"]);
});

test("makes -0 a plain 0", () => {
	const { host, stamped } = createWorld();
	host.offer(host.stream("a"), -0, 0);
	assert.ok(Object.is(stamped[0]?.value, 0));
});

test("rejects what is no value, and nothing of it is stamped", () => {
	const { host, report, stamped } = createWorld();
	const stream = host.stream("a");
	const bad: unknown[] = [
		Number.NaN,
		Number.POSITIVE_INFINITY,
		Number.NEGATIVE_INFINITY,
		null,
		undefined,
		{},
		[1],
		1n,
		Symbol("x"),
	];
	for (const value of bad) host.offer(stream, value as Value, 0);
	assert.equal(report().rejected, { value: bad.length });
	assert.equal(stamped, []);
});

const FIELD_NAMES: readonly (readonly [name: string, isGood: boolean])[] = [
	["t", true],
	["temperature (outside)", true],
	["température", true],
	["温度", true],
	["\u{1f321}", true],
	["constructor", true],
	["__proto__", true],
	["x".repeat(64), true],
	["é".repeat(32), true],
	["", false],
	["x".repeat(65), false],
	["é".repeat(33), false],
	["x".repeat(1_000_000), false],
	["a\nb", false],
	["a\u0000", false],
	["\u001b[31m", false],
	["a\u007f", false],
	["a\u202eb", false],
	["a\u200db", false],
	["\ud800", false],
	["a\udfff", false],
];

test("takes field names of 1 to 64 bytes without invisible characters", () => {
	for (const [name, isGood] of FIELD_NAMES) assert.is(isFieldName(name), isGood, JSON.stringify(name.slice(0, 70)));
});

test("counts an offer on a field that is no name as rejected, reason stream", () => {
	const { host, report, names } = createWorld();
	for (const [name] of FIELD_NAMES) host.offer(host.stream(name), 1, 0);
	const bad = FIELD_NAMES.filter(([, isGood]) => !isGood).length;
	assert.equal(report().rejected, { stream: bad });
	assert.is(report().readings, FIELD_NAMES.length - bad);
	assert.is(names.length, FIELD_NAMES.length - bad);
});

test("stops a sensor that invents names at 256 streams, and goes on with those it has", () => {
	const { host, report, names } = createWorld();
	for (let i = 0; i < 10_000; i += 1) host.offer(host.stream(`field${i}`), i, 0);
	assert.is(names.length, STREAMS_PER_SOURCE_MAX);
	assert.is(report().readings, STREAMS_PER_SOURCE_MAX);
	assert.equal(report().rejected, { stream: 10_000 - STREAMS_PER_SOURCE_MAX });
	host.offer(host.stream("field255"), 1, 0);
	assert.is(report().readings, STREAMS_PER_SOURCE_MAX + 1);
});

test("rejects on an id that was never given out", () => {
	const { host, report, stamped } = createWorld();
	host.stream("a");
	for (const id of [1, 255, 256, -1, 0.5, Number.NaN, 1e9]) host.offer(id, 1, 0);
	assert.equal(stamped, []);
	assert.equal(report().rejected, { stream: 7 });
});

type Offer = readonly [capturedMs: number, value: Value, isStamped: boolean];
const LIMITS: readonly (readonly [sentence: string, limits: FieldLimits, offers: readonly Offer[]])[] = [
	[
		"no limit stamps all",
		{},
		[
			[0, 1, true],
			[0, 1, true],
			[0, 1, true],
		],
	],
	[
		"the interval alone decides by time",
		{ minIntervalMs: 100 },
		[
			[0, 1, true],
			[99, 50, false],
			[100, 50, true],
			[150, 1, false],
			[199.9, 1, false],
			[200, 50, true],
		],
	],
	[
		"the deadband alone decides by change since the last stamped value",
		{ deadband: 0.5 },
		[
			[0, 1, true],
			[1e6, 1.5, false],
			[2e6, 1.75, true],
			[2e6, 1.5, false],
			[2e6, 1.2, true],
			[3e6, 0.6, true],
		],
	],
	[
		"a slow drift inside the deadband is not lost: it is measured from the last stamped value",
		{ deadband: 1 },
		[
			[0, 0, true],
			[1, 0.6, false],
			[2, 1, false],
			[3, 1.25, true],
			[4, 2, false],
			[5, 2.5, true],
		],
	],
	[
		"both filter only what is inside both",
		{ minIntervalMs: 100, deadband: 1 },
		[
			[0, 0, true],
			[50, 0.5, false],
			[60, 2, true],
			[159, 2.5, false],
			[160, 2.5, true],
			[161, 9, true],
		],
	],
	[
		"a deadband of 0 stamps changes only",
		{ deadband: 0 },
		[
			[0, 1, true],
			[1, 1, false],
			[2, 1.0000001, true],
			[3, -0, true],
			[4, 0, false],
		],
	],
	[
		"an interval of 0 filters nothing",
		{ minIntervalMs: 0 },
		[
			[0, 1, true],
			[0, 1, true],
		],
	],
	[
		"for what is no number any change is outside the deadband",
		{ deadband: 10 },
		[
			[0, true, true],
			[1, true, false],
			[2, false, true],
			[3, "a", true],
			[4, "a", false],
			[5, "b", true],
			[6, 1, true],
			[7, "b", true],
		],
	],
	[
		"a number after a text is a change, and a text after a number",
		{ deadband: 10 },
		[
			[0, 1, true],
			[1, "1", true],
			[2, 1, true],
			[3, 2, false],
		],
	],
	[
		"bytes are the same when they hold the same",
		{ deadband: 0 },
		[
			[0, Uint8Array.of(1, 2), true],
			[1, Uint8Array.of(1, 2), false],
			[2, Uint8Array.of(1, 3), true],
			[3, Uint8Array.of(1), true],
		],
	],
	[
		"texts that change pass inside the interval when both are given",
		{ minIntervalMs: 1_000, deadband: 0 },
		[
			[0, "on", true],
			[1, "on", false],
			[2, "off", true],
			[1_002, "off", true],
		],
	],
	[
		"a time before the last one (kernel edges) is inside the interval",
		{ minIntervalMs: 100 },
		[
			[1_000, 1, true],
			[950, 2, false],
			[1_100, 3, true],
		],
	],
];

test("limits, as a table", () => {
	for (const [sentence, limits, offers] of LIMITS) {
		const { host, report, stamped } = createWorld({ limits: { t: limits } });
		const stream = host.stream("t");
		offers.forEach(([capturedMs, value, isStamped], i) => {
			const before = stamped.length;
			host.offer(stream, value, capturedMs);
			assert.is(stamped.length - before, Number(isStamped), `${sentence}: offer ${i}`);
		});
		assert.is(report().filtered, offers.filter(([, , isStamped]) => !isStamped).length, sentence);
		assert.is(report().readings + report().filtered, offers.length, sentence);
	}
});

/** The contract's sentence on limits, word by word. */
function isFilteredByModel(limits: FieldLimits, last: Stamped | undefined, value: Value, capturedMs: number): boolean {
	const { minIntervalMs, deadband } = limits;
	if (last === undefined || (minIntervalMs === undefined && deadband === undefined)) return false;
	const isSoon = minIntervalMs === undefined || capturedMs - last.capturedMs < minIntervalMs;
	const areNumbers = typeof value === "number" && typeof last.value === "number";
	const change = areNumbers
		? Math.abs(Number(value) - Number(last.value))
		: value === last.value
			? 0
			: Number.MAX_VALUE;
	return isSoon && (deadband === undefined || change <= deadband);
}

test("limits agree with a naive model on random values, and every offer is counted once", () => {
	const seed = Number(process.env["TALLYWIRE_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
	let index = 0;
	const random = (below: number) => Math.floor(randomAt(seed, index++) * below);
	for (let round = 0; round < 300; round += 1) {
		const limits: FieldLimits = {
			...(random(2) === 0 ? {} : { minIntervalMs: random(20) }),
			...(random(2) === 0 ? {} : { deadband: random(4) / 2 }),
		};
		const { host, report, stamped } = createWorld({ limits: { t: limits } });
		const stream = host.stream("t");
		const values: readonly Value[] = [0, 0.5, 1, 2, 5, -0, true, false, "a", "b", Number.NaN];
		let nowMs = 0;
		for (let i = 0; i < 100; i += 1) {
			nowMs += random(8);
			const value = values[random(values.length)] ?? 0;
			const before = stamped.length;
			const isFiltered = isFilteredByModel(limits, stamped.at(-1), value, nowMs);
			host.offer(stream, value, nowMs);
			const isStamped = !Number.isNaN(value) && !isFiltered;
			assert.is(stamped.length - before, Number(isStamped), `seed ${seed}, round ${round}, offer ${i}`);
		}
		const { readings, filtered, rejected } = report();
		assert.is(readings + filtered + (rejected.value ?? 0), 100, `seed ${seed}, round ${round}`);
	}
});

test("limits of one field leave the others alone, and inherited names are no limits", () => {
	const { host, report } = createWorld({ limits: { t: { minIntervalMs: 1_000 } } });
	for (const field of ["t", "u", "constructor", "toString"]) {
		for (let i = 0; i < 3; i += 1) host.offer(host.stream(field), i, 0);
	}
	assert.is(report().readings, 1 + 3 * 3);
	assert.is(report().filtered, 2);
});

test("a value that is rejected moves no limit", () => {
	const { host, report } = createWorld({ limits: { t: { deadband: 1 } } });
	const stream = host.stream("t");
	for (const value of [1, Number.NaN, 1.5]) host.offer(stream, value, 0);
	assert.is(report().filtered, 1);
	assert.equal(report().rejected, { value: 1 });
});

test("remembers bytes and not the memory they came in", () => {
	const { host, report } = createWorld({ limits: { t: { deadband: 0 } } });
	const bytes = Uint8Array.of(1);
	const stream = host.stream("t");
	host.offer(stream, bytes, 0);
	bytes[0] = 2;
	host.offer(stream, bytes, 1);
	assert.is(report().readings, 2);
});

test("counts a restart when a source that had worked comes back, and not its first start", () => {
	const { host, report } = createWorld();
	assert.equal([report().up, report().error, report().restarts], [false, null, 0]);
	host.down("no such port");
	host.down("no such port");
	assert.equal([report().up, report().error, report().restarts], [false, "no such port", 0]);
	host.up();
	host.up();
	assert.equal([report().up, report().error, report().restarts], [true, null, 0]);
	host.down("unplugged");
	host.up();
	host.down("unplugged");
	host.down("still unplugged");
	host.up();
	assert.equal([report().up, report().error, report().restarts], [true, null, 2]);
});

test("tells how long a source has been up or down; another error while it is down is no change", () => {
	let nowMs = 1_000;
	const settings = { name: "env", type: "serial" };
	const { host, report } = createSourceHost({ settings, now: () => nowMs, registerStream: () => 0, offer: () => {} });
	const ageAfter = (act: () => void): number => {
		act();
		nowMs += 100;
		return report().stateAgeMs;
	};
	assert.is(
		ageAfter(() => host.down("no such port")),
		100,
	);
	assert.is(ageAfter(host.up), 100);
	assert.is(ageAfter(host.up), 200);
	assert.is(
		ageAfter(() => host.down("unplugged")),
		100,
	);
	assert.is(
		ageAfter(() => host.down("still unplugged")),
		200,
	);
});

test("an error is one bounded line without control characters", () => {
	const { host, report } = createWorld();
	host.down(`bad\r\n\u001b[2J${"x".repeat(100_000)}`);
	const error = report().error ?? "";
	assert.ok(error.startsWith("bad [2Jxxx"));
	assert.ok(error.length <= ERROR_CHARS_MAX + 1 && error.endsWith("x…"));
});

test("counts each reason for itself and shows only what was counted", () => {
	const { host, report } = createWorld();
	assert.equal(report().rejected, {});
	host.reject("syntax");
	host.reject("syntax");
	host.reject("too_long");
	assert.equal(report().rejected, { too_long: 1, syntax: 2 });
});

test("gives the units of all sources by full stream name", () => {
	const units = unitsByStream([
		{ name: "env", type: "serial", units: { temperature: "Cel", humidity: "%RH" } },
		{ name: "door", type: "gpio" },
		{ name: "lab", type: "sim", units: JSON.parse('{"__proto__":"V"}') },
	]);
	assert.equal(Object.entries(units), [
		["env.temperature", "Cel"],
		["env.humidity", "%RH"],
		["lab.__proto__", "V"],
	]);
});

test.run();
