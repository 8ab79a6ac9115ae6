// A Debian 13 to try a package on: its tree by mmdebstrap, made once and kept; its systemd in namespaces of its own.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const PACKAGES = ["systemd-sysv", "dbus", "udev", "nodejs", "gpiod"];
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** Why no machine can be made here, or null. */
export function whyNoMachine() {
	if (process.getuid() !== 0) return "that takes root";
	for (const command of ["mmdebstrap", "unshare", "nsenter", "chroot"]) {
		if (spawnSync(command, ["--version"]).error) return `${command} is not installed`;
	}
	if (cgroupRoot() === null) return "no cgroup of version 2 is mounted";
	return null;
}

/** A fresh tree of Debian 13 of this machine's own architecture. The first one takes a minute or two. */
export function makeTree() {
	const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tallywire");
	const archive = join(cache, "debian13.tar");
	if (!existsSync(archive)) {
		mkdirSync(cache, { recursive: true });
		const options = ["--variant=minbase", `--include=${PACKAGES}`, "--aptopt=DPkg::Lock::Timeout=300"];
		must("mmdebstrap", ["--quiet", ...options, "trixie", `${archive}.unfinished.tar`, "http://deb.debian.org/debian"]);
		renameSync(`${archive}.unfinished.tar`, archive);
	}
	const tree = mkdtempSync(join(tmpdir(), "tallywire-debian-"));
	must("tar", ["-x", "-f", archive, "-C", tree]);
	return tree;
}

/** Boots the tree; `run` runs a command inside, and gives what it said. */
export async function boot(tree) {
	const cgroup = join(cgroupRoot(), `tallywire-deb-${process.pid}`);
	mkdirSync(cgroup);
	const child = spawn(join(import.meta.dirname, "boot.sh"), [tree, cgroup], { stdio: ["ignore", "ignore", "inherit"] });
	const ended = new Promise((resolve) => child.once("close", resolve));
	const systemd = await until("systemd", () => childOf(child.pid));
	const run = (...command) => inside(["nsenter", "-t", systemd, "-a", "--root", "--wd"], command);
	const machine = {
		run,
		async stop() {
			child.kill("SIGKILL");
			await ended;
			// The last of its processes may take a moment to go.
			await until("the cgroup to be empty", () =>
				/^populated 0$/m.test(readFileSync(join(cgroup, "cgroup.events"), "utf8")),
			);
			removeCgroup(cgroup);
			rmSync(tree, { recursive: true, force: true });
		},
	};
	await until("the system to be up", () => /running|degraded/.test(run("systemctl", "is-system-running").stdout));
	return machine;
}

/** Runs a command in a tree that is not booted. */
export function inTree(tree, ...command) {
	return inside(["chroot", tree], command);
}

function inside(through, command) {
	const env = ["env", "-i", `PATH=${PATH}`, "HOME=/root", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive"];
	const [program, ...args] = [...through, ...env, ...command].map(String);
	const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", timeout: 120_000 });
	if (error) throw error;
	return { code: status, stdout, stderr };
}

/** Resolves with what `look` gives once it is something. */
export async function until(what, look, timeoutMs = 60_000) {
	for (const endMs = performance.now() + timeoutMs; performance.now() < endMs; await wait(100)) {
		const found = look();
		if (found) return found;
	}
	throw new Error(`waited ${timeoutMs / 1_000} s for ${what}`);
}

/** The process that unshare started in its place in the new namespaces. */
function childOf(pid) {
	const file = `/proc/${pid}/task/${pid}/children`;
	const [child] = existsSync(file) ? readFileSync(file, "utf8").trim().split(" ") : [];
	return child && readFileSync(`/proc/${child}/cmdline`, "utf8").startsWith("/lib/systemd/systemd") ? child : null;
}

function cgroupRoot() {
	const line = readFileSync("/proc/mounts", "utf8")
		.split("\n")
		.find((mount) => mount.split(" ")[2] === "cgroup2");
	return line?.split(" ")[1] ?? null;
}

function removeCgroup(folder) {
	for (const entry of readdirSync(folder, { withFileTypes: true })) {
		if (entry.isDirectory()) removeCgroup(join(folder, entry.name));
	}
	rmdirSync(folder);
}

function must(command, args) {
	const { status, error } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
	if (error || status !== 0) throw new Error(`${command}: ${error?.message ?? `exit ${status}`}`);
}
