// The bundle as a user starts it: `node dist/tallywire.mjs run -c FILE`, in a process of its own.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onCores } from "./machine.mjs";

const DEVICE = "bench";

/** One simulated stream, one reading a second. */
export const ONE_PER_SECOND = { name: "lab", type: "sim", rate: 1, streams: { temperature: { shape: "sine" } } };

/** Starts an agent; `which` are its cores. */
export function startBundle({ support, cores }, { broker, which = "all", device = DEVICE, ...config }) {
	const folder = support.makeTempDir("bench-agent");
	const file = join(folder, "tallywire.yaml");
	writeFileSync(file, JSON.stringify({ device, board: "generic-linux", mqtt: { url: broker.url }, ...config }));
	const [command, ...args] = onCores(cores, which, [process.execPath, support.bundleFile, "run", "-c", file]);
	return support.startProcess(command, args, { env: { RUNTIME_DIRECTORY: folder }, cwd: folder });
}

/** Resolves when the agent is connected. */
export function waitForLink(agent) {
	return agent.waitForOutput(/link_up/);
}

/** The counters that a run printed when it ended. */
export async function stopBundle(agent) {
	await agent.stop();
	const line =
		agent
			.stderr()
			.split("\n")
			.findLast((text) => /\bend\b/.test(text)) ?? "";
	return Object.fromEntries([...line.matchAll(/(\w+)=(\d+)/g)].map(([, name, count]) => [name, Number(count)]));
}
