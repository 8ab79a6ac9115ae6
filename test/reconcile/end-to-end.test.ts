// Agents as processes, a broker that is real, and `tallywire reconcile` as a subscriber too slow for it: readings
// are lost in the device, on the way to the broker, and behind it. Two witnesses that share no code with any of them know
// where: a fast subscriber what the broker had, a tap on the reconciler's own connection what it was given.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GRACE_MS, START_MARGIN_MS } from "../../src/reconcile/limits.js";
import { countWithin, createRunAccount, enterFrame, missingBelow, type RunAccount } from "../support/account.js";
import { type Running, startProcess, startTallywire } from "../support/process.js";
import { type Proxy as FaultProxy, startProxy } from "../support/proxy.js";
import type { Verdict } from "../support/reconciler.js";
import { readFrame, type StatusArrival } from "../support/subscriber.js";
import { startTap, type TappedMessage } from "../support/tap.js";
import { delay, until } from "../support/wait.js";
import { type Gateway, startWorld, type World } from "../support/world.js";

/**
 * Messages that wait in the broker for one subscriber, behind 4 MB in the kernel's buffers. It is some 10 s of what the
 * agents send, all in all: that long may the fast subscriber be held up without a loss.
 */
const QUEUED_MESSAGES_MAX = 300;
/** Messages that the broker has to drop for the slow subscriber before it is fast again. */
const DROPPED_MESSAGES = 200;
const CUTS = 3;

/** A stream of `rate` readings a second, 256 bytes each: they fill buffers soon. */
function wordy(rate: number) {
	return { name: "log", type: "sim", rate, seed: 1, streams: { line: { shape: "text", texts: ["x".repeat(256)] } } };
}

const AGENTS = {
	/** Its link is cut. */
	cut: { sources: [wordy(1_500)] },
	/** Its buffer is small, and it may send a quarter of what it reads. */
	full: { buffer: { capacity: 100 }, publish: { max_rate: 500 }, sources: [wordy(2_000)] },
	/** Its readings are too old before their turn comes. */
	late: { buffer: { ttl: "300ms" }, publish: { max_rate: 300 }, sources: [wordy(600)] },
	/** Its link is cut before the broker's answer comes, while the broker drops what it took for the slow subscriber. */
	doubt: { sources: [wordy(200)] },
} as const;

/** The reconciler behind a proxy and a tap. */
interface Slow {
	readonly running: Running;
	readonly proxy: FaultProxy;
	/** What it was given, by device. */
	readonly given: ReadonlyMap<string, RunAccount>;
	stop(): Promise<void>;
}

async function startSlow(world: World): Promise<Slow> {
	const given = new Map<string, RunAccount>();
	const hear = ({ topic, isRetained, payload }: TappedMessage): void => {
		if (!topic.endsWith("/data")) return;
		const frame = readFrame({ isRetained, payload, contentType: "", expiryS: null });
		const account = given.get(frame.device) ?? createRunAccount(frame.device, frame.run);
		given.set(frame.device, account);
		enterFrame(account, frame);
	};
	const proxy = await startProxy(world.broker);
	const tap = await startTap(proxy, hear);
	const running = startTallywire(["reconcile", "--json", "--broker", `mqtt://${tap.host}:${tap.port}`]);
	await running.waitForOutput(/ event=observing /);
	return {
		running,
		proxy,
		given,
		stop: async () => {
			await running.kill();
			await tap.stop();
			await proxy.stop();
		},
	};
}

/** Counts what the broker says it dropped, of all subscribers. */
function watchDrops({ broker }: World): { readonly dropped: () => number; readonly stop: () => Promise<unknown> } {
	let dropped = 0;
	const args = ["-h", broker.host, "-p", String(broker.port), "-t", "$SYS/broker/publish/messages/dropped"];
	const running = startProcess("mosquitto_sub", args, {
		onLine: (line) => {
			dropped = Number(line);
		},
	});
	return { dropped: () => dropped, stop: running.kill };
}

/** Resolves when the slow subscriber has been given a frame that the broker took after this call. */
async function caughtUp({ given }: Slow, gateways: readonly Gateway[]): Promise<void> {
	for (const { name, account } of gateways) {
		const target = [...account.runs.values()].at(-1)?.nextSeq ?? 0;
		await until(`${name} at the slow subscriber`, () => (given.get(name)?.nextSeq ?? 0) > target, 30_000);
	}
}

