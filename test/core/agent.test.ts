import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Agent, type AgentOptions, createAgent, type Effect } from "../../src/core/agent.js";
import type { Frame } from "../../src/core/frame.js";
import { BARRIER_TIMEOUT_MS } from "../../src/core/limits.js";
import type { Value } from "../../src/core/value.js";
import { createRandom, seed } from "../support/seed.js";

/** A copy of each frame, since the agent fills the same one again, and a payload of `bytesEach` per reading. */
function recorder(bytesEach = 10) {
	const frames: (Omit<Frame, "value"> & { value: Value[] })[] = [];
	return {
		frames,
		encode(frame: Frame): Uint8Array {
			const { streams, stream, dt, value } = frame;
			frames.push({ ...frame, streams: [...streams], stream: [...stream], dt: [...dt], value: [...value] });
			const text = frame.value.reduce<number>((sum, each) => sum + (typeof each === "string" ? each.length : 0), 0);
			return new Uint8Array(frame.value.length * bytesEach + text);
		},
	};
}

function make(options: Partial<AgentOptions> = {}) {
	const record = recorder();
	const agent = createAgent({
		device: "d",
		run: "AAAAAAAAAAA",
		capacity: 100,
		ttlMs: 1_000,
		policy: "drop-oldest",
		lingerMs: 50,
		maxReadings: 4,
		maxBytes: 65_536,
		maxRate: 0,
		confirmMs: 5_000,
		atRisk: 8,
		statusIntervalMs: 10_000,
		encode: record.encode,
		...options,
	});
	return { agent, frames: record.frames };
}

function effects(agent: Agent, nowMs: number): Effect[] {
	const all: Effect[] = [];
	for (let effect = agent.next(nowMs); effect; effect = agent.next(nowMs)) all.push(effect);
	assert.ok(agent.books().balanced, "the books balance");
	return all;
}

const kinds = (agent: Agent, nowMs: number): string[] => effects(agent, nowMs).map(({ kind }) => kind);

/** A link that is up, its first status already sent and confirmed. */
function up(agent: Agent, nowMs = 0, payloadBytesMax = 65_536): void {
	agent.linkUp(nowMs, payloadBytesMax);
	assert.is(agent.next(nowMs)?.kind, "status");
	agent.pingSent(nowMs);
	agent.pingReturned(nowMs);
}

test("a frame goes when it is full, or when its oldest reading has lingered", () => {
	const { agent, frames } = make();
	up(agent);
	for (let i = 0; i < 3; i++) agent.offer(agent.stream("a.x", 0), i, 0);
	assert.equal(kinds(agent, 49), []);
	assert.is(agent.wakeAtMs(), 50);
	assert.is(agent.offer(0, 3, 49), true, "the fourth makes it full");
	assert.equal(kinds(agent, 49), ["send", "barrier"]);
	agent.offer(0, 4, 60);
	assert.equal(kinds(agent, 109), []);
	assert.equal(kinds(agent, 110), ["send"]);
	assert.equal(
		frames.map(({ seq, sent, dt, value }) => ({ seq, sent, dt, value })),
		[
			{ seq: 0, sent: 0, dt: [0, 0, 0, 49], value: [0, 1, 2, 3] },
			{ seq: 4, sent: 4, dt: [0], value: [4] },
		],
	);
});

test("readings go also when a full buffer drops each of them before it has lingered", () => {
	const text = "x".repeat(30_000);
	for (const [options, value] of [
		[{ capacity: 3 }, 1],
		[{ capacity: 1 }, 1],
		[{ capacity: 100, maxReadings: 8 }, text],
	] as const) {
		const { agent, frames } = make(options);
		up(agent);
		for (let nowMs = 0; nowMs < 500; nowMs += 10) {
			for (let i = 0; i < 5; i++) agent.offer(agent.stream("a.x", 0), value, nowMs);
			if (nowMs >= agent.wakeAtMs()) effects(agent, nowMs);
			agent.pingReturned(nowMs);
		}
		assert.ok(frames.length >= 5, `${frames.length} frames`);
	}
});

test("a frame names the streams it uses, once each, in order of use", () => {
	const { agent, frames } = make();
	up(agent);
	const ids = ["a", "b", "c"].map((field) => agent.stream(`s.${field}`, 0));
	for (const i of [2, 0, 2, 2]) agent.offer(ids[i] as number, i, 0);
	effects(agent, 0);
	assert.equal(frames.at(-1)?.streams, ["s.c", "s.a"]);
	assert.equal(frames.at(-1)?.stream, [0, 1, 0, 0]);
	assert.is(agent.stream("s.b", 0), ids[1], "a name has one index");
});

