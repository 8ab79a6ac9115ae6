import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RegisterSettings } from "../../src/sources/modbus/settings.js";
import { answering, begin, exception, goodAnswer, type Scene, slave } from "./scene.js";

const test = suite("Modbus master");

const idsOf = ({ asked }: Scene): readonly number[] => asked.map(({ id }) => id);
const count = (scene: Scene, reason: string): number => scene.rejects.filter((other) => other === reason).length;
/** When slave `id` was asked, ms after the start. */
const times = ({ asked }: Scene, id: number): readonly number[] =>
	asked.filter((one) => one.id === id).map(({ atMs }) => atMs - 1_000);

const u16 = (at: number): RegisterSettings => ({ fn: 3, at, type: "u16" });

test("asks every slave at its own interval, without drift, one at a time", async () => {
	const scene = await begin({ slaves: [slave(1), slave(2, { everyMs: 250 })] });
	await scene.run(59_990);
	assert.equal(
		times(scene, 1).map((ms) => Math.floor(ms / 1_000)),
		Array.from({ length: 60 }, (_, n) => n),
	);
	assert.is(times(scene, 2).length, 240);
	for (const ms of times(scene, 1)) assert.ok(ms % 1_000 <= 60, `${ms}`);
	assert.is(scene.readings.length, 300);
	assert.equal(scene.rejects, []);
	assert.equal(scene.states, ["up"]);
	// 20 ms until the answer, and 3.5 characters of silence behind it.
	for (const [index, { atMs }] of scene.asked.entries()) {
		const before = scene.asked[index - 1]?.atMs ?? 0;
		assert.ok(atMs - before >= 24, `${atMs - before} ms after the one before`);
	}
	await scene.source.stop();
	assert.is(scene.world.timers(), 0);
});

test("the source is up once every slave has answered", async () => {
	const scene = await begin({ slaves: [slave(1), slave(2)] });
	await scene.run(22);
	assert.equal(scene.states, []);
	await scene.run(100);
	assert.equal(scene.states, ["up"]);
	await scene.source.stop();
});

test("a slave that is away costs the others one timeout, and is asked less and less often", async () => {
	let isAway = true;
	const scene = await begin({ slaves: [slave(1), slave(2, { name: "pump" })] }, (asked) =>
		asked.id === 2 && isAway ? null : answering(asked),
	);
	await scene.run(130_000);
	const gaps = times(scene, 2)
		.slice(1)
		.map((ms, index) => Math.round((ms - (times(scene, 2)[index] as number)) / 1_000));
	assert.equal(gaps, [2, 2, 4, 8, 16, 30, 30, 30]);
	assert.is(count(scene, "empty"), times(scene, 2).length);
	assert.ok(times(scene, 1).length >= 129, `${times(scene, 1).length}`);
	assert.match(scene.states[0] as string, /^slave 2 \(pump\) does not answer: check/);
	assert.is(scene.states.length, 1);
	isAway = false;
	await scene.run(31_000);
	assert.is(scene.states.at(-1), "up");
	await scene.run(5_000);
	assert.ok(
		times(scene, 2)
			.slice(-4)
			.every((ms, index, all) => index === 0 || ms - (all[index - 1] as number) < 1_100),
	);
	await scene.source.stop();
});

test("an answer that comes late is never taken for that of the next question", async () => {
	let isLate = true;
	const scene = await begin({ timeoutMs: 100, slaves: [slave(1, { everyMs: 100 }), slave(2)] }, (asked) => {
		// The registers tell when they were asked for.
		const bytes = goodAnswer({ ...asked, at: asked.atMs });
		const afterMs = asked.id === 1 && isLate ? 190 : 20;
		isLate = !isLate;
		return { bytes, afterMs };
	});
	await scene.run(20_000);
	assert.ok(count(scene, "syntax") > 10, "late answers came");
	assert.ok(scene.readings.length > 20);
	for (const [index, [, value]] of scene.readings.entries()) {
		assert.ok((scene.capturedMs[index] as number) - (value as number) < 190, `${value} at ${scene.capturedMs[index]}`);
	}
	await scene.source.stop();
});

