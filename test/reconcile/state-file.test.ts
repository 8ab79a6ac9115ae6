// The reconciler's file in a folder where others may write: what they put there is neither followed nor written to.
import { existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadState, saveState } from "../../src/reconcile/state-file.js";
import { makeTempDir } from "../support/temp-dir.js";

test("links at its place are replaced, and what they lead to stays as it is", () => {
	const folder = makeTempDir("state");
	const [file, precious] = [join(folder, "state"), join(folder, "precious")];
	writeFileSync(precious, "precious");
	symlinkSync(precious, file);
	symlinkSync(precious, `${file}.new`);
	saveState(file, { v: 1 });
	assert.is(readFileSync(precious, "utf8"), "precious");
	assert.ok(lstatSync(file).isFile());
	assert.equal(loadState(file), { kind: "state", state: { v: 1 } });
	assert.not(existsSync(`${file}.new`));
});

test("nobody else can read it", () => {
	const file = join(makeTempDir("state"), "state");
	const before = process.umask(0);
	saveState(file, {});
	process.umask(before);
	assert.is(statSync(file).mode & 0o777, 0o600);
});

test("a device in its place is no state, and is not read", () => {
	assert.equal(loadState("/dev/zero"), { kind: "unreadable", why: "it is no regular file" });
});

test.run();
