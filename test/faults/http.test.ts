// What the running program says over HTTP: the same as over MQTT, in the contract's words, and only to who may ask.
import { get } from "node:http";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { StatusArrival } from "../support/subscriber.js";
import { delay, until } from "../support/wait.js";
import { type Gateway, startWorld, type World } from "../support/world.js";

const test = suite<{ world: World }>("over HTTP");

test.before(async (context) => {
	context.world = await startWorld();
});

test.after(({ world }) => world.stop());

/** A source that sends for 2 s and is then silent, so that all counters come to rest. */
const BURST = {
	name: "lab",
	type: "sim",
	rate: 2_000,
	seed: 1,
	streams: { value: { shape: "dropout", period: "1h", missing: 1 - 2 / 3_600 } },
};

/** Samples of /metrics by name and labels. */
async function metrics(gateway: Gateway): Promise<ReadonlyMap<string, number>> {
	const text = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
	const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
	return new Map(
		lines.map((line): [string, number] => {
			const [name = "", value = ""] = line.split(/ (?=[^ ]*$)/);
			return [name, Number(value)];
		}),
	);
}

/** CONTRACT, HTTP: each of them, and how the status tells it. */
const CONTRACT_METRICS: Readonly<Record<string, (status: StatusArrival) => unknown>> = {
	readings_stamped_total: ({ stamped }) => stamped,
	readings_sent_total: ({ sent }) => sent,
	readings_confirmed_total: ({ confirmed }) => confirmed,
	readings_uncertain_total: ({ uncertain }) => uncertain,
	'readings_dropped_total{reason="overflow"}': ({ dropped }) => dropped["overflow"],
	'readings_dropped_total{reason="expired"}': ({ dropped }) => dropped["expired"],
	'readings_dropped_total{reason="oversize"}': ({ dropped }) => dropped["oversize"],
	'readings_dropped_total{reason="shutdown"}': ({ dropped }) => dropped["shutdown"],
	readings_in_flight: ({ in_flight: inFlight }) => inFlight,
	buffer_readings: ({ buffered }) => buffered,
	buffer_capacity: ({ buffer }) => (buffer as { capacity: number }).capacity,
	buffer_oldest_age_seconds: () => 0,
	mqtt_connected: () => 1,
	mqtt_connects_total: ({ mqtt }) => mqtt["connects"],
	mqtt_auth_failures_total: ({ mqtt }) => mqtt["auth_failures"],
	'source_up{source="lab"}': ({ sources }) => Number(sources[0]?.["up"]),
	'source_restarts_total{source="lab"}': ({ sources }) => sources[0]?.["restarts"],
};

const PROCESS_METRICS = ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"];

test("/status and /metrics say what the status topic says, after losses of several kinds", async ({ world }) => {
	const config = { sources: [BURST], buffer: { capacity: 300 }, publish: { confirm: "100ms" } };
	const gateway = await world.start("figures", config, { http: true });
	await gateway.delivers(200);
	gateway.proxy.stall("up");
	await until("an overflow", async () => ((await gateway.status()).dropped["overflow"] ?? 0) > 300);
	gateway.proxy.cut();
	gateway.proxy.resume();
	const rest = await until("the counters to rest", async () => {
		const before = await gateway.status();
		await delay(300);
		const now = await gateway.status();
		return now.stamped === before.stamped && now.buffered + now.in_flight === 0 && now;
	});
	assert.ok(rest.uncertain > 0 && (rest.dropped["overflow"] ?? 0) > 300);
	const published = await until("a status since", () => {
		const last = gateway.account.status();
		return last !== undefined && Number(last["time"]) > Number(rest["time"]) && last;
	});
	const lasting = ({ time, uptime_s, ...others }: StatusArrival): unknown => others;
	assert.equal(lasting(published), lasting(await gateway.status()));
	const samples = await metrics(gateway);
	for (const [name, of] of Object.entries(CONTRACT_METRICS)) {
		assert.is(samples.get(`tallywire_${name}`), of(published), name);
	}
	const frames = gateway.account.runs.get(published.run)?.frames ?? [];
	const bytes = frames.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
	assert.ok((samples.get("tallywire_frames_sent_total") ?? 0) >= frames.length);
	assert.ok((samples.get("tallywire_frame_bytes_total") ?? 0) >= bytes);
	for (const name of PROCESS_METRICS) assert.ok((samples.get(name) ?? 0) > 0, name);
	await gateway.end();
});

test("/healthz is 503 with the reason while the broker is away, and 200 with it", async ({ world }) => {
	const gateway = await world.start("health", { sources: [BURST] }, { http: true });
	const health = async () => {
		const response = await fetch(`${gateway.httpUrl}/healthz`);
		return { code: response.status, text: await response.text() };
	};
	await until("health", async () => (await health()).code === 200);
	await gateway.proxy.refuse(true);
	gateway.proxy.cut();
	const ill = await until("the loss of the broker to be seen", async () => {
		const now = await health();
		return now.code === 503 && now.text.includes("connection refused") && now;
	});
	assert.type(JSON.parse(ill.text), "object");
	await gateway.proxy.refuse(false);
	await until("recovery", async () => (await health()).code === 200);
	await gateway.end();
});

function codeFor(gateway: Gateway, headers: Readonly<Record<string, string>>): Promise<number> {
	return new Promise((resolve, reject) => {
		get(`${gateway.httpUrl}/status`, { headers, agent: false }, (response) => {
			response.resume();
			resolve(response.statusCode ?? 0);
		}).on("error", reject);
	});
}

test("a forged Host is turned away, the names of this machine's loopback are not", async ({ world }) => {
	const gateway = await world.start("host", { sources: [BURST] }, { http: true });
	for (const host of ["evil.example", "127.0.0.1.evil.example", "169.254.169.254", "localhost.evil.example:80"]) {
		assert.is(await codeFor(gateway, { host }), 421, host);
	}
	for (const host of ["localhost", "127.0.0.1:9464", "[::1]:9464"]) {
		assert.is(await codeFor(gateway, { host }), 200, host);
	}
	assert.match(await (await fetch(gateway.httpUrl)).text(), /<html/i);
	await gateway.end();
});

test("a port that is taken leaves HTTP off, and the agent at work", async ({ world }) => {
	const first = await world.start("first", { sources: [BURST] }, { http: true });
	const listen = first.httpUrl.slice("http://".length);
	const second = await world.start("second", { sources: [BURST], http: { listen } });
	await second.agent.waitForOutput(/event=http_off .*another program listens on/);
	await second.delivers(100);
	await Promise.all([first.end(), second.end()]);
});

test.run();
