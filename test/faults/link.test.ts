// Everything that can happen to the connection between the agent and its broker. After each fault the books of the agent
// agree to the last reading with what an independent subscriber received (CONTRACT G1, G2, G3, G6, G7).
import { readdirSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { freePort } from "../support/free-port.js";
import type { Proxy as FaultProxy } from "../support/proxy.js";
import { scale } from "../support/scale.js";
import { createRandom, seed } from "../support/seed.js";
import type { StatusArrival } from "../support/subscriber.js";
import { delay, until } from "../support/wait.js";
import { type Gateway, sim, startWorld, type World } from "../support/world.js";

interface Context {
	world: World;
	/** Of its own, since its broker is suspended. */
	frozen: World;
	silence: Promise<readonly SilenceSeen[]>;
}

const test = suite<Context>("a broken link");
const random = createRandom(seed);

test.before(async (context) => {
	[context.world, context.frozen] = await Promise.all([startWorld(), startWorld()]);
	// Takes more than 10 s of waiting, so it goes on behind the other tests, and is looked at last.
	context.silence = seeSilence(context.world, context.frozen);
	context.silence.catch(() => undefined);
});

test.after(async ({ world, frozen }) => {
	await Promise.all([world.stop(), frozen.stop()]);
});

const reconnectAtOnce = { reconnect: { min: "50ms", max: "50ms" } };

interface SilenceSeen {
	readonly gateway: Gateway;
	/** From the beginning of the silence to the log line that gives the link up. */
	readonly tookMs: number;
	readonly status: StatusArrival;
}

/** A connection that stalls, one that swallows everything, and one with a dead peer, each given up and healed. */
async function seeSilence(world: World, frozen: World): Promise<readonly SilenceSeen[]> {
	const config = { sources: [sim(2_000)] };
	const options = { mqtt: reconnectAtOnce };
	const gateways = await Promise.all([
		world.start("stalled", config, options),
		world.start("swallowed", config, options),
		frozen.start("frozen", config, options),
	]);
	await Promise.all(gateways.map((gateway) => gateway.delivers(200)));
	const [stalled, swallowed] = gateways;
	const startMs = performance.now();
	stalled.proxy.stall();
	swallowed.proxy.blackhole(true);
	frozen.broker.suspend();
	const took = await Promise.all(
		gateways.map(async ({ agent }) => {
			await agent.waitForOutput(/event=link_down .*the link is dead/, 20_000);
			return performance.now() - startMs;
		}),
	);
	stalled.proxy.resume();
	swallowed.proxy.blackhole(false);
	frozen.broker.resume();
	// One that was accepted into the silence would take its whole connect timeout to be given up.
	for (const { proxy } of [stalled, swallowed]) proxy.cut();
	return Promise.all(
		gateways.map(async (gateway, index) => {
			await gateway.online(2);
			return { gateway, tookMs: took[index] ?? 0, status: await gateway.end() };
		}),
	);
}

/** Ends the connection `times` times under load, each time at a random instant after readings have come over it. */
async function endsAreAccounted(world: World, name: string, times: number, end: (proxy: FaultProxy) => void) {
	const gateway = await world.start(name, { sources: [sim(20_000)] });
	for (let cut = 1; cut <= times; cut += 1) {
		await gateway.online(cut);
		await gateway.delivers();
		await delay(random() * 60);
		end(gateway.proxy);
	}
	await gateway.online(times + 1);
	const status = await gateway.end();
	assert.is(status.mqtt["disconnects"], times);
	assert.is(status.mqtt["connects"], times + 1);
	return { gateway, status };
}

test("a reset at any instant costs at most at_risk readings, each of them on the books", async ({ world }) => {
	const { status } = await endsAreAccounted(world, "reset", 12, (proxy) => proxy.cut());
	assert.ok(status.uncertain > 0, "12 resets under 20,000 readings/s hit some that were in flight");
});

test("an orderly end by the peer is accounted like a reset", async ({ world }) => {
	await endsAreAccounted(world, "fin", 8, (proxy) => proxy.closeFin());
});

test("a reset in the middle of any packet leaves no reading twice and none unexplained", async ({ world }) => {
	const gateway = await world.start("packet", { sources: [sim(20_000)] }, { mqtt: reconnectAtOnce });
	for (let cut = 1; cut <= 30; cut += 1) {
		await until("a connection", () => gateway.proxy.connections() >= cut, 10_000);
		gateway.proxy.cutAfterBytes(1 + Math.floor(random() * 4_000));
		await until("the cut", () => gateway.proxy.connections() > cut, 10_000);
	}
	await gateway.delivers();
	const status = await gateway.end();
	assert.ok(status.uncertain > 0);
	assert.ok(Number(status.mqtt["disconnects"]) >= 15, "many cuts came after the broker had accepted");
});

test("a line that comes and goes ten times a second leaves no descriptor behind, and the books agree", async ({
	world,
}) => {
	const gateway = await world.start("flaps", { sources: [sim(1_000)] }, { mqtt: reconnectAtOnce });
	const descriptors = (): number => readdirSync(`/proc/${gateway.agent.pid}/fd`).length;
	await gateway.delivers(100);
	const before = descriptors();
	for (let flap = 0; flap < scale.flaps; flap += 1) {
		await gateway.proxy.refuse(true);
		gateway.proxy.cut();
		await delay(50);
		await gateway.proxy.refuse(false);
		await delay(50);
	}
	await gateway.delivers(1_000);
	await until("as few descriptors as before", () => descriptors() <= before);
	const status = await gateway.end();
	assert.ok(Number(status.mqtt["disconnects"]) > 0);
	console.log(`${scale.flaps} times gone, ${status.mqtt["disconnects"]} of them while a connection was up`);
	assert.is(status.stamped, status.confirmed + status.uncertain, "the buffer holds what the line does not carry");
});

test("a reset costs at most 64 KiB where readings are large", async ({ world }) => {
	const text = "x".repeat(200);
	const source = sim(4_000, { shape: "text", texts: [text] });
	const gateway = await world.start("large", { sources: [source] });
	for (let cut = 1; cut <= 5; cut += 1) {
		await gateway.online(cut);
		await gateway.delivers(500);
		gateway.proxy.stall("up");
		await delay(300);
		gateway.proxy.cut();
		gateway.proxy.resume();
	}
	await gateway.online(6);
	const status = await gateway.end();
	assert.ok(status.uncertain > 0);
	assert.ok(status.uncertain <= (5 * 65_536) / text.length, `${status.uncertain} readings of ${text.length} bytes`);
});

test("a stall that passes loses nothing, and holds no more than at_risk readings in flight", async ({ world }) => {
	const gateway = await world.start("stall", { sources: [sim(20_000)] }, { http: true });
	await gateway.delivers();
	for (const direction of ["up", "down", "both"] as const) {
		gateway.proxy.stall(direction);
		const stalled = await until("a full window", async () => {
			const status = await gateway.status();
			return status.in_flight > 512 && status.buffered > 2_000 && status;
		});
		assert.ok(stalled.in_flight <= 1_024, `in_flight ${stalled.in_flight}`);
		gateway.proxy.resume();
		await gateway.delivers(5_000);
	}
	const status = await gateway.end();
	assert.is(status.mqtt["disconnects"], 0);
	assert.is(status.confirmed, status.stamped);
	assert.is(gateway.received(), status.stamped);
});

test("readings wait while nobody listens, and all arrive when somebody does", async ({ world }) => {
	const gateway = await world.start("refused", { sources: [sim(5_000)] }, { http: true });
	await gateway.online(1);
	await gateway.delivers();
	await gateway.proxy.refuse(true);
	gateway.proxy.cut();
	await until("3,000 readings in the buffer", async () => (await gateway.status()).buffered > 3_000);
	await gateway.agent.waitForOutput(/event=link_down .*connection refused: no broker listens there/);
	await gateway.proxy.refuse(false);
	await gateway.online(2);
	const status = await gateway.end();
	assert.is(status.stamped, status.confirmed + status.uncertain);
	assert.equal(status.dropped, { overflow: 0, expired: 0, oversize: 0, shutdown: 0 });
});

test("a slow line with latency carries what it can, drops the rest with a reason, and stays up", async ({ world }) => {
	const gateway = await world.start("slow", {
		sources: [sim(4_000, { shape: "walk", period: "2s", decimals: 4, noise: 20 })],
		buffer: { capacity: 2_000, ttl: "1s" },
	});
	await gateway.delivers();
	gateway.proxy.slow({ bytesPerSecond: 8_000, latencyMs: 150 });
	await until("drops", () => (gateway.account.status()?.dropped["overflow"] ?? 0) > 2_000, 10_000);
	gateway.proxy.slow(null);
	await gateway.delivers(4_000);
	const status = await gateway.end();
	assert.is(status.mqtt["disconnects"], 0);
	assert.is(status.uncertain, 0);
	assert.is(gateway.received(), status.confirmed);
});

test("packets that come byte by byte are understood", async ({ world }) => {
	const proxied = { sources: [sim(20)], publish: { confirm: "200ms" } };
	const gateway = await world.start("bytes", proxied);
	gateway.proxy.cut();
	gateway.proxy.slow({ bytesPerSecond: 900 });
	gateway.proxy.cut();
	const before = gateway.account.states.length;
	await until("a connection over the slow line", () => gateway.account.states.length > before, 10_000);
	await gateway.delivers(20);
	gateway.proxy.slow(null);
	const status = await gateway.end();
	assert.ok(status.confirmed >= 20);
});

/** A server that answers whatever comes with bytes of its own. */
async function startImpostor(answer: (socket: Socket) => void): Promise<{ port: number; stop: () => void }> {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => undefined);
		socket.once("data", () => answer(socket));
	});
	const port = await freePort();
	await new Promise<void>((resolve) => {
		server.listen(port, "127.0.0.1", resolve);
	});
	const stop = (): void => {
		for (const socket of sockets) socket.destroy();
		server.close();
	};
	return { port, stop };
}

