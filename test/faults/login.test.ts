// Brokers that want to know who is there, and hand on only what they permit: passwords, access lists, certificates. A wrong
// one is a state with a reason, never an exit; it is mended without a restart, and a password is shown nowhere.
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Certificates, type KeyPair, makeCertificates } from "../support/certs.js";
import { createFakeClock } from "../support/fake-clock.js";
import { freePort } from "../support/free-port.js";
import { runProcess, startAgent } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";
import { type Gateway, sim, startWorld, type World } from "../support/world.js";

const SECRET = "correct-horse-battery";
const GATEWAY = { username: "gateway", password: SECRET };
const WATCHER = { username: "watcher", password: "watching" };

interface Context {
	world: World;
	/** With an access list; `mute` may publish no status and no data in it, and `permitted` may. */
	listed: World;
	mute: Gateway;
	permitted: Gateway;
	certificates: Certificates;
}

const ACCESS = [
	...["user watcher", "topic read tallywire/#", "topic readwrite probe/#"],
	...["user gateway", "topic readwrite tallywire/permitted/#", "topic read tallywire/mute/#"],
];

const test = suite<Context>("an authority");

test.before(async (context) => {
	[context.world, context.listed, context.certificates] = await Promise.all([
		startWorld({ users: [GATEWAY, WATCHER], login: WATCHER }),
		startWorld({ users: [GATEWAY, WATCHER], login: WATCHER, acl: ACCESS }),
		makeCertificates(),
	]);
	const mqtt = { username: "gateway", password: `\${TALLYWIRE_TEST_PASSWORD}` };
	const options = { mqtt, env: { TALLYWIRE_TEST_PASSWORD: SECRET }, http: true };
	// Started here and looked at last: a check that fails takes 10 s to be sure.
	[context.mute, context.permitted] = await Promise.all([
		context.listed.start("mute", { sources: [sim(200)] }, options),
		context.listed.start("permitted", { sources: [sim(200)] }, options),
	]);
});

test.after(async ({ world, listed }) => {
	await Promise.all([world.stop(), listed.stop()]);
});

/** Everything the agent shows to the outside, in one text. */
async function shownBy(gateway: Gateway): Promise<string> {
	const paths = ["/metrics", "/status", "/healthz", "/"];
	const pages = paths.map(async (path) => (await fetch(`${gateway.httpUrl}${path}`)).text());
	return [gateway.agent.stderr(), gateway.agent.stdout(), ...(await Promise.all(pages))].join("\n");
}

test("a wrong password is counted and said, and the right one is taken from the file without a restart", async ({
	world,
}) => {
	const file = join(makeTempDir("secret"), "password");
	writeFileSync(file, "wrong-one\n");
	const mqtt = { username: "gateway", password_file: file };
	const gateway = await world.start("password", { sources: [sim(500)] }, { mqtt, http: true });
	await gateway.agent.waitForOutput(/event=link_down .*not authori[sz]ed/i);
	await until("three refusals", async () => Number((await gateway.status()).mqtt["auth_failures"]) >= 3);
	const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
	assert.match(metrics, /^tallywire_mqtt_auth_failures_total [3-9]/m);
	assert.is((await fetch(`${gateway.httpUrl}/healthz`)).status, 503);
	assert.not.match(await shownBy(gateway), /wrong-one/);
	writeFileSync(file, `${SECRET}\n`);
	await gateway.online(1);
	await gateway.delivers(100);
	assert.not.match(await shownBy(gateway), new RegExp(SECRET));
	const status = await gateway.end();
	assert.ok(Number(status.mqtt["auth_failures"]) >= 3);
	assert.is(status.confirmed, status.stamped, "what was captured before the login was accepted has waited for it");
	assert.not.match(JSON.stringify(gateway.account.statuses), new RegExp(SECRET));
});

test("a password file that cannot be read is said by name, and does not end the program", async ({ world }) => {
	const file = join(makeTempDir("secret"), "password");
	await runProcess("mkfifo", [file]); // to open it would take as long as nobody writes
	const mqtt = { username: "gateway", password_file: file };
	const gateway = await world.start("unreadable", { sources: [sim(500)] }, { mqtt, http: true });
	await gateway.agent.waitForOutput(/event=link_down .*mqtt\.password_file: cannot read .*: it is a pipe/);
	rmSync(file);
	symlinkSync("/dev/zero", file);
	await gateway.agent.waitForOutput(/event=link_down .*mqtt\.password_file: cannot read .*: it is a device/);
	rmSync(file);
	mkdirSync(file); // not even root reads a folder as a file
	await gateway.agent.waitForOutput(/event=link_down .*mqtt\.password_file: cannot read .*EISDIR/);
	assert.match(await (await fetch(`${gateway.httpUrl}/healthz`)).text(), /password_file/);
	rmSync(file, { recursive: true });
	await gateway.agent.waitForOutput(/mqtt\.password_file: cannot read .*ENOENT/);
	writeFileSync(file, SECRET);
	await gateway.online(1);
	const status = await gateway.end();
	assert.is(status.mqtt["auth_failures"], 0);
	assert.is(status.confirmed, status.stamped);
});

