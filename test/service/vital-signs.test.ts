// What is a death, and what is only waiting: a watchdog that barks at a broker's night off throws a buffer away.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Config } from "../../src/config/config.js";
import { loadConfig } from "../../src/config/load.js";
import type { NotifySocket } from "../../src/service/notify-socket.js";
import { createService } from "../../src/service/service.js";
import { createVitalSigns, SLACK_MS } from "../../src/service/vital-signs.js";
import type { AgentReport } from "../../src/wire/status.js";
import { testEnvironment } from "../config/environment.js";
import { type SampleChanges, sampleReport } from "../serve/sample-report.js";
import { until } from "../support/wait.js";

const HOUR_MS = 3_600_000;

function configOf(changes: Readonly<Record<string, unknown>> = {}): Config {
	const sources = [{ name: "env", type: "thermal", every: "10s" }];
	const loaded = loadConfig(JSON.stringify({ device: "d", sources, ...changes }), "test.yaml", testEnvironment());
	assert.ok(loaded.ok, JSON.stringify(loaded));
	return (loaded as Extract<typeof loaded, { ok: true }>).config;
}

/** What is said of an agent that looks like this at each of these times. */
function causeOver(
	config: Config,
	looks: readonly (readonly [nowMs: number, changes: SampleChanges])[],
): string | null {
	const signs = createVitalSigns(config);
	let cause: string | null = null;
	for (const [nowMs, changes] of looks) cause = signs.cause(sampleReport(changes), nowMs);
	return cause;
}

const DOWN = { connected: false, stateAgeMs: 10 * HOUR_MS } as const;
const failed = (lastAgeMs: number) => ({
	link: {
		...DOWN,
		events: [{ kind: "failed", reason: "refused", times: 99, firstAgeMs: HOUR_MS, lastAgeMs }] as const,
	},
});
const IDLE = { books: { buffered: 0, inFlight: 0 } };
const readings = (count: number): SampleChanges => ({ ...IDLE, sources: [{ readings: count }] });

test("a broker that has been away for ten hours is no death, as long as somebody tries", () => {
	const config = configOf();
	assert.is(causeOver(config, [[0, failed(50_000)]]), null);
	assert.is(causeOver(config, [[0, failed(129_000)]]), null, "60 s of back-off, 10 s of an attempt, and slack");
	assert.is(causeOver(config, [[0, failed(131_000)]]), "no attempt to connect for 131 s");
	assert.is(causeOver(configOf({ mqtt: { reconnect: { max: "2h" } } }), [[0, failed(HOUR_MS)]]), null);
	assert.is(causeOver(config, [[0, { link: { ...DOWN, events: [] } }]]), "no attempt to connect for 36000 s");
});

test("readings that wait on a link that is up have to leave", () => {
	const waits: SampleChanges = { sources: [{ up: false, error: "unplugged" }] };
	const config = configOf();
	assert.is(
		causeOver(config, [
			[0, waits],
			[SLACK_MS, waits],
		]),
		null,
	);
	assert.is(
		causeOver(config, [
			[0, waits],
			[HOUR_MS, waits],
		]),
		"12 readings wait, and none was sent for 3600 s",
	);
	const dropped = { ...waits, books: { dropped: { overflow: 4, expired: 2, oversize: 0, shutdown: 0 } } };
	const moved = { ...waits, books: { sent: 1_234_551, inFlight: 0 } };
	assert.is(
		causeOver(config, [
			[0, waits],
			[HOUR_MS, moved],
		]),
		null,
		"one was sent",
	);
	assert.match(
		causeOver(config, [
			[0, waits],
			[HOUR_MS, dropped],
		]) ?? "",
		/^nothing was confirmed/,
	);
	assert.is(
		causeOver(config, [
			[0, waits],
			[HOUR_MS, { ...waits, ...failed(0) }],
		]),
		null,
		"the link is down",
	);
	const patient = configOf({ publish: { linger: "1h", confirm: "1m" } });
	const alone = { ...waits, books: { inFlight: 0 } };
	assert.is(
		causeOver(patient, [
			[0, alone],
			[HOUR_MS, alone],
		]),
		null,
		"it waits for company for as long",
	);
	const slow = configOf({ publish: { max_rate: 1, max_readings: 256 } });
	assert.is(
		causeOver(slow, [
			[0, alone],
			[300_000, alone],
		]),
		null,
		"256 readings at 1/s",
	);
});

