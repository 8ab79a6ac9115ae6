import { encode } from "cbor-x";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { array, frameBytes, int, longFrame, uint } from "../decode/cbor.js";
import { checkBooks } from "./account.js";
import { type Broker, startBroker } from "./mosquitto.js";
import { runOrThrow, startProcess } from "./process.js";
import { readingsOf, startSubscriber } from "./subscriber.js";

async function publish(
	broker: Broker,
	topic: string,
	payload: Uint8Array | string,
	...more: readonly string[]
): Promise<void> {
	const target = ["-h", broker.host, "-p", String(broker.port), "-V", "mqttv5", "-t", topic, "-s", ...more];
	const running = startProcess("mosquitto_pub", target, { stdin: true });
	running.write(payload);
	running.endInput();
	assert.equal(await running.exited, { code: 0, signal: null });
}

function frame(seq: number, sent: number, value: readonly unknown[]): Record<string, unknown> {
	const zeros = value.map(() => 0);
	const time = 1_790_000_000_000;
	return {
		v: 1,
		device: "d",
		run: "r",
		seq,
		sent,
		time,
		streams: ["a.b"],
		stream: zeros,
		dt: value.map((_, i) => i),
		value,
	};
}

test("counts frames of both formats, with their properties, and keeps statuses and states", async () => {
	const broker = await startBroker();
	await publish(broker, "tallywire/d/state", "online", "-r");
	const subscriber = await startSubscriber(broker);
	const expiry = ["-D", "publish", "message-expiry-interval", "60"];
	await publish(
		broker,
		"tallywire/d/data",
		encode({ ...frame(0, 0, [123, true, "x"]), time: 1_790_000_000_000n, scale: [1], clock: false }),
		...expiry,
	);
	await publish(
		broker,
		"tallywire/d/data",
		JSON.stringify(frame(5, 3, [1, 2])),
		"-D",
		"publish",
		"content-type",
		"application/json",
	);
	await publish(broker, "tallywire/d/data", "noise");
	const books = { stamped: 7, buffered: 0, sent: 5, confirmed: 5, in_flight: 0, uncertain: 0, dropped: {}, losses: [] };
	await publish(broker, "tallywire/d/status", JSON.stringify({ device: "d", run: "r", ...books }));
	await subscriber.settle();

	const account = subscriber.lastRun("d");
	assert.equal(
		[subscriber.frames(), account.received, account.ranges],
		[
			2,
			5,
			[
				[0, 2],
				[5, 6],
			],
		],
	);
	assert.equal(account.gaps, [{ from: 3, to: 4, dropped: 2, lost: 0 }]);
	const [first, second] = account.frames;
	assert.equal([first?.expiryS, first?.isRetained, first?.clockSynchronised], [60, false, false]);
	assert.equal([second?.expiryS, second?.contentType], [null, "application/json"]);
	assert.equal(
		account.frames.flatMap((arrival) =>
			readingsOf(arrival).map(({ seq, timeMs, value }) => [seq, timeMs % 1_000, value]),
		),
		[
			[0, 0, 12.3],
			[1, 1, true],
			[2, 3, "x"],
			[5, 0, 1],
			[6, 1, 2],
		],
	);
	assert.equal(subscriber.device("d").states, [{ state: "online", isRetained: true, statusesBefore: 0 }]);
	assert.is(subscriber.malformed.length, 1);
	const status = await subscriber.waitFor("a status", () => subscriber.device("d").status());
	assert.match(checkBooks(account, status).join("\n"), /dropped in the gaps 2 = dropped 0/);
	await subscriber.stop();
	await broker.stop();
});

test("reads integers of every length as they are, and refuses those that no number holds", async () => {
	const broker = await startBroker();
	const subscriber = await startSubscriber(broker);
	const lengths = [23, 255, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
	const values = lengths.flatMap((value) => [value, -value, -value - 1]).filter(Number.isSafeInteger);
	const zeros = array(...values.map(() => uint(0)));
	await publish(
		broker,
		"tallywire/pi-7f3a/data",
		frameBytes({ stream: zeros, dt: zeros, value: array(...values.map(int)), scale: array(uint(1)) }),
	);
	await publish(broker, "tallywire/pi-7f3a/data", longFrame(1, int(2n ** 53n)));
	await subscriber.settle();
	const [run] = subscriber.device("pi-7f3a").runs.values();
	assert.equal(
		run?.frames.map(({ body }) => body["value"]),
		[values],
	);
	assert.equal(
		run?.frames.flatMap((frame) => readingsOf(frame).map(({ value }) => value)),
		values.map((value) => value / 10),
	);
	assert.equal(subscriber.malformed, ["tallywire/pi-7f3a/data: 9007199254740992 is beyond 2^53 - 1"]);
	await subscriber.stop();
	await broker.stop();
});

test("misses nothing of a burst that begins as soon as it is there", async () => {
	const broker = await startBroker();
	const subscriber = await startSubscriber(broker);
	const lines = Array.from({ length: 5_000 }, (_, seq) => JSON.stringify(frame(seq, seq, [seq]))).join("\n");
	const running = startProcess(
		"mosquitto_pub",
		["-h", broker.host, "-p", String(broker.port), "-t", "tallywire/d/data", "-l"],
		{ stdin: true },
	);
	running.write(`${lines}\n`);
	running.endInput();
	await running.exited;
	// It ends before the broker has read all it wrote, and what `settle` waits for comes over a connection of its own.
	await subscriber.waitFor("the end of the burst", () => subscriber.run("d", "r").nextSeq >= 5_000);
	await subscriber.settle();
	const account = subscriber.run("d", "r");
	assert.equal([account.received, account.duplicates, account.disorder, account.gaps], [5_000, 0, 0, []]);
	await subscriber.stop();
	await broker.stop();
});

test("works where the broker asks for a password", async () => {
	const login = { username: "judge", password: "p" };
	const broker = await startBroker({ users: [login] });
	const subscriber = await startSubscriber(broker, { login });
	const target = ["-h", broker.host, "-p", String(broker.port), "-u", "judge", "-P", "p"];
	await runOrThrow("mosquitto_pub", [...target, "-t", "tallywire/d/state", "-m", "offline"]);
	await subscriber.waitFor("a state", () => subscriber.device("d").state() === "offline");
	await subscriber.stop();
	await broker.stop();
});

test.run();
