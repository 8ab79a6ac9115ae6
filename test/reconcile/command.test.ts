// The command against a real broker and frames by hand; the rest of its answers without one.
import { EventEmitter } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import mqtt from "mqtt";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type ReconcileIo, reconcile } from "../../src/commands/reconcile.js";
import { createFrameEncoder } from "../../src/wire/frame.js";
import { freePort } from "../support/free-port.js";
import { startBroker } from "../support/mosquitto.js";
import { makeTempDir } from "../support/temp-dir.js";
import { delay, until } from "../support/wait.js";
import { frame, run } from "./messages.js";

interface Called {
	readonly exit: Promise<number>;
	out(): string;
	err(): string;
	stop(): void;
}

function call(...args: string[]): Called {
	return callOn(null, args);
}

/** With a terminal of this size, or none. */
function callOn(size: { columns: number; rows: number } | null, args: readonly string[]): Called {
	let stop = (): void => {};
	let [out, err] = ["", ""];
	const write = (text: string): boolean => {
		out += text;
		return true;
	};
	const io: ReconcileIo = {
		stdout(text) {
			out += text;
		},
		stderr(text) {
			err += text;
		},
		isJournal: false,
		stderrBacklog: () => 0,
		cwd: process.cwd(),
		terminal: size && {
			out: { ...size, writableNeedDrain: false, write },
			events: new EventEmitter() as unknown as NodeJS.Process,
		},
		onStop(listener) {
			stop = listener;
		},
	};
	return { exit: reconcile(args, io), out: () => out, err: () => err, stop: () => stop() };
}

test("wrong use says what is right, and exits 2", async () => {
	for (const args of [
		["--slo", "0"],
		["--slo", "x"],
		["--for", "soon"],
		["--prefix", "a/+"],
		["--prefix", "$share/group/tallywire"],
		["--shard", "4/3"],
		["--http", "9465"],
		["--nonsense"],
		["extra"],
	]) {
		const called = call(...args);
		assert.is(await called.exit, 2, args.join(" "));
		assert.match(called.err(), "usage: tallywire reconcile");
	}
	const help = call("--help");
	assert.is(await help.exit, 0);
	assert.match(help.out(), "--slo PERCENT");
});

test("a broker that is not there is no observation: exit 1, and nobody is charged", async () => {
	const called = call("--broker", `mqtt://127.0.0.1:${await freePort()}`, "--for", "1s");
	assert.is(await called.exit, 1);
	assert.match(called.err(), "nothing was observed");
	assert.is(called.out(), "");
});

test("a state file that is none is left as it is: exit 1", async () => {
	const file = join(makeTempDir(), "state.json");
	writeFileSync(file, '{"v":1}');
	const called = call("--state", file, "--for", "1s");
	assert.is(await called.exit, 1);
	assert.match(called.err(), "move it away");
	assert.is(readFileSync(file, "utf8"), '{"v":1}');
});

/** The broker has taken the last message: from it to us is a step over loopback. */
const ARRIVAL_MS = 500;

const encode = createFrameEncoder("cbor");

/** A frame as it travels. */
function payload(seq: number, readings: number, sent: number): Buffer {
	const { device, streams, stream, dt, value } = frame("pi", "one", seq, readings, sent);
	const columns = { streams: [...streams], stream: [...stream], dt: [...dt], value: [...value] };
	const timeMs = Date.now();
	return Buffer.from(encode({ device, run: run("one"), seq, sent, timeMs, clockSynchronised: true, ...columns }));
}

/** A status as an agent of this run writes it. */
function statusText(uptimeS: number, sent: number, overflow: number): string {
	return JSON.stringify({
		...{ v: 1, device: "pi", run: run("one"), version: "1.0.0", board: "x", state: "online" },
		...{
			time: Date.now(),
			clock: true,
			uptime_s: uptimeS,
			stamped: sent + overflow,
			buffered: 0,
			sent,
			confirmed: sent,
		},
		...{ in_flight: 0, uncertain: 0, dropped: { overflow, expired: 0, oversize: 0, shutdown: 0 }, rejected: 0 },
		buffer: { capacity: 100, ttl_ms: 1_000, policy: "drop-oldest" },
		...{ units: {}, losses: [], sources: [], previous: null, delivery: "abc" },
		mqtt: { connects: 1, disconnects: 0, auth_failures: 0, loopback: null },
	});
}

