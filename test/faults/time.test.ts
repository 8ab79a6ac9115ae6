// Readings that get too old or too many while they wait: fresh or not at all, and every gap the subscriber sees is a range
// of `losses` (CONTRACT G3, G5, G6, G8).
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type FrameArrival, missingBelow } from "../support/account.js";
import { scale } from "../support/scale.js";
import { readingsOf, type StatusArrival } from "../support/subscriber.js";
import { delay, until } from "../support/wait.js";
import { type Gateway, sim, startWorld, type World } from "../support/world.js";

/** For the way through the broker to this process on a machine with other things to do. */
const UNDER_WAY_MS = 1_500;

const arrivals: { readonly frame: FrameArrival; readonly atMs: number }[] = [];
const test = suite<{ world: World }>("readings that wait");

test.before(async (context) => {
	context.world = await startWorld({ onFrame: (frame) => arrivals.push({ frame, atMs: Date.now() }) });
});

test.after(({ world }) => world.stop());

/** Readings of a device that were older than this when they came. */
function laterThan(gateway: Gateway, ageMs: number): number {
	return arrivals
		.filter(({ frame }) => frame.device === gateway.name)
		.flatMap(({ frame, atMs }) => readingsOf(frame).filter(({ timeMs }) => atMs - timeMs > ageMs)).length;
}

/** The loss ranges of a status whatever their reason, those that touch joined. */
function lossRanges(status: StatusArrival): readonly (readonly [number, number])[] {
	const joined: [number, number][] = [];
	for (const [from, to] of status.losses) {
		const last = joined.at(-1);
		if (last !== undefined && last[1] + 1 === from) last[1] = to;
		else joined.push([from, to]);
	}
	return joined;
}

function missing(gateway: Gateway, status: StatusArrival): readonly (readonly [number, number])[] {
	const account = gateway.account.runs.get(status.run);
	return missingBelow(account?.ranges ?? [], status.stamped);
}

/** No connection for as long as it takes; what is in flight when it begins has been confirmed. */
async function outage(gateway: Gateway, isOver: (status: StatusArrival) => boolean): Promise<void> {
	await gateway.proxy.refuse(true);
	gateway.proxy.cut();
	await until("the outage to last", async () => isOver(await gateway.status()), 15_000);
	await gateway.proxy.refuse(false);
}

test("a reading older than its TTL is never sent: it is counted as expired, and its range is in the losses", async ({
	world,
}) => {
	const config = { sources: [sim(2_000)], buffer: { ttl: "1s" } };
	const gateway = await world.start("expired", config, { http: true });
	await gateway.delivers(500);
	await outage(gateway, (status) => (status.dropped["expired"] ?? 0) > 3_000);
	await gateway.online(2);
	await gateway.delivers(500);
	const status = await gateway.end();
	assert.ok((status.dropped["expired"] ?? 0) > 3_000);
	assert.is(laterThan(gateway, 1_000 + UNDER_WAY_MS), 0);
	if (status.uncertain === 0) assert.equal(missing(gateway, status), lossRanges(status));
	const expired = status.losses.filter(([, , reason]) => reason === "expired");
	assert.is(expired.length, 1, "one outage, one range");
	const frames = gateway.account.runs.get(status.run)?.frames ?? [];
	assert.ok(frames.every(({ expiryS }) => expiryS !== null && expiryS >= 0 && expiryS <= 1));
});

test("the TTL holds behind a closed window too: what is late is no more than at_risk", async ({ world }) => {
	const config = { sources: [sim(4_000)], buffer: { ttl: "1s" } };
	const gateway = await world.start("window", config, { http: true });
	await gateway.delivers(500);
	gateway.proxy.stall("up");
	await until("readings to expire", async () => ((await gateway.status()).dropped["expired"] ?? 0) > 8_000, 15_000);
	gateway.proxy.resume();
	await gateway.delivers(2_000);
	const status = await gateway.end();
	assert.is(status.uncertain, 0);
	assert.ok(laterThan(gateway, 1_000 + UNDER_WAY_MS) <= 1_024);
	assert.equal(missing(gateway, status), lossRanges(status));
});