test("what was sent has to be confirmed", () => {
	const inFlight: SampleChanges = { books: { buffered: 0 }, sources: [{ up: false, error: "unplugged" }] };
	assert.is(
		causeOver(configOf(), [
			[0, inFlight],
			[64_000, inFlight],
		]),
		null,
	);
	assert.is(
		causeOver(configOf(), [
			[0, inFlight],
			[66_000, inFlight],
		]),
		"nothing was confirmed for 66 s",
	);
});

test("a source at an interval has to give something, if only a rejection; one that is down or has no interval need not", () => {
	const config = configOf();
	assert.is(
		causeOver(config, [
			[0, readings(7)],
			[90_000, readings(7)],
		]),
		null,
		"three intervals and slack",
	);
	assert.is(
		causeOver(config, [
			[0, readings(7)],
			[91_000, readings(7)],
		]),
		"source env gave nothing for 91 s",
	);
	const rejected: SampleChanges = { ...IDLE, sources: [{ readings: 7, rejected: { missed: 1 } }] };
	assert.is(
		causeOver(config, [
			[0, readings(7)],
			[91_000, rejected],
		]),
		null,
	);
	const unplugged: SampleChanges = { ...IDLE, sources: [{ readings: 7, up: false, error: "unplugged" }] };
	assert.is(
		causeOver(config, [
			[0, readings(7)],
			[HOUR_MS, unplugged],
			[HOUR_MS + 80_000, readings(7)],
		]),
		null,
	);
	const line = configOf({ sources: [{ name: "env", type: "serial", path: "/dev/ttyUSB0" }] });
	assert.is(
		causeOver(line, [
			[0, readings(7)],
			[24 * HOUR_MS, readings(7)],
		]),
		null,
		"a night in which nothing happens",
	);
});

test("a source that neither works nor says why is stuck in its start", () => {
	const starting = (stateAgeMs: number): SampleChanges => ({ ...IDLE, sources: [{ up: false, stateAgeMs }] });
	assert.is(causeOver(configOf(), [[0, starting(59_000)]]), null);
	assert.is(causeOver(configOf(), [[0, starting(61_000)]]), "source env has been starting for 61 s");
});

test("an agent that stops is left alone", () => {
	assert.is(causeOver(configOf(), [[0, { ...failed(HOUR_MS), state: "offline" }]]), null);
});

test("the watchdog is fed while there is no cause, no more when there is one, and again when it is gone", async () => {
	const told: string[] = [];
	const logged: string[] = [];
	const log = { error: (event: string) => logged.push(event), warn() {}, info() {}, debug() {} };
	const socket: NotifySocket = { tell: (...lines) => void told.push(...lines), watchdogMs: 15 };
	let changes: SampleChanges = {};
	const report = (): AgentReport => sampleReport(changes);
	const service = createService({ socket, config: configOf(), report, log, nowMs: () => 0 });
	const feedings = (): number => told.filter((line) => line === "WATCHDOG=1").length;
	const unfed = (): number => told.filter((line) => line.startsWith("STATUS=no attempt")).length;
	assert.equal(told, []);
	service.ready();
	await until("three feedings", () => feedings() >= 3);
	changes = failed(HOUR_MS);
	await until("three statuses that say why", () => unfed() >= 3);
	const before = feedings();
	await until("three more", () => unfed() >= 6);
	assert.is(feedings(), before);
	assert.equal(logged, ["watchdog_unfed"]);
	changes = {};
	await until("a feeding", () => feedings() > before);
	service.stopping();
});

test.run();