test("a password from the environment is used and shown nowhere", async ({ world }) => {
	const mqtt = { username: "gateway", password: `\${TALLYWIRE_TEST_PASSWORD}` };
	const env = { TALLYWIRE_TEST_PASSWORD: SECRET };
	const gateway = await world.start("environment", { sources: [sim(500)] }, { mqtt, env, http: true });
	await gateway.online(1);
	assert.not.match(await shownBy(gateway), new RegExp(SECRET));
	await gateway.end();
});

test("the loopback check knows nothing where it may not subscribe", async () => {
	const { Aedes } = await import("aedes");
	const aedes = await Aedes.createBroker({
		authorizeSubscribe: (_client, _subscription, answer) => answer(null, null),
	});
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		aedes.handle(socket);
	});
	const port = await freePort();
	await new Promise<void>((resolve) => {
		server.listen(port, "127.0.0.1", resolve);
	});
	const published: string[] = [];
	aedes.on("publish", ({ topic, payload }) => {
		if (topic === "tallywire/blind/status") published.push(String(payload));
	});
	const agent = startAgent({
		device: "blind",
		mqtt: { url: `mqtt://127.0.0.1:${port}`, version: 4 },
		status: { interval: "200ms" },
		sources: [sim(500)],
	});
	try {
		await until("statuses", () => published.length > 5, 10_000);
		assert.is(JSON.parse(published.at(-1) ?? "").mqtt.loopback, null);
		assert.is((await agent.stop()).code, 0);
		assert.not.match(agent.stderr(), /loopback/);
	} finally {
		await agent.kill();
		for (const socket of sockets) socket.destroy();
		server.close();
		await new Promise<void>((resolve) => {
			aedes.close(resolve);
		});
	}
});

/** A broker with a TLS listener whose certificate can be changed while it is down. */
async function startTlsWorld(certificates: Certificates, first: KeyPair, requireClient = false) {
	const folder = makeTempDir("server");
	const server = { certFile: join(folder, "server.pem"), keyFile: join(folder, "server.key") };
	const present = (pair: KeyPair): void => {
		copyFileSync(pair.certFile, server.certFile);
		copyFileSync(pair.keyFile, server.keyFile);
	};
	present(first);
	const world = await startWorld({ tls: { server, caFile: certificates.caFile, requireClient } });
	return { world, present };
}

const WRONG_CERTIFICATES = [
	["expired", "that has expired", /certificate has expired/],
	["wrongHost", "for another host name", /certificate is for another host name/],
	["stranger", "from another authority", /certificate is not from an authority we know: set mqtt\.ca_file/],
] as const;

/** The first byte of a TLS record that carries a handshake (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 0x16;

/** Whatever the broker showed, no connection has ever begun with anything but TLS. */
function assertNeverPlain({ proxy }: Gateway): void {
	const greetings = proxy.greetings();
	assert.ok(greetings.length > 0 && greetings.every((byte) => byte === TLS_HANDSHAKE), String(greetings));
}

for (const [pair, what, reason] of WRONG_CERTIFICATES) {
	test(`a certificate ${what} is refused with its reason, and the right one taken later`, async ({ certificates }) => {
		const { world, present } = await startTlsWorld(certificates, certificates[pair]);
		try {
			const listener = { scheme: "mqtts", port: world.broker.tlsPort } as const;
			const mqtt = { ca_file: certificates.caFile };
			const gateway = await world.start(pair, { sources: [sim(500)] }, { listener, mqtt, http: true });
			await gateway.agent.waitForOutput(new RegExp(`event=link_down .*${reason.source}`));
			assert.match(await (await fetch(`${gateway.httpUrl}/healthz`)).text(), reason);
			const status = await gateway.status();
			assert.equal([status.mqtt["connects"], status.sent], [0, 0]);
			present(certificates.server);
			// Nobody gets in before the subscriber is back, or it would miss what it is to count.
			await gateway.proxy.refuse(true);
			await world.broker.restart();
			await world.subscriber.active();
			await gateway.proxy.refuse(false);
			await gateway.online(1);
			await gateway.delivers(100);
			const last = await gateway.end();
			assert.is(last.stamped, last.confirmed + last.uncertain);
			assertNeverPlain(gateway);
		} finally {
			await world.stop();
		}
	});
}

