// Files of passwords, certificates and keys: bounded, regular, and none that makes anybody wait.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { credentialProblem, PASSWORD_BYTES_MAX, readCredential } from "../../src/config/credential-file.js";
import { runProcess } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";

const folder = makeTempDir("credential");
const at = (name: string): string => join(folder, name);
const SECRET = "hunter2";

test("a regular file is read whole, behind a link too, up to its bound", async () => {
	writeFileSync(at("password"), SECRET);
	symlinkSync("password", at("link")); // as Kubernetes mounts its secrets
	for (const name of ["password", "link"]) {
		const read = await readCredential(at(name), PASSWORD_BYTES_MAX);
		assert.ok(read.ok);
		assert.is(read.bytes.toString(), SECRET);
		assert.is(credentialProblem(at(name)), null);
	}
	for (const [bytes, isTaken] of [
		[0, true],
		[100_000, true],
		[100_001, false],
	] as const) {
		writeFileSync(at("long"), Buffer.alloc(bytes, "x"));
		const read = await readCredential(at("long"), 100_000);
		assert.is(read.ok, isTaken, `${bytes} bytes`);
		if (!read.ok) assert.match(read.problem, /^it is larger than 100000 bytes; name the right file$/);
	}
});

test("what is no regular file is refused at once, with what it is and what to do", async () => {
	mkdirSync(at("folder"));
	await runProcess("mkfifo", [at("pipe")]); // nobody will ever write to it
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
	const refusals: readonly (readonly [file: string, problem: RegExp])[] = [
		["/dev/zero", /^it is a device; it has to be a regular file, .*: write it to one, with mode 600$/],
		[at("pipe"), /^it is a pipe; it has to be a regular file/],
		[at("folder"), /^it is a folder \(EISDIR\); name the file in it$/],
		[at("none"), /^there is no such file \(ENOENT\); write it, or name another$/],
	];
	for (const [file, problem] of refusals) {
		const read = await readCredential(file, PASSWORD_BYTES_MAX);
		assert.ok(!read.ok, file);
		assert.match(read.problem, problem);
		assert.is(credentialProblem(file), read.problem, file);
	}
	assert.match(credentialProblem(at("socket")) ?? "", /^it is a socket; /);
	assert.is((await readCredential(at("socket"), PASSWORD_BYTES_MAX)).ok, false);
	server.close();
});

test("a file that says it is empty and never ends is read up to its bound", async () => {
	// A file of the kernel's, of size 0, with more than that in it.
	const read = await readCredential("/proc/kallsyms", 1_000);
	assert.ok(!read.ok);
	assert.match(read.problem, /larger than 1000 bytes|ENOENT|EACCES/);
});

test.run();
