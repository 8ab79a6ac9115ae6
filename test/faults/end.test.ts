// How a run ends: told to, told to with nobody to talk to, told twice (CONTRACT G10). For those that are killed: kill.test.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Cable, createCable } from "../serial/pty.js";
import type { Exit } from "../support/process.js";
import { delay, until } from "../support/wait.js";
import { type EndLine, endLine, type Gateway, sim, startWorld, type World } from "../support/world.js";

const test = suite<{ world: World }>("the end of a run");

test.before(async (context) => {
	context.world = await startWorld();
});

test.after(({ world }) => world.stop());

const CLEAN: Exit = { code: 0, signal: null };

function assertBalanced({ stamped, confirmed, uncertain, overflow, expired, oversize, shutdown }: EndLine): void {
	assert.is(stamped, confirmed + uncertain + overflow + expired + oversize + shutdown);
}

/** Holds up everything that is sent, so that readings pile up. */
async function pileUp(gateway: Gateway, readings: number): Promise<void> {
	gateway.proxy.stall("up");
	await until(`${readings} readings in the buffer`, async () => (await gateway.status()).buffered >= readings);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
	test(`${signal}: what waits is sent and confirmed before the last status`, async ({ world }) => {
		const gateway = await world.start(`drain-${signal}`, { sources: [sim(10_000)] }, { http: true });
		await gateway.delivers();
		await pileUp(gateway, 10_000);
		const ended = gateway.end(signal);
		gateway.proxy.resume();
		const status = await ended;
		assert.is(status.confirmed, status.stamped);
		assert.is(status.in_flight, 0);
		assert.equal(endLine(gateway).confirmed, status.stamped);
	});
}

test("without a broker the drain takes shutdown_timeout, and the rest is counted as shutdown", async ({ world }) => {
	const config = { sources: [sim(5_000)], shutdown_timeout: "1s" };
	const gateway = await world.start("alone", config, { http: true });
	await gateway.proxy.refuse(true);
	gateway.proxy.cut();
	await until("readings that wait", async () => (await gateway.status()).buffered > 1_000);
	const startMs = performance.now();
	assert.equal(await gateway.agent.stop(), CLEAN);
	const tookMs = performance.now() - startMs;
	assert.ok(tookMs >= 950 && tookMs < 5_000, `took ${tookMs} ms`);
	const end = endLine(gateway);
	assert.ok(end.shutdown > 1_000);
	assertBalanced(end);
});

test("at a stalled broker too: what was in flight is uncertain, what waited is shutdown", async ({ world }) => {
	const config = { sources: [sim(5_000)], shutdown_timeout: "1s" };
	const gateway = await world.start("deaf", config, { http: true });
	await gateway.delivers();
	await pileUp(gateway, 2_000);
	const startMs = performance.now();
	assert.equal(await gateway.agent.stop(), CLEAN);
	const tookMs = performance.now() - startMs;
	assert.ok(tookMs >= 950 && tookMs < 6_000, `took ${tookMs} ms`);
	const end = endLine(gateway);
	assert.ok(end.shutdown >= 2_000 && end.uncertain > 0 && end.uncertain <= 1_024, JSON.stringify(end));
	assertBalanced(end);
	gateway.proxy.cut();
	await world.subscriber.settle();
	const [run] = gateway.account.runs.values();
	assert.ok(gateway.received() >= end.confirmed && gateway.received() <= end.confirmed + end.uncertain);
	assert.is(run?.duplicates, 0);
});

test("a second signal cuts the drain short", async ({ world }) => {
	const config = { sources: [sim(5_000)], shutdown_timeout: "60s" };
	const gateway = await world.start("impatient", config, { http: true });
	await gateway.proxy.refuse(true);
	gateway.proxy.cut();
	await until("readings that wait", async () => (await gateway.status()).buffered > 500);
	gateway.agent.signal("SIGTERM");
	const stamped = await until("the sources to be stopped", async () => {
		const before = (await gateway.status()).stamped;
		await delay(50);
		return (await gateway.status()).stamped === before && before;
	});
	const startMs = performance.now();
	gateway.agent.signal("SIGTERM");
	assert.equal(await gateway.agent.exited, CLEAN);
	assert.ok(performance.now() - startMs < 3_000);
	const end = endLine(gateway);
	assert.is(end.stamped, stamped);
	assertBalanced(end);
});

test("a second signal that comes before the sources are closed does not hold up the end", async ({ world }) => {
	const cable: Cable = createCable();
	try {
		await cable.plug();
		const serial = { name: "port", type: "serial", path: cable.near, parse: { as: "line" } };
		const gateway = await world.start("hasty", { sources: [serial, sim(100)] });
		await gateway.delivers(10);
		// As from a terminal: npm and the program both get Ctrl-C, and npm passes it on.
		gateway.agent.signal("SIGINT");
		gateway.agent.signal("SIGTERM");
		await until("the end", () => !gateway.agent.isRunning(), 8_000);
		assert.equal(await gateway.agent.exited, CLEAN);
		assertBalanced(endLine(gateway));
	} finally {
		await cable.dispose();
	}
});

test("a log that nobody reads any more is no end", async ({ world }) => {
	const gateway = await world.start("unread", { sources: [sim(500)] });
	await gateway.delivers();
	gateway.agent.closeOutput();
	for (let cut = 1; cut <= 3; cut += 1) {
		gateway.proxy.cut(); // which is worth a line in the log
		await gateway.online(cut + 1);
	}
	await gateway.delivers(100);
	await gateway.end();
});

test("a folder that cannot keep the last counters is said, and nothing depends on it", async ({ world }) => {
	const gateway = await world.start("no-folder", { sources: [sim(500)] }, { runtimeDir: "/proc/nowhere" });
	await gateway.agent.waitForOutput(/event=no_black_box/);
	await gateway.delivers();
	await gateway.end();
});

test.run();
