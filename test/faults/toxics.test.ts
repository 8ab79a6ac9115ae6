// Every trouble that the proxy can make, in each direction by itself, one device each and all side by side. Whatever the
// trouble, it is survived, and the books agree to the last reading with what arrived (CONTRACT G1, G2, G3, G6).
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Direction, Proxy as FaultProxy } from "../support/proxy.js";
import { scale } from "../support/scale.js";
import type { StatusArrival } from "../support/subscriber.js";
import { delay } from "../support/wait.js";
import { type Gateway, sim, startWorld, type World } from "../support/world.js";

interface Toxic {
	readonly what: string;
	begin(proxy: FaultProxy, direction: Direction): void;
	/** What it does to the connection: nothing, ends it, or leaves it dead without a word. */
	readonly effect: "none" | "end" | "silence";
}

const TOXICS: readonly Toxic[] = [
	{ what: "hole", effect: "silence", begin: (proxy, way) => proxy.blackhole(true, way) },
	// The broker's end alone is reset: the agent is told nothing. The other way round it is told, and the broker is not.
	{ what: "one-sided reset", effect: "silence", begin: (proxy, way) => proxy.cut(way) },
	{ what: "latency", effect: "none", begin: (proxy, way) => proxy.slow({ latencyMs: 200 }, way) },
	{ what: "jitter", effect: "none", begin: (proxy, way) => proxy.slow({ latencyMs: 20, jitterMs: 200 }, way) },
	{ what: "bandwidth", effect: "none", begin: (proxy, way) => proxy.slow({ bytesPerSecond: 12_000 }, way) },
	{ what: "slices", effect: "none", begin: (proxy, way) => proxy.slow({ sliceBytes: 50 }, way) },
	{ what: "stall", effect: "none", begin: (proxy, way) => proxy.stall(way) },
	{ what: "end", effect: "end", begin: (proxy, way) => proxy.closeFin(way) },
	{
		what: "slow end",
		effect: "end",
		begin: (proxy, way) => {
			proxy.slow({ closeMs: 500 }, way === "up" ? "down" : "up");
			proxy.closeFin(way);
		},
	},
	{ what: "limit", effect: "end", begin: (proxy, way) => proxy.cutAfterBytes(way === "up" ? 2_345 : 3, way) },
];
const DIRECTIONS: readonly Direction[] = ["up", "down"];

/** A stall lasts for less than a link takes to be given up (10 s). */
const STALL_MS_MAX = 5_000;

interface Survivor {
	readonly gateway: Gateway;
	readonly inFlightMost: number;
	readonly status: StatusArrival;
}

interface Context {
	world: World;
	survivors: Map<string, Promise<Survivor>>;
}

const test = suite<Context>("a line in trouble");

test.before(async (context) => {
	const world = await startWorld();
	context.world = world;
	context.survivors = new Map();
	// One after another, since starting is most of the work; those that take longest are first.
	for (const toxic of TOXICS) {
		for (const direction of DIRECTIONS) {
			const name = `${toxic.what.replaceAll(" ", "-")}-${direction}`;
			const config = { sources: [sim(2_000)], publish: { confirm: "500ms" } };
			const gateway = await world.start(name, config, { http: true });
			const survivor = survive(gateway, toxic, direction);
			survivor.catch(() => undefined); // said by the test that looks at it
			context.survivors.set(`${toxic.what} ${direction}`, survivor);
		}
	}
});

test.after(({ world }) => world.stop());

async function survive(gateway: Gateway, toxic: Toxic, direction: Direction): Promise<Survivor> {
	const { proxy, agent } = gateway;
	await gateway.delivers(200);
	toxic.begin(proxy, direction);
	let inFlightMost = 0;
	const lastsMs = toxic.what === "stall" ? Math.min(scale.toxicMs, STALL_MS_MAX) : scale.toxicMs;
	for (const endMs = performance.now() + lastsMs; performance.now() < endMs; await delay(50)) {
		inFlightMost = Math.max(inFlightMost, (await gateway.status()).in_flight);
	}
	const isAgentTold = toxic.effect !== "silence" || (toxic.what === "one-sided reset" && direction === "down");
	if (!isAgentTold) await agent.waitForOutput(/event=link_down .*the link is dead/, 20_000);
	proxy.slow(null);
	proxy.resume();
	proxy.blackhole(false);
	// One that was accepted into the silence would take its whole connect timeout to be given up.
	if (toxic.what === "hole") proxy.cut();
	await gateway.online(toxic.effect === "none" ? 1 : 2);
	await gateway.delivers(2_000);
	return { gateway, inFlightMost, status: await gateway.end() };
}

for (const { what, effect } of TOXICS) {
	test(`${what}, up and down`, async ({ survivors }) => {
		for (const direction of DIRECTIONS) {
			const survivor = await survivors.get(`${what} ${direction}`);
			if (survivor === undefined) throw new Error(`no ${what} ${direction}`);
			const { status, inFlightMost, gateway } = survivor;
			assert.ok(inFlightMost <= 1_024, `${direction}: in_flight ${inFlightMost}`);
			assert.is(status.mqtt["disconnects"], effect === "none" ? 0 : 1, direction);
			assert.is(status.stamped, status.confirmed + status.uncertain, `${direction}: nothing is dropped`);
			if (effect === "none") assert.is(gateway.received(), status.stamped, direction);
		}
	});
}

test.run();
