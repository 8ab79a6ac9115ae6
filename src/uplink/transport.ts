// The byte stream under MQTT: TCP, TLS or WebSocket. Made per attempt, so that a rotated certificate or a changed
// address is picked up. Certificates are always verified: no setting and no variable of the environment turns that off.
import net from "node:net";
import type { Duplex } from "node:stream";
import type tls from "node:tls";
import type { MqttClient } from "mqtt";
import type { MqttConfig } from "../config/config.js";
import { CERTIFICATE_BYTES_MAX, PASSWORD_BYTES_MAX, readCredential } from "../config/credential-file.js";

/** A WebSocket message may hold several packets; the largest is a frame or a status of 64 KiB. */
const WS_MESSAGE_BYTES_MAX = 1_048_576;

/** How long whoever broke the protocol has for its part of the good-bye. */
const WS_CLOSE_TIMEOUT_MS = 1_000;

/** Opens the stream at once (connecting goes on behind it); errors come as events of the stream. */
export type OpenStream = (client: MqttClient) => Duplex;

/**
 * Reads what the scheme of `config.url` needs (certificates, the WebSocket library) and returns the opener.
 * Rejects with an Error that names the file it could not read.
 */
export async function prepareTransport(config: MqttConfig): Promise<OpenStream> {
	const url = new URL(config.url);
	const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
	switch (url.protocol) {
		case "mqtt:":
			return () => net.connect({ host, port: Number(url.port || 1883), noDelay: true });
		case "mqtts:":
			return openTls(host, Number(url.port || 8883), await tlsOptions(config));
		case "ws:":
		case "wss:":
			return openWebSocket(url, await tlsOptions(config));
		default:
			throw new Error(`${url.protocol} is no scheme of mqtt.url`);
	}
}

async function tlsOptions(config: MqttConfig): Promise<tls.ConnectionOptions> {
	const read = async (key: "ca" | "cert" | "key", file: string | undefined) =>
		file === undefined ? {} : { [key]: await readFor(`mqtt.${key}_file`, file, CERTIFICATE_BYTES_MAX) };
	const parts = await Promise.all([
		read("ca", config.caFile),
		read("cert", config.certFile),
		read("key", config.keyFile),
	]);
	// Said, because otherwise NODE_TLS_REJECT_UNAUTHORIZED in the environment decides.
	return Object.assign({ minVersion: "TLSv1.2" as const, rejectUnauthorized: true }, ...parts);
}

/** Reads a file that a setting names; the error says which setting and why. */
async function readFor(setting: string, file: string, bytesMax: number): Promise<Buffer> {
	const read = await readCredential(file, bytesMax);
	if (read.ok) return read.bytes;
	throw new Error(`${setting}: cannot read ${file}: ${read.problem}`);
}

/** The password, read at each attempt, so that a changed one is picked up. A final newline is no part of it. */
export async function readPassword(
	{ password, passwordFile }: MqttConfig,
	setting = "mqtt.password_file",
): Promise<string | undefined> {
	if (passwordFile === undefined) return password?.reveal();
	return (await readFor(setting, passwordFile, PASSWORD_BYTES_MAX)).toString("utf8").replace(/\r?\n$/, "");
}

async function openTls(host: string, port: number, options: tls.ConnectionOptions): Promise<OpenStream> {
	const { connect } = await import("node:tls");
	// SNI takes names only (RFC 6066, 3); an address is verified against the certificate's IP entries.
	const servername = net.isIP(host) === 0 ? { servername: host } : {};
	return () => {
		const socket = connect({ host, port, ...servername, ...options });
		socket.setNoDelay(true);
		return socket;
	};
}

async function openWebSocket(url: URL, options: tls.ConnectionOptions): Promise<OpenStream> {
	const { streamBuilder } = await import("mqtt/lib/connect/ws");
	const secure = url.protocol === "wss:";
	const target = {
		protocol: secure ? ("wss" as const) : ("ws" as const),
		hostname: url.hostname,
		port: Number(url.port || (secure ? 443 : 80)),
		path: `${url.pathname}${url.search}`,
		// Compression would hold messages back and cost memory.
		// The library gathers a whole message before anybody sees a byte of it: 100 MiB, unless told otherwise.
		wsOptions: {
			...options,
			perMessageDeflate: false,
			maxPayload: WS_MESSAGE_BYTES_MAX,
			closeTimeout: WS_CLOSE_TIMEOUT_MS,
		},
	};
	return (client) => streamBuilder(client, target) as Duplex;
}
