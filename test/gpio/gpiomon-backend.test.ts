// The character-device back end over programs of the test's own, in the manner of both generations of libgpiod.
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { resolveOn } from "../../src/boards/gpio-lines.js";
import { type Board, boardIds, loadBoard } from "../../src/boards/load.js";
import type { LineRequest, OpenLine } from "../../src/sources/gpio/backend.js";
import { findGpiodTools, runTool } from "../../src/sources/gpio/gpiod-tools.js";
import { createGpiomonBackend } from "../../src/sources/gpio/gpiomon-backend.js";
import { marked } from "../exec/processes.js";
import { until } from "../support/wait.js";
import { type FakeGpiod, makeFakeGpiod } from "./fake-gpiod.js";

const REQUEST: LineRequest = {
	line: {
		ok: true,
		number: 17,
		node: "gpiochip0",
		label: "pinctrl-bcm2835",
		offset: 17,
		lineName: "GPIO17",
		caution: null,
	},
	edge: "both",
	bias: null,
	kernelDebounceMs: 0,
};

/** now() is a second ahead of the kernel's clock, which stands at 60 s unless a test sets it. */
function createWorld(fake: FakeGpiod) {
	const world = { kernelMs: 60_000, edges: [] as [boolean, number][], lost: 0, failures: [] as string[] };
	const backend = createGpiomonBackend({
		...fake,
		now: () => world.kernelMs + 1_000,
		kernelNow: () => world.kernelMs,
	});
	return {
		...{ world, backend, fake },
		async open(request: Partial<LineRequest> = {}): Promise<OpenLine | string> {
			const result = await backend.open(
				{ ...REQUEST, ...request },
				{
					edge: (isHigh, atMs) => void world.edges.push([isHigh, atMs]),
					lost(edges) {
						world.lost += edges;
					},
					failed: (message) => void world.failures.push(message),
				},
			);
			return result.ok ? result.line : result.message;
		},
	};
}

async function openLine(opened: Promise<OpenLine | string>): Promise<OpenLine> {
	const line = await opened;
	if (typeof line === "string") throw new Error(line);
	return line;
}

for (const version of ["1.6.3", "2.2.1"] as const) {
	const text = (event: "rise" | "fall", seconds: number, nanoseconds: number) =>
		version === "1.6.3"
			? `${event === "rise" ? 1 : 0} ${seconds} ${nanoseconds}\n`
			: `${event === "rise" ? 1 : 2} ${seconds}.${String(nanoseconds).padStart(9, "0")}\n`;

	test(`libgpiod ${version}: the level of gpioget, then each edge at the kernel's time, never in the future`, async () => {
		const { world, open, fake } = createWorld(makeFakeGpiod(version));
		fake.level("1");
		const line = await openLine(open({ bias: "pull-up" }));
		assert.is(line.isHigh(), true);
		fake.print(text("fall", 59, 5_000_000) + text("rise", 59, 900_000_000));
		await until("two edges", () => world.edges.length === 2);
		assert.equal(world.edges, [
			[false, 60_005],
			[true, 60_900],
		]);
		fake.print(`noise\n${text("fall", 1_790_000_000, 0)}`);
		await until("an edge with a wall clock's time", () => world.edges.length === 3);
		assert.equal(world.edges[2], [false, 61_000]);
		assert.is(line.isHigh(), false);
		await line.close();
		assert.is(fake.calls().filter((call) => call.includes("pull-up")).length, 2);
		assert.equal(world.failures, []);
	});

	test(`libgpiod ${version}: a line that is held is refused with its holder`, async () => {
		const { open, fake } = createWorld(makeFakeGpiod(version));
		fake.level("gpioget: unable to request lines: Device or resource busy");
		assert.match(String(await open()), /^GPIO17 is held by "relay"\. Who: gpioinfo/);
		fake.level("gpioget: unable to open chip '/dev/gpiochip0': Permission denied");
		assert.match(String(await open()), /^GPIO17: no permission for GPIO .*usermod -aG gpio/);
		fake.level("gpioget: error reading GPIO values: Invalid argument");
		assert.match(String(await open()), /^GPIO17: the kernel refuses to watch line 17 of gpiochip0/);
	});
}

test("a gpiomon that dies is told with its last words; one that is closed says nothing, and none is left behind", async () => {
	const { world, open, fake } = createWorld(makeFakeGpiod("2.2.1"));
	const line = await openLine(open());
	fake.end("gpiomon: error reading line events: No such device");
	await until("the failure", () => world.failures.length === 1);
	assert.match(
		world.failures[0] ?? "",
		/^GPIO17: .*gpiomon ended with status 1: gpiomon: error reading.*No such device$/,
	);
	await line.close();
	const second = await openLine(open());
	await second.close();
	fake.print("1 59.000000000\n");
	assert.is(world.failures.length, 1);
	assert.equal(marked(dirname(fake.sysRoot)), []);
});

