// The agent's core, driver, uplink and black box in a process of their own, wired as `run` wires them, with a source that
// offers readings from memory through the real source host. Measures its own CPU (user and system, all threads).
// Started by throughput.mjs with its options as JSON; the answer goes to the parent.
import { pathToFileURL } from "node:url";
import { readConfig } from "./read-config.mjs";
import { FIELDS, makeValues, SOURCE } from "./readings.mjs";

const options = JSON.parse(process.argv[2]);
const load = (path) => import(pathToFileURL(`${options.build}/src/${path}`).href);
const [{ loadConfig }, { createAgent }, { createUplink }, { createFrameEncoder }, { createDriver }] = await Promise.all(
	["config/load.js", "core/agent.js", "uplink/uplink.js", "wire/frame.js", "run/driver.js"].map(load),
);
const [{ openBlackBox }, { statusPayload }, { toStatus }, { createSourceHost }] = await Promise.all(
	["run/black-box.js", "run/status-payload.js", "wire/status.js", "sources/host.js"].map(load),
);

/** Readings that may wait before the source pauses: a quarter of the buffer, so that none is dropped. */
const WAITING_MAX = 16_384;
const DRAIN_MS = 60_000;

const nowMs = () => performance.now();
const values = makeValues();
let resume = null;
const parts = wire();
const ids = FIELDS.map(parts.host.stream);

async function main() {
	const { agent, driver, host, uplink, finished } = parts;
	if (options.backlog) return answer(await measureBacklog());
	const events = {
		...driver,
		pingReturned() {
			driver.pingReturned();
			const turn = resume;
			resume = null;
			if (turn) setImmediate(turn);
		},
	};
	uplink.start(events);
	await until(() => uplink.report().connected);
	await produce(host, options.warmUp);
	await until(() => agent.books().buffered === 0);
	const startMs = nowMs();
	const before = process.cpuUsage();
	await produce(host, options.readings);
	driver.stop(DRAIN_MS);
	await finished;
	const { user, system } = process.cpuUsage(before);
	const wallMs = nowMs() - startMs;
	const producerUs = await producerAlone();
	await uplink.stop();
	parts.blackBox.close();
	answer({ cpuUs: user + system, wallMs, producerUs, books: agent.books() });
}

/** Everything is captured before the link is up, a round of all streams every `scanMs`: frames go out full. */
async function measureBacklog() {
	const { agent, driver, host, uplink, finished } = parts;
	const firstMs = nowMs() - (options.readings / FIELDS.length) * options.scanMs;
	for (let i = 0; i < options.readings; i++) {
		host.offer(
			ids[i % FIELDS.length],
			values[i % values.length],
			firstMs + Math.floor(i / FIELDS.length) * options.scanMs,
		);
	}
	uplink.start(driver);
	await until(() => uplink.report().connected);
	driver.stop(DRAIN_MS);
	await finished;
	await uplink.stop();
	parts.blackBox.close();
	return { books: agent.books() };
}

/** Offers `perTurn` readings in each turn of the event loop, and pauses while too many wait. */
function produce(host, readings) {
	let at = 0;
	return new Promise((resolve) => {
		function turn() {
			const capturedMs = nowMs();
			const end = Math.min(readings, at + options.perTurn);
			for (; at < end; at++) host.offer(ids[at % FIELDS.length], values[at % values.length], capturedMs);
			if (at === readings) resolve();
			else if (parts.agent.books().buffered > WAITING_MAX) resume = turn;
			else setImmediate(turn);
		}
		turn();
	});
}

/** CPU of the loop above by itself: the same readings, offered to nobody. */
async function producerAlone() {
	const before = process.cpuUsage();
	await produce({ offer() {} }, options.readings);
	const { user, system } = process.cpuUsage(before);
	return user + system;
}

function wire() {
	const config = readConfig(loadConfig, {
		device: "bench",
		board: "generic-linux",
		mqtt: { url: options.url },
		publish: options.publish,
		sources: [{ name: SOURCE, type: "sim", streams: { temperature: { shape: "sine" } } }],
	});
	const run = "bench-00000";
	const facts = { device: config.device, run, version: "0", board: config.board, units: {}, buffer: config.buffer };
	const blackBox = openBlackBox(options.folder, config.device, run, (why) => console.error(why));
	const agent = createAgent({
		device: config.device,
		run,
		...config.buffer,
		...config.publish,
		statusIntervalMs: config.status.intervalMs,
		encode: createFrameEncoder(config.publish.format),
	});
	let finish;
	const finished = new Promise((resolve) => {
		finish = resolve;
	});
	const log = { error: console.error, warn: console.error, info() {}, debug() {} };
	const link = { config: config.mqtt, format: config.publish.format, device: config.device, run, log, nowMs };
	const uplink = createUplink({ ...link, random: Math.random });
	const report = () => ({
		facts: { ...facts, previous: null, delivery: "" },
		state: "online",
		timeMs: Date.now(),
		clockSynchronised: true,
		uptimeMs: nowMs(),
		books: agent.snapshot(nowMs()),
		sources: [hosted.report()],
		link: uplink.report(),
	});
	const driver = createDriver({
		agent,
		uplink,
		blackBox,
		nowMs,
		wallMs: Date.now,
		clockSynchronised: () => true,
		status: (bytesMax) => statusPayload(toStatus(report()), bytesMax),
		finished: finish,
	});
	const settings = { name: SOURCE, type: "sim" };
	const hosted = createSourceHost({
		settings,
		now: nowMs,
		registerStream: (name) => agent.stream(name, 0),
		offer: driver.offer,
	});
	return { agent, driver, uplink, host: hosted.host, blackBox, finished };
}

async function until(isSo) {
	while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

function answer(result) {
	process.send({ answer: result }, () => process.exit());
}

await main();
