import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { makeCertificates } from "./certs.js";
import { ownsPort, startBroker } from "./mosquitto.js";
import { runProcess } from "./process.js";
import { until } from "./wait.js";

function publish(
	port: number,
	...more: readonly string[]
): Promise<{ readonly code: number | null; readonly stderr: string }> {
	return runProcess("mosquitto_pub", ["-h", "localhost", "-p", String(port), "-t", "t", "-m", "m", "-q", "1", ...more]);
}

function tlsProblem(port: number, caFile: string): Promise<string> {
	return new Promise((resolve) => {
		const socket = connectTls({ port, host: "localhost", ca: readFileSync(caFile) });
		socket.on("secureConnect", () => socket.end(() => resolve("none")));
		socket.on("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
	});
}

test("starts a broker of its own, and again on the same port with another process", async () => {
	const broker = await startBroker();
	const first = broker.pid();
	assert.ok(ownsPort(first, broker.port));
	assert.not(ownsPort(process.pid, broker.port));
	assert.is((await publish(broker.port)).code, 0);
	await broker.kill();
	assert.is.not((await publish(broker.port)).code, 0);
	await broker.restart();
	assert.is.not(broker.pid(), first);
	assert.is((await publish(broker.port)).code, 0);
	await broker.stop();
	assert.is.not((await publish(broker.port)).code, 0);
});

test("two brokers at once are two", async () => {
	const [one, other] = await Promise.all([startBroker(), startBroker()]);
	assert.is.not(one.port, other.port);
	assert.not(ownsPort(one.pid(), other.port));
	await Promise.all([one.stop(), other.stop()]);
});

test("a suspended broker takes connections and does not answer, a resumed one does", async () => {
	const broker = await startBroker();
	broker.suspend();
	let answered = false;
	const waiting = publish(broker.port).then((result) => {
		answered = true;
		return result;
	});
	const socket = connect(broker.port, broker.host);
	await until("a connection by the kernel", () => socket.readyState === "open");
	assert.not(answered);
	broker.resume();
	assert.is((await waiting).code, 0);
	socket.destroy();
	await broker.stop();
});

test("lets in those who have the password, and nobody else", async () => {
	const broker = await startBroker({ users: [{ username: "gateway", password: "right" }] });
	assert.is.not((await publish(broker.port)).code, 0);
	assert.is.not((await publish(broker.port, "-u", "gateway", "-P", "wrong")).code, 0);
	assert.is((await publish(broker.port, "-u", "gateway", "-P", "right")).code, 0);
	await broker.stop();
});

test("speaks TLS with certificates of each kind, and websockets", async () => {
	const certificates = await makeCertificates();
	const { caFile, server, client, strangerClient } = certificates;
	const broker = await startBroker({ tls: { server, caFile, requireClient: true }, websockets: true });
	const secure = (pair: typeof client): readonly string[] => [
		"--cafile",
		caFile,
		"--cert",
		pair.certFile,
		"--key",
		pair.keyFile,
	];
	assert.is((await publish(broker.tlsPort, ...secure(client))).code, 0);
	assert.is.not((await publish(broker.tlsPort, "--cafile", caFile)).code, 0);
	assert.is.not((await publish(broker.tlsPort, ...secure(strangerClient))).code, 0);
	assert.match(broker.wsUrl, /^ws:\/\/127\.0\.0\.1:\d+$/);
	await broker.stop();

	for (const [pair, problem] of [
		[server, "none"],
		[certificates.expired, "CERT_HAS_EXPIRED"],
		[certificates.wrongHost, "ERR_TLS_CERT_ALTNAME_INVALID"],
	] as const) {
		const other = await startBroker({ tls: { server: pair, caFile } });
		assert.is(await tlsProblem(other.tlsPort, caFile), problem);
		await other.stop();
	}
});

test.run();
