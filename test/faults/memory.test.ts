// A reader that stalls costs no memory: the buffer is full, the window is closed, and nothing else grows (CONTRACT G4, G6).
// The same under a limit of the kernel's, which ends whoever goes beyond it.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryLimit } from "../support/memory-limit.js";
import { scale } from "../support/scale.js";
import { delay, until } from "../support/wait.js";
import { type Gateway, type GatewayOptions, sim, startWorld, type World } from "../support/world.js";

const SECONDS = scale.stallMs / 1_000;

/** Generous, for a heap that has not settled; what a queue would cost in 20 s is some 40 MB. */
const GROWTH_BYTES_MAX = 8 * 1_048_576;

/** All of the process, its part of the page cache included. */
const LIMIT_BYTES = 64 * 1_048_576;

interface Context {
	world: World;
	/** Goes on while the first one does. */
	limited: Promise<void>;
}

const test = suite<Context>("memory");
const limit = createMemoryLimit(LIMIT_BYTES);

test.before(async (context) => {
	context.world = await startWorld();
	if (typeof limit === "string") return;
	context.limited = stallsForLong(context.world, "limited", { through: limit.through });
	context.limited.catch(() => undefined);
});

test.after(async ({ world }) => {
	await world.stop();
	if (typeof limit !== "string") limit.remove();
});

function residentBytes(pid: number): number {
	return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) * 1_024;
}

async function frameBytes(gateway: Gateway): Promise<number> {
	const text = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
	return Number(/^tallywire_frame_bytes_total (\d+)$/m.exec(text)?.[1]);
}

/** Stalls the reader of a device that sends as much as it can, and judges it by its memory and its books. */
async function stallsForLong(world: World, name: string, options: GatewayOptions = {}): Promise<void> {
	const config = { sources: [sim(20_000)], buffer: { capacity: 4_096 } };
	const gateway = await world.start(name, config, { http: true, ...options });
	const overflowed = async (readings: number): Promise<void> => {
		const target = ((await gateway.status()).dropped["overflow"] ?? 0) + readings;
		await until("an overflow", async () => ((await gateway.status()).dropped["overflow"] ?? 0) > target);
	};
	// Warm: every path has run, the buffer has been full.
	await gateway.delivers(40_000);
	gateway.proxy.stall("up");
	await overflowed(10_000);
	gateway.proxy.resume();
	await gateway.delivers(20_000);
	const bytesBefore = await frameBytes(gateway);
	const before = residentBytes(gateway.agent.pid);
	let most = before;
	gateway.proxy.stall("up");
	for (const endMs = performance.now() + scale.stallMs; performance.now() < endMs; await delay(250)) {
		most = Math.max(most, residentBytes(gateway.agent.pid));
	}
	const growth = most - before;
	console.log(`${name}: resident ${mega(before)} MB, ${mega(growth)} MB more while stalled`);
	assert.ok(growth <= GROWTH_BYTES_MAX, `${mega(growth)} MB`);
	const handedOver = (await frameBytes(gateway)) - bytesBefore;
	assert.ok(handedOver <= 2 * 65_536, `${handedOver} bytes handed to a socket that nobody reads`);
	gateway.proxy.resume();
	gateway.proxy.cut();
	await gateway.online(2);
	await gateway.delivers(4_096);
	const status = await gateway.end();
	assert.ok((status.dropped["overflow"] ?? 0) > SECONDS * 10_000);
	assert.ok(status.uncertain <= 2 * 1_024);
}

test(`a reader that stalls under 20,000 readings/s for ${SECONDS} s costs at most 8 MB`, async ({ world }) => {
	await stallsForLong(world, "stalled");
});

if (typeof limit === "string") console.log(`not tried here: a limit of ${mega(LIMIT_BYTES)} MB by cgroup: ${limit}`);
else {
	test(`with a limit of ${mega(LIMIT_BYTES)} MB by cgroup, the stalled program is not killed`, async ({ limited }) => {
		await limited;
		const peak = limit.peakBytes();
		console.log(`limited: at most ${peak === null ? "?" : mega(peak)} MB charged`);
		assert.is(limit.kills(), 0);
	});
}

function mega(bytes: number): string {
	return (bytes / 1_048_576).toFixed(1);
}

test.run();
