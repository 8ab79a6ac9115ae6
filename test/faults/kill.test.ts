// Processes that are killed at any instant, the agent's and the broker's. No reading comes twice and no identity again,
// the next run reports the one that died, and the account of an independent subscriber agrees to the last reading with
// what the agent says, and with what `tallywire reconcile` makes of it (CONTRACT G1, G2, G3, Status: `previous`).
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Agent, startAgent } from "../support/process.js";
import { type Proxy as FaultProxy, startProxy } from "../support/proxy.js";
import { startReconciler } from "../support/reconciler.js";
import { isFull, scale } from "../support/scale.js";
import { createRandom, seed } from "../support/seed.js";
import type { Subscriber } from "../support/subscriber.js";
import { makeTempDir } from "../support/temp-dir.js";
import { delay, until } from "../support/wait.js";
import { judge, sim, startWorld, type World } from "../support/world.js";

const test = suite("a process that is killed");
const random = createRandom(seed);

/** Devices that are killed side by side. Of the last one the line is bad too. */
const DEVICES = 3;
const LIFE_MS = 2_000;
/** Until then the reconciler leaves open what was on its way (its grace). */
const GRACE_MS = 31_000;

interface Previous {
	readonly run: string;
	readonly stamped: number;
	readonly sent: number;
	readonly confirmed: number;
	readonly uncertain: number;
	readonly dropped: Readonly<Record<string, number>>;
}

/** What a line may do to an agent before it dies. */
const TROUBLES: readonly ((proxy: FaultProxy) => unknown)[] = [
	() => undefined,
	(proxy) => proxy.stall("up"),
	(proxy) => proxy.stall("down"),
	(proxy) => proxy.cutAfterBytes(Math.floor(random() * 20_000)),
	(proxy) => proxy.refuse(true),
	(proxy) => proxy.slow({ latencyMs: 50, bytesPerSecond: 5_000 }),
];

interface Lives {
	readonly name: string;
	/** Ids of the runs that came as far as to say them, in order. */
	readonly runs: string[];
	readonly start: () => Agent;
	readonly proxy: FaultProxy | null;
}

async function createLives(world: World, name: string, isLineBad: boolean): Promise<Lives> {
	const proxy = isLineBad ? await startProxy(world.broker) : null;
	const runtimeDir = makeTempDir("runtime");
	const config = {
		device: name,
		mqtt: {
			url: proxy ? `mqtt://127.0.0.1:${proxy.port}` : world.broker.url,
			reconnect: { min: "50ms", max: "100ms" },
		},
		status: { interval: "200ms" },
		sources: [sim(2_000)],
	};
	return { name, runs: [], start: () => startAgent(config, { runtimeDir }), proxy };
}

/** One life: started, in trouble where the line is bad, killed at a random instant. */
async function liveAndDie({ name, start, runs, proxy }: Lives, subscriber: Subscriber): Promise<void> {
	const agent = start();
	// One in four may die before it has begun; the others have that long from their first word, however slow the machine.
	if (random() > 0.25) await agent.waitForOutput(/event=start .*\n/, 30_000);
	// A run that nobody heard is accounted by the status of the next one, if its device had been heard before: else it may
	// have died before the reconciler began.
	if (runs.length === 0)
		await subscriber.waitFor("the first word", () => subscriber.device(name).status() !== undefined, 30_000);
	const lifeMs = random() * LIFE_MS;
	const calmMs = random() * lifeMs;
	await delay(calmMs);
	if (proxy) await TROUBLES[Math.floor(random() * TROUBLES.length)]?.(proxy);
	await delay(lifeMs - calmMs);
	await agent.kill();
	const run = /event=start .*\brun=([\w-]+)/.exec(agent.stderr())?.[1];
	if (run !== undefined) runs.push(run);
	if (!proxy) return;
	// What the dead one had sent arrives before the next begins, as it would where a line is only slow.
	proxy.slow(null);
	proxy.resume();
	await until("the line to be empty", () => proxy.open() === 0);
	await proxy.refuse(false);
}

test(`${scale.agentKills} times: the agent`, async () => {
	const world = await startWorld();
	const reconciler = await startReconciler(world.broker);
	try {
		const devices = await Promise.all(
			Array.from({ length: DEVICES }, (_, i) => createLives(world, `mortal-${i}`, i === DEVICES - 1)),
		);
		const total = { kills: 0, lost: 0, reported: 0 };
		await Promise.all(
			devices.map(async (lives) => {
				for (let life = 0; life < scale.agentKills / DEVICES; life += 1) {
					await liveAndDie(lives, world.subscriber);
					total.kills += 1;
				}
				const last = lives.start();
				await world.subscriber.waitFor("the last life", () => {
					const status = world.subscriber.device(lives.name).status();
					return status !== undefined && !lives.runs.includes(status.run) && status.confirmed > 0;
				});
				// A run that died before its first word breaks the chain of `previous`: then only time tells the reconciler.
				await delay(GRACE_MS);
				last.signal("SIGTERM");
				const status = await judge(lives.name, last, world.subscriber);
				lives.runs.push(status.run);
			}),
		);
		const everyRun = devices.flatMap(({ runs }) => runs);
		assert.is(new Set(everyRun).size, everyRun.length, "a run id never comes again");
		for (const lives of devices) {
			const { reported, lost } = checkLives(world, lives);
			total.reported += reported;
			total.lost += lost;
		}
		console.log(
			`${total.kills} kills, ${total.reported} reported by the next run, ${total.lost} readings lost on the way`,
		);
		assert.ok(total.reported > total.kills / 4);
		for (const { name, start, proxy } of devices) {
			const agent = start();
			await agent.waitForOutput(/event=link_up/);
			agent.signal("SIGTERM");
			const status = await judge(name, agent, world.subscriber);
			assert.is(status["previous"], null, "a clean end leaves nothing to report");
			await proxy?.stop();
		}
		await reconciler.agreesWith(devices.map(({ name }) => world.subscriber.device(name)));
	} finally {
		await reconciler.kill();
		await world.stop();
	}
});

