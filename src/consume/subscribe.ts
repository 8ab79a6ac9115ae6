// A subscription that lasts: QoS 0, connects again with backoff, speaks MQTT 5 or what the broker takes. What comes in is
// bounded (a packet, and one message at a time: who is slow holds the broker up, not this process's memory), and nothing
// is kept across connections. What it missed meanwhile is for the account of sequence numbers to say.
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { MqttClient } from "mqtt";
import mqttClient from "mqtt/lib/client";
import type { MqttConfig } from "../config/config.js";
import { createBackoff } from "../uplink/backoff.js";
import { type ConnectionEnd, type ConnectionError, connectionEnd, endAfter } from "../uplink/connection-end.js";
import { guardInbound } from "../uplink/inbound.js";
import { type OpenStream, prepareTransport, readPassword } from "../uplink/transport.js";
import { createVersionChoice } from "../uplink/version.js";
import type { BrokerAddress } from "./broker-options.js";

/** From the first SYN to the CONNACK. */
const CONNECT_TIMEOUT_MS = 10_000;

/** From the SUBSCRIBE to its SUBACK: a broker that never answers would look like devices that never say anything. */
const SUBACK_TIMEOUT_MS = 10_000;

/** While a slow reader of ours holds messages up, no PINGRESP is read either: this long may it take before a new start. */
const KEEPALIVE_S = 60;

const RECONNECT_MIN_MS = 500;
const RECONNECT_MAX_MS = 30_000;

/** Bytes a broker may send without completing a packet: the largest frame or status, its topic and properties, fourfold. */
export const INBOUND_BYTES_MAX = 524_288;

export interface Message {
	readonly topic: string;
	/** Valid for as long as the message is being taken. */
	readonly payload: Uint8Array;
	/** Whether the broker had kept it from before the subscription. */
	readonly isRetained: boolean;
}

export interface SubscriptionEnd {
	/** One line for a person. */
	readonly reason: string;
	/** Whether the broker refused who we are, or what we asked for: trying again is of no use until somebody changes that. */
	readonly isRefused: boolean;
	/** When the next attempt begins. */
	readonly retryMs: number;
}

export interface SubscribeEvents {
	/** Takes a message. While the promise it returns is pending, no further one is read. */
	message(message: Message): Promise<void> | undefined;
	/** Every topic is granted. */
	up(): void;
	/** The connection, or the attempt, is over; another follows unless `stop` is called. */
	down(end: SubscriptionEnd): void;
}

export interface SubscribeOptions {
	readonly broker: BrokerAddress;
	/** The client id is this and a random part, so that two consumers never throw each other out. */
	readonly name: string;
	/** Topic filters, shared ones (`$share/<group>/<filter>`) included. */
	readonly topics: readonly string[];
	readonly events: SubscribeEvents;
	/** Numbers in [0, 1) for the backoff. */
	readonly random: () => number;
	/** Monotonic. */
	readonly nowMs: () => number;
}

export interface Subscription {
	/** Ends it; no event comes after. */
	stop(): void;
}

/** What the commands call them. */
const CERTIFICATES = { ca: "--ca-file", cert: "--cert-file" };

/** Starts it; connects at once. */
export function subscribe(options: SubscribeOptions): Subscription {
	const config = asConfig(options);
	const backoff = createBackoff(RECONNECT_MIN_MS, RECONNECT_MAX_MS, options.random);
	const version = createVersionChoice(5);
	let stopped = false;
	let end: (() => void) | null = null;
	let timer: NodeJS.Timeout | undefined;
	let upSinceMs: number | null = null;
	let taking: Promise<unknown> = Promise.resolve();

	async function attempt(): Promise<void> {
		try {
			await taking; // it may outlive the connection it came by: else there would be one more with each of them
			const [open, password] = await Promise.all([prepareTransport(config), readPassword(config, "--password-file")]);
			if (!stopped) end = connect({ options, config, version: version.current(), password, open, up, down, take });
		} catch (cause) {
			down(connectionEnd((cause as Error).message));
		}
	}

	function up(): void {
		upSinceMs = options.nowMs();
		version.accepted();
		options.events.up();
	}

	function down(ended: ConnectionEnd, isDenied = false): void {
		end = null;
		if (stopped) return;
		if (upSinceMs !== null) backoff.ended(options.nowMs() - upSinceMs, true);
		const other = upSinceMs === null && version.refused(ended);
		upSinceMs = null;
		const retryMs = Math.round(backoff.next());
		timer = setTimeout(attempt, retryMs);
		if (!other) options.events.down({ reason: ended.reason, isRefused: ended.authRefused || isDenied, retryMs });
	}

	function take(message: Message): Promise<void> | undefined {
		const taken = options.events.message(message);
		taking = taken?.catch(() => {}) ?? taking; // a failure is for the connection to see
		return taken;
	}

	void attempt();
	return {
		stop() {
			stopped = true;
			clearTimeout(timer);
			end?.();
		},
	};
}

