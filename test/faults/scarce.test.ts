// A machine that is short of something the program would like to have: file descriptors, a log that somebody reads, a file
// system that can be written. It says so where it can, goes on with the rest, and takes up what comes back.
import { closeSync, constants, openSync, readdirSync, readFileSync, readSync, writeSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createLog } from "../../src/log.js";
import { runOrThrow, runProcess } from "../support/process.js";
import { scale } from "../support/scale.js";
import { makeTempDir } from "../support/temp-dir.js";
import { delay, until } from "../support/wait.js";
import { endLine, sim, startWorld, type World } from "../support/world.js";

const test = suite<{ world: World }>("a machine that is short of");

test.before(async (context) => {
	context.world = await startWorld();
});

test.after(({ world }) => world.stop());

/** Lets a process use the file descriptors below this number, and those that it has. */
async function limitDescriptors(pid: number, below: number): Promise<void> {
	await runOrThrow("prlimit", ["--pid", String(pid), `--nofile=${below}:`]);
}

function firstFreeDescriptor(pid: number): number {
	const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
	let free = 0;
	while (open.has(free)) free += 1;
	return free;
}

/** So many clients of an address, each of which comes back when it is sent away. */
function createCrowd(url: string, clients: number): { disperse: () => void } {
	const { hostname, port } = new URL(url);
	const sockets = new Set<Socket>();
	let isOver = false;
	const come = (): void => {
		if (isOver) return;
		const socket = connect(Number(port), hostname);
		sockets.add(socket);
		socket.on("error", () => undefined);
		socket.on("close", () => {
			sockets.delete(socket);
			setTimeout(come, 20);
		});
	};
	for (let client = 0; client < clients; client += 1) come();
	return {
		disperse: () => {
			isOver = true;
			for (const socket of sockets) socket.destroy();
		},
	};
}

