// A device's name is put into the patterns of the broker's access list. Names that would be a wildcard, another tree or
// nothing there: our configuration and scripts/mosquitto/credentials refuse them all, and where a broker has such a user
// all the same, it still reaches no other device.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadConfig } from "../../src/config/load.js";
import { testEnvironment } from "../config/environment.js";
import { runProcess } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { exampleDir, type Shipped, startShipped, startWitness, WITNESS_ACL, type Witness } from "./shipped.js";

/** The name, and whether the broker lets it write a tree of that name. */
const HOSTILE: readonly (readonly [name: string, writesOwn: boolean])[] = [
	["+", false],
	["pi-1/+", false],
	["a/b", true], // a level deeper than any consumer looks
	["pi-1/data", true],
	["/", true],
	["/pi-1", true],
	["%u", true],
	["%c", true],
	["$SYS", true],
	["..", true],
	["é", true],
	["π-1", true],
	["ｐi-1", true], // a letter that looks alike
	["x".repeat(65), true],
];

/** Those that a password file of Mosquitto cannot even hold. */
const IMPOSSIBLE = ["", "#", " ", "pi-1 ", "pi-1\n", "a:b"];

const NAMES = [...HOSTILE.map(([name]) => name), ...IMPOSSIBLE];

interface Context {
	shipped: Shipped;
	witness: Witness;
}

const test = suite<Context>("a hostile device name");

test.before(async (context) => {
	const forced = HOSTILE.map(([name]) => name);
	context.shipped = await startShipped({ users: ["pi-1", "reconciler", "witness"], forced, acl: WITNESS_ACL });
	context.witness = await startWitness(context.shipped);
});

test.after(async ({ shipped, witness }) => {
	await witness.stop();
	await shipped.stop();
});

test("is refused by the configuration", () => {
	for (const name of [...NAMES, "\0", "\u{1f600}"]) {
		const result = loadConfig(JSON.stringify({ device: name, sources: [] }), "tallywire.yaml", testEnvironment());
		const error = result.ok ? undefined : result.errors.find(({ path }) => path === "device");
		assert.match(error?.message ?? "taken", /allowed: 1 to 64 of the characters A-Z a-z 0-9 _ -/, JSON.stringify(name));
	}
});

test("is refused by the script that makes the users, before anything is made", async () => {
	const folder = join(makeTempDir("credentials"), "new");
	for (const name of [...NAMES, "pi-1\nother:x", "$(id)"]) {
		const { code, stderr } = await runProcess(join(exampleDir, "credentials"), [folder, "localhost", "pi-1", name]);
		assert.is(code, 2, JSON.stringify(name));
		assert.match(stderr, /is no device's name/);
	}
	assert.not(existsSync(folder));
});

for (const [name, writesOwn] of HOSTILE) {
	test(`${JSON.stringify(name.slice(0, 10))} reaches no other device on the broker`, async ({ shipped, witness }) => {
		const from = witness.topics.length;
		const client = await shipped.connect(name);
		const came: string[] = [];
		client.on("message", (topic) => came.push(topic));
		for (const filter of ["#", "tallywire/+/status", "tallywire/+/doctor"]) await client.subscribeAsync(filter);
		const kinds = ["data", "status", "state", "doctor"];
		const victim = kinds.map((kind) => `tallywire/pi-1/${kind}`);
		const own = kinds.map((kind) => `tallywire/${name}/${kind}`);
		const others = ["tallywire//data", "tallywire/data", "tallywire/a/data", "tallywire/pi-1/data/more"];
		const publishable = own.filter((topic) => !/[+#]/.test(topic));
		for (const topic of [...victim, ...others, ...publishable]) client.publish(topic, "forged");
		await client.subscribeAsync("last"); // its answer comes when all before it was handled
		const device = await shipped.connect("pi-1");
		for (const topic of victim) device.publish(topic, "own");
		await witness.settle(device, "tallywire/pi-1/data");
		assert.equal(witness.topics.slice(from), [...(writesOwn ? publishable : []), ...victim]);
		await client.subscribeAsync("last");
		assert.equal([...new Set(came)], writesOwn ? own.filter((topic) => /(status|doctor)$/.test(topic)) : []);
		await Promise.all([client.endAsync(true), device.endAsync(true)]);
	});
}

test("is said in the broker's log where it holds a wildcard", ({ shipped }) => {
	const log = shipped.running.stderr() + shipped.running.stdout();
	assert.match(log, /ACL denying access to client with dangerous username "\+"/);
});

test("the access list has no pattern for a name of more than one level", () => {
	const acl = readFileSync(join(exampleDir, "acl"), "utf8");
	const patterns = acl.split("\n").filter((line) => line.startsWith("pattern "));
	assert.is(patterns.length, 4);
	for (const pattern of patterns) assert.match(pattern, /^pattern (write|readwrite) tallywire\/%u\/[a-z]+$/);
});

test.run();
