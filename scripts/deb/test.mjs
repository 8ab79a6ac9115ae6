// What the package does to a system, on a Debian 13 of its own: installed, run under systemd, starved of its watchdog, given
// devices and credentials, upgraded, switched off, removed and purged. A release job: it takes root and some minutes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boot, inTree, makeTree, until, whyNoMachine } from "./machine.mjs";

const CONFIG = "/etc/tallywire/config.yaml";
const UNIT = "tallywire.service";

/** Tries the package in `file`. False where something failed. */
export async function testPackage(file) {
	const reason = whyNoMachine();
	if (reason !== null) {
		console.log(`not tried here: the package on a Debian, because ${reason}`);
		return true;
	}
	const count = { passed: 0, failed: 0 };
	const tree = makeTree();
	const next = makeNext(file);
	copyFileSync(file, join(tree, "root/this.deb"));
	copyFileSync(next, join(tree, "root/next.deb"));
	writeFileSync(join(tree, "etc/hosts"), "127.0.0.1 localhost\n");
	let machine = null;
	const context = { tree, inTree: (...command) => inTree(tree, ...command), run: null };
	try {
		for (const [name, test] of STEPS) {
			if (test === boots) {
				machine = await boot(tree);
				context.run = machine.run;
			}
			await step(name, () => test(context), count);
		}
	} finally {
		await machine?.stop();
		rmSync(next);
		rmSync(tree, { recursive: true, force: true });
	}
	console.log(`${count.passed} passed, ${count.failed} failed`);
	return count.failed === 0;
}

async function step(name, test, count) {
	try {
		await test();
		count.passed += 1;
		console.log(`ok    ${name}`);
	} catch (error) {
		count.failed += 1;
		console.log(`FAIL  ${name}\n${String(error.stack).replace(/^/gm, "      | ")}`);
	}
}

/** The same package as the version after it, with another configuration in it. */
function makeNext(file) {
	const tree = mkdtempSync(join(tmpdir(), "tallywire-next-"));
	const next = `${tree}.deb`;
	const dpkgDeb = (...args) => assert.equal(spawnSync("dpkg-deb", args).status, 0, args.join(" "));
	dpkgDeb("-R", file, tree);
	const control = join(tree, "DEBIAN/control");
	writeFileSync(control, readFileSync(control, "utf8").replace(/^Version: .*$/m, "$&+next"));
	writeFileSync(join(tree, CONFIG), `${readFileSync(join(tree, CONFIG), "utf8")}# new\n`);
	dpkgDeb("--root-owner-group", "-b", tree, next);
	rmSync(tree, { recursive: true });
	return next;
}

/** A command that has to succeed; what it printed. */
function must(run, ...command) {
	const { code, stdout, stderr } = run(...command);
	assert.equal(code, 0, `${command.join(" ")}: ${stdout}${stderr}`);
	return stdout.trim();
}

const show = ({ run }, property) => must(run, "systemctl", "show", UNIT, "-P", property);
const journal = ({ run }) => must(run, "journalctl", "-u", UNIT, "-o", "cat", "--no-pager");
const isActive = ({ run }) => run("systemctl", "is-active", UNIT).stdout.trim() === "active";
const active = (context) => until("the service to be active", () => isActive(context));

function configure({ tree }, config) {
	writeFileSync(join(tree, CONFIG), JSON.stringify({ mqtt: { url: "mqtt://localhost:1883" }, ...config }));
}

/** Drop-ins of the unit, by name; the service is started anew with it. */
async function restartWith(context, name, text) {
	const made = spawnSync("mkdir", ["-p", join(context.tree, `etc/systemd/system/${UNIT}.d`)]);
	assert.equal(made.status, 0);
	writeFileSync(join(context.tree, `etc/systemd/system/${UNIT}.d/${name}.conf`), text);
	must(context.run, "systemctl", "daemon-reload");
	must(context.run, "systemctl", "restart", UNIT);
	await active(context);
}

const SYSTEM = { name: "system", type: "system" };

function installs({ inTree: run, tree }) {
	must(run, "dpkg", "-i", "/root/this.deb");
	assert.equal(must(run, "systemctl", "is-enabled", UNIT), "enabled");
	must(run, "getent", "group", "gpio");
	must(run, "tallywire", "check", "-c", CONFIG);
	assert.equal(must(run, "dpkg", "--verify", "tallywire"), "");
	assert.ok(existsSync(join(tree, "usr/share/bash-completion/completions/tallywire")));
}

