import { spawnSync } from "node:child_process";
import { existsSync, linkSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Books } from "../../src/core/snapshot.js";
import { openBlackBox } from "../../src/run/black-box.js";
import { makeTempDir } from "../support/temp-dir.js";

const books: Books = {
	stamped: 2 ** 40,
	buffered: 3,
	sent: 50,
	confirmed: 40,
	inFlight: 4,
	uncertain: 6,
	dropped: { overflow: 1, expired: 2, oversize: 3, shutdown: 4 },
	balanced: false,
};
const failed: string[] = [];
const open = (folder: string, run: string) => openBlackBox(folder, "pi", run, (why) => failed.push(why));

/** Writes a record as another process that is gone by now: one of this process counts as alive. */
function dieAs(folder: string, run: string): void {
	const module = new URL("../../src/run/black-box.js", import.meta.url).href;
	const script = `const { openBlackBox } = await import(${JSON.stringify(module)});
		const box = openBlackBox(${JSON.stringify(folder)}, "pi", ${JSON.stringify(run)}, console.error);
		box.record(${JSON.stringify(books)});
		process.kill(process.pid, "SIGKILL");`;
	assert.is(spawnSync(process.execPath, ["--input-type=module", "-e", script]).signal, "SIGKILL");
}

test("a run that was killed is found by the next one, to the reading", () => {
	const folder = makeTempDir();
	dieAs(folder, "AAAAAAAAAAA");
	const { stamped, sent, confirmed, uncertain, dropped } = books;
	assert.equal(open(folder, "BBBBBBBBBBB").previous, {
		run: "AAAAAAAAAAA",
		stamped,
		sent,
		confirmed,
		uncertain,
		dropped,
	});
});

test("a run that ended cleanly, or is still alive, is no previous run", () => {
	const folder = makeTempDir();
	const box = open(folder, "AAAAAAAAAAA");
	box.record(books);
	assert.is(open(folder, "BBBBBBBBBBB").previous, null, "it is alive");
	box.close();
	assert.is(existsSync(join(folder, "tallywire-pi.run")), false);
	box.record(books); // late, and harmless
	assert.is(open(folder, "CCCCCCCCCCC").previous, null);
});

test("a record of another boot says nothing", () => {
	const folder = makeTempDir();
	dieAs(folder, "AAAAAAAAAAA");
	const file = join(folder, "tallywire-pi.run");
	const record = readFileSync(file);
	record.write("00000000-0000-0000-0000-000000000000", 23, "latin1");
	writeFileSync(file, record);
	assert.is(open(folder, "BBBBBBBBBBB").previous, null);
});

test("rubbish, a link, a folder that is not there: no black box, one line, and on it goes", () => {
	const folder = makeTempDir();
	writeFileSync(join(folder, "tallywire-pi.run"), "x".repeat(1_000));
	assert.is(open(folder, "AAAAAAAAAAA").previous, null);
	assert.equal(failed, []);
	const linked = makeTempDir();
	const target = join(linked, "precious");
	writeFileSync(target, "precious");
	symlinkSync(target, join(linked, "tallywire-pi.run"));
	const box = open(linked, "AAAAAAAAAAA");
	box.record(books);
	box.close();
	assert.is(readFileSync(target, "utf8"), "precious");
	open(join(folder, "nowhere"), "AAAAAAAAAAA").record(books);
	assert.is(failed.length, 2);
});

test("a hard link to another file of ours is not written to", () => {
	const folder = makeTempDir();
	const target = join(folder, "precious");
	writeFileSync(target, "precious");
	linkSync(target, join(folder, "tallywire-pi.run"));
	open(folder, "AAAAAAAAAAA").record(books);
	assert.is(readFileSync(target, "utf8"), "precious");
	assert.match(failed.at(-1) ?? "", /somebody else, or is linked$/);
});

test("nobody else can read it", () => {
	const folder = makeTempDir();
	const before = process.umask(0);
	open(folder, "AAAAAAAAAAA").record(books);
	process.umask(before);
	assert.is(statSync(join(folder, "tallywire-pi.run")).mode & 0o777, 0o600);
});

test.run();
