// One attempt at a connection: one MQTT.js client, used once and thrown away, so that nothing (a queue, a store, a
// half-read packet) can be carried from one connection to the next. PUBLISH goes straight to the stream, see
// wire/publish-packet.ts; MQTT.js does CONNECT, keepalive, SUBSCRIBE, DISCONNECT and reads what comes back.
import type { MqttClient } from "mqtt";
import mqttClient from "mqtt/lib/client";
import type { MqttConfig } from "../config/config.js";
import type { Topics } from "../wire/topics.js";
import { type ConnectionEnd, type ConnectionError, connectionEnd, endAfter } from "./connection-end.js";
import { guardInbound } from "./inbound.js";
import type { OpenStream } from "./transport.js";

/** How long a broker has from the first SYN to its CONNACK. */
const CONNECT_TIMEOUT_MS = 10_000;

/** How long the DISCONNECT of a clean end may take before the socket is destroyed; a stalled peer would hold it up. */
const END_TIMEOUT_MS = 1_000;

/** Bytes a broker may send without completing a packet; all it has to send us is a status and small answers. */
export const INBOUND_BYTES_MAX = 262_144;

export interface ConnectionOptions {
	readonly config: MqttConfig;
	readonly version: 4 | 5;
	readonly password: string | undefined;
	readonly open: OpenStream;
	readonly topics: Topics;
	readonly events: ConnectionEvents;
}

/** Every event comes at most once but the pings and messages; nothing comes after `down`. */
export interface ConnectionEvents {
	/** CONNACK said yes. `packetBytesMax` is the broker's Maximum Packet Size, Infinity where it named none. */
	up(packetBytesMax: number): void;
	/** The connection, or the attempt, is over. */
	down(end: ConnectionEnd): void;
	/** A PINGREQ that the library sent for its keepalive. */
	pingSent(): void;
	pingReturned(): void;
	message(topic: string, payload: Buffer): void;
}

export interface Connection {
	/** Writes one packet made by encodePublish. */
	write(packet: Buffer): void;
	/** Sends a PINGREQ. */
	ping(): void;
	/** Keeps what is written in user space until `release`. */
	hold(): void;
	release(): void;
	/** Subscribes at QoS 0; `granted` says whether the broker let us. */
	subscribe(topic: string, answer: (granted: boolean) => void): void;
	unsubscribe(topic: string): void;
	/** Ends it at once, `down` included: what is still in user space is lost, and counted as uncertain. */
	destroy(reason: string): void;
	/** Flushes, sends DISCONNECT (so the Will is not sent) and closes; resolves when it is closed or time is up. */
	end(): Promise<void>;
}

/** What the configuration calls them. */
const CERTIFICATES = { ca: "mqtt.ca_file", cert: "mqtt.cert_file" };

/** Starts an attempt. */
export function createConnection(options: ConnectionOptions): Connection {
	const { events } = options;
	let over = false;
	let ownPing = false;
	let held = false;
	/** PINGREQs that have not left yet, and those that have and are not answered. */
	const pings = { held: 0, out: 0 };
	let lastError: ConnectionError | null = null;
	const client: MqttClient = new mqttClient.default((self: MqttClient) => options.open(self), {
		...clientOptions(options),
	});
	const { stream } = client;

	function finish(end: ConnectionEnd): void {
		if (over) return;
		over = true;
		client.end(true); // its own listeners clear its timers at the close: they stay
		events.down(end);
	}

	const fail = (error: Error): void => {
		lastError ??= error;
	};

	stream.on("error", fail); // MQTT.js swallows errors without a code
	guardInbound(client, INBOUND_BYTES_MAX, (reason) => finish(connectionEnd(reason)));
	client.on("error", (error) => {
		fail(error);
		const { code } = error as { code?: unknown };
		// The system's codes are texts, and a close follows. A refusal has a number; what is no packet has none, and
		// MQTT.js would stay connected after it (MQTT 5.0, 2.1.3 and 4.13: close).
		if (typeof code !== "string") finish(endAfter(error, CERTIFICATES));
	});
	client.on("disconnect", (packet) => {
		lastError ??= new Error(`the broker disconnected us, reason code ${packet.reasonCode ?? 0}`);
	});
	client.on("close", () => finish(endAfter(lastError, CERTIFICATES)));
	client.on("packetsend", (packet) => {
		if (packet.cmd !== "pingreq" || over) return;
		pings[held ? "held" : "out"] += 1;
		if (!ownPing) events.pingSent();
	});
	client.on("packetreceive", (packet) => {
		if (packet.cmd !== "pingresp" || over) return;
		pings.out -= 1;
		// It would confirm what has not even been written.
		if (pings.out < 0) finish(connectionEnd("an answer to a ping that was never sent: not a broker"));
		else events.pingReturned();
	});
	client.on("message", (topic, payload) => {
		if (!over) events.message(topic, payload);
	});
	client.on("connect", (packet) => {
		if (!over) events.up(packet.properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY);
	});

	return {
		write(packet) {
			if (!over && client.connected) stream.write(packet);
		},
		ping() {
			if (over || !client.connected) return;
			ownPing = true;
			client.sendPing();
			ownPing = false;
		},
		hold() {
			if (!held) stream.cork();
			held = true;
		},
		release() {
			if (held) stream.uncork();
			held = false;
			pings.out += pings.held;
			pings.held = 0;
		},
		subscribe(topic, answer) {
			client.subscribe(topic, { qos: 0 }, (error, granted) => {
				if (!over) answer(!error && (granted ?? []).every((grant) => grant.qos < 128));
			});
		},
		unsubscribe(topic) {
			if (!over && client.connected) client.unsubscribe(topic);
		},
		destroy: (reason) => finish(connectionEnd(reason)),
		end: () => endCleanly(client, () => finish(connectionEnd("ended"))),
	};
}

function endCleanly(client: MqttClient, finish: () => void): Promise<void> {
	return new Promise((resolve) => {
		const done = (): void => {
			clearTimeout(timer);
			finish();
			resolve();
		};
		const timer = setTimeout(done, END_TIMEOUT_MS);
		client.stream.once("close", done);
		client.end(false);
	});
}

/** All of MQTT.js' options that matter, those at their default included. */
function clientOptions({ config, version, password, topics }: ConnectionOptions) {
	const will = { topic: topics.state, payload: Buffer.from("offline"), qos: 0 as const, retain: true };
	return {
		protocolVersion: version,
		protocolId: "MQTT" as const,
		clientId: config.clientId,
		clean: true, // no session: nothing the broker kept for us may come back
		keepalive: Math.ceil(config.keepaliveMs / 1000),
		connectTimeout: CONNECT_TIMEOUT_MS,
		reconnectPeriod: 0, // the uplink makes a new client for each attempt
		queueQoSZero: false, // an offline queue would be a second, unbounded buffer
		resubscribe: false,
		writeCache: false, // 65,536 Buffers, 10 MB
		reschedulePings: true,
		will,
		...(config.username === undefined ? {} : { username: config.username }),
		...(password === undefined ? {} : { password }),
		...(version === 5 ? { properties: { maximumPacketSize: INBOUND_BYTES_MAX } } : {}),
	};
}
