// Runs the bundle on every Node.js that it is for: 20, 22 and 24 on x86-64, arm64 and armv7, the foreign ones under user-mode
// emulation. Each reads a simulated sensor and a serial line through the native addon of its architecture, and has to
// deliver both through a real broker and end cleanly. A release job: the runtimes, some 900 MB, are fetched once and kept.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tallywire/nodes");

const USAGE = `usage: node scripts/nodes.mjs [--dist DIR] [FILTER ...]
  --dist DIR  the bundle, as scripts/build.mjs made it (default: dist)
  FILTER      only the runtimes whose name contains one of these, such as armhf`;

/** Debian's names of the architectures; npm's, Node's, and the emulator. */
const ARCHITECTURES = {
	amd64: { npm: "x64", native: "x64", emulator: "qemu-x86_64-static" },
	arm64: { npm: "arm64", native: "arm64", emulator: "qemu-aarch64-static" },
	armhf: { npm: "armv7l", native: "arm", emulator: "qemu-arm-static" },
};

/** npm's, as far as there are some: for armv7 Debian 13 has 20, and the release after it 24. */
const RUNTIMES = [
	{ major: 20, arch: "amd64" },
	{ major: 20, arch: "arm64" },
	{ major: 20, arch: "armhf", debian: "trixie" },
	{ major: 22, arch: "amd64" },
	{ major: 22, arch: "arm64" },
	{ major: 22, arch: "armhf", none: "neither Debian nor npm has one" },
	{ major: 24, arch: "amd64" },
	{ major: 24, arch: "arm64" },
	{ major: 24, arch: "armhf", debian: "forky" },
];

/** An emulator on a machine with other work. */
const PATIENCE_MS = 180_000;
const READINGS = 3;

const children = new Set();
process.on("exit", () => {
	for (const child of children) child.kill("SIGKILL");
});

async function main() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: { dist: { type: "string", default: "dist" }, help: { type: "boolean" } },
	});
	if (values.help) return console.log(USAGE);
	const folder = mkdtempSync(join(tmpdir(), "tallywire-nodes-"));
	const program = join(resolve(root, values.dist), "tallywire.mjs");
	const count = { passed: 0, failed: 0 };
	try {
		const world = await startWorld(folder, program);
		for (const runtime of RUNTIMES) {
			const name = `Node ${runtime.major} ${runtime.arch}`;
			if (positionals.length > 0 && !positionals.some((filter) => name.includes(filter))) continue;
			await tryOne(name, runtime, world, count);
		}
	} finally {
		for (const child of children) child.kill("SIGKILL");
		rmSync(folder, { recursive: true, force: true });
	}
	console.log(`${count.passed} passed, ${count.failed} failed`);
	process.exitCode = count.failed === 0 ? 0 : 1;
}

async function tryOne(name, runtime, world, count) {
	const command = runtime.none ?? commandOf(runtime);
	if (typeof command === "string") return console.log(`not tried here: ${name}, because ${command}`);
	const startedMs = performance.now();
	try {
		const version = await deliver(command, `node-${runtime.major}-${runtime.arch}`, world);
		count.passed += 1;
		console.log(`ok    ${name}: ${version}, ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`);
	} catch (error) {
		count.failed += 1;
		console.log(`FAIL  ${name}\n${String(error.message).replace(/^/gm, "      | ")}`);
	}
}

/** What runs a file on this runtime, which is fetched if need be; or why it cannot be. */
function commandOf(runtime) {
	const { native, emulator } = ARCHITECTURES[runtime.arch];
	try {
		if (!runtime.debian && native === process.arch) return [npmNode(runtime)];
		must(emulator, ["--version"]);
		// Libraries of the architecture, and the parts of itself that Debian's node looks for below /usr/share.
		const tree = debianTree(runtime.debian ?? "trixie", runtime.arch);
		return [emulator, "-L", tree, runtime.debian ? join(tree, "usr/bin/node") : npmNode(runtime)];
	} catch (error) {
		return error.message;
	}
}

/** Debian's nodejs and what it depends on, unpacked and no more: no script of a foreign architecture has to run. */
function debianTree(release, arch) {
	const tree = join(cache, `${release}-${arch}`);
	if (existsSync(tree)) return tree;
	mkdirSync(cache, { recursive: true });
	const options = [
		"--quiet",
		"--variant=extract",
		`--arch=${arch}`,
		"--include=nodejs",
		"--aptopt=DPkg::Lock::Timeout=300",
		'--aptopt=Acquire::Check-Valid-Until "false"', // a mirror may be behind with what changes every day
	];
	rmSync(`${tree}.unfinished`, { recursive: true, force: true });
	must("mmdebstrap", [...options, release, `${tree}.unfinished`, "http://deb.debian.org/debian"]);
	for (const link of ["lib", "lib64"]) {
		if (!existsSync(join(`${tree}.unfinished`, link))) symlinkSync(`usr/${link}`, join(`${tree}.unfinished`, link));
	}
	renameSync(`${tree}.unfinished`, tree);
	return tree;
}