function keepsEdited({ inTree: run, tree }) {
	configure({ tree }, { sources: [SYSTEM] });
	const edited = readFileSync(join(tree, CONFIG), "utf8");
	must(run, "dpkg", "-i", "/root/this.deb"); // asks nothing: the package's own has not changed
	assert.equal(readFileSync(join(tree, CONFIG), "utf8"), edited);
	must(run, "dpkg", "--force-confold", "-i", "/root/next.deb");
	assert.equal(readFileSync(join(tree, CONFIG), "utf8"), edited);
	assert.match(readFileSync(join(tree, `${CONFIG}.dpkg-dist`), "utf8"), /# new\n$/);
	must(run, "dpkg", "--force-downgrade", "--force-confold", "-i", "/root/this.deb");
}

async function boots(context) {
	await active(context);
	assert.equal(show(context, "Type"), "notify");
	assert.match(show(context, "StatusText"), /^not connected .* 1 of 1 sources work|0 of 1 sources work/);
	assert.equal(show(context, "WatchdogUSec"), "1min");
	JSON.parse(
		journal(context)
			.split("\n")
			.find((line) => line.includes('"event":"start"')),
	);
}

function judged({ run }) {
	must(run, "systemd-analyze", "verify", UNIT);
	console.log(`      ${must(run, "systemd-analyze", "security", "--threshold=17", UNIT).split("\n").at(-1)}`);
}

function confined(context) {
	const status = must(context.run, "cat", `/proc/${show(context, "MainPID")}/status`);
	assert.doesNotMatch(status, /^Uid:\s+0\b/m);
	assert.match(status, /^CapEff:\s+0+$/m);
	assert.match(status, /^NoNewPrivs:\s+1$/m);
	assert.match(status, /^Seccomp:\s+2$/m);
}

/** Device files without a driver: who may open one hears that nothing is behind it, who may not is told so. */
async function opensOnlyNamed(context) {
	for (const [name, major, minor] of [
		["ttyUSB0", 188, 0],
		["ttyAMA0", 204, 64],
	]) {
		must(context.run, "mknod", "-m", "660", `/dev/${name}`, "c", major, minor);
		must(context.run, "chgrp", "dialout", `/dev/${name}`);
	}
	const port = (name) => ({ name, type: "serial", path: `/dev/${name}` });
	const error = (name) => {
		const lines = journal(context)
			.split("\n")
			.filter((line) => line.includes('"source_down"') && line.includes(`"${name}"`));
		return lines.at(-1) ?? "";
	};
	const settled = (name) => until(`an error of ${name}`, () => error(name));
	configure(context, { sources: [port("ttyUSB0"), port("ttyAMA0")] });
	must(context.run, "systemctl", "restart", UNIT);
	for (const name of ["ttyUSB0", "ttyAMA0"]) assert.match(await settled(name), /is closed to this service/);
	configure(context, { sources: [port("ttyUSB0")] });
	const dropIn = must(context.run, "tallywire", "check", "--devices", "-c", CONFIG);
	assert.match(dropIn, /^DeviceAllow=char-188 rw$/m);
	configure(context, { sources: [port("ttyUSB0"), port("ttyAMA0")] });
	must(context.run, "journalctl", "--rotate");
	must(context.run, "journalctl", "--vacuum-time=1s");
	await restartWith(context, "devices", `${dropIn}\n`);
	assert.match(await settled("ttyUSB0"), /has no device behind it/);
	assert.match(await settled("ttyAMA0"), /is closed to this service/);
	assert.match(show(context, "MemoryMax"), /^\d{9}$/);
}

async function getsCredentials(context) {
	const path = "/run/credentials/tallywire.service/tallywire.password";
	must(context.run, "mkdir", "-p", "/etc/credstore");
	must(context.run, "sh", "-c", "umask 077; echo secret > /etc/credstore/tallywire.password");
	configure(context, { sources: [SYSTEM], mqtt: { url: "mqtt://localhost:1", username: "u", password_file: path } });
	must(context.run, "systemctl", "restart", UNIT);
	const pid = show(context, "MainPID");
	const last = () =>
		journal(context)
			.split("\n")
			.filter((line) => line.includes('"link_down"'))
			.at(-1);
	assert.match(await until("an attempt", () => (isActive(context) ? last() : null)), /connection refused/);
	assert.equal(must(context.run, "cat", path), "secret");
	assert.equal(must(context.run, "stat", "-c", "%a", path), "440");
	assert.notEqual(pid, "0");
}

/** What the running agent says of itself. */
function statusOf({ run }) {
	const ask = `fetch("http://127.0.0.1:9464/status").then((r) => r.text()).then((text) => console.log(text))`;
	return JSON.parse(must(run, "node", "-e", ask));
}

/** As a GPIO line is watched: libgpiod's program. */
async function runsPrograms(context) {
	const command = ["gpiomon", "--version"];
	configure(context, { sources: [{ name: "program", type: "exec", command }] });
	must(context.run, "systemctl", "restart", UNIT);
	await active(context);
	await until("what a program wrote", () => statusOf(context).sources[0].readings > 0);
}

async function remembersKilled(context) {
	configure(context, { sources: [SYSTEM] });
	must(context.run, "systemctl", "restart", UNIT);
	await active(context);
	const status = () => statusOf(context);
	const pid = show(context, "MainPID");
	const { run } = await until("readings", () => (status().stamped > 0 ? status() : null));
	must(context.run, "systemctl", "kill", "--signal=KILL", "--kill-whom=main", UNIT);
	await until("another process", () => isActive(context) && show(context, "MainPID") !== pid);
	assert.notEqual(status().run, run);
	assert.equal(status().previous?.run, run);
	assert.equal(show(context, "NRestarts"), "1");
}

async function watchesDog(context) {
	await restartWith(context, "watchdog", "[Service]\nWatchdogSec=3s\nTimeoutStopSec=2s\n");
	const pid = show(context, "MainPID");
	must(context.run, "kill", "-STOP", pid);
	await until("another process", () => isActive(context) && show(context, "MainPID") !== pid);
	assert.match(must(context.run, "journalctl", "-u", UNIT, "--no-pager"), /Watchdog timeout/);
	must(context.run, "rm", `/etc/systemd/system/${UNIT}.d/watchdog.conf`);
	must(context.run, "systemctl", "daemon-reload");
}

async function neverGivesUp(context) {
	configure(context, { sources: [{ ...SYSTEM, evry: "1s" }] });
	assert.notEqual(context.run("systemctl", "restart", UNIT).code, 0);
	await until("three restarts", () => Number(show(context, "NRestarts")) >= 3);
	assert.equal(show(context, "ActiveState"), "activating");
	configure(context, { sources: [SYSTEM] });
	await active(context); // by itself
}

async function upgradesOrStays(context) {
	const before = show(context, "MainPID");
	must(context.run, "dpkg", "--force-confold", "-i", "/root/next.deb");
	await active(context);
	const after = show(context, "MainPID");
	assert.notEqual(after, before);
	configure(context, { sources: [{ ...SYSTEM, evry: "1s" }] });
	const { stderr } = context.run("dpkg", "--force-downgrade", "--force-confold", "-i", "/root/this.deb");
	assert.match(stderr, /the version before goes on running/);
	assert.equal(show(context, "MainPID"), after);
	configure(context, { sources: [SYSTEM] });
}

function staysDisabled(context) {
	must(context.run, "systemctl", "disable", "--now", UNIT);
	must(context.run, "dpkg", "--force-confold", "-i", "/root/next.deb");
	assert.equal(context.run("systemctl", "is-enabled", UNIT).stdout.trim(), "disabled");
	assert.ok(!isActive(context));
}

async function removes(context) {
	must(context.run, "systemctl", "enable", "--now", UNIT);
	await active(context);
	must(context.run, "dpkg", "-r", "tallywire");
	assert.ok(!isActive(context));
	assert.ok(existsSync(join(context.tree, CONFIG)), "what the operator wrote stays");
	assert.ok(!existsSync(join(context.tree, "usr/lib/tallywire")));
}

function purges(context) {
	must(context.run, "dpkg", "-P", "tallywire");
	const args = ["/", "-xdev", "-name", "*tallywire*", "-not", "-path", "/proc/*", "-not", "-path", "/tmp/*"];
	const left = must(context.run, "find", ...args)
		.split("\n")
		.sort();
	// The operator's own: the password and the drop-in.
	assert.deepEqual(left, ["/etc/credstore/tallywire.password", `/etc/systemd/system/${UNIT}.d`]);
}

const STEPS = [
	["installs, is enabled, and changes no file of its own", installs],
	["keeps a configuration that was edited, asking nothing and asked", keepsEdited],
	["boots: ready once its sources were tried, its journal in JSON", boots],
	["systemd-analyze finds no mistake, and an exposure of at most 1.7", judged],
	["runs as a user of its own, without a capability, behind a filter", confined],
	["opens the devices that the configuration names, and no other", opensOnlyNamed],
	["reads its credentials, which lie where it cannot look", getsCredentials],
	["runs programs inside its confinement", runsPrograms],
	["is started again when it is killed, and remembers what the killed run had", remembersKilled],
	["is started again when it stands still", watchesDog],
	["never gives up on a wrong configuration, and runs once it is mended", neverGivesUp],
	["upgrades at work, and leaves the old version running where the new one refuses the configuration", upgradesOrStays],
	["stays disabled through an upgrade", staysDisabled],
	["is removed", removes],
	["is purged", purges],
];