test("sending waits for the barrier once at_risk readings are unconfirmed, and the rest waits in the buffer", () => {
	const { agent } = make();
	up(agent);
	for (let i = 0; i < 20; i++) agent.offer(agent.stream("a.x", 0), i, 0);
	assert.equal(kinds(agent, 0), ["send", "send", "barrier"]);
	assert.equal([agent.books().inFlight, agent.books().buffered], [8, 12]);
	agent.pingReturned(1);
	assert.is(agent.books().confirmed, 8);
	assert.equal(kinds(agent, 1), ["send", "send", "barrier"]);
});

test("what is in flight when the link ends is uncertain, in the ledger, and never sent again", () => {
	const { agent, frames } = make();
	up(agent);
	for (let i = 0; i < 6; i++) agent.offer(agent.stream("a.x", 0), i, 0);
	effects(agent, 60);
	agent.linkDown();
	assert.equal(agent.snapshot(60).losses, [[0, 5, "uncertain"]]);
	assert.equal([agent.books().uncertain, agent.books().inFlight, agent.books().sent], [6, 0, 6]);
	agent.linkUp(70, 65_536);
	agent.offer(0, 6, 70);
	effects(agent, 200);
	assert.equal(
		frames.map(({ seq, sent }) => [seq, sent]),
		[
			[0, 0],
			[4, 4],
			[6, 6],
		],
	);
});

test("nothing is sent once its TTL has passed, not even behind a younger reading", () => {
	const { agent, frames } = make({ lingerMs: 0 });
	agent.offer(agent.stream("a.x", 0), 0, 500);
	agent.offer(0, 1, 100); // a source's own time stamp, older than the one before it
	up(agent, 1_100);
	effects(agent, 1_100);
	assert.equal(
		frames.map(({ value }) => value),
		[[0]],
	);
	assert.equal(agent.snapshot(1_100).losses, [[1, 1, "expired"]]);
});

test("expiry wakes by itself while nothing is sent", () => {
	const { agent } = make();
	assert.is(agent.offer(agent.stream("a.x", 0), 1, 200), true, "the first reading moves the alarm");
	assert.is(agent.wakeAtMs(), 1_200);
	assert.equal(kinds(agent, 1_200), []);
	assert.is(agent.books().dropped.expired, 1);
});

test("the expiry interval is the time left of the oldest reading, rounded up to a whole second", () => {
	for (const [ageMs, expected] of [
		[0, 10],
		[1, 10],
		[1_000, 9],
		[9_999, 1],
	] as const) {
		const { agent } = make({ ttlMs: 10_000, lingerMs: 0 });
		agent.offer(agent.stream("a.x", 0), 1, 0);
		agent.linkUp(ageMs, 65_536);
		const send = effects(agent, ageMs).find((effect) => effect.kind === "send");
		assert.is(send?.kind === "send" && send.expiryS, expected, `age ${ageMs}`);
	}
});

test("wall time is worked out when a frame is sent, so a clock that is set late mends what waits", () => {
	const { agent, frames } = make({ lingerMs: 0 });
	agent.setClock(0, 0, false);
	agent.offer(agent.stream("a.x", 0), 1, 250);
	agent.setClock(500, 1_790_000_000_500, true);
	up(agent, 500);
	effects(agent, 500);
	assert.equal([frames[0]?.timeMs, frames[0]?.clockSynchronised], [1_790_000_000_250, true]);
});

test("a reading that fits no message is dropped as oversize, and its neighbours go", () => {
	const { agent, frames } = make({ lingerMs: 0 });
	agent.offer(agent.stream("a.x", 0), 1, 0);
	agent.offer(0, "x".repeat(200), 0);
	agent.offer(0, 2, 0);
	up(agent, 0, 100);
	effects(agent, 0);
	assert.equal(agent.snapshot(0).losses, [[1, 1, "oversize"]]);
	assert.is(agent.books().sent, 2);
	const sent = frames.filter(({ value }) => value.every((each) => each !== "x".repeat(200)));
	assert.equal(
		sent.map(({ seq }) => seq),
		[0, 2],
	);
});

test("frames are cut to the bytes there are, and grow again", () => {
	const { agent, frames } = make({ maxReadings: 64, atRisk: 1_024, capacity: 2_000, lingerMs: 0 });
	for (let i = 0; i < 1_000; i++) agent.offer(agent.stream("a.x", 0), i, 0);
	agent.linkUp(0, 105); // ten readings of ten bytes
	const sent = effects(agent, 0).filter((effect) => effect.kind === "send");
	assert.ok(sent.every((effect) => effect.kind === "send" && effect.payload.length <= 105));
	assert.ok(sent.length <= 1_000 / 5, `${sent.length} frames for 1,000 readings, ${frames.length} encoded`);
	assert.ok(frames.length <= sent.length * 3, "not encoded over and over");
});

