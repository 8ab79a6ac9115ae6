// The link to the broker, kept up: connects, backs off, falls back from MQTT 5 to 3.1.1, checks once per connection that
// what is published comes back, and counts. It buffers nothing: what cannot be written now is not given to it.
import { showUrl } from "../config/address.js";
import type { Config, MqttConfig } from "../config/config.js";
import type { Log } from "../log.js";
import { CBOR_CONTENT_TYPE, JSON_CONTENT_TYPE } from "../wire/frame.js";
import { encodePublish, publishOverhead, REMAINING_LENGTH_MAX } from "../wire/publish-packet.js";
import type { LinkReport } from "../wire/status.js";
import { topicsOf } from "../wire/topics.js";
import { createBackoff } from "./backoff.js";
import { type Connection, createConnection } from "./connection.js";
import { type ConnectionEnd, connectionEnd } from "./connection-end.js";
import { createLinkRecord } from "./link-record.js";
import { createLoopback } from "./loopback.js";
import { prepareTransport, readPassword } from "./transport.js";
import { createVersionChoice } from "./version.js";

export interface UplinkEvents {
	/** A connection is up and takes payloads of up to `payloadBytesMax`. */
	up(payloadBytesMax: number): void;
	/** It is no longer. Comes once for each `up`. */
	down(): void;
	pingSent(): void;
	pingReturned(): void;
}

export interface UplinkOptions {
	readonly config: MqttConfig;
	readonly format: Config["publish"]["format"];
	readonly device: string;
	readonly run: string;
	readonly log: Log;
	readonly nowMs: () => number;
	readonly random: () => number;
}

export interface Uplink {
	/** Makes the first attempt; `events` hears of everything that follows. */
	start(events: UplinkEvents): void;
	publishFrame(payload: Uint8Array, expiryS: number): void;
	publishStatus(payload: Uint8Array): void;
	ping(): void;
	/** From here to `release` nothing leaves: what is published meanwhile goes out in one write. */
	hold(): void;
	release(): void;
	/** Ends the connection that is up because it is dead or does not speak MQTT. A new attempt follows. */
	close(reason: string): void;
	/** Publishes `offline`, disconnects cleanly and makes no new attempt. */
	stop(): Promise<void>;
	report(): LinkReport;
}

/** Makes an uplink that is not started. */
export function createUplink(options: UplinkOptions): Uplink {
	const { config, log } = options;
	const topics = topicsOf(config.prefix, options.device);
	const contentType = options.format === "cbor" ? CBOR_CONTENT_TYPE : JSON_CONTENT_TYPE;
	const backoff = createBackoff(config.reconnect.minMs, config.reconnect.maxMs, options.random);
	const version = createVersionChoice(config.version);
	const loopback = createLoopback(topics.status, options.run, log);
	const url = showUrl(config.url);
	const record = createLinkRecord(options.nowMs);
	const counts = { framesSent: 0, frameBytes: 0 };
	let events: UplinkEvents;
	let connection: Connection | null = null;
	let upSinceMs: number | null = null;
	let delivered = false;
	let stopped = false;
	let timer: NodeJS.Timeout | undefined;

	async function attempt(): Promise<void> {
		try {
			const [open, password] = await Promise.all([prepareTransport(config), readPassword(config)]);
			if (stopped) return;
			const link = { up, down, pingSent: events.pingSent, pingReturned, message: loopback.message };
			connection = createConnection({ config, version: version.current(), password, open, topics, events: link });
		} catch (cause) {
			down(connectionEnd((cause as Error).message));
		}
	}

	function up(packetBytesMax: number): void {
		upSinceMs = options.nowMs();
		delivered = false;
		record.up();
		version.accepted();
		log.info("link_up", { url, mqtt: version.name() });
		publish(topics.state, Buffer.from("online"), true);
		if (connection) loopback.start(connection);
		events.up(Math.min(packetBytesMax, REMAINING_LENGTH_MAX) - publishOverhead(topics.data, contentType));
	}

	function down(end: ConnectionEnd): void {
		connection = null;
		record.ended(end);
		loopback.stop();
		if (upSinceMs !== null) {
			backoff.ended(options.nowMs() - upSinceMs, delivered);
			upSinceMs = null;
			events.down();
		} else if (version.refused(end)) {
			log.info("mqtt_version", { next: version.name(), reason: end.reason });
		}
		if (stopped) return;
		const delayMs = Math.round(backoff.next());
		log.warn("link_down", { url, reason: end.reason, retry_ms: delayMs });
		timer = setTimeout(attempt, delayMs);
	}

	const pingReturned = (): void => {
		delivered = true;
		events.pingReturned();
	};

	function publish(topic: string, payload: Uint8Array, retain: boolean, properties: Properties = {}): void {
		connection?.write(encodePublish({ version: version.current(), topic, payload, retain, ...properties }));
	}

	return {
		start(listener) {
			events = listener;
			void attempt();
		},
		publishFrame(payload, expiryS) {
			counts.framesSent += 1;
			counts.frameBytes += payload.length;
			publish(topics.data, payload, false, { expiryS, contentType });
		},
		publishStatus: (payload) => publish(topics.status, payload, true, { contentType: JSON_CONTENT_TYPE }),
		ping: () => connection?.ping(),
		hold: () => connection?.hold(),
		release: () => connection?.release(),
		close: (reason) => connection?.destroy(reason),
		async stop() {
			stopped = true;
			clearTimeout(timer);
			publish(topics.state, Buffer.from("offline"), true);
			await (upSinceMs === null ? connection?.destroy("ended") : connection?.end());
		},
		report: () => ({ url, ...record.report(), ...counts, loopback: loopback.answer() }),
	};
}

interface Properties {
	readonly expiryS?: number;
	readonly contentType?: string;
}
