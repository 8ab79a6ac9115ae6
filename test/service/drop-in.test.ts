// What the service is allowed: the devices that a configuration names and no others, also for ports that are not there yet.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runTallywire } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";

async function dropInFor(sources: readonly object[], args: readonly string[] = []): Promise<string> {
	const file = join(makeTempDir("drop-in"), "config.yaml");
	const config = { device: "d", board: "generic-linux", buffer: { capacity: 65_536 }, sources };
	writeFileSync(file, JSON.stringify(config));
	const { code, stdout, stderr } = await runTallywire(["check", "-c", file, "--devices", ...args]);
	assert.is(code, 0, stderr);
	assert.is(stdout.split("\n")[0], `# What the service needs for ${file}: made by tallywire check --devices.`);
	return stdout;
}

async function rulesFor(...sources: readonly object[]): Promise<readonly string[]> {
	const lines = (await dropInFor(sources)).split("\n");
	return lines.filter((line) => line.startsWith("DeviceAllow=")).map((line) => line.slice("DeviceAllow=".length));
}

const serial = (path: string) => ({ name: "s", type: "serial", path });
const USB = ["char-188 rw", "char-166 rw"];

test("begins by taking back what was allowed before", async () => {
	assert.equal(await rulesFor(), [""]);
});

test("sources that read files of the kernel need no device", async () => {
	assert.equal(await rulesFor({ name: "a", type: "system" }, { name: "b", type: "thermal" }), [""]);
});

test("a port of the board is allowed by its path, one on USB by its driver, since its number changes", async () => {
	assert.equal(await rulesFor(serial("/dev/ttyAMA0")), ["", "/dev/ttyAMA0 rw"]);
	assert.equal(await rulesFor(serial("/dev/ttyUSB7")), ["", "char-188 rw"]);
	assert.equal(await rulesFor(serial("/dev/ttyACM7")), ["", "char-166 rw"]);
	const modbus = { name: "m", type: "modbus", slaves: [{ id: 1, registers: { a: { at: 0 } } }] };
	assert.equal(await rulesFor({ ...modbus, path: "/dev/ttyAMA0" }), ["", "/dev/ttyAMA0 rw"]);
});

test("a port that is not there now may be of either driver", async () => {
	assert.equal(await rulesFor(serial("/dev/serial/by-id/usb-FTDI_nobody-if00-port0")), ["", ...USB]);
	const usb = { vendor: "dead", product: "beef" };
	assert.equal(await rulesFor({ name: "s", type: "serial", usb }), ["", ...USB]);
});

test("a link is followed to the device that it means now", async () => {
	const folder = makeTempDir("ports");
	mkdirSync(join(folder, "real"));
	writeFileSync(join(folder, "real/ttyUSB3"), "");
	symlinkSync("real/ttyUSB3", join(folder, "sensor"));
	assert.equal(await rulesFor(serial(join(folder, "sensor"))), ["", "char-188 rw"]);
});

test("a path that a unit would read as something else gets nothing into it", async () => {
	for (const path of ["/dev/a\nExecStartPre=+sh", "/dev/a rw", "/dev/%i", '/dev/"']) {
		const text = await dropInFor([serial(path)]);
		assert.not.match(text, /ExecStartPre|%|"/);
		assert.equal(await rulesFor(serial(path)), [""]);
	}
});

test("the memory is the configuration's own bound, beside the program and what it starts", async () => {
	const memory = async (...sources: readonly object[]): Promise<number> =>
		Number(/^MemoryMax=(\d+)$/m.exec(await dropInFor(sources))?.[1]);
	const least = await memory();
	const file = join(makeTempDir("drop-in"), "config.yaml");
	writeFileSync(
		file,
		JSON.stringify({ device: "d", board: "generic-linux", buffer: { capacity: 65_536 }, sources: [] }),
	);
	const { stdout } = await runTallywire(["check", "-c", file, "--json"]);
	assert.is(least, JSON.parse(stdout).memory.bytes + 96 * 1_048_576);
	const program = { name: "e", type: "exec", command: ["true"] };
	assert.ok((await memory(program)) >= least + 64 * 1_048_576);
});

test("stands alone", async () => {
	const { code, stderr } = await runTallywire(["check", "--devices", "--json"]);
	assert.is(code, 2);
	assert.match(stderr, /^--devices prints a drop-in for systemd, which is no JSON\n/);
});

test.run();
