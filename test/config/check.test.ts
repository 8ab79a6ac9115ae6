// The command `check`, and the file it finds: output, exit status, warnings; nothing secret in any of them.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { check } from "../../src/commands/check.js";
import { FILE_BYTES_MAX } from "../../src/config/document.js";
import { findConfig } from "../../src/config/find.js";
import { SECRET, testEnvironment } from "./environment.js";

const GOOD = `device: bench
mqtt: { username: gateway, password: "\${PASSWORD}" }
sources:
  - { name: lab, type: sim, streams: { t: { shape: sine } } }
`;

const folder = mkdtempSync(join(tmpdir(), "tallywire-check-"));

async function run(text: string | Uint8Array | null, args: readonly string[] = []) {
	const cwd = mkdtempSync(join(folder, "cwd-"));
	if (text !== null) writeFileSync(join(cwd, "tallywire.yaml"), text);
	let stdout = "";
	let stderr = "";
	const environment = testEnvironment();
	const io = {
		stdout: (part: string) => {
			stdout += part;
		},
		stderr: (part: string) => {
			stderr += part;
		},
		env: environment.env,
		cwd,
	};
	const exit = await check(args, io, environment);
	assert.not.match(stdout + stderr, SECRET);
	return { exit, stdout, stderr, cwd };
}

const command = suite("check");

command("prints what would be in force, as YAML that can be read", async () => {
	const { exit, stdout, stderr } = await run(GOOD);
	assert.equal([exit, stderr], [0, ""]);
	const shown = parse(stdout);
	assert.equal(Object.keys(shown).slice(0, 3), ["device", "board", "mqtt"]);
	assert.equal([shown.mqtt.password, shown.mqtt.client_id, shown.buffer.ttl], ["***", "tallywire-bench", "10m"]);
	assert.match(stdout, /# delivery: [0-9a-f]{12}/);
	assert.match(stdout, /# memory bound: \d+ bytes/);
});

command("prints the same as JSON", async () => {
	const { exit, stdout } = await run(GOOD, ["--json"]);
	assert.is(exit, 0);
	const report = JSON.parse(stdout);
	assert.is(report.config.mqtt.password, "***");
	assert.match(report.delivery.hash, /^[0-9a-f]{12}$/);
	assert.ok(report.memory.bytes > 0);
});

command("ends with 2 and file:line:column: path: message for each error", async () => {
	const { exit, stdout, stderr, cwd } = await run(`device: 5\nmqtt: { password: ${SECRET} }\n`);
	assert.equal([exit, stdout], [2, ""]);
	const [first, second, end] = stderr.split("\n");
	assert.ok(first?.startsWith(`${join(cwd, "tallywire.yaml")}:1:9: device: found the number 5; allowed: `), first);
	assert.match(second ?? "", ":2:19: mqtt.password: ");
	assert.is(end, "");
});

command("ends with 2 for what a source itself refuses, with its place", async () => {
	const { exit, stderr } = await run(
		"sources:\n  - { name: a, type: sim, streams: { t: { shape: sine, min: 5, max: 1 } } }\n",
	);
	assert.is(exit, 2);
	assert.match(stderr, /:2:\d+: sources\[0\]\.streams\.t: /);
});

command("takes the file that is named", async () => {
	const { cwd } = await run(null);
	writeFileSync(join(cwd, "other.yaml"), GOOD);
	assert.is((await run(null, ["-c", join(cwd, "other.yaml")])).exit, 0);
	const missing = await run(null, ["--config", join(cwd, "nothing.yaml")]);
	assert.is(missing.exit, 2);
	assert.match(missing.stderr, "nothing.yaml:1:1: cannot be read: there is no such file");
});

command("ends with 2 for wrong use, and with 0 for --help", async () => {
	for (const args of [["--wrong"], ["-c"], ["file.yaml"]]) {
		const { exit, stderr } = await run(GOOD, args);
		assert.equal([exit, stderr.includes("usage: tallywire check")], [2, true], args.join(" "));
	}
	const help = await run(null, ["--help"]);
	assert.equal([help.exit, help.stdout.startsWith("usage:")], [0, true]);
});

command("says that a file cannot be a configuration", async () => {
	const { cwd } = await run(null);
	mkdirSync(join(cwd, "folder"));
	assert.match((await run(null, ["-c", join(cwd, "folder")])).stderr, "it is a folder");
	assert.match((await run("#".repeat(FILE_BYTES_MAX + 1))).stderr, "larger than 262144 bytes");
	assert.match((await run(new Uint8Array([0xff, 0xfe, 0x61, 0]))).stderr, "UTF-16");
	const latin = await run(new Uint8Array([...Buffer.from("device: a\nboard: b"), 0xe9, 0x0a]));
	assert.match(latin.stderr, ":2:9: a character that is not UTF-8");
});

command("warns of a password file that is missing or open to others, and goes on", async () => {
	const { cwd } = await run(null);
	const path = join(cwd, "password");
	const text = `mqtt: { username: u, password_file: ${path} }\nsources: []\n`;
	const missing = await run(text);
	assert.is(missing.exit, 0);
	assert.match(missing.stderr, "password cannot be read now: there is no such file (ENOENT)");
	assert.match(
		(await run(text.replace(path, "/dev/zero"))).stderr,
		"mqtt.password_file: /dev/zero cannot be read now: it is a device",
	);
	writeFileSync(path, SECRET);
	chmodSync(path, 0o644);
	assert.match((await run(text)).stderr, "open to everybody");
	chmodSync(path, 0o640);
	assert.match((await run(text)).stderr, "open to its group");
	chmodSync(path, 0o600);
	assert.not.match((await run(text)).stderr, "password_file");
});

command("finds the file in this folder, else the system's, else says so", () => {
	const cwd = mkdtempSync(join(folder, "find-"));
	const system = join(cwd, "system.yaml");
	assert.is(findConfig(undefined, cwd, system).ok, false);
	writeFileSync(system, "");
	assert.equal(findConfig(undefined, cwd, system), { ok: true, file: system });
	writeFileSync(join(cwd, "tallywire.yaml"), "");
	assert.equal(findConfig(undefined, cwd, system), { ok: true, file: join(cwd, "tallywire.yaml") });
});

command.after(() => rmSync(folder, { recursive: true, force: true }));

command.run();
