// The subscription of the consuming commands against a real broker: one message at a time, bounded, back after a cut,
// and an end that is one.
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Message, type SubscribeEvents, type Subscription, subscribe } from "../../src/consume/subscribe.js";
import { type Broker, startBroker } from "../support/mosquitto.js";
import { startProcess } from "../support/process.js";
import { startProxy } from "../support/proxy.js";
import { delay, until } from "../support/wait.js";

interface Log {
	ups: number;
	readonly downs: string[];
	readonly messages: { topic: string; bytes: number; isRetained: boolean }[];
}

interface Follow {
	readonly log: Log;
	readonly subscription: Subscription;
}

function follow(url: string, topics: readonly string[], take?: SubscribeEvents["message"]): Follow {
	const log: Log = { ups: 0, downs: [], messages: [] };
	const subscription = subscribe({
		broker: { url },
		name: "test",
		topics,
		random: () => 0.1,
		nowMs: () => performance.now(),
		events: {
			message(message: Message) {
				log.messages.push({ topic: message.topic, bytes: message.payload.length, isRetained: message.isRetained });
				return take?.(message);
			},
			up() {
				log.ups += 1;
			},
			down({ reason }) {
				log.downs.push(reason);
			},
		},
	});
	return { log, subscription };
}

async function publish(broker: Broker, payload: Uint8Array, count: number, ...more: string[]): Promise<void> {
	const args = ["-h", broker.host, "-p", String(broker.port), "-t", "t/d/data", "-s", "--repeat", String(count)];
	const running = startProcess("mosquitto_pub", [...args, ...more], { stdin: true });
	running.write(payload);
	running.endInput();
	assert.is((await running.exited).code, 0, running.stderr());
}

async function withBroker(
	options: Parameters<typeof startBroker>[0],
	use: (broker: Broker) => Promise<void>,
): Promise<void> {
	const broker = await startBroker(options);
	try {
		await use(broker);
	} finally {
		await broker.stop();
	}
}

test("while one message is being taken no other is read, and this process does not grow", () =>
	withBroker({}, async (broker) => {
		const releases: (() => void)[] = [];
		let isSlow = true;
		const { log, subscription } = follow(broker.url, ["t/+/data"], () =>
			isSlow ? new Promise((resolve) => releases.push(resolve)) : undefined,
		);
		await until("the subscription", () => log.ups === 1);
		await publish(broker, Buffer.alloc(60_000), 1_000);
		await until("the first message", () => log.messages.length === 1);
		const before = process.memoryUsage();
		await delay(300);
		const after = process.memoryUsage();
		assert.is(log.messages.length, 1);
		const grown = after.heapUsed + after.external - before.heapUsed - before.external;
		assert.ok(grown < 8_000_000, `${grown} bytes more with 60 MB waiting`);
		isSlow = false;
		for (const release of releases) release();
		await until("all messages", () => log.messages.length === 1_000, 15_000);
		assert.equal(log.downs, []);
		subscription.stop();
	}));

test("it comes back after a cut, by itself", () =>
	withBroker({}, async (broker) => {
		const proxy = await startProxy({ host: broker.host, port: broker.port });
		const { log, subscription } = follow(`mqtt://${proxy.host}:${proxy.port}`, ["t/#"]);
		await until("the subscription", () => log.ups === 1);
		proxy.cut();
		await until("the second one", () => log.ups === 2);
		assert.is(log.downs.length, 1);
		await publish(broker, Buffer.from("x"), 1);
		await until("a message", () => log.messages.length === 1);
		subscription.stop();
		await proxy.stop();
	}));

test("what the broker had kept is known by its mark", () =>
	withBroker({}, async (broker) => {
		await publish(broker, Buffer.from("kept"), 1, "-r");
		const { log, subscription } = follow(broker.url, ["t/#"]);
		await until("it", () => log.messages.length === 1);
		await publish(broker, Buffer.from("new"), 1);
		await until("the new one", () => log.messages.length === 2);
		assert.equal(
			log.messages.map(({ isRetained }) => isRetained),
			[true, false],
		);
		subscription.stop();
	}));

