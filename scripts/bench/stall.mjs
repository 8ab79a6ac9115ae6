// Growth of the agent (the bundle) while its broker stands still (SIGSTOP) under 20,000 readings a second. The buffer has
// been filled once before, so what is reserved for it has been touched and no longer counts as growth.
import { fileURLToPath } from "node:url";
import { startBundle, stopBundle, waitForLink } from "./bundle.mjs";
import { memoryOf, startChild } from "./machine.mjs";
import { median } from "./statistics.mjs";
import { startBench } from "./throughput.mjs";

const STALL_S = { full: 60, quick: 15, tiny: 2 };
const SETTLE_S = { full: 5, quick: 2, tiny: 0.3 };
/** With 20,000 readings a second, full after 3.3 s. */
const CAPACITY = { full: 65_536, quick: 65_536, tiny: 2_048 };
const FULL_TIMEOUT_MS = 20_000;
const PER_S = 20_000;
const GROWTH_MB_MAX = 2;
const LOOK_MS = 250;
const BACK_TIMEOUT_MS = 40_000;
const naiveScript = fileURLToPath(new URL("naive-child.mjs", import.meta.url));

export const stall = {
	name: "stall",
	what: "growth while the broker stalls for a minute under 20,000 readings/s",
	reach: `<= ${GROWTH_MB_MAX} MB`,
	async measure(context) {
		const { scale, support } = context;
		const bench = await startBench(context);
		const agents = [];
		for (let run = 0; run < context.runs; run++) agents.push(await startLoaded(context, bench, run));
		await Promise.all(agents.map(waitForLink));
		bench.broker.suspend();
		await Promise.all(agents.map((agent) => waitUntilFull(context, agent)));
		bench.broker.resume();
		await Promise.all(agents.map((agent) => waitUntilDrained(context, agent)));
		const naive = startChild(context.cores, "all", naiveScript, paced(bench));
		await naive.next();
		await support.delay(SETTLE_S[scale] * 1_000);
		const pids = [...agents, naive].map(({ pid }) => pid);
		const before = await watchMemory(support, pids, SETTLE_S[scale]);
		bench.broker.suspend();
		const during = await watchMemory(support, pids, STALL_S[scale]);
		bench.broker.resume();
		await naive.kill();
		await Promise.all(agents.map((agent) => waitUntilDrained(context, agent)));
		const ends = await Promise.all(agents.map(stopBundle));
		check(ends, await bench.account("frames"));
		await bench.end();
		const growth = pids.map((_, i) => Math.max(...during[i]) - median(before[i]));
		return [
			{
				what: `growth in a stall of ${STALL_S[scale]} s at ${PER_S.toLocaleString("en")} readings/s, at its most`,
				unit: "MB",
				samples: growth.slice(0, -1),
				reach: { max: GROWTH_MB_MAX },
			},
			{ what: "MQTT.js JSON at the same rate", unit: "MB", samples: growth.slice(-1), isPeer: true },
		];
	},
};

async function startLoaded(context, bench, run) {
	const port = await context.support.freePort();
	const fields = ["a", "b", "c", "d", "e", "f", "g", "h"].map((field) => [field, { shape: "walk" }]);
	const load = { name: "load", type: "sim", rate: PER_S / fields.length, streams: Object.fromEntries(fields) };
	const agent = startBundle(context, {
		broker: bench.broker,
		device: `stall-${run}`,
		http: { listen: `127.0.0.1:${port}` },
		buffer: { capacity: CAPACITY[context.scale] },
		sources: [load],
	});
	return Object.assign(agent, { statusUrl: `http://127.0.0.1:${port}/status` });
}

function paced(bench) {
	return { mode: "paced", url: bench.broker.url, topic: "bench/json", rate: PER_S };
}

/** The buffer has no slot left that was never used: a reading has had to give way. */
function waitUntilFull({ support }, agent) {
	const isFull = async () => (await statusOf(agent)).dropped.overflow > 0;
	return support.until("the buffer to overflow", isFull, FULL_TIMEOUT_MS);
}

async function statusOf(agent) {
	return (await fetch(agent.statusUrl)).json();
}

/** Connected, and nothing waits any more but what has just come. */
function waitUntilDrained({ support, scale }, agent) {
	return support.until(
		"the buffer to drain",
		async () => {
			const { buffered, sent } = await statusOf(agent);
			return sent > 0 && buffered < CAPACITY[scale] / 4;
		},
		BACK_TIMEOUT_MS,
	);
}

/** Resident memory of each process, looked at until the time is up. */
async function watchMemory(support, pids, seconds) {
	const seen = pids.map(() => []);
	const endMs = performance.now() + seconds * 1_000;
	while (performance.now() < endMs) {
		await support.delay(LOOK_MS);
		pids.forEach((pid, i) => {
			seen[i].push(memoryOf(pid).resident);
		});
	}
	return seen;
}

/** Nothing came twice, and between what is confirmed and what was sent everything came. */
function check(ends, account) {
	const sum = (name) => ends.reduce((total, end) => total + (end[name] ?? 0), 0);
	const [confirmed, uncertain] = [sum("confirmed"), sum("uncertain")];
	const { readings, repeated, malformed } = account;
	const lost = sum("overflow") + sum("expired") + sum("oversize") + sum("shutdown");
	const isWhole = confirmed > 0 && sum("stamped") === confirmed + uncertain + lost;
	if (isWhole && readings >= confirmed && readings <= confirmed + uncertain && repeated + malformed === 0) return;
	throw new Error(
		`stall: ${confirmed} confirmed and ${uncertain} uncertain, ${readings} received; ${JSON.stringify(ends)}`,
	);
}
