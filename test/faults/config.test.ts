// The command line and wrong configurations, as somebody at a terminal meets them: the exit status says what happened, the
// message says where, and nothing is opened before all is well (CONTRACT, Command and Configuration).
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { freePort } from "../support/free-port.js";
import { runTallywire } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";

function fileOf(text: string): string {
	const file = join(makeTempDir("config"), "tallywire.yaml");
	writeFileSync(file, text);
	return file;
}

/** The lines of stderr that point at a place in the file. */
function places(stderr: string, file: string): readonly string[] {
	return stderr
		.split("\n")
		.filter((line) => line.includes(`${file}:`))
		.map((line) => /:(\d+:\d+)/.exec(line.slice(line.indexOf(file) + file.length))?.[1] ?? line);
}

const WRONG: readonly (readonly [what: string, yaml: string, places: readonly string[], says: RegExp])[] = [
	["an unknown key", "mqtt:\n  urll: mqtt://localhost:1883\n", ["2:3"], /urll.*\burl\b/s],
	["a wrong type", "buffer:\n  capacity: many\n", ["2:13"], /many.*whole number|integer/s],
	["a duration that is none", "status:\n  interval: 10\n", ["2:13"], /10s/],
	["an unknown type of source", "sources:\n  - name: a\n    type: sm\n", ["3:11"], /sim/],
	["no YAML at all", "sources: [\n", [], /./],
	[
		"several mistakes at once",
		"device: my device\nbuffer: { capacity: 0 }\nsources:\n  - { name: a, type: sim, streams: { t: { shape: round } } }\n",
		["1:9", "2:21", "4:50"],
		/./,
	],
];

test("a wrong configuration ends with 2, says where and what, and opens nothing", async () => {
	let connections = 0;
	const server = createServer((socket) => {
		connections += 1;
		socket.destroy();
	});
	const port = await freePort();
	await new Promise<void>((resolve) => {
		server.listen(port, "127.0.0.1", resolve);
	});
	const broker = `mqtt: { url: "mqtt://127.0.0.1:${port}" }\n`;
	try {
		await inPairs(WRONG, async ([what, yaml, expected, says]) => {
			const file = fileOf(yaml.includes("mqtt:") ? yaml : `${yaml}${broker}`);
			const { code, stdout, stderr } = await runTallywire(["run", "-c", file]);
			assert.is(code, 2, `${what}: ${stderr}`);
			assert.is(stdout, "", what);
			assert.match(stderr, says, what);
			assert.not.match(stderr, /event=start/, what);
			assert.not.match(stderr, /^\s+at /m, what);
			if (expected.length > 0) assert.equal(places(stderr, file), expected, `${what}: ${stderr}`);
			else assert.match(stderr, /:\d+:\d+/, what);
		});
		assert.is(connections, 0);
	} finally {
		server.close();
	}
});

test("without a configuration it ends with 2 and says what to do", async () => {
	const empty = makeTempDir("empty");
	const missing = join(empty, "missing.yaml");
	const named = await runTallywire(["run", "-c", missing], { cwd: empty });
	assert.is(named.code, 2);
	assert.ok(named.stderr.includes(missing), named.stderr);
	const folder = join(empty, "folder");
	mkdirSync(folder);
	assert.is((await runTallywire(["run", "-c", folder], { cwd: empty })).code, 2);
	const found = await runTallywire(["run"], { cwd: empty });
	// Where this machine has one in /etc, `run` would start.
	if (found.code !== 2) return;
	assert.match(found.stderr, /tallywire\.yaml.*\/etc\/tallywire\/config\.yaml/s);
	assert.match(found.stderr, /tallywire demo/);
});

test("what is no command or no option ends with 2, and says what there is", async () => {
	const [unknown, nothing, option] = await Promise.all([
		runTallywire(["rum"]),
		runTallywire([]),
		runTallywire(["run", "--speed"]),
	]);
	assert.equal([unknown.code, nothing.code, option.code], [2, 2, 2]);
	assert.match(unknown.stderr, /rum.*\brun\b/s);
	assert.match(nothing.stderr, /usage: tallywire/);
	assert.match(option.stderr, /--speed/);
	assert.equal([unknown.stdout, nothing.stdout, option.stdout], ["", "", ""]);
});

test("--help of every command ends with 0 and goes to stdout", async () => {
	const general = await runTallywire(["--help"]);
	assert.equal([general.code, general.stderr], [0, ""]);
	const commands = [...general.stdout.matchAll(/^ {2}([a-z]+) +\S/gm)].map(([, name]) => name ?? "");
	for (const command of ["run", "demo", "check", "doctor"]) assert.ok(commands.includes(command), command);
	await inPairs(commands, async (command) => {
		const { code, stdout, stderr } = await runTallywire([command, "--help"]);
		assert.equal([code, stderr], [0, ""], command);
		assert.match(stdout, new RegExp(`^usage: tallywire ${command}`), command);
		// An argument can be read by every local user: a secret comes from a file or the environment.
		assert.not.match(stdout, /--(?!password-file)[\w-]*(?:password|passphrase|secret|token)/, command);
	});
	const version = await runTallywire(["--version"]);
	assert.equal([version.code, version.stderr], [0, ""]);
	assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

/** Two at a time: there are two cores. */
async function inPairs<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
	for (let at = 0; at < items.length; at += 2) await Promise.all(items.slice(at, at + 2).map(work));
}

test.run();
