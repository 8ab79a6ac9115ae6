import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Value } from "../../src/core/value.js";
import { createSimStream, SHAPES, type Shape, type StreamSettings, valueAt } from "../../src/sources/sim/shapes.js";
import { CATCH_UP_S, createSimSource, SIM_RATE_MAX, type SimSettings, TICK_MS } from "../../src/sources/sim/sim.js";

const test = suite("sim source");

const MACHINE = { sysRoot: "/sys", devRoot: "/dev", board: "laptop" };
const DELAY_MS_MAX = 2_147_483_647;

interface Offered {
	readonly field: string;
	readonly value: Value;
	readonly capturedMs: number;
}

/** A source on a clock of its own: `advance` fires its timer when it is due, `stall` lets time pass without it. */
function createWorld(settings: Omit<SimSettings, "name" | "type">) {
	let nowMs = 1_000;
	let timer: { callback: () => void; atMs: number } | null = null;
	let wakes = 0;
	const delays: number[] = [];
	const fields: string[] = [];
	const offered: Offered[] = [];
	const calls: string[] = [];
	const source = createSimSource(
		{ name: "lab", type: "sim", ...settings },
		{
			now: () => nowMs,
			stream: (field) => fields.push(field) - 1,
			offer: (stream, value, capturedMs) => offered.push({ field: fields[stream] ?? "?", value, capturedMs }),
			reject: (reason) => calls.push(reason),
			up: () => calls.push("up"),
			down: (error) => calls.push(error),
		},
		MACHINE,
		{
			setTimeout: (callback, delayMs) => {
				delays.push(delayMs);
				timer = { callback, atMs: nowMs + delayMs };
				return timer;
			},
			clearTimeout: (old) => {
				if (old === timer) timer = null;
			},
		},
	);

	function fire(): void {
		const due = timer;
		timer = null;
		wakes += 1;
		due?.callback();
	}

	function advance(ms: number): void {
		const endMs = nowMs + ms;
		while (timer !== null && timer.atMs <= endMs) {
			nowMs = Math.max(nowMs, timer.atMs);
			fire();
		}
		nowMs = endMs;
	}

	function stall(ms: number): void {
		nowMs += ms;
		if (timer !== null && timer.atMs <= nowMs) fire();
	}

	return { source, offered, calls, delays, advance, stall, wakes: () => wakes, isArmed: () => timer !== null };
}

const SINE: StreamSettings = { shape: "sine", min: 18, max: 24, periodMs: 60_000, decimals: 2 };

function values(settings: StreamSettings, count: number, rate = 10, seed = 1, name = "t"): (Value | null)[] {
	const stream = createSimStream(name, settings, rate, seed);
	return Array.from({ length: count }, (_, index) => valueAt(stream, index));
}

function numbers(settings: StreamSettings, count: number, rate = 10, seed = 1): number[] {
	return values(settings, count, rate, seed).filter((value) => typeof value === "number");
}

test("gives the same values for the same seed, in any order of asking", () => {
	for (const shape of SHAPES) {
		const settings: StreamSettings = { shape, periodMs: 3_000, noise: 0.5 };
		const forward = values(settings, 500);
		const stream = createSimStream("t", settings, 10, 1);
		for (let index = 499; index >= 0; index -= 1)
			assert.is(valueAt(stream, index), forward[index], `${shape} ${index}`);
	}
});

test("gives other values for another seed or another name, where a shape is random", () => {
	for (const shape of ["walk", "pulse", "text"] as const) {
		const settings: StreamSettings = { shape, periodMs: 1_000 };
		const first = values(settings, 1_000);
		assert.not.equal(values(settings, 1_000, 10, 2), first, shape);
		assert.not.equal(values(settings, 1_000, 10, 1, "u"), first, shape);
	}
});

test("keeps the values it has: a new release gives the same readings for a seed", () => {
	assert.equal(values({ ...SINE, noise: 0.2 }, 5), [20.99, 21.02, 21.2, 21.13, 21.23]);
	assert.equal(values({ shape: "walk", min: 0, max: 100, periodMs: 10_000 }, 5), [80.13, 78, 73.34, 68.77, 66.49]);
	assert.equal(values({ shape: "text", periodMs: 100 }, 5), ["fault", "fault", "ok", "fault", "busy"]);
});

test("stays within min..max on exact decimals, whatever the noise", () => {
	const shapes: readonly Shape[] = ["sine", "ramp", "square", "walk", "pulse", "dropout"];
	for (const shape of shapes) {
		for (const decimals of [0, 1, 2, 3, 9]) {
			for (const [min, max] of [
				[-5, 5],
				[0.005, 1.005],
				[-40.25, -12.75],
				[3, 3],
				[-0.4, 0.4],
			] as const) {
				const label = `${shape} ${decimals} ${min}..${max}`;
				for (const value of numbers({ shape, min, max, decimals, periodMs: 2_000, noise: 1 }, 300)) {
					assert.ok(value >= min && value <= max, `${label}: ${value}`);
					assert.is(Math.round(value * 10 ** decimals) / 10 ** decimals, value, `${label}: ${value}`);
					assert.not.ok(Object.is(value, -0), label);
				}
			}
		}
	}
});

