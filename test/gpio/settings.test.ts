// The settings of a gpio source that choose and ask its back end: taken, refused, and said where.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sourceProblems } from "../../src/commands/source-problems.js";
import { loadConfig } from "../../src/config/load.js";
import { createSourceHost } from "../../src/sources/host.js";
import { decodeStatus } from "../../src/wire/decode-status.js";
import { toStatus } from "../../src/wire/status.js";
import { testEnvironment } from "../config/environment.js";
import { sampleReport } from "../serve/sample-report.js";

function load(rest: string) {
	const text = `board: rpi-4b\nsources:\n  - { name: door, type: gpio, pin: GPIO17, ${rest} }\n`;
	return loadConfig(text, "test.yaml", testEnvironment());
}

async function problems(rest: string): Promise<string[]> {
	const loaded = load(rest);
	const { errors } = loaded.ok ? await sourceProblems(loaded) : loaded;
	return errors.map(({ path, message }) => `${path}: ${message}`);
}

test("bias, backend and kernel_debounce are taken, and stand under their names", async () => {
	const loaded = load("bias: pull-up, backend: chardev, kernel_debounce: 5ms");
	assert.ok(loaded.ok);
	const { bias, backend, kernelDebounceMs } = { ...(loaded.config.sources[0] as object) } as Record<string, unknown>;
	assert.equal([bias, backend, kernelDebounceMs], ["pull-up", "chardev", 5]);
	assert.equal((await sourceProblems(loaded)).errors, []);
});

test("what is no bias, back end or debounce is refused with what is allowed", async () => {
	assert.match((await problems("bias: up")).join(), /^sources\[0\]\.bias: .*pull-up, pull-down, or disabled/);
	assert.match((await problems("backend: onoff")).join(), /^sources\[0\]\.backend: .*auto, sysfs, or chardev/);
	assert.match((await problems("kernel_debounce: 0ms")).join(), /^sources\[0\]\.kernel_debounce: .*1ms/);
});

test("what sysfs cannot do is refused where it stands", async () => {
	assert.equal(await problems("backend: sysfs, bias: pull-up, kernel_debounce: 5ms"), [
		"sources[0].bias: sysfs cannot set it; backend: chardev can (or leave backend out)",
		"sources[0].kernel_debounce: sysfs has none; use debounce, which the agent does itself, or backend: chardev can (or leave backend out)",
	]);
});

test("two sources on one pin are refused before anything is opened, whatever their back ends", async () => {
	const text = `board: rpi-4b
sources:
  - { name: door, type: gpio, pin: GPIO17, backend: sysfs }
  - { name: meter, type: gpio, pin: pin 11, backend: chardev }
`;
	const loaded = loadConfig(text, "test.yaml", testEnvironment());
	assert.ok(loaded.ok);
	const [problem] = (await sourceProblems(loaded)).errors;
	assert.is(problem?.message, 'GPIO17 is used by two sources: "door" and "meter"');
});

test("the status says through which back end a source works, and a consumer of today reads it", () => {
	const { host, report } = createSourceHost({
		settings: { name: "door", type: "gpio" },
		now: () => 0,
		registerStream: () => 0,
		offer() {},
	});
	const statusOf = () => toStatus(sampleReport({ sources: [report()] }));
	assert.not("backend" in (statusOf().sources[0] ?? {}));
	host.up("chardev");
	host.down("unplugged");
	assert.is(statusOf().sources[0]?.backend, "chardev", "also while it does not work");
	assert.ok(decodeStatus(Buffer.from(JSON.stringify(statusOf()))).ok);
});

test.run();