test("with drop-newest a frame ends at a gap, and the gap is in the ledger", () => {
	const { agent, frames } = make({ policy: "drop-newest", capacity: 2, lingerMs: 0 });
	for (let i = 0; i < 4; i++) agent.offer(agent.stream("a.x", 0), i, 0);
	up(agent);
	effects(agent, 0);
	agent.offer(0, 4, 0);
	effects(agent, 0);
	assert.equal(
		frames.map(({ seq, value }) => [seq, value.length]),
		[
			[0, 2],
			[4, 1],
		],
	);
	assert.equal(agent.snapshot(0).losses, [[2, 3, "overflow"]]);
});

test("a barrier unanswered for too long closes the link", () => {
	const { agent } = make({ confirmMs: 100 });
	up(agent);
	agent.offer(agent.stream("a.x", 0), 1, 0);
	assert.equal(kinds(agent, 50), ["send"]);
	assert.equal(kinds(agent, 150), ["barrier"]);
	assert.is(agent.wakeAtMs(), 10_000, "the status comes first");
	assert.is(agent.next(10_000)?.kind, "status");
	assert.is(agent.wakeAtMs(), 150 + BARRIER_TIMEOUT_MS);
	assert.equal(agent.next(150 + BARRIER_TIMEOUT_MS), { kind: "close" });
	agent.linkDown();
	assert.equal(kinds(agent, 150 + BARRIER_TIMEOUT_MS), []);
});

test("an answer to a ping that was never sent is told from a barrier's", () => {
	const { agent } = make();
	up(agent);
	assert.is(agent.pingReturned(1), false);
	agent.pingSent(2);
	assert.is(agent.pingReturned(3), true);
});

test("the status goes at connect and at its interval, one at a time", () => {
	const { agent } = make({ ttlMs: 1e9, confirmMs: 5_000 });
	agent.linkUp(0, 65_536);
	assert.equal(kinds(agent, 0), ["status", "barrier"]);
	assert.equal(kinds(agent, 9_999), [], "the last one is not confirmed yet");
	agent.pingReturned(9_999);
	assert.is(agent.wakeAtMs(), 10_000);
	assert.equal(kinds(agent, 10_000), ["status", "barrier"]);
	assert.equal(kinds(agent, 19_000), [], "nor is this one");
});

test("an interval shorter than confirm is kept", () => {
	const { agent } = make({ ttlMs: 1e9, confirmMs: 5_000, statusIntervalMs: 1_000 });
	agent.linkUp(0, 65_536);
	for (let nowMs = 0; nowMs < 10_000; nowMs += 1_000) {
		agent.offer(agent.stream("a.x", 0), 1, nowMs);
		assert.ok(kinds(agent, nowMs).includes("status"), `the status at ${nowMs} ms`);
		agent.pingReturned(nowMs + 20);
		assert.ok(agent.wakeAtMs() <= nowMs + 1_000);
	}
});

test("stop drains, confirms and finishes; a drain that cannot end leaves the rest as shutdown", () => {
	const { agent } = make();
	up(agent);
	for (let i = 0; i < 10; i++) agent.offer(agent.stream("a.x", 0), i, 0);
	agent.stop(5_000);
	assert.equal(kinds(agent, 0), ["send", "send", "barrier"]);
	agent.pingReturned(1);
	assert.equal(kinds(agent, 1), ["send", "barrier"]);
	agent.pingReturned(2);
	assert.equal(kinds(agent, 2), ["finish"]);
	assert.is(agent.books().confirmed, 10);
	agent.offer(0, 10, 3);
	assert.is(agent.books().dropped.shutdown, 1, "a late reading is counted too");
	assert.is(agent.wakeAtMs(), Number.POSITIVE_INFINITY, "nothing is left to wake for");
	const late = make();
	for (let i = 0; i < 5; i++) late.agent.offer(late.agent.stream("a.x", 0), i, 0);
	late.agent.stop(500);
	assert.equal(kinds(late.agent, 499), []);
	assert.is(late.agent.wakeAtMs(), 500);
	assert.equal(kinds(late.agent, 500), ["finish"]);
	assert.equal(late.agent.snapshot(500).losses, [[0, 4, "shutdown"]]);
});