test("end to end: a gap is explained, the objective is missed, and the state goes on with the rest unobserved", async () => {
	const broker = await startBroker();
	const file = join(makeTempDir(), "state.json");
	const client = await mqtt.connectAsync(broker.url);
	try {
		const first = call("--broker", broker.url, "--state", file, "--slo", "99.5", "--json");
		await until("the subscription", () => first.err().includes("event=observing"));
		await client.publishAsync("tallywire/pi/status", statusText(0.1, 0, 0), { retain: true });
		await client.publishAsync("tallywire/pi/data", payload(0, 100, 0));
		await client.publishAsync("tallywire/pi/data", payload(130, 70, 110));
		await client.publishAsync("tallywire/pi/data", "no frame");
		await client.publishAsync("tallywire/pi/status", statusText(5, 180, 20), { qos: 1 });
		await delay(ARRIVAL_MS);
		first.stop();
		assert.is(await first.exit, 3, first.err());
		const report = JSON.parse(first.out());
		const { tally } = report.devices[0];
		assert.equal([tally.stamped, tally.received, tally.lost.overflow], [200, 170, 20]);
		assert.is(tally.pending + tally.lost.downstream, 10);
		assert.is(Object.values(report.refused).length, 1);
		assert.is(report.objectives.isMissed, true);
		assert.ok(existsSync(file));
		await client.publishAsync("tallywire/pi/data", payload(200, 50, 180), { qos: 1 });
		const second = call("--broker", broker.url, "--state", file, "--json");
		await until("the second subscription", () => second.err().includes("event=observing"));
		await client.publishAsync("tallywire/pi/data", payload(250, 50, 230), { qos: 1 });
		await delay(ARRIVAL_MS);
		second.stop();
		assert.is(await second.exit, 0, second.err());
		const later = JSON.parse(second.out()).devices[0].tally;
		assert.equal([later.stamped, later.received, later.unobserved, later.lost.overflow], [300, 220, 50, 20]);
	} finally {
		await client.endAsync(true);
		await broker.stop();
	}
});

test("on a terminal the table lives until the report takes its place; over HTTP it is metrics and the report", async () => {
	const broker = await startBroker();
	const client = await mqtt.connectAsync(broker.url);
	const port = await freePort();
	const called = callOn({ columns: 100, rows: 24 }, ["--broker", broker.url, "--http", `127.0.0.1:${port}`]);
	await until("the screen", () => called.out().includes("listening; no device was heard yet"));
	await client.publishAsync("tallywire/pi/status", statusText(0.1, 0, 0), { retain: true });
	await client.publishAsync("tallywire/pi/data", payload(0, 100, 0));
	await client.publishAsync("tallywire/pi/data", payload(130, 70, 110));
	await client.publishAsync("tallywire/pi/status", statusText(5, 180, 20), { qos: 1 });
	await until("the device on the screen", () => /pi +89\.4736 % +170 /.test(stripVTControlCharacters(called.out())));
	const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
	assert.match(await get("/metrics"), 'tallywire_reconcile_readings_lost_total{cause="overflow"} 20');
	assert.match(await get("/metrics"), "tallywire_reconcile_observing 1");
	assert.is(JSON.parse(await get("/report")).tally.received, 170);
	assert.is(JSON.parse(await get("/healthz")).ok, true);
	await broker.stop();
	await until("the trouble on the screen", () => called.out().includes("not observing: "));
	assert.is((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 503);
	called.stop();
	assert.is(await called.exit, 0, "without --slo no objective can be missed");
	assert.match(called.out().split("\u001b[?1049l").at(-1) ?? "", /^observed .*: 1 devices/m);
	await client.endAsync(true);
});

test("a port that is taken ends it at once: exit 1", async () => {
	const broker = await startBroker();
	const called = call("--broker", broker.url, "--http", `127.0.0.1:${broker.port}`);
	assert.is(await called.exit, 1);
	assert.match(called.err(), "another program listens on");
	await broker.stop();
});

test("a share accounts for its devices and no others", async () => {
	const broker = await startBroker();
	const client = await mqtt.connectAsync(broker.url);
	const shares = ["1/2", "2/2"].map((shard) => call("--broker", broker.url, "--shard", shard, "--json"));
	await until("both subscriptions", () => shares.every((share) => share.err().includes("event=observing")));
	await client.publishAsync("tallywire/pi/status", statusText(0.1, 0, 0), { retain: true });
	await client.publishAsync("tallywire/pi/data", payload(0, 100, 0), { qos: 1 });
	await delay(ARRIVAL_MS);
	for (const share of shares) share.stop();
	const exits = await Promise.all(shares.map((share) => share.exit));
	assert.equal(exits, [0, 0]);
	const counts = shares.map((share) => JSON.parse(share.out()).tally.received);
	assert.equal(counts.sort(), [0, 100]);
	await client.endAsync(true);
	await broker.stop();
});

test.run();