/** Every frame and status of a device that died many times. */
function checkLives(world: World, { name, runs }: Lives): { readonly reported: number; readonly lost: number } {
	const { runs: accounts, statuses } = world.subscriber.device(name);
	const unknown = [...accounts.keys()].filter((run) => !runs.includes(run));
	assert.equal(unknown, [], "nobody speaks before its first line in the log");
	for (const { run, duplicates, disorder, gaps } of accounts.values()) {
		assert.equal([duplicates, disorder], [0, 0], `run ${run}: readings that came twice, frames that went back`);
		assert.ok(
			gaps.every(({ dropped, lost }) => dropped >= 0 && lost >= 0),
			`run ${run}: ${JSON.stringify(gaps)}`,
		);
	}
	const seen = new Map<string, Previous | null>();
	for (const status of statuses) {
		const previous = status["previous"] as Previous | null;
		if (seen.has(status.run)) assert.equal(previous, seen.get(status.run), "the same for the whole of a run");
		seen.set(status.run, previous);
	}
	let lost = 0;
	for (const [run, previous] of seen) {
		const before = runs[runs.indexOf(run) - 1];
		if (before === undefined) assert.is(previous, null);
		// One that is killed between its record and its first line has no name here, and nothing to report.
		else if (previous?.run !== before) assert.is(previous?.stamped, 0, `${previous?.run}, not ${before}`);
		else lost += checkPrevious(world, name, previous);
	}
	return { reported: seen.size, lost };
}

/** Holds the last counters of a run that was killed against all that arrived of it; how many readings were lost on the way. */
function checkPrevious(world: World, device: string, previous: Previous): number {
	const account = world.subscriber.run(device, previous.run);
	const words = `${JSON.stringify(previous)}, received ${account.received}, next ${account.nextSeq}`;
	const dropped = Object.values(previous.dropped).reduce((sum, count) => sum + count, 0);
	assert.ok(account.received <= previous.sent, `received <= sent: ${words}`);
	assert.ok(account.received >= previous.confirmed, `received >= confirmed: ${words}`);
	assert.ok(account.nextSent <= previous.sent && account.nextSeq <= previous.stamped, words);
	assert.ok(previous.sent + dropped <= previous.stamped, words);
	assert.ok(previous.sent - previous.confirmed - previous.uncertain <= 1_024, `at_risk: ${words}`);
	const lostInGaps = account.lost + previous.sent - account.nextSent;
	assert.is(lostInGaps, previous.sent - account.received, `lost in the gaps: ${words}`);
	const last = world.subscriber.device(device).statuses.findLast((status) => status.run === previous.run);
	for (const counter of ["stamped", "sent", "confirmed", "uncertain"] as const) {
		assert.ok(
			previous[counter] >= (last?.[counter] ?? 0),
			`${counter} of the last status: ${last?.[counter]}; ${words}`,
		);
	}
	return lostInGaps;
}

/** Half of the deaths each, so that the two wait for their consumers side by side. */
const BROKERS = 2;

async function outlivesBroker(name: string, deaths: number): Promise<number> {
	const world = await startWorld();
	const reconciler = await startReconciler(world.broker);
	try {
		// The consumers take up to a minute to be back, and nothing overflows meanwhile.
		const config = { sources: [sim(1_000)], buffer: { capacity: 131_072 }, publish: { confirm: "200ms" } };
		const gateway = await world.start(name, config);
		for (let death = 1; death <= deaths; death += 1) {
			await gateway.online(death);
			await gateway.delivers(100);
			await delay(random() * 200);
			// Nobody gets in before both consumers are back, or they would miss what they are to count.
			await gateway.proxy.refuse(true);
			await world.broker[death % 3 === 0 ? "stop" : "kill"]();
			await world.broker.restart();
			await Promise.all([world.subscriber.active(), reconciler.observing(death + 1)]);
			await gateway.proxy.refuse(false);
		}
		await gateway.online(deaths + 1);
		await gateway.delivers(100);
		if (isFull) await delay(GRACE_MS);
		const status = await gateway.end();
		assert.is(status.mqtt["disconnects"], deaths);
		await reconciler.agreesWith([gateway.account], true);
		return status.uncertain;
	} finally {
		await reconciler.kill();
		await world.stop();
	}
}

test(`${scale.brokerDeaths} times: the broker, under load`, async () => {
	const share = scale.brokerDeaths / BROKERS;
	const uncertain = await Promise.all(Array.from({ length: BROKERS }, (_, i) => outlivesBroker(`heir-${i}`, share)));
	console.log(`${scale.brokerDeaths} deaths, ${uncertain.reduce((sum, count) => sum + count, 0)} readings uncertain`);
});

test.run();
