// The script that makes users and certificates: what it makes, who may read it, and that it takes nothing away.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runOrThrow, runProcess } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { exampleDir } from "./shipped.js";

const script = join(exampleDir, "credentials");

/** Files below a folder with what each holds. */
function contents(folder: string): ReadonlyMap<string, string> {
	const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
	return new Map(
		entries.map(({ parentPath, name }) => {
			const path = join(parentPath, name);
			return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
		}),
	);
}

test("makes an authority, a certificate, and for each user a password of its own", async () => {
	const folder = join(makeTempDir("credentials"), "new");
	await runOrThrow(script, [folder, "broker.local", "pi-1", "reconciler"]);
	const files = contents(folder);
	const ofUsers = ["pi-1", "reconciler"].flatMap((user) => [`for/${user}/ca.pem`, `for/${user}/password`]);
	const own = ["acl", "ca.key", "ca.pem", "passwords", "server.key", "server.pem"];
	assert.equal([...files.keys()].sort(), [...own, ...ofUsers].sort());
	const secrets = ["pi-1", "reconciler"].map((user) => files.get(`for/${user}/password`) ?? "");
	for (const secret of secrets) assert.match(secret, /^[0-9a-f]{48}\n$/);
	assert.is(new Set(secrets).size, 2);
	assert.match(files.get("passwords") ?? "", /^pi-1:\$7\$\S+\nreconciler:\$7\$\S+\n$/);
	assert.is(files.get("acl"), readFileSync(join(exampleDir, "acl"), "utf8"));
	const [ca, server] = [join(folder, "ca.pem"), join(folder, "server.pem")];
	await runOrThrow("openssl", ["verify", "-CAfile", ca, "-verify_hostname", "broker.local", server]);
	const tenYears = String(9.9 * 365 * 86_400);
	await runOrThrow("openssl", ["x509", "-in", server, "-noout", "-checkend", tenYears]);
	for (const name of files.keys()) assert.is(statSync(join(folder, name)).mode & 0o077, 0, name);
});

test("takes an address, and keeps what is there when it is run again", async () => {
	const folder = join(makeTempDir("credentials"), "new");
	await runOrThrow(script, [folder, "192.0.2.7", "pi-1"]);
	const [ca, server] = [join(folder, "ca.pem"), join(folder, "server.pem")];
	await runOrThrow("openssl", ["verify", "-CAfile", ca, "-verify_ip", "192.0.2.7", server]);
	const before = contents(folder);
	await runOrThrow(script, [folder, "192.0.2.7", "pi-1", "pi-2"]);
	const after = contents(folder);
	for (const [name, text] of before) assert.ok(after.get(name)?.startsWith(text), name);
	assert.equal(after.get("passwords")?.match(/^[^:]+/gm), ["pi-1", "pi-2"]);
});

test("wrong use says what is right, and exits 2", async () => {
	for (const args of [[], ["folder"], ["folder", "host"], ["folder", "a host", "pi-1"], ["folder", "$(id)", "pi-1"]]) {
		const { code, stderr } = await runProcess(script, args, { cwd: makeTempDir("credentials") });
		assert.is(code, 2, args.join(" "));
		assert.match(stderr, /usage: credentials FOLDER HOST USER|is neither a host's name nor an address/);
	}
});

test.run();