interface ConnectOptions {
	readonly options: SubscribeOptions;
	readonly config: MqttConfig;
	readonly version: 4 | 5;
	readonly password: string | undefined;
	readonly open: OpenStream;
	readonly up: () => void;
	/** `isDenied`: the broker let us in, but not subscribe. */
	readonly down: (ended: ConnectionEnd, isDenied?: boolean) => void;
	readonly take: SubscribeEvents["message"];
}

/** One attempt, one client of MQTT.js, used once. Returns what ends it. */
function connect({ options, config, version, password, open, up, down, take }: ConnectOptions): () => void {
	let over = false;
	let lastError: ConnectionError | null = null;
	let deadline: NodeJS.Timeout | undefined;
	const client: MqttClient = new mqttClient.default((self: MqttClient) => open(self), {
		protocolVersion: version,
		protocolId: "MQTT",
		clientId: config.clientId,
		clean: true,
		keepalive: KEEPALIVE_S,
		connectTimeout: CONNECT_TIMEOUT_MS,
		reconnectPeriod: 0, // a new client for each attempt
		queueQoSZero: false,
		resubscribe: false,
		writeCache: false,
		reschedulePings: true,
		...(config.username === undefined ? {} : { username: config.username }),
		...(password === undefined ? {} : { password }),
		...(version === 5 ? { properties: { maximumPacketSize: INBOUND_BYTES_MAX } } : {}),
	});

	function finish(ended: ConnectionEnd, isDenied = false): void {
		if (over) return;
		over = true;
		clearTimeout(deadline);
		client.end(true); // its own listeners clear its timers at the close: they stay
		down(ended, isDenied);
	}

	const fail = (error: Error): void => {
		lastError ??= error;
	};
	const stream = client.stream as Duplex;
	stream.on("error", fail); // MQTT.js swallows errors without a code
	guardInbound(client, INBOUND_BYTES_MAX, (reason) => finish(connectionEnd(reason)));
	client.on("error", (error) => {
		fail(error);
		// A close follows the system's codes, which are texts; after all else MQTT.js may stay connected.
		if (typeof (error as ConnectionError).code !== "string") finish(endAfter(lastError, CERTIFICATES));
	});
	client.on("disconnect", (packet) =>
		fail(new Error(`the broker disconnected us, reason code ${packet.reasonCode ?? 0}`)),
	);
	client.on("close", () => finish(endAfter(lastError, CERTIFICATES)));
	client.on("connect", () => {
		const late = `the broker did not answer our subscription within ${SUBACK_TIMEOUT_MS / 1_000} s`;
		deadline = setTimeout(() => finish(connectionEnd(late)), SUBACK_TIMEOUT_MS);
		client.subscribe([...options.topics], { qos: 0 }, (error, _, answer) => {
			clearTimeout(deadline);
			const denied = options.topics.filter((_, i) => Number(answer?.granted[i]) >= 128);
			if (denied.length > 0) finish(connectionEnd(`the broker denied ${denied.join(", ")}`), true);
			else if (error) finish(connectionEnd(error.message), true);
			else if (!over) up();
		});
	});
	// The library reads the next packet only when `done` is called.
	client.handleMessage = ({ topic, payload, retain }, done) => {
		const taken = over ? undefined : take({ topic, payload: bytesOf(payload), isRetained: retain });
		if (taken === undefined) done();
		else taken.then(() => done(), done);
	};
	return () => finish(connectionEnd("ended"));
}

function bytesOf(payload: string | Buffer): Uint8Array {
	return typeof payload === "string" ? Buffer.from(payload) : payload;
}

/** The broker as the uplink's transport takes it. What a consumer has no use for is at its default. */
function asConfig({ broker, name }: SubscribeOptions): MqttConfig {
	return {
		...broker,
		version: 5,
		clientId: `tallywire-${name}-${randomBytes(6).toString("hex")}`,
		prefix: "tallywire",
		keepaliveMs: KEEPALIVE_S * 1_000,
		reconnect: { minMs: RECONNECT_MIN_MS, maxMs: RECONNECT_MAX_MS },
	};
}
