// A reader that stalls costs no memory: the buffer is full, the window is closed, and nothing else grows (CONTRACT G4, G6).
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { delay, until } from "../support/wait.js";
import { type Gateway, sim, startWorld, type World } from "../support/world.js";

/** Longer than a dead link takes to be given up (10 s), so that attempts that go unanswered are part of it. */
const STALL_MS = 20_000;

/** Generous, for a heap that has not settled; what a queue would cost in this time is some 40 MB. */
const GROWTH_BYTES_MAX = 8 * 1_048_576;

const test = suite<{ world: World }>("memory");

test.before(async (context) => {
	context.world = await startWorld();
});

test.after(({ world }) => world.stop());

function residentBytes(pid: number): number {
	return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) * 1_024;
}

async function frameBytes(gateway: Gateway): Promise<number> {
	const text = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
	return Number(/^tallywire_frame_bytes_total (\d+)$/m.exec(text)?.[1]);
}

test("a reader that stalls under 20,000 readings/s for 20 s costs at most 8 MB", async ({ world }) => {
	const config = { sources: [sim(20_000)], buffer: { capacity: 4_096 } };
	const gateway = await world.start("stalled", config, { http: true });
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
	for (const endMs = performance.now() + STALL_MS; performance.now() < endMs; await delay(250)) {
		most = Math.max(most, residentBytes(gateway.agent.pid));
	}
	const growth = most - before;
	console.log(`resident ${mega(before)} MB, ${mega(growth)} MB more while stalled`);
	assert.ok(growth <= GROWTH_BYTES_MAX, `${mega(growth)} MB`);
	const handedOver = (await frameBytes(gateway)) - bytesBefore;
	assert.ok(handedOver <= 2 * 65_536, `${handedOver} bytes handed to a socket that nobody reads`);
	gateway.proxy.resume();
	await gateway.online(2);
	await gateway.delivers(4_096);
	const status = await gateway.end();
	assert.ok((status.dropped["overflow"] ?? 0) > 200_000);
	assert.ok(status.uncertain <= 1_024);
});

const mega = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

test.run();
