// CPU of an agent with 32 sources of all kinds, each once a second, and of the programs that it runs for four of them; beside
// a Node with 32 timers and nothing else, and MQTT.js publishing as many readings a second that it need not read from
// anywhere. All of them at the same time; CPU is the kernel's account, user and system, of all threads of a process.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assertAllCame } from "./account.mjs";
import { cpuOf, onCores, startChild } from "./machine.mjs";
import { plugSensors, SENSORS } from "./sensors.mjs";
import { startBench } from "./throughput.mjs";

/** V8 has compiled what is hot after that. */
const SETTLE_MS = { full: 15_000, quick: 5_000, tiny: 500 };
/** Of one sample. */
const SAMPLE_MS = { full: 20_000, quick: 10_000, tiny: 1_500 };
const START_LIMIT_MS = 20_000;
const CORE_PERCENT_MAX = 2;
const script = (name) => fileURLToPath(new URL(name, import.meta.url));

export const sources = {
	name: "sources",
	what: `CPU of ${SENSORS} sources of all kinds, each once a second`,
	reach: `<= ${CORE_PERCENT_MAX} % of a core`,
	async measure(context) {
		const { support, cores, scale, build } = context;
		const bench = await startBench(context);
		const sensors = await plugSensors(context);
		const config = { device: "bench", mqtt: { url: bench.broker.url }, http: false, sources: sensors.sources };
		const options = { build, config, folder: support.makeTempDir("bench-agent"), sysRoot: sensors.sysRoot };
		const agent = startChild(cores, "agent", script("sources-child.mjs"), options);
		const timers = startTimers(context);
		const naive = await startNaive(bench, context);
		await support.until("every source to be up", () => areUp(agent), START_LIMIT_MS);
		await support.delay(SETTLE_MS[scale]);
		const pids = () => ({
			agent: [agent.pid],
			programs: childrenOf(agent.pid),
			timers: [timers.pid],
			naive: [naive.pid],
		});
		const samples = { agent: [], programs: [], timers: [], naive: [], perS: [] };
		for (let run = 0; run < context.runs; run++) {
			const before = { cpuUs: cpuUs(pids()), ...(await ask(agent, "report")) };
			const startMs = performance.now();
			await support.delay(SAMPLE_MS[scale]);
			const [after, tookMs] = [cpuUs(pids()), performance.now() - startMs];
			for (const [name, us] of Object.entries(after)) {
				samples[name].push((us - before.cpuUs[name]) / 10 / tookMs);
			}
			const { books } = await ask(agent, "report");
			samples.perS.push(((books.stamped - before.books.stamped) / tookMs) * 1_000);
		}
		const end = await ask(agent, "stop");
		check(end, await bench.account("frames"));
		sensors.unplug();
		await Promise.all([agent.kill(), timers.kill(), naive.kill()]);
		await bench.end();
		return rows(samples);
	},
};

function startTimers({ support, cores }) {
	const text = `for (let i = 0; i < ${SENSORS}; i++) setInterval(() => {}, 1000)`;
	const [command, ...args] = onCores(cores, "agent", [process.execPath, "-e", text]);
	return support.startProcess(command, args);
}

async function startNaive({ broker }, { cores }) {
	const options = { mode: "paced", url: broker.url, topic: "bench/json", rate: SENSORS };
	const child = startChild(cores, "agent", script("naive-child.mjs"), options);
	await child.next();
	return child;
}

function ask(agent, what) {
	agent.ask(what);
	return agent.next();
}

async function areUp(agent) {
	const { sources: reports } = await ask(agent, "report");
	return reports.length === SENSORS && reports.every(({ up }) => up);
}

function childrenOf(pid) {
	const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
	return text.split(" ").filter(Boolean);
}

function cpuUs(pids) {
	const sum = (list) => list.reduce((us, pid) => us + cpuOf(pid), 0);
	return Object.fromEntries(Object.entries(pids).map(([name, list]) => [name, sum(list)]));
}

/** Every source has to have been at work, and what they gave is what came. */
function check({ books, sources: reports }, account) {
	const idle = reports
		.filter(({ up, readings }) => !up || readings === 0)
		.map(({ name, error }) => `${name}: ${error}`);
	if (idle.length > 0) throw new Error(`sources: ${idle.join(", ")}`);
	if (!books.balanced || books.confirmed !== books.stamped) throw new Error(`sources: ${JSON.stringify(books)}`);
	assertAllCame("sources", books.stamped, account);
}

function rows({ agent, programs, timers, naive, perS }) {
	const unit = "% of a core";
	return [
		{
			what: `${SENSORS} sources of all kinds, each once a second`,
			unit,
			samples: agent,
			reach: { max: CORE_PERCENT_MAX },
		},
		{ what: "  the programs of the exec sources among them", unit, samples: programs },
		{ what: "  readings, of sources with several values too", unit: "/s", samples: perS },
		{ what: `Node with ${SENSORS} timers of 1 s and nothing else`, unit, samples: timers, isPeer: true },
		{ what: `MQTT.js JSON, ${SENSORS} readings/s from memory`, unit, samples: naive, isPeer: true },
	];
}
