// Brokers that are too slow, too small, speak the older MQTT only, or hold somebody with the same client id; and what
// a healthy one is given (CONTRACT G1, G2, G5, G6, Topics, Frame).
import { createServer, connect as dial, type Socket } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { freePort } from "../support/free-port.js";
import { startBroker } from "../support/mosquitto.js";
import { runProcess, startAgent } from "../support/process.js";
import { scale } from "../support/scale.js";
import { readingsOf, startSubscriber } from "../support/subscriber.js";
import { delay, until } from "../support/wait.js";
import { endLine, type Gateway, judge, sim, startWorld, type World } from "../support/world.js";

const test = suite<{ world: World }>("a broker");

test.before(async (context) => {
	context.world = await startWorld({ websockets: true });
});

test.after(({ world }) => world.stop());

const byHand = { reconnect: { min: "50ms", max: "50ms" } };

test("is suspended for a while: nothing is lost", async () => {
	const world = await startWorld();
	try {
		const gateway = await world.start("suspend", { sources: [sim(5_000)] });
		await gateway.delivers();
		world.broker.suspend();
		await delay(1_000);
		world.broker.resume();
		const status = await gateway.end();
		assert.is(status.mqtt["disconnects"], 0);
		assert.is(status.confirmed, status.stamped);
	} finally {
		await world.stop();
	}
});

test("takes small packets only: frames are cut to fit, and what fits in none is counted as oversize", async () => {
	const world = await startWorld({ maxPacketBytes: 1_500 });
	try {
		const text = "x".repeat(200);
		const numbers = { name: "lab", type: "sim", rate: 2_000, seed: 1, streams: { t: { shape: "walk", noise: 10 } } };
		const texts = { name: "note", type: "sim", rate: 50, seed: 1, streams: { long: { shape: "text", texts: [text] } } };
		const gateway = await world.start("small", { sources: [numbers, texts] });
		await gateway.delivers(4_000);
		const status = await gateway.end();
		assert.is(status.mqtt["disconnects"], 0, "a packet beyond the broker's maximum would end the connection");
		assert.is(status.confirmed, status.stamped);
		const sizes = [...gateway.account.runs.values()].flatMap(({ frames }) => frames.map((frame) => frame.payloadBytes));
		assert.ok(Math.max(...sizes) > 1_000 && Math.max(...sizes) < 1_500, `frames of up to ${Math.max(...sizes)} bytes`);
	} finally {
		await world.stop();
	}
});

test("takes packets so small that a text does not fit: the numbers still arrive", async () => {
	const world = await startWorld({ maxPacketBytes: 300 });
	try {
		const numbers = { name: "lab", type: "sim", rate: 50, seed: 1, streams: { t: { shape: "ramp" } } };
		const texts = {
			name: "note",
			type: "sim",
			rate: 20,
			seed: 1,
			streams: { long: { shape: "text", texts: ["x".repeat(250)] } },
		};
		const gateway = await world.start("tiny", { sources: [numbers, texts] }, { http: true });
		await gateway.delivers(50);
		const now = await gateway.status();
		assert.ok((now.dropped["oversize"] ?? 0) > 5, JSON.stringify(now.dropped));
		assert.is(now.mqtt["disconnects"], 0, "no packet, a status included, is larger than the broker takes");
		assert.equal(await gateway.agent.stop(), { code: 0, signal: null });
		await world.subscriber.settle();
		const [run] = gateway.account.runs.values();
		const streams = new Set(run?.frames.flatMap((frame) => readingsOf(frame).map(({ stream }) => stream)));
		assert.equal([...streams], ["lab.t"]);
		assert.is(run?.lost, 0);
		assert.is(run?.duplicates, 0);
	} finally {
		await world.stop();
	}
});

