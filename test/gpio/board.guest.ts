// The gpio source through sysfs on a real kernel's lines, inside the virtual board (npm run test:board -- gpio/board).
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { listChips } from "../../src/boards/gpio-lines.js";
import { createOnoffBackend } from "../../src/sources/gpio/onoff-backend.js";
import { becomeNobody, becomeRoot } from "../board/other-user.js";
import { SLOWNESS } from "../board/slowness.js";
import { lineTests } from "./line-tests.js";
import { type BoardTest, numberOf, opened, pulses, record, runOnBoard, SYS, until } from "./virtual-board.js";

const exported = (pin: string): boolean => existsSync(`/sys/class/gpio/gpio${numberOf(pin)}`);
const tests: BoardTest[] = [];
const test = (name: string, run: () => Promise<void>): void => void tests.push({ name, run });

test("the line's number is the chip's base and the offset, and the base is not 0", async () => {
	const chip = listChips(SYS)?.find(({ label }) => label.startsWith("pinctrl-"));
	assert.ok(chip !== undefined && chip.base > 0);
	assert.equal(numberOf("pin 11"), chip.base + 17);
	assert.equal(numberOf(`${chip.label}:22`), chip.base + 22);
});

test("the line is exported while it is open, and no longer", async () => {
	const door = record({ backend: "sysfs", pin: "GPIO17" });
	await opened(door);
	assert.ok(exported("GPIO17"));
	await door.source.stop();
	assert.ok(!exported("GPIO17"));
});

test("a number that is in no chip is refused by the kernel (EINVAL), and said so", async () => {
	const backend = createOnoffBackend({ sysRoot: SYS, now: () => performance.now() });
	const line = {
		ok: true,
		number: 17,
		node: null,
		label: "none",
		offset: 17,
		lineName: "GPIO17",
		caution: null,
	} as const;
	const request = { line, edge: "both", bias: null, kernelDebounceMs: 0 } as const;
	const result = await backend.open(request, { edge() {}, lost() {}, failed() {} });
	assert.ok(!result.ok && /the kernel has no line 17/.test(result.message), JSON.stringify(result));
});

test("an export of another program is used and left; its output is left alone", async () => {
	const number = numberOf("GPIO22");
	const line = `/sys/class/gpio/gpio${number}`;
	writeFileSync("/sys/class/gpio/export", String(number));
	const door = record({ backend: "sysfs", pin: "GPIO22" });
	await opened(door);
	assert.equal(readFileSync(`${line}/edge`, "utf8").trim(), "both");
	await door.source.stop();
	assert.ok(exported("GPIO22"), "still exported");
	writeFileSync(`${line}/edge`, "none");
	writeFileSync(`${line}/direction`, "out");
	const second = record({ backend: "sysfs", pin: "GPIO22" });
	second.source.start();
	await until(() => second.events.length > 0);
	assert.match(second.events[0] ?? "", /exported as an output by another program/);
	assert.equal(readFileSync(`${line}/direction`, "utf8").trim(), "out");
	await second.source.stop();
	writeFileSync("/sys/class/gpio/unexport", String(number));
});

test("a user who may not export is told the group, without holding up the process (EACCES)", async () => {
	const door = record({ backend: "sysfs", pin: "GPIO17" });
	if (!becomeNobody("a user who may not export")) return;
	const startedMs = performance.now();
	door.source.start();
	await until(() => door.events.length > 0);
	becomeRoot();
	assert.match(door.events[0] ?? "", /^down GPIO17: no permission for GPIO\. Mend it: sudo usermod -aG gpio/);
	assert.ok(performance.now() - startedMs < 1_000 * SLOWNESS);
	await until(() => door.events.at(-1) === "up");
	assert.equal(door.events.at(-1), "up", "and it comes back once it may");
	await door.source.stop();
});

test("a line that is unexported under the source is a failure, and comes back by itself", async () => {
	const door = record({ backend: "sysfs", pin: "GPIO17" });
	await opened(door);
	writeFileSync("/sys/class/gpio/unexport", String(numberOf("GPIO17")));
	await until(() => door.events.length >= 3);
	assert.match(door.events.join("; "), /^up; down GPIO17 is gone.*; up$/);
	await pulses(17, 1);
	assert.deepEqual(door.values().slice(-2), [true, false]);
	await door.source.stop();
});

await runOnBoard("sysfs", [...tests, ...lineTests("sysfs")]);
