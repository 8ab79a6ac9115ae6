// A wall clock that is stepped while the program runs (libfaketime; the monotonic clock stays). No reading expires early or
// is sent late for it, nothing waits for the old time to come again, and what is still waiting gets the new time (CONTRACT
// G5, G8).
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FrameArrival } from "../support/account.js";
import { createFakeClock, type FakeClock } from "../support/fake-clock.js";
import { readingsOf, type StatusArrival } from "../support/subscriber.js";
import { until } from "../support/wait.js";
import { type Gateway, sim, startWorld, type World } from "../support/world.js";

/** For the way through the broker to this process on a machine with other things to do. */
const UNDER_WAY_MS = 1_500;
const TTL_MS = 20_000;
const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS;

const arrivals: { readonly frame: FrameArrival; readonly atMs: number }[] = [];
const test = suite<{ world: World }>("a wall clock that is stepped");

test.before(async (context) => {
	context.world = await startWorld({ onFrame: (frame) => arrivals.push({ frame, atMs: Date.now() }) });
});

test.after(({ world }) => world.stop());

async function startStepped(world: World, name: string, ttlMs: number) {
	const clock = createFakeClock();
	// Few at risk, so that readings soon wait in the buffer, where their time is not worked out yet.
	const config = { sources: [sim(500)], buffer: { ttl: `${ttlMs}ms` }, publish: { at_risk: 50 } };
	const gateway = await world.start(name, config, { env: clock.env, http: true });
	await gateway.delivers(100);
	return { gateway, clock };
}

/** Holds up the link until the status is so. */
async function heldUp(gateway: Gateway, isSo: (status: StatusArrival) => boolean, meanwhile: () => void) {
	gateway.proxy.stall("up");
	await until("readings that wait", async () => (await gateway.status()).buffered > 100);
	meanwhile();
	const status = await until("the stall to have lasted", async () => {
		const now = await gateway.status();
		return isSo(now) && now;
	});
	gateway.proxy.resume();
	return status;
}

/** Readings sent after `sent` whose time is not between `ageMs` ago and now, by the clock of the device. */
function misdated({ name }: Gateway, sent: number, ageMs: number, clock: FakeClock): readonly string[] {
	const aheadMs = clock.nowMs() - Date.now();
	return arrivals
		.filter(({ frame }) => frame.device === name && frame.sent >= sent)
		.flatMap(({ frame, atMs }) => readingsOf(frame).map(({ seq, timeMs }) => [seq, atMs + aheadMs - timeMs] as const))
		.filter(([, readingAgeMs]) => readingAgeMs < -1_000 || readingAgeMs > ageMs + UNDER_WAY_MS)
		.map(([seq, readingAgeMs]) => `${seq} is ${readingAgeMs} ms old`);
}

for (const [what, stepMs] of [
	["back one hour", -HOUR_MS],
	["ahead ten years", TEN_YEARS_MS],
] as const) {
	test(`${what}: nothing expires for it, what waits gets the new time, and links and statuses go on`, async ({
		world,
	}) => {
		const { gateway, clock } = await startStepped(world, `clock${stepMs}`, TTL_MS);
		const before = await heldUp(
			gateway,
			({ time, buffered }) => Math.abs(Number(time) - clock.nowMs()) < 10_000 && buffered > 200,
			() => clock.set(Date.now() + stepMs),
		);
		assert.is(before.dropped["expired"], 0);
		await gateway.delivers(500);
		const statuses = gateway.account.statuses.length;
		await until("statuses to go on", () => gateway.account.statuses.length >= statuses + 3, 10_000);
		assert.equal(misdated(gateway, before.sent, TTL_MS, clock), []);
		gateway.proxy.cut();
		await gateway.online(2);
		await gateway.delivers(500);
		assert.equal(misdated(gateway, before.sent, TTL_MS, clock), []);
		const status = await gateway.end();
		assert.ok(Math.abs(Number(status["time"]) - clock.nowMs()) < 10_000);
		assert.is(status.stamped, status.confirmed + status.uncertain, "nothing is dropped");
		const frames = gateway.account.runs.get(status.run)?.frames ?? [];
		assert.ok(frames.every(({ expiryS }) => expiryS !== null && expiryS > 0 && expiryS <= TTL_MS / 1_000));
		assert.ok(Number(status["uptime_s"]) < 120, `up for ${status["uptime_s"]} s`);
	});
}

test("back one hour does not keep readings alive: what is older than its TTL is never sent", async ({ world }) => {
	const ttlMs = 1_000;
	const { gateway, clock } = await startStepped(world, "clock-ttl", ttlMs);
	const before = await heldUp(
		gateway,
		({ dropped }) => (dropped["expired"] ?? 0) > 500,
		() => clock.set(Date.now() - HOUR_MS),
	);
	await gateway.delivers(500);
	assert.equal(misdated(gateway, before.sent, ttlMs, clock), []);
	const status = await gateway.end();
	assert.is(status.uncertain, 0);
	assert.is(status.stamped, status.confirmed + (status.dropped["expired"] ?? 0));
});

test.run();