/** The node of a package of npm's. */
function npmNode({ major, arch }) {
	const folder = join(cache, `npm-${major}-${arch}`);
	if (!existsSync(folder)) {
		const unfinished = `${folder}.unfinished`;
		rmSync(unfinished, { recursive: true, force: true });
		mkdirSync(unfinished, { recursive: true });
		const name = `node-linux-${ARCHITECTURES[arch].npm}@${major}`;
		const packed = must("npm", ["pack", "--silent", "--pack-destination", unfinished, name]).trim().split("\n").at(-1);
		must("tar", ["-x", "-f", join(unfinished, packed), "-C", unfinished, "--strip-components=1", "package/bin/node"]);
		rmSync(join(unfinished, packed));
		renameSync(unfinished, folder);
	}
	return join(folder, "bin/node");
}

function must(command, args) {
	const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
	if (error || status !== 0) {
		throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? (stderr.trim().split("\n").at(-1) || status)}`);
	}
	return stdout;
}

/** A broker, and a count of what comes through it by device and stream; read by this machine's own node. */
async function startWorld(folder, program) {
	const port = await freePort();
	writeFileSync(join(folder, "mosquitto.conf"), `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
	start("mosquitto", ["-c", join(folder, "mosquitto.conf")], { PATH: `${process.env.PATH}:/usr/sbin` });
	const url = `mqtt://127.0.0.1:${port}`;
	const counts = new Map();
	let rest = "";
	const reader = start(process.execPath, [program, "decode", "--broker", url]);
	reader.stdout.on("data", (text) => {
		const lines = (rest + text).split("\n");
		rest = lines.pop();
		for (const { device, stream } of lines.map((line) => JSON.parse(line))) {
			counts.set(`${device} ${stream}`, (counts.get(`${device} ${stream}`) ?? 0) + 1);
		}
	});
	return { folder, program, url, received: (device, stream) => counts.get(`${device} ${stream}`) ?? 0 };
}

/** Runs the agent until its readings have come through the broker, and ends it; which version it ran on. */
async function deliver(command, device, { folder, program, url, received }) {
	const [path, feed] = [join(folder, `${device}.port`), join(folder, `${device}.feed`)];
	start("socat", [`pty,raw,echo=0,link=${path}`, `pty,raw,echo=0,link=${feed}`]);
	await until("a pseudo terminal", () => existsSync(path) && existsSync(feed));
	const sources = [
		{ name: "sim", type: "sim", rate: 10, streams: { a: { shape: "sine", min: 0, max: 1, period: "1s" } } },
		{ name: "serial", type: "serial", path, baud: 9600, parse: { as: "kv" } },
	];
	const config = join(folder, `${device}.json`);
	writeFileSync(config, JSON.stringify({ device, board: "generic-linux", http: false, mqtt: { url }, sources }));
	const [file, ...args] = [...command, program, "run", "-c", config];
	const agent = start(file, args, { RUNTIME_DIRECTORY: folder });
	const ended = new Promise((done) => agent.once("close", done));
	const feeding = setInterval(() => writeFileSync(feed, "T=21.5\n"), 200);
	const delivers = (stream) => agent.exitCode !== null || received(device, stream) >= READINGS;
	let note = "";
	// The C library sets a port by TCSETS2 since glibc 2.42, of which QEMU 7.2 knows nothing; the addon was there to ask.
	const cannotSet = () => {
		if (!command[0].startsWith("qemu-") || !agent.said().includes("cannot be set to this baud")) return false;
		note = ", the serial line not tried: its C library asks the emulator for what it does not know";
		return true;
	};
	try {
		await until("readings of sim.a", () => delivers("sim.a"));
		await until("readings of serial.T", () => delivers("serial.T") || cannotSet());
		agent.kill("SIGTERM");
		const code = await ended;
		if (code !== 0) throw new Error(`it ended with ${code}`);
	} catch (error) {
		throw new Error(`${error.message}\n${agent.said()}`);
	} finally {
		clearInterval(feeding);
		agent.kill("SIGKILL");
	}
	return `${must(command[0], [...command.slice(1), "--version"]).trim()}${note}`;
}

function start(command, args, env = {}) {
	const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
	let said = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text) => {
			said = (said + text).slice(-4_000);
		});
	}
	child.on("error", (error) => {
		said += error.message;
	});
	child.on("close", () => children.delete(child));
	children.add(child);
	return Object.assign(child, { said: () => said });
}

async function until(what, look) {
	for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await wait(50)) if (look()) return;
	throw new Error(`waited ${PATIENCE_MS / 1_000} s for ${what}`);
}

function freePort() {
	return new Promise((done) => {
		const server = createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => done(port));
		});
	});
}

await main();