test("kernel_debounce: asked of libgpiod 2, refused by 1", async () => {
	const two = createWorld(makeFakeGpiod("2.2.1"));
	await (await openLine(two.open({ kernelDebounceMs: 5 }))).close();
	assert.match(two.fake.calls().join("\n"), /--debounce-period 5000us 17/);
	const one = createWorld(makeFakeGpiod("1.6.3"));
	assert.match(String(await one.open({ kernelDebounceMs: 5 })), /kernel_debounce needs libgpiod 2, this is 1\.6\.3/);
});

test("edges that the kernel had and nobody got are told at the second look, once", async () => {
	const interrupts = (count: number) =>
		`           CPU0\n 64:  ${count}  pinctrl-bcm2835  17 Edge  tallywire:gpiochip0:17\n`;
	const { world, open, fake } = createWorld(makeFakeGpiod("2.2.1"));
	fake.interrupts(interrupts(100));
	const line = await openLine(open());
	fake.print("1 59.000000000\n2 59.500000000\n");
	await until("two edges", () => world.edges.length === 2);
	fake.interrupts(interrupts(105));
	for (const kernelMs of [65_000, 70_000, 75_000]) {
		world.kernelMs = kernelMs;
		line.probe();
	}
	assert.is(world.lost, 3);
	await line.close();
});

test("a chip that was taken away, or is another one by the same name, fails the line at the next look", async () => {
	const { world, open, fake } = createWorld(makeFakeGpiod("2.2.1"));
	const line = await openLine(open());
	line.probe();
	assert.equal(world.failures, []);
	fake.unplug();
	line.probe();
	line.probe();
	assert.equal(world.failures, ["GPIO17 is gone: its chip was removed"]);
	await line.close();
});

test("a setpriv that this process may not use stands before no gpiomon", async () => {
	const fake = makeFakeGpiod("2.2.1");
	const first = fake.path.split(":")[0] ?? "";
	const tether = async (): Promise<readonly string[] | undefined> => {
		const tools = await findGpiodTools(fake.path);
		return typeof tools === "string" ? undefined : tools.tether;
	};
	assert.equal(await tether(), ["setpriv", "--pdeathsig", "KILL"]);
	const refused =
		'case "$1" in --help) echo --pdeathsig; exit;; esac\necho "setpriv: activate capabilities" >&2; exit 127';
	writeFileSync(join(first, "setpriv"), `#!/bin/sh\n${refused}\n`, { mode: 0o755 });
	assert.equal(await tether(), []);
});

test("what is missing is said with what mends it", async () => {
	const fake = makeFakeGpiod("2.2.1");
	assert.is(await createWorld(fake).backend.missing(), null);
	const without = createWorld({ ...fake, path: join(fake.sysRoot, "nothing") });
	assert.match(String(await without.backend.missing()), /gpiomon is not installed\. Mend it: sudo apt install gpiod/);
	assert.match(String(await without.open()), /sudo apt install gpiod/);
	rmSync(join(fake.sysRoot, "bus"), { recursive: true });
	assert.match(String(await createWorld(fake).backend.missing()), /no GPIO chip by its device file/);
});

test("every header pin of every Pi is its chip's offset, whatever sysfs' base is, or without sysfs at all", async () => {
	for (const id of boardIds().filter((name) => name.startsWith("rpi-"))) {
		const loaded = loadBoard(id);
		assert.ok(loaded.ok);
		const board: Board = loaded.board;
		const label = board.chips[0]?.label ?? "";
		const count = label === "pinctrl-bcm2711" ? 58 : 54;
		const chip = { label, count, base: 0, device: null, names: [], node: "gpiochip4" };
		for (const [pin, wired] of board.pins) {
			const gpio = /^GPIO(\d+)$/.exec(wired)?.[1];
			if (gpio === undefined || Number(gpio) < 2) continue;
			const line = resolveOn(board, `pin ${pin}`, [{ ...chip, label: "other", node: "gpiochip0" }, chip]);
			assert.ok(line.ok && line.node === "gpiochip4" && line.offset === Number(gpio), `${id} pin ${pin}`);
		}
	}
	const chips = await createWorld(makeFakeGpiod("1.6.3")).backend.chips();
	assert.equal(chips, {
		ok: true,
		chips: [{ node: "gpiochip0", label: "pinctrl-bcm2835", count: 54, base: 0, device: "3f200000.gpio", names: [] }],
	});
});

test("an answer that nobody read in time, for the process was busy, is none: not an empty one", async () => {
	const answer = runTool(["gpiodetect"], makeFakeGpiod("2.2.1").path);
	const startedMs = performance.now();
	while (performance.now() < startedMs + 2_000); // it has long ended
	assert.equal(await answer, { ok: false, isMissing: false, message: "gpiodetect gave no answer in 1500 ms" });
});

test.run();