test("keeps the last status and the state of a device for those who come later, and no frame", async ({ world }) => {
	const gateway = await world.start("retained", { sources: [sim(500)] });
	await gateway.delivers(200);
	await gateway.end();
	const { stdout } = await runProcess("mosquitto_sub", [
		...["-h", world.broker.host, "-p", String(world.broker.port), "-W", "1"],
		...["-t", "tallywire/retained/#", "-F", "%t %r %p"],
	]);
	const [status = "", state = "", ...more] = stdout.trimEnd().split("\n").sort().reverse();
	assert.equal(more, []);
	assert.ok(status.startsWith("tallywire/retained/status 1 {"), status);
	assert.is(state, "tallywire/retained/state 1 offline");
});

test("publishes the last will of an agent that was killed", async ({ world }) => {
	const gateway = await world.start("killed", { sources: [sim(500)] });
	await gateway.delivers();
	assert.is(gateway.account.state(), "online");
	await gateway.agent.kill();
	await until("the will", () => gateway.account.state() === "offline");
});

test("gets no last will from an agent that ends well", async ({ world }) => {
	const gateway = await world.start("ended", { sources: [sim(100)] });
	await gateway.delivers();
	await gateway.end();
	assert.equal(
		gateway.account.states.map(({ state }) => state),
		["online", "offline"],
	);
});

test("is told by MQTT 5 what a frame is and for how long it is worth anything", async ({ world }) => {
	const isTold = async (format: string, contentType: string): Promise<void> => {
		const config = { sources: [sim(200)], buffer: { ttl: "20s" }, publish: { format } };
		const gateway = await world.start(`expiry-${format}`, config);
		await gateway.delivers(100);
		// Readings that have waited: the frame carries what is left to the oldest of them, rounded up.
		await gateway.proxy.refuse(true);
		gateway.proxy.cut();
		await delay(2_200);
		await gateway.proxy.refuse(false);
		await gateway.online(2);
		await gateway.end();
		const frames = [...gateway.account.runs.values()].flatMap((run) => run.frames);
		assert.ok(frames.every((frame) => frame.contentType === contentType));
		// The broker may have counted one second down by the time it passes a frame on.
		assert.ok(frames.every(({ expiryS }) => expiryS !== null && expiryS >= 17 && expiryS <= 20));
		assert.ok([20, 19].includes(frames[0]?.expiryS ?? 0), `fresh: ${frames[0]?.expiryS}`);
		const least = Math.min(...frames.map(({ expiryS }) => expiryS ?? 0));
		assert.ok(least <= 18, `after 2.2 s in the buffer: ${least}`);
	};
	await Promise.all([isTold("cbor", "application/cbor"), isTold("json", "application/json")]);
});

test("is reached over a websocket", async ({ world }) => {
	const gateway = await world.start("websocket", { sources: [sim(5_000)] }, { mqtt: { url: world.broker.wsUrl } });
	await gateway.delivers(5_000);
	const status = await gateway.end();
	assert.is(status.confirmed, status.stamped);
});

