// The shipped bridge between two real brokers: all at QoS 0, nothing late, nothing twice, nothing back; and a reconciler
// behind it knows of every reading, also of those that the bridge lost.
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { freePort } from "../support/free-port.js";
import { startAgent } from "../support/process.js";
import { type Proxy as FaultProxy, startProxy } from "../support/proxy.js";
import { until } from "../support/wait.js";
import { endLine, sim } from "../support/world.js";
import { lostOf, startReported } from "./reported.js";
import { type Shipped, shippedFile, startShipped, startWitness, WITNESS_ACL, type Witness } from "./shipped.js";

interface Context {
	remote: Shipped;
	proxy: FaultProxy;
	local: Shipped;
	atRemote: Witness;
}

const test = suite<Context>("the shipped bridge");

test.before(async (context) => {
	context.remote = await startRemote();
	context.proxy = await startProxy({ host: "127.0.0.1", port: context.remote.tlsPort });
	context.atRemote = await startWitness(context.remote);
	context.local = await startShipped({
		users: ["pi-1", "pi-2", "reconciler"],
		settings: bridgeTo(context.remote, context.proxy.port),
	});
	await bridged(context);
});

test.after(async ({ remote, proxy, local, atRemote }) => {
	await atRemote.stop();
	await local.stop();
	await proxy.stop();
	await remote.stop();
});

function startRemote(settings = ""): Promise<Shipped> {
	return startShipped({
		users: ["site-a", "reconciler", "witness"],
		acl: [shippedFile("bridge-acl", "unused"), ...WITNESS_ACL],
		settings: () => settings,
	});
}

/** The shipped bridge.conf, with what its first lines say has to be changed. */
function bridgeTo(remote: Shipped, port = remote.tlsPort): (folder: string) => string {
	return (folder) => {
		copyFileSync(join(remote.folder, "ca.pem"), join(folder, "remote-ca.pem"));
		return shippedFile("bridge.conf", folder)
			.replace("broker.example:8883", `localhost:${port}`)
			.replace("CHANGE-ME", remote.passwordOf("site-a"));
	};
}

/** Resolves when what is published at the local broker came through the bridge. */
async function bridged({ local, atRemote }: Pick<Context, "local" | "atRemote">): Promise<void> {
	const client = await local.connect("pi-1");
	await until(
		() => `the bridge:\n${local.running.stderr()}`,
		() => {
			client.publish("tallywire/pi-1/state", "?");
			return atRemote.topics.includes("site-a/pi-1/state");
		},
		30_000,
	);
	await client.endAsync();
}

test("hands on every frame as it is, at QoS 0, with its content type and the time it has left", async (context) => {
	const { local, remote, atRemote } = context;
	const reconciler = await startReported([...remote.consumerArgs("reconciler"), "--prefix", "site-a"]);
	const from = atRemote.packets.length;
	const agent = startAgent({
		device: "pi-1",
		mqtt: local.agentSettings("pi-1"),
		status: { interval: "500ms" },
		buffer: { ttl: "5m" },
		sources: [sim(100)],
	});
	await reconciler.verdict("pi-1", ({ tally }) => tally.received > 300);
	assert.is((await agent.stop()).code, 0);
	const { stamped } = endLine({ agent });
	const verdict = await reconciler.verdict("pi-1", ({ tally }) => tally.received === stamped);
	assert.equal([verdict.tally.stamped, lostOf(verdict), verdict.tally.pending], [stamped, 0, 0]);
	const packets = atRemote.packets.slice(from).filter(({ topic }) => topic === "site-a/pi-1/data");
	assert.ok(packets.length > 3);
	for (const { qos, retain, properties } of packets) {
		assert.equal([qos, retain, properties?.contentType], [0, false, "application/cbor"]);
		const expiryS = properties?.messageExpiryInterval ?? 0;
		assert.ok(expiryS > 290 && expiryS <= 300, String(expiryS));
	}
	await reconciler.running.stop();
});

test("loses what was on its way when its link broke, hands nothing on late, and the reconciler knows how much", async (context) => {
	const { local, remote, proxy } = context;
	const reconciler = await startReported([...remote.consumerArgs("reconciler"), "--prefix", "site-a"]);
	const agent = startAgent({
		device: "pi-2",
		mqtt: local.agentSettings("pi-2"),
		status: { interval: "500ms" },
		sources: [sim(200)],
	});
	const { tally: before } = await reconciler.verdict("pi-2", ({ tally }) => tally.received > 300);
	await proxy.refuse(true);
	proxy.cut();
	// The agent goes on: for it, the broker beside it took everything.
	const here = await startReported(local.consumerArgs("reconciler"));
	await here.verdict("pi-2", ({ tally }) => tally.received > 300);
	await proxy.refuse(false);
	await reconciler.verdict("pi-2", ({ tally }) => tally.received > before.received + 300);
	assert.is((await agent.stop()).code, 0);
	const { stamped, confirmed } = endLine({ agent });
	assert.is(confirmed, stamped);
	// A loss is called one half a minute later: until then it is pending.
	const missing = ({ tally }: typeof verdict): number => tally.pending + (tally.lost["downstream"] ?? 0);
	const verdict = await reconciler.verdict("pi-2", ({ tally }) => tally.stamped === stamped);
	assert.is(verdict.tally.received + missing(verdict), stamped, JSON.stringify(verdict));
	assert.ok(missing(verdict) >= 300, JSON.stringify(verdict));
	assert.is(lostOf(verdict), verdict.tally.lost["downstream"]);
	assert.equal([verdict.odd["duplicates"], verdict.odd["reordered"], verdict.odd["discrepancies"]], [0, 0, 0]);
	await Promise.all([reconciler.running.stop(), here.running.stop()]);
});

test("cannot loop, even where the remote broker bridges everything back and may write everything here", async () => {
	const plainPort = await freePort();
	const back = `connection back\naddress 127.0.0.1:${plainPort}\nremote_username back\nremote_password secret\nnotifications false\ntopic # out 0\n`;
	const remote = await startRemote(back);
	const local = await startShipped({
		users: ["pi-1", "witness"],
		forced: ["back"],
		acl: [...WITNESS_ACL, "user back", "topic write #"],
		plainPort,
		settings: bridgeTo(remote),
	});
	const [here, there] = [await startWitness(local), await startWitness(remote)];
	await bridged({ local, atRemote: there });
	await bridged({ local, atRemote: here });

	const device = await local.connect("pi-1");
	const count = ({ topics }: Witness, topic: string): number => topics.filter((each) => each === topic).length;
	for (let sent = 0; sent < 50; sent += 1) device.publish("tallywire/pi-1/data", "reading");
	await until("what comes back", () => count(here, "site-a/pi-1/data") >= 50);
	// What went around would be in front of this one.
	device.publish("tallywire/pi-1/data", "last");
	await until("the last one", () => here.packets.filter(({ payload }) => payload.toString() === "last").length >= 2);
	assert.equal([count(here, "tallywire/pi-1/data"), count(here, "site-a/pi-1/data")], [51, 51]);
	assert.is(count(there, "site-a/pi-1/data"), 51);
	assert.equal([...new Set(there.topics.map((topic) => topic.split("/")[0]))], ["site-a"]);
	await Promise.all([device.endAsync(true), here.stop(), there.stop()]);
	await Promise.all([local.stop(), remote.stop()]);
});

test.run();