test("max_rate holds a backlog back, and what waits can still expire", () => {
	const { agent } = make({ maxRate: 8, ttlMs: 1_500 });
	for (let i = 0; i < 40; i++) agent.offer(agent.stream("a.x", 0), i, 0);
	agent.linkUp(0, 65_536);
	let sent = 0;
	for (let nowMs = 0; nowMs < 1_600; nowMs += 10) {
		for (const effect of effects(agent, nowMs)) {
			if (effect.kind === "send") sent += effect.readings;
			if (effect.kind === "barrier") agent.pingReturned(nowMs);
		}
		assert.ok(agent.wakeAtMs() > nowMs, "never asks to be woken now: that would spin");
	}
	assert.equal([sent, agent.books().dropped.expired], [12, 28]);
});

interface Fate {
	sentAt: number;
	connection: number;
}

/** Everything at random against an account of its own: what was offered, handed over, cut, confirmed. */
function history(from: number): void {
	const random = createRandom(from);
	const pick = (below: number): number => Math.floor(random() * below);
	const atRisk = 1 + pick(30);
	const options: Partial<AgentOptions> = {
		capacity: 1 + pick(40),
		ttlMs: 50 + pick(3_000),
		policy: random() < 0.5 ? "drop-oldest" : "drop-newest",
		lingerMs: pick(100),
		maxReadings: 1 + pick(atRisk),
		maxRate: random() < 0.2 ? 1 + pick(200) : 0,
		atRisk,
		confirmMs: 50 + pick(2_000),
	};
	const { agent, frames } = make(options);
	const where = `seed ${from} ${JSON.stringify(options)}`;
	const captured: number[] = [];
	const fates = new Map<number, Fate>();
	let connection = 0;
	let isUp = false;
	let nowMs = 0;
	let lastSeq = -1;
	let awaited: number[] = [];
	let confirmable = 0;

	function perform(): void {
		for (let effect = agent.next(nowMs); effect; effect = agent.next(nowMs)) {
			const books = agent.books();
			assert.ok(books.balanced, where);
			if (effect.kind === "send") {
				const frame = frames.at(-1) as Frame;
				assert.is(frame.value.length, effect.readings, where);
				for (let i = 0; i < effect.readings; i++) {
					const seq = frame.seq + i;
					assert.ok(!fates.has(seq), `${where}: ${seq} twice`);
					assert.ok(seq > lastSeq, `${where}: order`);
					assert.ok(nowMs - (captured[seq] as number) < (options.ttlMs as number), `${where}: ${seq} late`);
					fates.set(seq, { sentAt: nowMs, connection });
					lastSeq = seq;
				}
				assert.ok(isUp, where);
			} else if (effect.kind === "barrier") awaited.push(fates.size);
			else if (effect.kind === "close") cut();
			const inFlight = agent.books().inFlight;
			assert.ok(inFlight <= atRisk, `${where}: at risk`);
		}
	}
	function cut(): void {
		isUp = false;
		awaited = [];
		agent.linkDown();
	}

	for (let step = 0; step < 300; step++) {
		nowMs += pick(4) === 0 ? pick(400) : pick(10);
		const dice = random();
		if (dice < 0.55) {
			for (let n = 1 + pick(8); n > 0; n--) {
				captured.push(nowMs - pick(3));
				const stream = pick(6);
				if (agent.offer(agent.stream(`s.${stream}`, stream % 3), random(), captured.at(-1) as number)) perform();
			}
		} else if (dice < 0.65) {
			if (isUp) cut();
			else {
				isUp = true;
				connection += 1;
				agent.linkUp(nowMs, 65_536);
			}
		} else if (dice < 0.9 && isUp && awaited.length > 0) {
			const covered = awaited.shift() as number;
			assert.ok(agent.pingReturned(nowMs), where);
			confirmable = covered;
		}
		perform();
		const { stamped, confirmed, dropped, buffered, sent } = agent.books();
		assert.is(stamped, captured.length, where);
		assert.is(sent, fates.size, where);
		assert.ok(confirmed <= confirmable, `${where}: confirmed before its barrier`);
		assert.ok(buffered <= (options.capacity as number), where);
		const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
		// A reading that is older than the one before it, by up to 2 ms here, expires when that one does.
		const oldestMs = nowMs - (options.ttlMs as number) - 2;
		const waiting = captured.slice(lastSeq + 1).filter((at) => at > oldestMs).length;
		assert.ok(buffered <= waiting, `${where}: ${buffered} buffered, ${waiting} could be`);
		for (const [first, last, reason] of agent.snapshot(nowMs).losses) {
			for (let seq = first; reason !== "mixed" && seq <= last; seq++) {
				assert.is(fates.has(seq), reason === "uncertain", `${where}: ${seq} ${reason}`);
			}
		}
		assert.is(stamped, lost + buffered + sent, where);
	}
}

test("no history sends a reading twice, late, out of order or beyond at_risk, and the books balance throughout", () => {
	for (let round = 0; round < 250; round++) history(seed + round);
});

test.run();
