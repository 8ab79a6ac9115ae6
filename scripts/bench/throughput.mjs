// Runs of the agent's core to socket and of the publishers beside it, against one broker and one independent consumer.
// Every figure that comes from here is of a run whose readings were all counted on the other side.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assertAllCame } from "./account.mjs";
import { startChild } from "./machine.mjs";
import { FIELDS, makeValues, readingAsJson } from "./readings.mjs";

const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const JSON_TOPIC = "bench/json";

/** A broker that has delivered nothing for this long has nothing more. */
const QUIET_MS = 1_000;
const LOOK_EVERY_MS = 50;

/** Readings that every publisher hands over in one turn of the event loop: what a busy sensor brings at a time. */
export const PER_TURN = 100;

/** Starts broker and consumer; `run` gives it one run after the other. */
export async function startBench({ support, cores }) {
	const broker = await support.startBroker();
	const { host, port } = broker;
	const topics = ["tallywire/+/data", JSON_TOPIC];
	const consumer = startChild(cores, "others", script("consumer-child.mjs"), { host, port, topics });
	await consumer.next();
	return {
		broker,
		cores,
		folder: support.makeTempDir("bench"),
		/** How many frames or messages have come since the last account. */
		async count(as) {
			consumer.ask({ ask: "count", as });
			return consumer.next();
		},
		/**
		 * What came since the last account. A publisher that ends without a barrier leaves messages that the broker has yet
		 * to read: those up to `expected` are waited for, for as long as any come.
		 */
		async account(as, expected = 0) {
			let came = await this.count(as);
			for (let quietMs = 0; came < expected && quietMs < QUIET_MS; quietMs += LOOK_EVERY_MS) {
				await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
				const now = await this.count(as);
				if (now > came) quietMs = 0;
				came = now;
			}
			consumer.ask({ ask: "account", as });
			return consumer.next();
		},
		async end() {
			await consumer.kill();
			await broker.kill();
		},
	};
}

/** One process of the agent: `warmUp` readings, then `readings` on the clock. */
export async function runAgent(bench, { build, cores }, { publish, warmUp, readings, backlog = false, scanMs = 0 }) {
	const options = { build, url: bench.broker.url, folder: bench.folder, publish, warmUp, readings, backlog, scanMs };
	const child = startChild(cores, "agent", script("agent-child.mjs"), { ...options, perTurn: PER_TURN });
	const result = await child.next();
	const account = await bench.account("frames");
	const given = backlog ? readings : warmUp + readings;
	assertAllCame("agent", given, account);
	if (result.books.confirmed !== given) throw new Error(`agent: ${result.books.confirmed} of ${given} confirmed`);
	return { ...result, account };
}

/** One process of MQTT.js, a publish for each reading. */
export async function runNaive(bench, { cores }, { perTurn, warmUp, readings }) {
	const options = { mode: "all", url: bench.broker.url, topic: JSON_TOPIC, perTurn, warmUp, readings };
	const result = await startChild(cores, "agent", script("naive-child.mjs"), options).next();
	const account = await bench.account("messages", warmUp + readings);
	assertAllCame("MQTT.js", warmUp + readings, account);
	return { ...result, perS: (account.messages / account.spanMs) * 1_000, bytes: account.bytes / account.readings };
}

/** One mosquitto_pub that reads a message from each line; bash's `time` has its CPU. */
export async function runPub(bench, { cores }, { readings }) {
	const values = makeValues();
	const line = (i) => readingAsJson(FIELDS[i % FIELDS.length], values[i % values.length], 1_790_000_000_000 + i);
	const file = join(bench.folder, "lines");
	writeFileSync(file, Array.from({ length: readings }, (_, i) => `${line(i)}\n`).join(""));
	const pinned = cores.isPinned ? `taskset -c ${cores.agent} ` : "";
	const publish = `${pinned}mosquitto_pub -h ${bench.broker.host} -p ${bench.broker.port} -t ${JSON_TOPIC} -l`;
	const printed = await runBash(`TIMEFORMAT='%3U %3S'; time ${publish} < '${file}'`);
	const account = await bench.account("messages", readings);
	assertAllCame("mosquitto_pub", readings, account);
	const [user, system] = printed.trim().split(" ").map(Number);
	return { cpuUs: (user + system) * 1e6, perS: (account.messages / account.spanMs) * 1_000 };
}

/** What a bash script prints on stderr. */
function runBash(text) {
	return new Promise((resolve, reject) => {
		const child = spawn("bash", ["-c", text], {
			stdio: ["ignore", "ignore", "pipe"],
			env: { ...process.env, LC_ALL: "C" },
		});
		let printed = "";
		child.stderr.setEncoding("utf8").on("data", (chunk) => {
			printed += chunk;
		});
		child.once("error", reject);
		child.once("close", (code) => (code === 0 ? resolve(printed) : reject(new Error(`${text}: ${code}\n${printed}`))));
	});
}
