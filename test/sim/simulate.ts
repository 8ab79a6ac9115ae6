// Plays a scenario: faults while the invariants hold after every event, then everything heals, and all has to be well and
// explained in a bounded time. Says what was reached and how much there was, or what was violated.
import { createBroker } from "./broker.js";
import { createClocks } from "./clocks.js";
import { createDevice, type Device } from "./device.js";
import { createEventQueue } from "./event-queue.js";
import { inject } from "./faults.js";
import { inspectAccount, judgeAccount } from "./judgement.js";
import { createRandom } from "./random.js";
import { createRareCounts, type RareCounts } from "./rare-states.js";
import { createReconciler, type Reconciler } from "./reconciler.js";
import type { RunRecord } from "./run-record.js";
import type { Scenario } from "./scenario.js";
import { fail, type Invariant, Violation } from "./violation.js";
import { createTotals, type Totals, type World } from "./world.js";

export interface Outcome {
	readonly seed: number;
	readonly violation: { readonly invariant: Invariant; readonly message: string; readonly atMs: number } | null;
	readonly rare: RareCounts;
	readonly totals: Totals;
	/** Hours of one device each, faults or not. */
	readonly deviceHours: number;
}

/** Longer than any timeout beside the backoff: connecting, an unanswered barrier, a half-open session. */
const TIMEOUTS_MS = 25_000;
/** Twice the grace closes what ended; a run that waits for the silence of another waits for one more. */
const SILENT_GRACES = 4;
/** Between two looks at what the reconciler says meanwhile. */
const INSPECT_MS = 300_000;

export function simulate(scenario: Scenario): Outcome {
	const { seed } = scenario;
	const queue = createEventQueue();
	const world: World = { queue, rare: createRareCounts(), totals: createTotals(), epochMs: scenario.epochMs };
	let violation: Outcome["violation"] = null;
	try {
		play(scenario, world);
	} catch (error) {
		const invariant = error instanceof Violation ? error.invariant : "assertion";
		const message = error instanceof Violation ? error.message : ((error as Error).stack ?? String(error));
		violation = { invariant, message, atMs: queue.nowMs() };
	}
	const { rare, totals } = world;
	return { seed, violation, rare, totals, deviceHours: (queue.nowMs() / 3_600_000) * scenario.devices.length };
}

function play(scenario: Scenario, world: World): void {
	const { queue } = world;
	const random = createRandom(scenario.seed).split("world");
	const runs = new Map<string, RunRecord>();
	const { latencyMs, jitterMs, segmentBytes, sendBufferBytes, receiveBufferBytes } = scenario.network;
	const reconciler: Reconciler = createReconciler({
		...{ world, random: random.split("reconciler"), graceMs: scenario.graceMs },
		runOf: (id) => runs.get(id),
		retained: () => broker.retained(),
	});
	const broker = createBroker({
		...{ world, random: random.split("broker"), sendBufferBytes, receiveBufferBytes },
		...scenario.broker,
		forward: reconciler.take,
	});
	const devices = scenario.devices.map((spec, i) => {
		const { monotonicMs, wallOffsetMs } = scenario.clocks[i] as Scenario["clocks"][number];
		const clocks = createClocks(queue.nowMs, monotonicMs, scenario.epochMs + (wallOffsetMs ?? 0));
		if (wallOffsetMs === null) clocks.setWall(0, false);
		const weather = { latencyMs, jitterMs, segmentBytes, bytesPerMs: Number.POSITIVE_INFINITY, isHole: false };
		return createDevice({ world, random: random.split("devices"), spec, clocks, weather, broker, runs });
	});
	for (const device of devices) queue.after(random.between(0, 1_000), device.start);
	const targets = { world, devices, broker, reconciler, weather: scenario.network, healMs: scenario.forMs };
	const inspect = (): void => {
		inspectAccount(devices, reconciler.report());
		queue.after(INSPECT_MS, inspect);
	};
	queue.after(INSPECT_MS, inspect);
	for (const fault of scenario.faults) queue.at(fault.atMs, () => inject(targets, fault));
	run(world, scenario.forMs);
	heal(scenario, world, devices, reconciler);
	judgeAccount(world, devices, reconciler.report(SILENT_GRACES), reconciler.wasAway());
}

function run(world: World, untilMs: number): void {
	while (world.queue.step(untilMs)) world.totals.events += 1;
}

/** Nothing goes wrong any more: within bounded time everything is sent, confirmed and told. */
function heal(scenario: Scenario, world: World, devices: readonly Device[], reconciler: Reconciler): void {
	const { queue } = world;
	for (const device of devices) device.heal(world.epochMs + queue.nowMs());
	for (const device of devices) if (!device.isRunning()) queue.after(100, device.start);
	const settings = scenario.devices.map(({ agent, link }) => ({ ...agent, ...link }));
	const most = (of: (each: (typeof settings)[number]) => number): number => Math.max(...settings.map(of));
	run(world, queue.nowMs() + 10_000);
	for (const device of devices) device.stopSources();
	const drainMs = most(({ capacity, maxRate }) => (maxRate === 0 ? 0 : (capacity / maxRate) * 1_200));
	const quietMs =
		TIMEOUTS_MS + drainMs + most(({ backoff, confirmMs, lingerMs }) => backoff.maxMs + 2 * confirmMs + lingerMs);
	run(world, queue.nowMs() + quietMs);
	for (const device of devices) checkAlive(device);
	run(world, queue.nowMs() + most(({ statusIntervalMs, confirmMs }) => statusIntervalMs + confirmMs) + 5_000);
	for (const device of devices) checkTold(device);
	for (const index of scenario.stopped) devices[index]?.stop(Number.POSITIVE_INFINITY);
	run(world, queue.nowMs() + scenario.graceMs);
	for (const device of devices) device.audit();
	reconciler.setPace(0);
}

function checkAlive(device: Device): void {
	const agent = device.agent();
	if (agent === null || !device.uplink()?.isUp()) fail("live", `${device.id} is not connected`);
	if (agent.buffered() > 0) fail("live", `${device.id} holds ${agent.buffered()} readings`);
	if (agent.inFlight() > 0) fail("live", `${device.id} has ${agent.inFlight()} readings in flight`);
}

/** The newest status is with the broker, and says all there is. */
function checkTold({ id, runs }: Device): void {
	const last = runs.at(-1);
	if (last === undefined || last.taken < 0) fail("live", `${id} has published no status`);
	const { truth } = last;
	if (truth.stampedAt(last.taken) !== truth.stamped) fail("live", `${id}: the last status is old`);
}