test("several share a subscription: each message comes to one of them", () =>
	withBroker({}, async (broker) => {
		const [first, second] = [0, 1].map(() => follow(broker.url, ["$share/group/t/+/data"])) as [Follow, Follow];
		await until("both", () => first.log.ups + second.log.ups === 2);
		await publish(broker, Buffer.from("x"), 100);
		await until("all", () => first.log.messages.length + second.log.messages.length === 100);
		assert.ok(first.log.messages.length > 0 && second.log.messages.length > 0);
		first.subscription.stop();
		second.subscription.stop();
	}));

test("after stop nothing comes", () =>
	withBroker({}, async (broker) => {
		const { log, subscription } = follow(broker.url, ["t/#"]);
		await until("the subscription", () => log.ups === 1);
		subscription.stop();
		await publish(broker, Buffer.from("x"), 1);
		await broker.stop();
		assert.equal(log, { ups: 1, downs: [], messages: [] });
		const never = follow("mqtt://127.0.0.1:1", ["t/#"]);
		never.subscription.stop();
		await delay(200);
		assert.equal(never.log, { ups: 0, downs: [], messages: [] });
	}));

/** A server that answers CONNECT with a CONNACK, and then with what `more` writes. */
async function withServer(more: (socket: Socket) => void, use: (url: string) => Promise<void>): Promise<void> {
	const server = createServer((socket) => {
		socket.on("error", () => {});
		socket.once("data", () => {
			socket.write(Buffer.from("2003000000", "hex"));
			more(socket);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	await use(`mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`);
	await new Promise((resolve) => server.close(resolve));
}

test("a packet without an end is not taken", () =>
	withServer(
		(socket) => {
			// A PUBLISH that says it is 200 MB.
			socket.write(Buffer.from("30ffffff5f0003742f64", "hex"));
			const piece = Buffer.alloc(65_536);
			const pour = (): void => {
				while (!socket.destroyed && socket.write(piece));
				socket.once("drain", pour);
			};
			pour();
		},
		async (url) => {
			const { log, subscription } = follow(url, ["t/#"]);
			await until("the end", () => log.downs.length > 0, 10_000);
			subscription.stop();
			assert.match(log.downs[0] ?? "", /bytes that are no packet we take|exceed/);
		},
	));

test("a broker that lets us in and never answers the subscription is left", () =>
	withServer(
		() => {},
		async (url) => {
			const { log, subscription } = follow(url, ["t/#"]);
			await until("the end", () => log.downs.length > 0, 30_000);
			subscription.stop();
			assert.equal(log.ups, 0);
			assert.match(log.downs[0] ?? "", /^the broker did not answer our subscription within 10 s$/);
		},
	));

test("a message that is still being taken when its connection ends holds up the next one", () => {
	let connections = 0;
	let release = (): void => {};
	return withServer(
		(socket) => {
			connections += 1;
			socket.end(Buffer.from("30070003742f640078", "hex"));
		},
		async (url) => {
			const { log, subscription } = follow(url, ["t/#"], () => new Promise((resolve) => (release = resolve)));
			await until("the end of the connection", () => log.downs.length === 1, 10_000);
			assert.is(log.messages.length, 1);
			await delay(1_000); // after 50 ms it would come back
			assert.is(connections, 1);
			release();
			await until("the next connection", () => connections === 2, 10_000);
			subscription.stop();
			release();
		},
	);
});

test("a broker that does not speak MQTT is left, and tried again", () =>
	withServer(
		// A PUBLISH of QoS 3.
		(socket) => void socket.write(Buffer.from("3600", "hex")),
		async (url) => {
			const { log, subscription } = follow(url, ["t/#"]);
			await until("two attempts", () => log.downs.length > 1, 10_000);
			subscription.stop();
			assert.match(log.downs[0] ?? "", /both QoS bits/);
		},
	));

test.run();