/** Readings of [0, end) in ranges of the device's own word `uncertain` that `account` does not have. */
function uncertainMissing(account: RunAccount, { losses }: StatusArrival): number {
	return losses
		.filter(([, , reason]) => reason === "uncertain")
		.reduce((sum, [from, to]) => sum + to - from + 1 - countWithin(account.ranges, from, to), 0);
}

/** Cuts a link in the middle: what goes up, or the answers that come down, are lost with it. Resolves when it is back. */
async function loseInFlight(gateway: Gateway, direction: "up" | "down", connects: number): Promise<void> {
	await gateway.delivers(100);
	gateway.proxy.stall(direction);
	const before = gateway.received();
	const isInFlight = async (): Promise<boolean> =>
		(await gateway.status()).in_flight > 0 && (direction === "up" || gateway.received() > before);
	await until("readings in flight", isInFlight, 10_000);
	gateway.proxy.cut();
	gateway.proxy.resume();
	await gateway.online(connects);
}

test("each lost reading is laid at its own door: the device's, the way's or the broker's", async () => {
	const world = await startWorld({ maxQueuedMessages: QUEUED_MESSAGES_MAX });
	const slow = await startSlow(world);
	const drops = watchDrops(world);
	try {
		await delay(START_MARGIN_MS); // a run that began sooner may have lost its first readings unobserved
		const starts = Object.entries(AGENTS).map(([name, config]) => world.start(name, config, { http: true }));
		const gateways = await Promise.all(starts);
		const [cut, , , doubt] = gateways as [Gateway, Gateway, Gateway, Gateway];
		await Promise.all(gateways.map((gateway) => gateway.delivers(100)));

		slow.proxy.stall("down");
		await until(
			() => `drops, not ${drops.dropped()}`,
			() => drops.dropped() >= DROPPED_MESSAGES,
			60_000,
		);
		await loseInFlight(doubt, "down", 2);
		slow.proxy.resume();
		await caughtUp(slow, gateways);

		for (let i = 0; i < CUTS; i++) await loseInFlight(cut, "up", i + 2);
		const last = new Map(await Promise.all(gateways.map(async (each) => [each.name, await each.end()] as const)));

		await delay(GRACE_MS + 1_000); // then nothing is pending any more
		slow.running.signal("SIGINT");
		assert.is((await slow.running.exited).code, 0, slow.running.stderr());
		const report: { readonly devices: readonly Verdict[] } = JSON.parse(slow.running.stdout());
		assert.equal(report.devices.map(({ device }) => device).sort(), gateways.map(({ name }) => name).sort());
		for (const each of report.devices) compare(each, world, slow, last.get(each.device) as StatusArrival);
	} finally {
		await drops.stop();
		await slow.stop();
		await world.stop();
	}
});

function compare({ device, tally, odd }: Verdict, world: World, slow: Slow, last: StatusArrival): void {
	const had = world.subscriber.run(device, last.run);
	const given = slow.given.get(device) ?? createRunAccount(device, last.run);
	const missing = missingBelow(had.ranges, last.stamped).reduce(
		(sum, [from, to]) => sum + countWithin(given.ranges, from, to),
		0,
	);
	assert.is(missing, 0, "what the slow subscriber was given, the fast one was too");
	const onTheWay = last.sent - had.received;
	// What the device is in doubt of and did not come, the broker may have had: that is for nobody to tell but a witness.
	const uncertain = uncertainMissing(given, last);
	const downstream = last.sent - given.received - uncertain;
	console.log(`${device}: ${JSON.stringify(tally)}, truly lost on the way ${onTheWay}`);
	assert.equal(
		tally,
		{
			stamped: last.stamped,
			received: given.received,
			lost: { ...last.dropped, unknown: 0, crash: 0, uncertain, downstream },
			pending: 0,
			unobserved: 0,
		},
		device,
	);
	if (device === "doubt") assert.ok(uncertain > onTheWay, "the broker had nothing that the device was in doubt of");
	else assert.is(uncertain, onTheWay, device);
	for (const what of ["duplicates", "discrepancies", "jumps", "replayed", "late"]) assert.is(odd[what], 0, what);
	// Each door had something laid at it.
	assert.ok(downstream > 0, `${device}: the broker dropped nothing`);
	if (device === "cut") assert.ok(onTheWay > 0, "nothing was lost on the way");
	if (device === "full") assert.ok((last.dropped["overflow"] ?? 0) > 0);
	if (device === "late") assert.ok((last.dropped["expired"] ?? 0) > 0);
}

test.run();
