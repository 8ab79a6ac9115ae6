// The machine a benchmark runs on: which cores for what, child processes that answer over a channel, and the kernel's
// figures of a process. Everything started here ends with this process.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

const children = new Set();
process.on("exit", () => {
	for (const child of children) child.kill("SIGKILL");
});

/** Two sets of cores that do not overlap, or no pinning where there is one core or no taskset. */
export function findCores() {
	const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
	const allowed = list.split(",").flatMap((range) => {
		const [from, to = from] = range.split("-").map(Number);
		return Array.from({ length: to - from + 1 }, (_, i) => from + i);
	});
	const isPinned = allowed.length > 1 && spawnSync("taskset", ["-V"]).status === 0;
	return { isPinned, agent: String(allowed[0]), others: allowed.slice(1).join(","), all: allowed.join(",") };
}

/** Puts this process, and so all that it starts, on the cores that are not the agent's. */
export function leaveAgentCore(cores) {
	if (cores.isPinned) spawnSync("taskset", ["-apc", cores.others, String(process.pid)]);
}

/** The command that runs `command` on `cores`. */
export function onCores(cores, which, command) {
	return cores.isPinned ? ["taskset", "-c", cores[which], ...command] : command;
}

/** Starts a Node script with a channel; `next()` is its next answer. */
export function startChild(cores, which, script, options) {
	const [command, ...args] = onCores(cores, which, [process.execPath, script, JSON.stringify(options)]);
	const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
	children.add(child);
	const answers = [];
	let wake = null;
	const ended = new Promise((resolve) => child.once("exit", resolve));
	child.on("message", ({ answer }) => {
		answers.push(answer);
		wake?.();
	});
	child.once("exit", () => {
		children.delete(child);
		wake?.();
	});
	return {
		pid: child.pid,
		ask: (message) => child.send(message),
		async next() {
			while (answers.length === 0) {
				if (child.exitCode !== null || child.signalCode !== null)
					throw new Error(`${script} ended (${child.signalCode ?? child.exitCode}) without an answer`);
				await new Promise((resolve) => {
					wake = resolve;
				});
			}
			return answers.shift();
		},
		async kill() {
			child.kill("SIGKILL");
			await ended;
		},
	};
}

/** The kernel's clock tick: USER_HZ is 100 on every Linux. */
const TICK_US = 10_000;

/** User and system CPU of a process and all its threads so far, µs. */
export function cpuOf(pid) {
	const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Resident memory of a process, MB of 1,000,000 bytes; `own` is what is not backed by a file. */
export function memoryOf(pid) {
	const status = readFileSync(`/proc/${pid}/status`, "latin1");
	const field = (name) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1_024) / 1e6;
	return { resident: field("VmRSS"), own: field("RssAnon") + field("RssShmem") };
}

export function describeMachine(cores) {
	const pinned = cores.isPinned ? `agent on core ${cores.agent}, the rest on ${cores.others}` : "not pinned to cores";
	const broker = /version (\S+)/.exec(
		spawnSync("mosquitto", ["-h"], { env: withSbin(), encoding: "utf8" }).stdout ?? "",
	);
	return `${cpus()[0]?.model.trim()}, ${cpus().length} cores (${pinned}), Node ${process.version}, Mosquitto ${broker?.[1]}`;
}

function withSbin() {
	return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}
