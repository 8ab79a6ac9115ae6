// A serial line as fast as it goes: socat feeds one end of a pseudo terminal, the agent (the bundle) reads the other as
// CSV with one value a line, the consumer counts what comes through the broker. CPU is the kernel's account of the process.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assertAllCame } from "./account.mjs";
import { startBundle } from "./bundle.mjs";
import { cpuOf, startChild } from "./machine.mjs";
import { plugLine } from "./pty.mjs";
import { FIELDS, makeValues } from "./readings.mjs";
import { startBench } from "./throughput.mjs";

const LINES = { full: 1_500_000, quick: 300_000, tiny: 1_000 };
const PEER_LINES = { full: 150_000, quick: 30_000, tiny: 300 };
const LINES_PER_S_MIN = 300_000;
const naiveScript = fileURLToPath(new URL("naive-child.mjs", import.meta.url));

export const serial = {
	name: "serial",
	what: "serial (PTY) to broker, saturated, one value a line",
	reach: ">= 300,000 lines/s",
	async measure(context) {
		const bench = await startBench(context);
		const file = writeLines(bench.folder, LINES[context.scale]);
		const peerFile = writeLines(bench.folder, PEER_LINES[context.scale]);
		const samples = { perS: [], cpu: [], naivePerS: [], naiveCpu: [] };
		for (let run = 0; run < context.runs; run++) {
			const own = await measureAgent(bench, context, file);
			samples.perS.push(own.perS);
			samples.cpu.push(own.cpuUs);
			const naive = await measureNaive(bench, context, peerFile);
			samples.naivePerS.push(naive.perS);
			samples.naiveCpu.push(naive.cpuUs);
		}
		await bench.end();
		return [
			{ what: "serial lines/s through the broker", unit: "/s", samples: samples.perS, reach: { min: LINES_PER_S_MIN } },
			{ what: "  CPU per line", unit: "µs", samples: samples.cpu },
			{ what: "serialport + MQTT.js, a publish a line", unit: "/s", samples: samples.naivePerS, isPeer: true },
			{ what: "  CPU per line", unit: "µs", samples: samples.naiveCpu, isPeer: true },
		];
	},
};

async function measureAgent(bench, context, { path, lines }) {
	const line = await plugLine(context);
	const parse = { as: "csv", fields: ["temperature"] };
	const sources = [{ name: "env", type: "serial", path: line.path, baud: 115_200, skip_first: false, parse }];
	const agent = startBundle(context, { broker: bench.broker, which: "agent", http: false, sources });
	await agent.waitForOutput(/source_up/);
	await agent.waitForOutput(/link_up/);
	const before = cpuOf(agent.pid);
	await line.feed(path);
	const account = await comeIn(bench, "frames");
	const cpuUs = (cpuOf(agent.pid) - before) / lines;
	await agent.stop();
	line.unplug();
	assertAllCame("serial", lines, account);
	return { perS: (lines / account.spanMs) * 1_000, cpuUs };
}

async function measureNaive(bench, context, { path, lines }) {
	const line = await plugLine(context);
	const options = { mode: "serial", url: bench.broker.url, topic: "bench/json", path: line.path };
	const child = startChild(context.cores, "agent", naiveScript, options);
	await child.next();
	const before = cpuOf(child.pid);
	await line.feed(path);
	const account = await comeIn(bench, "messages");
	const cpuUs = (cpuOf(child.pid) - before) / lines;
	await child.kill();
	line.unplug();
	assertAllCame("serialport + MQTT.js", lines, account);
	return { perS: (lines / account.spanMs) * 1_000, cpuUs };
}

/** Waits until nothing more comes: a reader at its limit is never silent for that long. */
async function comeIn(bench, as) {
	let before = -1;
	for (let came = 0; came === 0 || came > before; ) {
		before = came;
		await new Promise((resolve) => setTimeout(resolve, 300));
		came = await bench.count(as);
	}
	return bench.account(as);
}

function writeLines(folder, lines) {
	const path = join(folder, `lines-${lines}`);
	const values = makeValues(FIELDS.length * 1_000).filter((_, i) => i % FIELDS.length === 0);
	writeFileSync(path, Array.from({ length: lines }, (_, i) => `${values[i % values.length]}\n`).join(""));
	return { path, lines };
}