test("sine, ramp and square are what their names say", () => {
	const sine = numbers({ shape: "sine", min: 0, max: 10, periodMs: 4_000, decimals: 3 }, 40);
	assert.equal([sine[0], sine[10], sine[20], sine[30]], [5, 10, 5, 0]);
	const ramp = numbers({ shape: "ramp", min: 0, max: 10, periodMs: 1_000, decimals: 1 }, 21);
	assert.equal(ramp.slice(0, 12), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
	const square = numbers({ shape: "square", min: 1, max: 2, periodMs: 1_000, duty: 0.3 }, 10);
	assert.equal(square, [2, 2, 2, 1, 1, 1, 1, 1, 1, 1]);
});

test("a walk moves, in small steps, and reaches low and high", () => {
	const walk = numbers({ shape: "walk", min: 0, max: 100, periodMs: 60_000, decimals: 3 }, 100_000);
	let largest = 0;
	for (let i = 1; i < walk.length; i += 1) largest = Math.max(largest, Math.abs((walk[i] ?? 0) - (walk[i - 1] ?? 0)));
	assert.ok(largest > 0 && largest < 5, `largest step ${largest}`);
	assert.ok(Math.min(...walk) < 25 && Math.max(...walk) > 75);
});

test("a pulse is true once in each period for its duty, or min and max where they are given", () => {
	const pulse = values({ shape: "pulse", periodMs: 10_000, duty: 0.2 }, 10_000, 100);
	for (let period = 0; period < 10; period += 1) {
		const on = pulse.slice(period * 1_000, period * 1_000 + 1_000).filter((value) => value === true).length;
		assert.ok(Math.abs(on - 200) <= 1, `period ${period}: ${on}`);
	}
	assert.equal(new Set(values({ shape: "pulse", min: 0, max: 5, periodMs: 1_000 }, 1_000)), new Set([0, 5]));
});

test("a text stream says one of its texts in each period", () => {
	const said = values({ shape: "text", texts: ["a", "b", "c"], periodMs: 1_000 }, 10_000);
	assert.equal(new Set(said), new Set(["a", "b", "c"]));
	for (let i = 0; i < said.length; i += 1) assert.is(said[i], said[i - (i % 10)]);
});

test("a dropout gives no readings at the end of each period", () => {
	const dropout = values({ shape: "dropout", periodMs: 1_000, missing: 0.3 }, 20);
	assert.equal(
		dropout.map((value) => value === null),
		Array.from({ length: 20 }, (_, i) => i % 10 >= 7),
	);
	const world = createWorld({ rate: 10, streams: { t: { shape: "dropout", periodMs: 1_000, missing: 0.3 } } });
	world.source.start();
	world.advance(9_999);
	assert.is(world.offered.length, 70);
	assert.equal(world.calls, ["up"]);
});

test("gives exactly its rate over time, fractions too, and captures at the tick", () => {
	for (const [rate, seconds] of [
		[0.1, 1_000],
		[1, 100],
		[3, 1_000],
		[7.3, 1_000],
		[99.9, 100],
		[1_000, 10],
		[12_345.6, 10],
	] as const) {
		const world = createWorld({ rate, streams: { t: SINE } });
		world.source.start();
		world.advance(seconds * 1_000);
		// Index 0 is due at once, so one more than rate x time; the newest may wait for the tick that is under way.
		const due = Math.floor(rate * seconds + 1e-9) + 1;
		const late = due - world.offered.length;
		assert.ok(late >= 0 && late <= Math.ceil((rate * TICK_MS) / 1_000), `rate ${rate}: ${late} late of ${due}`);
		const times = world.offered.map(({ capturedMs }) => capturedMs);
		assert.ok(
			times.every((time, i) => time >= 1_000 + (i * 1_000) / rate - 1e-6),
			"none before it is due",
		);
	}
});

test("gives all streams by turns, each with its own values", () => {
	const streams = { a: SINE, b: { shape: "ramp" }, c: { shape: "pulse" } } as const;
	const world = createWorld({ rate: 2, seed: 9, streams });
	world.source.start();
	world.advance(1_000);
	assert.is(world.offered.map(({ field }) => field).join(""), "abcabcabc");
	for (const [name, settings] of Object.entries(streams)) {
		const own = world.offered.filter(({ field }) => field === name).map(({ value }) => value);
		assert.equal(own, values(settings, 3, 2, 9, name));
	}
});

test("wakes once a reading at low rates, and every 10 ms at high ones", () => {
	for (const [rate, wakesMax] of [
		[0.1, 2],
		[1, 11],
		[50, 501],
		[100, 1_001],
		[10_000, 1_001],
		[1_000_000, 1_001],
	] as const) {
		const world = createWorld({ rate, streams: { t: { shape: "ramp" } } });
		world.source.start();
		world.advance(rate > 100_000 ? 1_000 : 10_000);
		assert.ok(world.wakes() <= wakesMax, `rate ${rate}: ${world.wakes()} wakes`);
	}
});

test("after a long stall makes up for the last second only, with the values of that second", () => {
	const world = createWorld({ rate: 100, streams: { t: { shape: "ramp", periodMs: 3_600_000, decimals: 4 } } });
	world.source.start();
	world.advance(1_000);
	const before = world.offered.length;
	world.stall(600_000);
	const made = world.offered.slice(before);
	assert.is(made.length, 100 * CATCH_UP_S);
	const last = createSimStream("t", { shape: "ramp", periodMs: 3_600_000, decimals: 4 }, 100, 1);
	assert.is(made.at(-1)?.value, valueAt(last, 601 * 100));
	world.advance(10_000);
	assert.is(world.offered.length - before - made.length, 1_000);
});

test("a stall of less than a second loses nothing", () => {
	const world = createWorld({ rate: 1_000, streams: { t: SINE } });
	world.source.start();
	world.advance(1_000);
	world.stall(900);
	world.advance(1_000);
	assert.equal(
		world.offered.map(({ value }) => value),
		values(SINE, world.offered.length, 1_000),
	);
	assert.ok(world.offered.length >= 2_900 - 10);
});

test("never asks for a timer longer than Node has", () => {
	const world = createWorld({ rate: 0.000_01, streams: { t: SINE } });
	world.source.start();
	world.advance(100_000_000 * 3);
	assert.is(world.offered.length, 4);
	const slow = createWorld({ rate: 0.000_000_1, streams: { t: SINE } });
	slow.source.start();
	slow.advance(1);
	assert.is(Math.max(...slow.delays), DELAY_MS_MAX);
});

test("offers nothing more when it is stopped from within an offer", async () => {
	const timers: (() => void)[] = [];
	let offers = 0;
	let nowMs = 0;
	const noop = () => {};
	const source = createSimSource(
		{ name: "lab", type: "sim", rate: 1_000, streams: { t: SINE } },
		{
			now: () => nowMs,
			stream: () => 0,
			offer: () => {
				offers += 1;
				source.stop().catch(noop);
			},
			reject: noop,
			up: noop,
			down: noop,
		},
		MACHINE,
		{ setTimeout: (callback) => timers.push(callback), clearTimeout: noop },
	);
	source.start();
	nowMs = 500;
	timers.shift()?.();
	assert.is(offers, 1);
	assert.is(timers.length, 0);
});

test("offers nothing before start returns, and nothing after stop", async () => {
	const world = createWorld({ rate: 1_000, streams: { t: SINE } });
	await world.source.stop();
	world.source.start();
	assert.is(world.offered.length, 0);
	world.advance(100);
	const before = world.offered.length;
	await world.source.stop();
	world.advance(10_000);
	assert.is(world.offered.length, before);
	assert.not.ok(world.isArmed());
});

test("says what cannot be met before anything starts", () => {
	const cases: readonly (readonly [Omit<SimSettings, "name" | "type">, RegExp])[] = [
		[{ rate: SIM_RATE_MAX / 2 + 1, streams: { a: SINE, b: SINE } }, /^rate: 2 streams .* at most 500000 /],
		[{ streams: { a: { shape: "sine", min: 2, max: 1 } } }, /^streams\.a: min 2 is above max 1$/],
		[{ streams: { a: { shape: "sine", min: 0.2, max: 0.8, decimals: 0 } } }, /no number of 0 decimals/],
		[{ streams: { a: { shape: "sine", min: 0, max: 1e9, decimals: 9 } } }, /a double does not hold 9 decimals/],
		[{ streams: { "a\n": SINE } }, /^streams: "a\\n" cannot name a stream$/],
		[{ streams: { a: { shape: "saw" as Shape } } }, /^streams\.a: shape is one of sine, /],
	];
	for (const [settings, message] of cases) {
		assert.throws(
			() => createWorld(settings),
			(error: Error) => message.test(error.message),
			String(message),
		);
	}
});

test("a min above the default max of 100 needs no max", () => {
	assert.equal(numbers({ shape: "ramp", min: 150 }, 3), [150, 150, 150]);
});

test("uses Node's own timers where it is given none", async () => {
	const offered: number[] = [];
	const noop = () => {};
	await new Promise<void>((resolve) => {
		const source = createSimSource(
			{ name: "lab", type: "sim", rate: 1_000, streams: { t: { shape: "ramp" } } },
			{
				now: () => performance.now(),
				stream: () => 0,
				offer: (_, __, capturedMs) => {
					if (offered.push(capturedMs) === 20) source.stop().then(resolve, noop);
				},
				reject: noop,
				up: noop,
				down: noop,
			},
			MACHINE,
		);
		source.start();
	});
	assert.ok(offered.length >= 20);
});

test.run();
