// Records what this version says, for all later ones to be held to: a session of real agents with every kind of loss, and
// what became of each reading; the reconciler's state file; what `check` makes of the configurations that were valid.
// To be run once for each release and committed. A version's folder is never written again: nobody can change what has
// been said out there.
//   npm run build && node scripts/record-version.mjs
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const recorded = join(root, "test/versions");

const USAGE = `usage: node scripts/record-version.mjs [--build DIR]
  --build DIR   what scripts/build.mjs --out DIR wrote (default: build)`;

/** Longer than a loss takes to be laid at a door (GRACE_MS in src/reconcile/limits.ts). */
const VERDICT_MS = 40_000;

async function main() {
	const { build } = readOptions();
	const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	const folder = join(recorded, version);
	if (existsSync(join(folder, "messages.ndjson"))) throw new Error(`test/versions/${version} is recorded already`);
	const support = await loadSupport(build);
	const configurations = await recordConfigurations(folder, support);
	const session = await recordSession(folder, support);
	for (const [name, lines] of Object.entries({ configurations, ...session })) {
		writeFileSync(join(folder, `${name}.ndjson`), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
		console.log(`test/versions/${version}/${name}.ndjson: ${lines.length} lines`);
	}
}

function readOptions() {
	try {
		const { values } = parseArgs({
			options: { build: { type: "string", default: "build" }, help: { type: "boolean" } },
		});
		if (values.help) {
			console.log(USAGE);
			process.exit(0);
		}
		return { build: resolve(root, values.build) };
	} catch (error) {
		console.error(`${error.message}\n${USAGE}`);
		process.exit(2);
	}
}

async function loadSupport(build) {
	const names = ["process", "reconciler", "subscriber", "temp-dir", "wait", "world"];
	const modules = names.map((name) => import(pathToFileURL(join(build, `test/support/${name}.js`)).href));
	return Object.assign({}, ...(await Promise.all(modules)));
}

/** The configurations in the version's folder, else those of the version before it, with what is in force by each. */
async function recordConfigurations(folder, { runTallywire }) {
	const own = join(folder, "configurations");
	if (!existsSync(own)) {
		const before = readdirSync(recorded, { withFileTypes: true }).filter((entry) => entry.isDirectory());
		const newest = before
			.map(({ name }) => name)
			.sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
		const from = join(recorded, newest.at(-1) ?? "", "configurations");
		mkdirSync(own, { recursive: true });
		for (const file of readdirSync(from)) writeFileSync(join(own, file), readFileSync(join(from, file)));
	}
	const checks = readdirSync(own).map(async (file) => {
		const { code, stdout, stderr } = await runTallywire(["check", "--json", "-c", join(own, file)]);
		if (code !== 0) throw new Error(`${file}: ${stderr}`);
		const { config, delivery } = JSON.parse(stdout);
		return { file, config, delivery: delivery.settings };
	});
	return Promise.all(checks);
}

/** Plays the session; its messages as they came, and the truth about them. */
async function recordSession(folder, support) {
	const { startWorld, startReconciler, startTallywire, startProcess, delay, makeTempDir } = support;
	const world = await startWorld();
	const messages = [];
	const args = ["-h", world.broker.host, "-p", String(world.broker.port), "-t", "tallywire/#", "-F", "%r %x %t"];
	const ear = startProcess("mosquitto_sub", args, { onLine: (line) => messages.push(asMessage(line)) });
	const state = join(makeTempDir("state"), "state");
	const witness = await startReconciler(world.broker);
	const reconciler = startTallywire(["reconcile", "--json", "--state", state, "--broker", world.broker.url]);
	await reconciler.waitForOutput(/ event=observing /);
	const startMs = Date.now();
	const accounts = await play(world, support);
	await delay(VERDICT_MS);
	await witness.agreesWith(accounts);
	reconciler.signal("SIGINT");
	await reconciler.exited;
	await ear.stop();
	await world.stop();
	const { devices } = JSON.parse(reconciler.stdout());
	const verdicts = devices.map(({ device, tally, odd }) => ({ device, tally, odd }));
	writeFileSync(join(folder, "state"), readFileSync(state));
	const frames = accounts.flatMap(({ runs }) => [...runs.values()].flatMap((run) => run.frames));
	return {
		messages: messages.map((message) => ({ ...message, ms: message.ms - startMs })),
		frames: frames.map((frame) => asTruth(frame, support)),
		verdicts,
	};
}

/** A message as mosquitto_sub prints it: JSON and words as text, CBOR as base64. */
function asMessage(line) {
	const [retained, hex, ...topic] = line.split(" ");
	const payload = Buffer.from(hex, "hex");
	const isText = !topic.join(" ").endsWith("/data") || payload[0] === 0x7b;
	const content = isText ? { text: payload.toString() } : { base64: payload.toString("base64") };
	return { ms: Date.now(), topic: topic.join(" "), retained: retained === "1", ...content };
}

/** What is in a frame, by a decoder that is not ours (test/support/subscriber.ts). */
function asTruth(frame, { readingsOf }) {
	const { device, run, seq, sent, time, clockSynchronised } = frame;
	const readings = readingsOf(frame).map(({ timeMs, stream, value }) => [timeMs, stream, value]);
	return { device, run, seq, sent, time, clockSynchronised, readings };
}

const STREAMS = {
	temperature: { shape: "sine", min: -5, max: 24, period: "3s" },
	steps: { shape: "ramp", min: 0, max: 70000, period: "5s", decimals: 0 },
	door: { shape: "pulse", period: "1s" },
	word: { shape: "text", texts: ["ok", "π ≈ 3.14159"] },
	gaps: { shape: "dropout", min: 0.001, max: 0.002, decimals: 6, missing: 0.5 },
};

/** Every kind of loss, on devices of their own; resolves with what an independent subscriber has of each. */
async function play(world, { sim, delay, makeTempDir }) {
	const source = (rate) => ({ name: "lab", type: "sim", rate, seed: 1, streams: STREAMS });
	const units = { temperature: "Cel", word: "any" };
	const common = { publish: { linger: "300ms" }, status: { interval: "1s" } };
	const killed = makeTempDir("runtime");
	const start = (name, more, options) => world.start(name, { ...common, sources: [sim(10)], ...more }, options);
	const [values, json, cut, full, late] = [
		await start("values", { sources: [{ ...source(4), units }] }),
		await start("json", { sources: [source(4)], publish: { ...common.publish, format: "json" } }),
		await start("cut", {}),
		await start("full", { buffer: { capacity: 20 }, publish: { ...common.publish, max_readings: 10, at_risk: 10 } }),
		await start("late", { buffer: { ttl: "500ms" }, publish: { ...common.publish, at_risk: 10, max_readings: 10 } }),
	];
	const slow = { publish: { linger: "1s" } }; // what waits when it is killed
	const first = await start("killed", slow, { runtimeDir: killed });
	for (const gateway of [values, json, cut, full, late, first]) await gateway.delivers(10);
	for (const gateway of [cut, full, late]) gateway.proxy.stall();
	await delay(500);
	await first.agent.kill();
	const second = await start("killed", slow, { runtimeDir: killed });
	await second.delivers(10);
	await delay(1_000);
	cut.proxy.cut();
	for (const gateway of [cut, full, late]) {
		gateway.proxy.resume();
		await gateway.delivers(10);
	}
	const gateways = [values, json, cut, full, late, second];
	for (const gateway of gateways) await gateway.end();
	return gateways.map(({ account }) => account);
}

// What was started ends with this process, by its listeners on `exit`: an interrupted run leaves nothing behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
await main();
