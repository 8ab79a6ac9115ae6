// The sysfs back end over a tree of files: what it refuses before onoff sees the line. The rest needs a kernel.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createOnoffBackend, type OnoffPackage } from "../../src/sources/gpio/onoff-backend.js";
import { makeTree } from "../boards/sysfs-tree.js";

const line = {
	ok: true,
	number: 529,
	node: null,
	label: "pinctrl-bcm2835",
	offset: 17,
	lineName: "GPIO17",
	caution: null,
} as const;
const never: OnoffPackage = {
	Gpio: class {
		constructor() {
			throw new Error("onoff must not be asked");
		}
	} as unknown as OnoffPackage["Gpio"],
};

async function refusal(files: Readonly<Record<string, string>>, load = async () => never) {
	const sysRoot = makeTree(files);
	const result = await createOnoffBackend({ sysRoot, now: () => 0, load }).open(
		{ line, edge: "both", bias: null, kernelDebounceMs: 0 },
		{ edge() {}, lost() {}, failed() {} },
	);
	return { sysRoot, message: result.ok ? "opened" : result.message };
}

test("without the package: what to install, and why it did not load", async () => {
	const { message } = await refusal({}, async () => {
		throw new Error("Cannot find module 'onoff'\nRequire stack: ...");
	});
	assert.match(
		message,
		/^the optional package onoff is not installed or was not built\. Mend it: sudo apt install python3 make g\+\+/,
	);
	assert.match(message, /Cannot find module 'onoff'$/);
});

test("a kernel without /sys/class/gpio/export is told so", async () => {
	const { message } = await refusal({ "class/other": "" });
	assert.match(message, /^GPIO17: this kernel has no \/sys\/class\/gpio\/export/);
});

test("an export that makes no gpio529 is taken back, and said", async () => {
	const { message, sysRoot } = await refusal({ "class/gpio/export": "", "class/gpio/unexport": "" });
	assert.match(message, /exported line 529 under another name than gpio529/);
	assert.is(readFileSync(join(sysRoot, "class/gpio/unexport"), "utf8"), "529");
});

test("an output of another program is left as it is", async () => {
	const files = { direction: "out\n", value: "1\n", edge: "none\n", active_low: "0\n" };
	const tree = Object.fromEntries(Object.entries(files).map(([name, text]) => [`class/gpio/gpio529/${name}`, text]));
	const { message, sysRoot } = await refusal({ ...tree, "class/gpio/unexport": "" });
	assert.match(message, /^GPIO17 is exported as an output by another program, so it is left alone/);
	assert.is(readFileSync(join(sysRoot, "class/gpio/gpio529/direction"), "utf8"), "out\n");
	assert.is(readFileSync(join(sysRoot, "class/gpio/unexport"), "utf8"), "", "what we did not export stays");
});

test("a line whose files are missing is said with the file", async () => {
	const { message } = await refusal({ "class/gpio/gpio529/value": "0" });
	assert.match(message, /^GPIO17: the kernel's files of the line are missing \(ENOENT.*direction/);
});

test.run();