test("noise around an answer, another slave's, and an echo of the request do not hide it", async () => {
	const echo = Buffer.from("010300000001840a", "hex");
	const others = goodAnswer({ atMs: 0, id: 7, fn: 3, at: 5, count: 1 });
	for (const before of [Buffer.of(0), Buffer.of(1, 3, 2), echo, others]) {
		const scene = await begin({ slaves: [slave(1)] }, (asked) => ({
			bytes: Buffer.concat([before, goodAnswer(asked), Buffer.of(0xff)]),
			afterMs: 20,
		}));
		await scene.run(2_900);
		assert.equal(scene.readings, Array(3).fill(["r1", 0]));
		assert.equal(scene.rejects, Array(3).fill("syntax"));
		assert.equal(scene.states, ["up"]);
		await scene.source.stop();
	}
});

test("every kind of failure has its reason, and is the source's error when it stays", async () => {
	const bad = goodAnswer({ atMs: 0, id: 1, fn: 3, at: 0, count: 1 });
	bad[4] = 99;
	const rows: readonly (readonly [string, Uint8Array, RegExp])[] = [
		["checksum", bad, /wrong checksum/],
		["partial", goodAnswer({ atMs: 0, id: 1, fn: 3, at: 0, count: 1 }).subarray(0, 4), /half an answer/],
		["syntax", goodAnswer({ atMs: 0, id: 3, fn: 3, at: 0, count: 1 }), /no answer to what was asked/],
		["syntax", Buffer.alloc(3_000, 2), /no answer to what was asked/],
		[
			"unsupported",
			exception({ atMs: 0, id: 1, fn: 3, at: 0, count: 1 }, 2),
			/refuses register 0 .* illegal data address/,
		],
	];
	for (const [reason, bytes, error] of rows) {
		const scene = await begin({ slaves: [slave(1), slave(2)] }, (asked) =>
			asked.id === 1 ? { bytes, afterMs: 20 } : answering(asked),
		);
		await scene.run(900);
		assert.equal(scene.rejects, [reason]);
		assert.match(scene.states[0] as string, error);
		assert.match(scene.states[0] as string, /^slave 1 /);
		assert.equal(scene.readings, [["r2", 0]]);
		await scene.source.stop();
	}
});

test("one wrong answer now and then is counted, and no error", async () => {
	let polls = 0;
	const scene = await begin({ slaves: [slave(1)] }, (asked) => {
		polls += 1;
		const bytes = goodAnswer(asked);
		if (polls % 3 === 2) bytes[4] = 99;
		return { bytes, afterMs: 20 };
	});
	await scene.run(29_900);
	assert.is(count(scene, "checksum"), 10);
	assert.is(scene.readings.length, 20);
	assert.equal(scene.states, ["up"]);
	await scene.source.stop();
});

test("an exception stops nothing: the other registers of that slave are read", async () => {
	const registers = { a: u16(0), b: u16(10), c: u16(20) };
	const scene = await begin({ slaves: [slave(1, { registers })] }, (asked) =>
		asked.at === 10 ? { bytes: exception(asked, 2), afterMs: 20 } : answering(asked),
	);
	await scene.run(1_900);
	assert.equal(scene.readings, [
		["a", 0],
		["c", 20],
		["a", 0],
		["c", 20],
	]);
	assert.equal(scene.rejects, ["unsupported", "unsupported"]);
	await scene.source.stop();
});

test("what is left of a poll that got no answer is missed, and not asked", async () => {
	const registers = { a: u16(0), b: u16(10), c: u16(20) };
	const scene = await begin({ slaves: [slave(1, { registers })] }, (asked) =>
		asked.at === 0 ? answering(asked) : null,
	);
	await scene.run(900);
	assert.equal(scene.readings, [["a", 0]]);
	assert.equal(scene.rejects, ["empty", "missed"]);
	await scene.source.stop();
});