/** User and system time of a process so far; the kernel's clock ticks are 10 ms. */
function cpuMs(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

test("file descriptors, taken by a crowd of clients: what is connected goes on, the rest is said and comes back", async ({
	world,
}) => {
	const gateway = await world.start("descriptors", { sources: [sim(500)] }, { http: true });
	const { agent, proxy } = gateway;
	await gateway.delivers(200);
	await limitDescriptors(agent.pid, firstFreeDescriptor(agent.pid) + 4);
	const crowd = createCrowd(gateway.httpUrl, 20);
	try {
		await gateway.delivers(500);
		const startMs = cpuMs(agent.pid);
		let cuts = 0;
		await until(
			() => `the crowd to take the link's descriptor:\n${agent.stderr()}`,
			async () => {
				if (proxy.open() > 0) proxy.cut();
				cuts += 1;
				await delay(1_000); // the agent may have been quicker than the crowd
				return /event=link_down .*no file descriptor/.test(agent.stderr());
			},
			30_000,
		);
		await delay(scale.scarcityMs);
		const spentMs = cpuMs(agent.pid) - startMs;
		const pastMs = cuts * 1_000 + scale.scarcityMs;
		assert.ok(spentMs < pastMs / 2, `${spentMs} ms of processor time in ${pastMs} ms`);
	} finally {
		crowd.disperse();
	}
	await gateway.delivers(1_000);
	await until("HTTP", () => gateway.status().catch(() => false as const));
	const last = await gateway.end();
	assert.is(last.stamped, last.confirmed + last.uncertain);
});

test("file descriptors, all of them: no link comes up and readings wait, until there are some again", async ({
	world,
}) => {
	const gateway = await world.start("none-left", { sources: [sim(500)] });
	const { agent, proxy } = gateway;
	await gateway.delivers(200);
	await limitDescriptors(agent.pid, 3);
	const startMs = cpuMs(agent.pid);
	proxy.cut();
	await agent.waitForOutput(/event=link_down .*no file descriptor/);
	await delay(scale.scarcityMs);
	assert.is(proxy.connections(), 1);
	const spentMs = cpuMs(agent.pid) - startMs;
	assert.ok(spentMs < scale.scarcityMs / 2, `${spentMs} ms of processor time in ${scale.scarcityMs} ms`);
	await limitDescriptors(agent.pid, 256);
	await gateway.online(2);
	await gateway.delivers(1_000);
	const last = await gateway.end();
	assert.is(last.stamped, last.confirmed + last.uncertain);
});

interface Pipe {
	/** What makes it the output of a program, stdout and stderr (StartOptions). */
	readonly through: readonly string[];
	/** What was printed into it so far, and so makes room for more. */
	read(): string;
	close(): void;
}

/** A pipe that is full from the first, and that nobody reads unless told to. */
async function createFullPipe(): Promise<Pipe> {
	const file = join(makeTempDir("pipe"), "pipe");
	await runOrThrow("mkfifo", [file]);
	const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
	const writer = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
	const chunk = Buffer.alloc(4_096);
	const isBusy = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EAGAIN";
	try {
		for (;;) writeSync(writer, chunk);
	} catch (error) {
		if (!isBusy(error)) throw error;
	}
	closeSync(writer);
	return {
		through: ["sh", "-c", 'exec "$@" >"$0" 2>&1', file],
		read: () => {
			let text = "";
			try {
				for (let count = -1; count !== 0; ) {
					count = readSync(reader, chunk);
					text += chunk.toString("utf8", 0, count);
				}
			} catch (error) {
				if (!isBusy(error)) throw error;
			}
			return text.replaceAll("\0", "");
		},
		close: () => closeSync(reader),
	};
}

test("somebody who reads its output: readings go on, and what was to be said is said when there is room", async ({
	world,
}) => {
	const pipes = await Promise.all([createFullPipe(), createFullPipe()]);
	const [unread, readLate] = await Promise.all(
		pipes.map(({ through }, i) => world.start(`unread-${i}`, { sources: [sim(500)] }, { through, http: true })),
	);
	if (unread === undefined || readLate === undefined) throw new Error("two of them");
	for (const gateway of [unread, readLate]) {
		for (let cut = 1; cut <= 3; cut += 1) {
			await gateway.online(cut);
			await gateway.delivers(100);
			gateway.proxy.cut(); // which is worth a line in the log
		}
		await gateway.online(4);
		await gateway.delivers(100);
	}
	let text = "";
	await until(
		() => `the log:\n${text}`,
		() => {
			text += pipes[1]?.read() ?? "";
			return (text.match(/event=link_up/g) ?? []).length >= 4;
		},
	);
	const events = [...text.matchAll(/^level=\w+ event=(\w+).*$/gm)].map(([, event]) => event);
	assert.is(events.length, text.trimEnd().split("\n").length, "no line is torn");
	assert.is(events[0], "start");
	await Promise.all([unread.end(), readLate.end()]);
	for (const pipe of pipes) pipe.close();
});

test("room for its log holds 64 KiB of it, drops the lines after that, and says how many", () => {
	const lines: string[] = [];
	let waiting = 0;
	let nowMs = 0;
	const log = createLog({
		level: "info",
		json: false,
		write: (line) => {
			if (line !== "") lines.push(line);
			waiting += line.length;
			return waiting;
		},
		nowMs: () => nowMs,
	});
	for (let line = 0; line < 10_000; line += 1) {
		log.warn(`event_${line % 100}`, { text: "x".repeat(400) });
		nowMs += 100;
	}
	const held = 10_000 - lines.length;
	assert.ok(waiting > 65_536 && waiting < 67_000, `${waiting} characters`);
	waiting = 0;
	for (let event = 0; event < 100; event += 1) {
		log.warn(`event_${event}`); // the first of them finds out that there is room
		log.warn(`event_${event}`);
	}
	const said = lines.map((line) => Number(/ held_back=(\d+)/.exec(line)?.[1] ?? 0));
	assert.ok(said.reduce((sum, count) => sum + count, 0) >= held);
});

/** A command that makes every file system read-only for what it starts; null where that is not permitted. */
async function readOnly(folder: string): Promise<readonly string[] | string> {
	const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -o remount,bind,ro / && exec "$@"';
	const through = ["unshare", "--mount", "sh", "-c", script, folder];
	const { code, stderr } = await runProcess(through[0] ?? "", [...through.slice(1), "true"]);
	return code === 0 ? through : stderr.trim();
}

const runtimeDir = makeTempDir("runtime");
const through = await readOnly(runtimeDir);

if (typeof through === "string") console.log(`not tried here: a read-only file system: ${through}`);
else {
	test("a file system that can be written: it is said once, and nothing depends on it", async ({ world }) => {
		const gateway = await world.start("read-only", { sources: [sim(500)] }, { through, runtimeDir, http: true });
		await gateway.agent.waitForOutput(/event=no_black_box why=.*(EROFS|read-only)/);
		await gateway.online(1);
		gateway.proxy.cut();
		await gateway.online(2);
		await gateway.delivers(500);
		await gateway.end();
		assert.is(gateway.agent.stderr().match(/no_black_box/g)?.length, 1);
		assert.ok(endLine(gateway).confirmed > 500);
	});
}

test.run();
