// Who may do what on a broker that is set up as scripts/mosquitto says: nobody without a user, a device its own tree only,
// a consumer nothing but reading. Everything is tried by a client that nothing stops.
import { connect as connectSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import mqtt, { type MqttClient } from "mqtt";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { until } from "../support/wait.js";
import { closed, type Shipped, startShipped, startWitness, WITNESS_ACL, type Witness } from "./shipped.js";

interface Context {
	shipped: Shipped;
	witness: Witness;
}

const test = suite<Context>("the shipped broker");

test.before(async (context) => {
	context.shipped = await startShipped({
		users: ["pi-1", "pi-2", "reconciler", "witness"],
		acl: WITNESS_ACL,
	});
	context.witness = await startWitness(context.shipped);
});

test.after(async ({ shipped, witness }) => {
	await witness.stop();
	await shipped.stop();
});

/** Publishes something on each, and says which of them were handed on. `marker`: a topic that the client may write. */
async function passed(
	{ witness }: Context,
	client: MqttClient,
	topics: readonly string[],
	marker: string,
): Promise<readonly string[]> {
	const from = witness.topics.length;
	for (const topic of topics) client.publish(topic, "forged", { retain: topic.endsWith("state") });
	await witness.settle(client, marker);
	return witness.topics.slice(from);
}

/** Subscribes to everything there is, in every way; the topics of what comes go into the list that it returns. */
async function listen(client: MqttClient): Promise<readonly string[]> {
	const topics: string[] = [];
	client.on("message", (topic) => topics.push(topic));
	for (const filter of ["#", "+/+/+", "tallywire/#", "$SYS/#", "$CONTROL/#", "$share/group/#"]) {
		await client.subscribeAsync(filter).catch(() => undefined); // Mosquitto 2.0 grants it, and hands on what is permitted
	}
	return topics;
}

const KINDS = ["data", "status", "state", "doctor"] as const;

function treeOf(device: string): readonly string[] {
	return KINDS.map((kind) => `tallywire/${device}/${kind}`);
}

test("nobody gets in without a user, with a wrong password, or with an empty name", async ({ shipped }) => {
	for (const version of [4, 5] as const) {
		for (const login of [{}, { username: "pi-1", password: "wrong" }, { username: "" }, { username: "nobody" }]) {
			const attempt = mqtt.connectAsync(
				`mqtt://127.0.0.1:${shipped.plainPort}`,
				{ protocolVersion: version, reconnectPeriod: 0, ...login },
				false,
			);
			const refused = await attempt.then(
				(client) => client.endAsync(true).then(() => "let in"),
				(error: Error) => error.message,
			);
			assert.match(refused, /Not authorized|Bad [Uu]ser/i, `${version} ${JSON.stringify(login)}`);
		}
	}
});

test("a device writes its own tree and nobody else's", async (context) => {
	const client = await context.shipped.connect("pi-1");
	const own = treeOf("pi-1");
	const others = [
		...treeOf("pi-2"),
		...["tallywire/pi-1", "tallywire/pi-1/other", "tallywire/pi-1/data/more", "tallywire//data", "tallywire/data"],
		...["pi-1/data", "site-a/pi-1/data", "other/pi-1/data", "$SYS/broker/version", "$CONTROL/dynamic-security/v1"],
	];
	assert.equal(await passed(context, client, [...own, ...others], "tallywire/pi-1/data"), own);
	await client.endAsync(true);
});

test("a device reads its own status and the doctor's message, and nothing else", async ({ shipped, witness }) => {
	const other = await shipped.connect("pi-2");
	for (const topic of treeOf("pi-2")) other.publish(topic, "kept", { retain: true });
	await witness.settle(other, "tallywire/pi-2/data");
	const client = await shipped.connect("pi-1");
	const came = await listen(client);
	for (const topic of treeOf("pi-2")) other.publish(topic, "new");
	await witness.settle(other, "tallywire/pi-2/data");
	for (const topic of treeOf("pi-1")) client.publish(topic, "own");
	await until("the last of its own", () => came.includes("tallywire/pi-1/doctor"));
	assert.equal([...new Set(came)].sort(), ["tallywire/pi-1/doctor", "tallywire/pi-1/status"]);
	await Promise.all([client.endAsync(true), other.endAsync(true)]);
});

test("a device's Will speaks for itself only", async (context) => {
	const will = (topic: string) => ({ will: { topic, payload: Buffer.from("offline"), qos: 0 as const, retain: true } });
	const { shipped, witness } = context;
	const from = witness.topics.length;
	const own = await shipped.connect("pi-1", will("tallywire/pi-1/state"));
	own.stream.destroy();
	await closed(own);
	const forged = await shipped.connect("pi-1", will("tallywire/pi-2/state")).catch((error: Error) => error);
	if (!(forged instanceof Error)) {
		forged.stream.destroy();
		await closed(forged);
	}
	const other = await shipped.connect("pi-2");
	await witness.settle(other, "tallywire/pi-2/data");
	assert.equal(witness.topics.slice(from), ["tallywire/pi-1/state"]);
	await other.endAsync(true);
});

test("a device cannot throw another out by taking its client id", async ({ shipped, witness }) => {
	const victim = await shipped.connect("pi-2", { clientId: "tallywire-pi-2" });
	let closed = false;
	victim.on("close", () => {
		closed = true;
	});
	const attacker = await shipped.connect("pi-1", { clientId: "tallywire-pi-2" });
	await witness.settle(attacker, "tallywire/pi-1/data");
	await witness.settle(victim, "tallywire/pi-2/data");
	assert.not(closed);
	await Promise.all([victim.endAsync(true), attacker.endAsync(true)]);
});

test("the reconciler's user reads every device and writes nothing", async (context) => {
	const { shipped, witness } = context;
	const client = await shipped.connect("reconciler");
	const came = await listen(client);
	const from = witness.topics.length;
	for (const topic of [...treeOf("pi-1"), ...treeOf("reconciler")]) client.publish(topic, "forged");
	await client.subscribeAsync("tallywire/+/data"); // its answer comes when all before it was handled
	const device = await shipped.connect("pi-1");
	await witness.settle(device, "tallywire/pi-1/data");
	assert.equal(witness.topics.slice(from), []);
	for (const kind of ["doctor", "other", "state", "data", "status"]) device.publish(`tallywire/pi-1/${kind}`, "own");
	await until("the last of them", () => came.includes("tallywire/pi-1/status"));
	const kinds = new Set(came.map((topic) => topic.replace(/^tallywire\/pi-[12]\//, "")));
	assert.equal([...kinds].sort(), ["data", "state", "status"]);
	await Promise.all([client.endAsync(true), device.endAsync(true)]);
});

test("takes QoS 0 only, and keeps nothing for a subscriber that is away", async ({ shipped, witness }) => {
	const away = { clean: false, clientId: "any", properties: { sessionExpiryInterval: 600 } };
	const subscriber = await shipped.connect("reconciler", away);
	const [grant] = await subscriber.subscribeAsync("tallywire/+/data", { qos: 1 });
	assert.is(grant?.qos, 0);
	await subscriber.endAsync();
	const device = await shipped.connect("pi-1");
	device.publish("tallywire/pi-1/data", "while it is away");
	await witness.settle(device, "tallywire/pi-1/data");
	const came: string[] = [];
	const again = await shipped.connect("reconciler", away, (_, payload) => came.push(payload.toString()));
	device.publish("tallywire/pi-1/data", "while it is here");
	await until("what is published while it is here", () => came.includes("while it is here"));
	assert.equal(came, ["while it is here"]);
	await again.endAsync(true);

	device.publish("tallywire/pi-1/data", "twice, perhaps", { qos: 1 }, () => undefined);
	await closed(device); // MQTT 5.0, 3.2.2.3.4: Maximum QoS
});

test("a packet larger than any of ours closes the connection that sent it, and no other", async ({
	shipped,
	witness,
}) => {
	const other = await shipped.connect("pi-2");
	const largest = await shipped.connect("pi-1");
	largest.publish("tallywire/pi-1/data", Buffer.alloc(65_536));
	await witness.settle(largest, "tallywire/pi-1/data");
	largest.publish("tallywire/pi-1/data", Buffer.alloc(70_001));
	await closed(largest);
	await witness.settle(other, "tallywire/pi-2/data");
	await other.endAsync(true);
});

test("speaks in plain on loopback only, and over TLS 1.2 or later", async ({ shipped }) => {
	const plain = connectSocket(shipped.tlsPort, "127.0.0.1");
	plain.on("error", () => undefined);
	plain.write(Buffer.from("101000044d5154540502003c00000000", "hex"));
	await until("the end of a CONNECT that is no handshake", () => plain.closed);
	const old = await handshake(shipped.tlsPort, "TLSv1.1");

	assert.match(old, /alert|protocol|ECONNRESET/);
	assert.is(await handshake(shipped.tlsPort, "TLSv1.2"), "TLSv1.2");
	assert.is(await handshake(shipped.tlsPort, "TLSv1.3"), "TLSv1.3");
});

/** The version that a client of only this one gets, or why none. */
function handshake(port: number, version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3"): Promise<string> {
	return new Promise((resolve) => {
		const weak = version === "TLSv1.1" ? { ciphers: "DEFAULT@SECLEVEL=0" } : {};
		const bounds = { minVersion: version, maxVersion: version, rejectUnauthorized: false, ...weak };
		const socket = connectTls({ port, host: "127.0.0.1", ...bounds }, () => {
			resolve(socket.getProtocol() ?? "none");
			socket.destroy();
		});
		socket.on("error", (error) => resolve(error.message));
	});
}

test.run();
