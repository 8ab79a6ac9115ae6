// Resident memory of the bundle, connected, with one simulated reading a second, ten seconds after it connected, beside a
// bare `setInterval` of the same Node; and what each costs in CPU meanwhile. All processes run at the same time: idle, they
// do not disturb each other. MB are 1,000,000 bytes.
import { fileURLToPath } from "node:url";
import { assertAllCame } from "./account.mjs";
import { ONE_PER_SECOND, startBundle, stopBundle, waitForLink } from "./bundle.mjs";
import { cpuOf, memoryOf, startChild } from "./machine.mjs";
import { startNodeRed } from "./node-red.mjs";
import { plugLine } from "./pty.mjs";
import { median } from "./statistics.mjs";
import { startBench } from "./throughput.mjs";

const IDLE_MS = { full: 10_000, quick: 10_000, tiny: 1_500 };
/** A second look, in the full run: V8 gives what starting up needed back when it has been idle for 8 s or more. */
const SETTLED_MS = 30_000;
const OVER_BARE_MB_MAX = 16;
const OWN_MB_MAX = 13;
const naiveScript = fileURLToPath(new URL("naive-child.mjs", import.meta.url));

export const memory = {
	name: "memory",
	what: "resident memory of the bundle, idle, connected",
	reach: `<= bare Node + ${OVER_BARE_MB_MAX} MB; of that not file-backed <= ${OWN_MB_MAX} MB`,
	async measure(context) {
		const bench = await startBench(context);
		const lines = [];
		const started = { bare: [], http: [], noHttp: [], serial: [], naive: [], nodeRed: [] };
		for (let run = 0; run < context.runs; run++) {
			lines.push(await plugLine(context));
			await startOneOfEach(context, bench, { run, path: lines[run].path, started });
		}
		const agents = [...started.http, ...started.noHttp, ...started.serial];
		await Promise.all(agents.map(waitForLink));
		await Promise.all(started.serial.map((agent) => agent.waitForOutput(/source_up.*env/)));
		await Promise.all(started.naive.map((child) => child.next()));
		const nodeRed = await startNodeRed(context, bench.broker);
		if (nodeRed !== null) started.nodeRed.push(nodeRed);
		const before = figuresOf(started);
		await context.support.delay(IDLE_MS[context.scale]);
		const figures = figuresOf(started);
		for (const [name, list] of Object.entries(figures)) {
			list.forEach((figure, i) => {
				figure.cpuMsPerS = (figure.cpuUs - before[name][i].cpuUs) / IDLE_MS[context.scale];
			});
		}
		if (context.scale === "full") await context.support.delay(SETTLED_MS - IDLE_MS.full);
		const settled = context.scale === "full" ? figuresOf(started) : null;
		await checkCounts(bench, agents);
		for (const { unplug } of lines) unplug();
		for (const { kill } of [...started.bare, ...started.naive, ...started.nodeRed]) await kill();
		await bench.end();
		return rows(figures, settled);
	},
};

async function startOneOfEach(context, bench, { run, path, started }) {
	const { broker } = bench;
	const { support, cores } = context;
	const start = (device, config) =>
		startBundle(context, { broker, device: `${device}-${run}`, sources: [ONE_PER_SECOND], ...config });
	const source = { name: "env", type: "serial", path, parse: { as: "csv", fields: ["temperature"] } };
	started.bare.push(support.startProcess(process.execPath, ["-e", "setInterval(() => {}, 1000)"]));
	started.http.push(start("http", { http: { listen: `127.0.0.1:${await support.freePort()}` } }));
	started.noHttp.push(start("plain", { http: false }));
	started.serial.push(start("serial", { http: false, sources: [ONE_PER_SECOND, source] }));
	const naive = { mode: "paced", url: broker.url, topic: "bench/json", rate: 1 };
	started.naive.push(startChild(cores, "all", naiveScript, naive));
}

function figuresOf(started) {
	const figures = ({ pid }) => ({ ...memoryOf(pid), cpuUs: cpuOf(pid) });
	return Object.fromEntries(Object.entries(started).map(([name, processes]) => [name, processes.map(figures)]));
}

/** Every agent has to have been at work: what they say they sent is what came. */
async function checkCounts(bench, agents) {
	const ends = await Promise.all(agents.map(stopBundle));
	const account = await bench.account("frames");
	const stamped = ends.reduce((sum, end) => sum + (end.stamped ?? 0), 0);
	assertAllCame("memory", stamped, account);
	if (ends.some((end) => !(end.stamped > 0))) throw new Error("memory: an agent gave no reading");
}

function rows(figures, settled) {
	const bare = median(figures.bare.map(({ resident }) => resident));
	const group = (what, list, [overMax, ownMax] = []) => [
		{
			what: `resident over bare Node, ${what}`,
			unit: "MB",
			samples: list.map((f) => f.resident - bare),
			...limit(overMax),
		},
		{ what: "  not file-backed", unit: "MB", samples: list.map((f) => f.own), ...limit(ownMax) },
	];
	const variants = [
		["HTTP on", "http", [OVER_BARE_MB_MAX, OWN_MB_MAX]],
		["HTTP off", "noHttp"],
		["HTTP off, a serial port open", "serial"],
	];
	const cpu = (name) => ({ what: "  CPU meanwhile", unit: "ms/s", samples: figures[name].map((f) => f.cpuMsPerS) });
	const peers = [
		{ what: "bare Node, resident", unit: "MB", samples: figures.bare.map((f) => f.resident) },
		{ what: "  not file-backed", unit: "MB", samples: figures.bare.map((f) => f.own) },
		...[...group("MQTT.js JSON, 1/s", figures.naive), cpu("naive")],
		...(figures.nodeRed.length > 0
			? [...group("Node-RED, inject to mqtt out, 1/s", figures.nodeRed), cpu("nodeRed")]
			: [{ what: "Node-RED", unit: "", samples: [], note: "not installed" }]),
	];
	return [
		...variants.flatMap(([what, name, max]) => [
			...group(what, figures[name], max),
			...(settled === null ? [] : group(`${what}, after ${SETTLED_MS / 1_000} s`, settled[name])),
			cpu(name),
		]),
		...peers.map((row) => ({ ...row, isPeer: true })),
	];
}

function limit(max) {
	return max === undefined ? {} : { reach: { max } };
}
