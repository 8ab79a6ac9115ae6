// Which back end serves a source, by what it asks for and what the machine has.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { BackendName, GpioBackend } from "../../src/sources/gpio/backend.js";
import {
	type Backends,
	type BackendWishes,
	chooseBackend,
	wishProblem,
} from "../../src/sources/gpio/choose-backend.js";

function machine(...has: BackendName[]): Backends {
	const backend = (name: BackendName): GpioBackend => ({
		name,
		missing: async () => (has.includes(name) ? null : `no ${name}`),
		chips: async () => ({ ok: true, chips: [] }),
		open: async () => ({ ok: false, message: "not here" }),
	});
	return { sysfs: backend("sysfs"), chardev: backend("chardev") };
}

async function chosen(wishes: BackendWishes, ...has: BackendName[]): Promise<string> {
	const result = await chooseBackend(wishes, machine(...has));
	return result.ok ? result.backend.name : result.message;
}

const TABLE: readonly [wishes: BackendWishes, both: string, sysfs: string, chardev: string, none: string][] = [
	[{}, "sysfs", "sysfs", "chardev", "no sysfs; or: no chardev"],
	[{ mode: "level", backend: "auto" }, "sysfs", "sysfs", "chardev", "no sysfs; or: no chardev"],
	[{ mode: "counter" }, "chardev", "sysfs", "chardev", "no chardev; or: no sysfs"],
	[{ bias: "pull-up" }, "chardev", "no chardev", "chardev", "no chardev"],
	[{ kernelDebounceMs: 5 }, "chardev", "no chardev", "chardev", "no chardev"],
	[{ backend: "sysfs", mode: "counter" }, "sysfs", "sysfs", "no sysfs", "no sysfs"],
	[{ backend: "chardev" }, "chardev", "no chardev", "chardev", "no chardev"],
];

for (const [wishes, both, sysfs, chardev, none] of TABLE) {
	test(`${JSON.stringify(wishes)}: ${both}, with sysfs alone ${sysfs}, with gpiomon alone ${chardev}`, async () => {
		assert.is(await chosen(wishes, "sysfs", "chardev"), both);
		assert.is(await chosen(wishes, "sysfs"), sysfs);
		assert.is(await chosen(wishes, "chardev"), chardev);
		assert.is(await chosen(wishes), none);
	});
}

test("what sysfs can do on no machine is refused before anything is opened", () => {
	assert.is(wishProblem({ backend: "sysfs" }), null);
	assert.is(wishProblem({ backend: "chardev", bias: "pull-up", kernelDebounceMs: 5 }), null);
	assert.is(
		wishProblem({ backend: "sysfs", bias: "pull-up", kernelDebounceMs: 5 }),
		"bias: sysfs cannot set it; backend: chardev can (or leave backend out)\n" +
			"kernel_debounce: sysfs has none; use debounce, which the agent does itself, or backend: chardev can (or leave backend out)",
	);
});

test.run();