test("a line that is too slow for what is asked of it says so, and no slave starves", async () => {
	const scene = await begin({ slaves: [1, 2, 3].map((id) => slave(id, { everyMs: 50 })) });
	await scene.run(10_000);
	const asked = [1, 2, 3].map((id) => times(scene, id).length);
	assert.ok(Math.max(...asked) - Math.min(...asked) <= 1, `${asked}`);
	assert.ok(count(scene, "missed") + scene.readings.length >= 3 * 199);
	assert.equal(scene.states, ["up"]);
	await scene.source.stop();
});

test("noise on an idle line is counted once between two requests, and delays the next one until it ends", async () => {
	const scene = await begin({ slaves: [slave(1)] });
	await scene.run(900);
	for (let ms = 0; ms < 200; ms += 5) {
		scene.world.port().receive(Buffer.of(0x55));
		await scene.run(5);
	}
	await scene.run(500);
	assert.equal(scene.rejects, ["syntax"]);
	assert.is(scene.asked.length, 2);
	assert.ok((times(scene, 1)[1] as number) >= 1_100, `${times(scene, 1)}`);
	await scene.source.stop();
});

test("a line that is never silent is asked all the same, and what is wrong is said", async () => {
	for (const isAway of [true, false]) {
		const scene = await begin({ slaves: [slave(1)] }, (asked) => (isAway ? null : answering(asked)));
		for (let ms = 0; ms < 5_000; ms += 5) {
			scene.world.port().receive(Buffer.of(0x55));
			await scene.run(5);
		}
		assert.ok(times(scene, 1).length >= 2, `${times(scene, 1)}`);
		if (isAway) assert.match(scene.states.join(), "gives no answer to what was asked");
		else assert.ok(scene.readings.length >= 3 && scene.states.join() === "up", `${scene.readings.length}`);
		await scene.source.stop();
	}
});

test("a port that comes back is asked at once, and a request that it cut off is partial", async () => {
	const scene = await begin({ slaves: [slave(1, { everyMs: 10_000 })] });
	await scene.run(10_010);
	assert.is(scene.asked.length, 2);
	scene.world.port().hangUp();
	await scene.run(2_000);
	assert.equal(scene.rejects, ["partial"]);
	assert.is(scene.world.ports.length, 2);
	assert.equal(scene.states, ["up", "/dev/ttyUSB0 hung up: is it plugged in?", "up"]);
	assert.is(scene.asked.length, 3);
	await scene.source.stop();
});

test("a port that takes no bytes is an error, and asked again", async () => {
	const scene = await begin({ slaves: [slave(1)] });
	await scene.run(500);
	scene.world.port().isFull = true;
	await scene.run(3_000);
	assert.match(scene.states.at(-1) as string, "takes no bytes");
	scene.world.port().isFull = false;
	await scene.run(5_000);
	assert.is(scene.states.at(-1), "up");
	await scene.source.stop();
});

test("many slaves with many registers are read with few requests, in both functions", async () => {
	const registers = Object.fromEntries(
		Array.from({ length: 200 }, (_, n) => [`v${n}`, { fn: n < 100 ? 3 : 4, at: n % 100, type: "u16" } as const]),
	);
	const scene = await begin({ slaves: [slave(1, { registers }), slave(2)] });
	await scene.run(900);
	assert.equal(
		scene.asked.map(({ id, fn, at, count: words }) => [id, fn, at, words]),
		[
			[1, 3, 0, 100],
			[1, 4, 0, 100],
			[2, 3, 0, 1],
		],
	);
	assert.is(scene.readings.length, 201);
	assert.equal(idsOf(scene), [1, 1, 2]);
	await scene.source.stop();
});

test.run();