test("a certificate that is not yet valid in 1970 is taken when the clock is set, and what has waited gets its time", async ({
	certificates,
}) => {
	const { world } = await startTlsWorld(certificates, certificates.server);
	try {
		const clock = createFakeClock();
		clock.set(86_400_000);
		const listener = { scheme: "mqtts", port: world.broker.tlsPort } as const;
		const options = { listener, mqtt: { ca_file: certificates.caFile }, env: clock.env, http: true };
		const gateway = await world.start("young", { sources: [sim(500)] }, options);
		await gateway.agent.waitForOutput(/event=link_down .*not yet valid: is this machine's clock right\?/);
		assert.match(await (await fetch(`${gateway.httpUrl}/healthz`)).text(), /clock/);
		const before = await gateway.status();
		assert.equal([before.mqtt["connects"], before.sent, before["clock"]], [0, 0, false]);
		assert.ok(Number(before["time"]) < 2 * 86_400_000, `it is 1970: ${before["time"]}`);
		const startMs = Date.now() - 30_000;
		clock.set(null);
		await gateway.online(1);
		await gateway.delivers(before.stamped + 100);
		const last = await gateway.end();
		assert.is(last.confirmed, last.stamped);
		const times = gateway.account.runs.get(last.run)?.frames.map(({ time }) => time) ?? [];
		assert.ok(
			times.every((time) => time > startMs && time < Date.now() + 1_000),
			`readings of 1970: ${times}`,
		);
		assertNeverPlain(gateway);
	} finally {
		await world.stop();
	}
});

test("a broker that speaks in plain where TLS is expected gets nothing", async ({ world }) => {
	const listener = { scheme: "mqtts", port: world.broker.port } as const;
	const gateway = await world.start("plain", { sources: [sim(500)], shutdown_timeout: "0s" }, { listener, http: true });
	await until("three attempts", () => gateway.proxy.connections() >= 3, 15_000);
	const status = await gateway.status();
	assert.equal([status.mqtt["connects"], status.sent], [0, 0]);
	assert.is((await gateway.agent.stop()).code, 0);
	assert.is(gateway.account.states.length, 0);
	assertNeverPlain(gateway);
});

test("TLS: with the broker's authority readings arrive, without it nothing is sent", async ({ certificates }) => {
	const { world } = await startTlsWorld(certificates, certificates.server);
	try {
		const url = world.broker.tlsUrl;
		const [known, unknown] = await Promise.all([
			world.start("known", { sources: [sim(5_000)] }, { mqtt: { url, ca_file: certificates.caFile } }),
			world.start("unknown", { sources: [sim(500)], shutdown_timeout: "0s" }, { mqtt: { url }, http: true }),
		]);
		await known.delivers(5_000);
		const status = await known.end();
		assert.is(status.confirmed, status.stamped);
		await unknown.agent.waitForOutput(/event=link_down .*not from an authority we know: set mqtt\.ca_file/);
		const { sent, mqtt } = await unknown.status();
		assert.equal([sent, mqtt["connects"]], [0, 0]);
		assert.is((await unknown.agent.stop()).code, 0);
		assert.is(unknown.account.states.length, 0);
	} finally {
		await world.stop();
	}
});

test("mutual TLS: a client certificate of the broker's authority is let in, a stranger's and none are not", async ({
	certificates,
}) => {
	const { world } = await startTlsWorld(certificates, certificates.server, true);
	try {
		const mqtt = { url: world.broker.tlsUrl, ca_file: certificates.caFile };
		const pair = ({ certFile, keyFile }: KeyPair) => ({ ...mqtt, cert_file: certFile, key_file: keyFile });
		const outside = { sources: [sim(500)], shutdown_timeout: "0s" };
		const [member, stranger, nobody] = await Promise.all([
			world.start("member", { sources: [sim(5_000)] }, { mqtt: pair(certificates.client) }),
			world.start("stranger", outside, { mqtt: pair(certificates.strangerClient), http: true }),
			world.start("nobody", outside, { mqtt, http: true }),
		]);
		await member.delivers(2_000);
		await member.end();
		for (const refused of [stranger, nobody]) {
			await refused.agent.waitForOutput(/event=link_down .*the broker refuses our certificate: see mqtt\.cert_file/);
			const status = await refused.status();
			assert.is(status.sent, 0, refused.name);
			assert.ok(Number(status.mqtt["auth_failures"]) >= 1, refused.name);
			assert.is((await refused.agent.stop()).code, 0, refused.name);
			assert.is(refused.account.states.length, 0, refused.name);
		}
	} finally {
		await world.stop();
	}
});

test("a websocket over TLS carries readings too", async ({ certificates }) => {
	const port = await freePort();
	const { certFile, keyFile } = certificates.server;
	const world = await startWorld({
		settings: [
			`listener ${port} 127.0.0.1`,
			"socket_domain ipv4",
			"protocol websockets",
			`certfile ${certFile}`,
			`keyfile ${keyFile}`,
		],
	});
	try {
		const mqtt = { url: `wss://localhost:${port}`, ca_file: certificates.caFile };
		const gateway = await world.start("wss", { sources: [sim(2_000)] }, { mqtt });
		await gateway.delivers(2_000);
		const status = await gateway.end();
		assert.is(status.confirmed, status.stamped);
	} finally {
		await world.stop();
	}
});

test("the loopback check finds out whether a status comes back or is denied in silence", async ({
	permitted,
	mute,
}) => {
	await until("the check to succeed", async () => (await permitted.status()).mqtt["loopback"] === true);
	assert.is((await permitted.end()).mqtt["loopback"], true);
	await until("the check to fail", async () => (await mute.status()).mqtt["loopback"] === false, 15_000);
	assert.match(mute.agent.stderr(), /event=loopback_failed .*ACL/);
	assert.ok((await mute.status()).confirmed > 1_000, "denied, and confirmed all the same");
	assert.is(mute.received(), 0);
	assert.is((await mute.agent.stop()).code, 0);
});

test.run();