const CONNACK_5 = Buffer.from([0x20, 0x03, 0x00, 0x00, 0x00]);
const LENGTH_OF_256_MIB = Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]);

const IMPOSTORS: readonly (readonly [string, (socket: Socket) => void])[] = [
	["a web server", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")],
	["a server that hangs up", (socket) => socket.end()],
	["a broker that then talks nonsense", (socket) => socket.write(Buffer.concat([CONNACK_5, Buffer.alloc(64, 0xff)]))],
	[
		"a broker that answers pings nobody sent",
		(socket) => socket.write(Buffer.concat([CONNACK_5, Buffer.from([0xd0, 0])])),
	],
	[
		"a broker that sends a packet without end",
		(socket) => {
			socket.write(Buffer.concat([CONNACK_5, LENGTH_OF_256_MIB]));
			const flood = setInterval(() => socket.write(Buffer.alloc(65_536)), 5);
			socket.on("close", () => clearInterval(flood));
		},
	],
];

test("what is no broker is left with a reason, again and again, while readings wait", async ({ world }) => {
	await Promise.all(
		IMPOSTORS.map(async ([what, answer], index) => {
			const impostor = await startImpostor(answer);
			const gateway = await world.start(
				`impostor-${index}`,
				{ sources: [sim(100)], shutdown_timeout: "0ms" },
				{ mqtt: { url: `mqtt://127.0.0.1:${impostor.port}`, ...reconnectAtOnce }, http: true },
			);
			try {
				await until(
					`three attempts with ${what}`,
					() => (gateway.agent.stderr().match(/event=link_down/g) ?? []).length >= 3,
					15_000,
				);
				const status = await until("readings that wait", async () => {
					const now = await gateway.status();
					return now.stamped > 20 && now;
				});
				assert.is(status.confirmed, 0, what);
				assert.is(status.stamped, status.buffered + status.sent, what);
				const exit = await gateway.agent.stop();
				assert.equal(exit, { code: 0, signal: null }, what);
			} finally {
				impostor.stop();
			}
		}),
	);
});

test("a link that falls silent is given up after 10 s, and what was in flight on it is uncertain", async ({
	silence,
}) => {
	const seen = await silence;
	assert.is(seen.length, 3);
	for (const { gateway, tookMs, status } of seen) {
		assert.ok(tookMs >= 9_000, `${gateway.name}: given up after ${tookMs} ms`);
		assert.is(status.mqtt["disconnects"], 1, gateway.name);
		assert.ok(status.uncertain > 0 && status.uncertain <= 1_024, `${gateway.name}: ${status.uncertain}`);
		assert.is(status.stamped, status.confirmed + status.uncertain, gateway.name);
	}
});

test.run();