/** Fills a buffer of 1,000 several times over behind a stalled link: what had been sent then, and where each range begins. */
async function overflow(world: World, policy: string) {
	const config = { sources: [sim(4_000)], buffer: { capacity: 1_000, policy } };
	const gateway = await world.start(policy, config, { http: true });
	await gateway.delivers(500);
	gateway.proxy.stall("up");
	const full = await until("an overflow", async () => {
		const status = await gateway.status();
		return (status.dropped["overflow"] ?? 0) > 4_000 && status;
	});
	gateway.proxy.resume();
	await gateway.delivers(1_500);
	const status = await gateway.end();
	assert.is(status.uncertain, 0);
	assert.equal(missing(gateway, status), lossRanges(status));
	// One range on a quiet machine; where it is busy, the source catches up in bursts that the buffer cannot hold either.
	assert.ok(status.losses.every(([, , reason]) => reason === "overflow"));
	const lost = status.losses.reduce((sum, [from, to]) => sum + to - from + 1, 0);
	assert.is(lost, status.dropped["overflow"]);
	return { sent: full.sent, from: status.losses.map(([first]) => first) };
}

test("a full buffer drops by its policy, and the gap is the range that the losses name", async ({ world }) => {
	const [oldest, newest] = await Promise.all([overflow(world, "drop-oldest"), overflow(world, "drop-newest")]);
	// What was stamped before the buffer was full: with drop-newest that waits in it, with drop-oldest it is gone.
	assert.ok(oldest.from.includes(oldest.sent), `${oldest.sent} in ${oldest.from}`);
	assert.ok(newest.from.includes(newest.sent + 1_000), `${newest.sent + 1_000} in ${newest.from}`);
});

/** Suspends a program that has readings waiting; its link is cut meanwhile, or left to the broker. */
async function suspended(world: World, name: string, isCut: boolean): Promise<StatusArrival> {
	const config = { sources: [sim(2_000)], buffer: { ttl: "2s" } };
	const gateway = await world.start(name, config, { http: true });
	await gateway.delivers(500);
	gateway.proxy.stall("up");
	await until("readings that wait", async () => (await gateway.status()).buffered > 500);
	gateway.agent.signal("SIGSTOP");
	gateway.proxy.resume();
	if (isCut) gateway.proxy.cut();
	await delay(scale.suspendMs);
	const before = arrivals.length;
	gateway.agent.signal("SIGCONT");
	await gateway.delivers(1_000);
	const status = await gateway.end();
	assert.ok((status.dropped["expired"] ?? 0) >= 500);
	const woken = arrivals.slice(before).filter(({ frame }) => frame.device === gateway.name);
	assert.ok(woken.every(({ frame, atMs }) => atMs - frame.time < 2_000 + UNDER_WAY_MS));
	assert.is(gateway.account.runs.size, 1);
	return status;
}

test(`a program that was suspended for ${scale.suspendMs / 1_000} s, longer than the TTL, sends nothing old when it wakes up`, async ({
	world,
}) => {
	const [, cut] = await Promise.all([suspended(world, "suspended", false), suspended(world, "severed", true)]);
	assert.is(cut.mqtt["disconnects"], 1);
});

test("readings carry the time they were captured at, in order, and whether the clock can be trusted", async ({
	world,
}) => {
	const startMs = Date.now();
	const gateway = await world.start("clock", { sources: [sim(500)] }, { http: true });
	await gateway.delivers(200);
	gateway.proxy.stall("up");
	await until("readings that wait", async () => (await gateway.status()).buffered > 500);
	gateway.proxy.resume();
	await gateway.delivers(500);
	const status = await gateway.end();
	const frames = gateway.account.runs.get(status.run)?.frames ?? [];
	const times = frames.flatMap(readingsOf).map(({ timeMs }) => timeMs);
	assert.ok(times.every((timeMs) => timeMs >= startMs - 1 && timeMs <= Date.now() + 1));
	// Frames are mapped to wall time one by one, and the wall clock may be slewed meanwhile.
	assert.ok(times.every((timeMs, index) => timeMs >= (times[index - 1] ?? 0) - 5));
	const spanMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
	assert.ok(Math.abs(spanMs - (status.stamped / 500) * 1_000) < 500, `${status.stamped} at 500/s in ${spanMs} ms`);
	const last = frames.at(-1);
	assert.is(last?.clockSynchronised, status["clock"]);
	assert.is("clock" in (last?.body ?? {}), status["clock"] === false);
});

test.run();