test("with two agents of one client id lets neither of them in for long, and they back off", async ({ world }) => {
	const mqtt = { client_id: "twin", reconnect: { min: "100ms", max: "60s" } };
	const settings = { sources: [sim(500)] };
	const twins = await Promise.all([
		world.start("twin-a", settings, { mqtt, http: true }),
		world.start("twin-b", settings, { mqtt, http: true }),
	]);
	const disconnects = async (): Promise<number> => {
		const counts = await Promise.all(twins.map(async (twin) => Number((await twin.status()).mqtt["disconnects"])));
		return counts.reduce((sum, count) => sum + count, 0);
	};
	await until("both to be thrown out once", async () => (await disconnects()) >= 2, 15_000);
	await delay(scale.contestMs);
	const count = await disconnects();
	// Ten doublings each until a minute is reached, and one a second for those that come near it and begin anew.
	assert.ok(count <= 20 + scale.contestMs / 1_000, `thrown out ${count} times in ${scale.contestMs} ms`);
	const [first, second] = twins as [Gateway, Gateway];
	// The one that goes first may be out just then, so that it has no last status to be judged by.
	assert.is((await first.agent.stop()).code, 0);
	const end = endLine(first);
	await world.subscriber.settle();
	assert.is(end.stamped, end.confirmed + end.uncertain + end.overflow + end.expired + end.oversize + end.shutdown);
	const [run] = first.account.runs.values();
	assert.equal([run?.duplicates ?? 0, run?.disorder ?? 0], [0, 0]);
	assert.ok(first.received() >= end.confirmed && first.received() <= end.confirmed + end.uncertain);
	const onlineBefore = second.account.states.length;
	await until(
		"the other to be in for good",
		async () => {
			const { mqtt: link, in_flight: inFlight, confirmed } = await second.status();
			return (inFlight > 0 || confirmed > 0) && link["connects"] === Number(link["disconnects"]) + 1;
		},
		75_000, // after a long contest its next attempt may be a minute away
	);
	assert.ok(second.account.states.length >= onlineBefore);
	await second.delivers(100);
	const status = await second.end();
	assert.ok(Number(status.mqtt["disconnects"]) >= 1);
});

test("of MQTT 3.1.1 says so, and gets it", async () => {
	const { Aedes } = await import("aedes");
	const aedes = await Aedes.createBroker();
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		aedes.handle(socket);
	});
	const port = await freePort();
	await new Promise<void>((resolve) => {
		server.listen(port, "127.0.0.1", resolve);
	});
	const subscriber = await startSubscriber({ host: "127.0.0.1", port }, { version: 4 });
	const agent = startAgent({
		device: "older",
		mqtt: { url: `mqtt://127.0.0.1:${port}`, ...byHand },
		sources: [sim(2_000)],
	});
	try {
		await subscriber.waitFor("readings", () => subscriber.frames() > 20);
		agent.signal("SIGTERM");
		const status = await judge("older", agent, subscriber);
		assert.is(status.confirmed, status.stamped);
		assert.match(agent.stderr(), /event=mqtt_version next=3\.1\.1/);
		assert.match(agent.stderr(), /event=link_up .*mqtt=3\.1\.1/);
	} finally {
		await agent.kill();
		await subscriber.stop();
		for (const socket of sockets) socket.destroy();
		server.close();
		await new Promise<void>((resolve) => {
			aedes.close(resolve);
		});
	}
});

/** A way to a broker that hangs up on whoever speaks MQTT 5. */
async function startOldDoor(target: { host: string; port: number }): Promise<{ port: number; stop: () => void }> {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => undefined);
		socket.once("data", (connect) => {
			// Fixed header of two bytes (a CONNECT under 128 bytes), length and name of the protocol, then its level.
			const lengthBytes = (connect[1] ?? 0) >= 0x80 ? 2 : 1;
			if (connect[1 + lengthBytes + 6] === 5) {
				socket.end();
				return;
			}
			const broker = dial(target);
			sockets.add(broker);
			broker.on("error", () => undefined);
			broker.write(connect);
			socket.pipe(broker).pipe(socket);
		});
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

test("of MQTT 3.1.1 that just hangs up gets it after a few attempts", async () => {
	const broker = await startBroker();
	const door = await startOldDoor(broker);
	const subscriber = await startSubscriber(broker);
	const agent = startAgent({
		device: "door",
		mqtt: { url: `mqtt://127.0.0.1:${door.port}`, ...byHand },
		sources: [sim(2_000)],
	});
	try {
		await subscriber.waitFor("readings", () => subscriber.frames() > 20);
		agent.signal("SIGTERM");
		const status = await judge("door", agent, subscriber);
		assert.is(status.confirmed, status.stamped);
		assert.is(subscriber.lastRun("door").frames[0]?.expiryS, null);
	} finally {
		await agent.kill();
		await subscriber.stop();
		door.stop();
		await broker.stop();
	}
});

test.run();
