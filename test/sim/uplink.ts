// The agent's link in a simulated network: connects, backs off and falls back with the product's own rules, and writes the
// bytes that ship: CONNECT and DISCONNECT by mqtt-packet, PUBLISH by wire/publish-packet.ts.
import mqttPacket from "mqtt-packet";
import { createBackoff, STABLE_MS } from "../../src/uplink/backoff.js";
import type { Uplink, UplinkEvents } from "../../src/uplink/uplink.js";
import { createVersionChoice } from "../../src/uplink/version.js";
import { CBOR_CONTENT_TYPE, JSON_CONTENT_TYPE } from "../../src/wire/frame.js";
import { encodePublish, publishOverhead, REMAINING_LENGTH_MAX } from "../../src/wire/publish-packet.js";
import type { LinkReport } from "../../src/wire/status.js";
import { topicsOf } from "../../src/wire/topics.js";
import type { Link } from "./broker.js";
import type { HandedStatus } from "./messages.js";
import type { Handed } from "./naive-window.js";
import { createPacketReader } from "./packets.js";
import type { Random } from "./random.js";
import type { Connection, Ends } from "./tcp.js";
import { fail } from "./violation.js";
import { reach, type World } from "./world.js";

/** As in src/uplink/connection.ts. */
const CONNECT_TIMEOUT_MS = 10_000;
const END_TIMEOUT_MS = 1_000;

const PINGREQ = new Uint8Array([0xc0, 0]);
const CONNACK = 0x20;
const PINGRESP = 0xd0;
const DISCONNECT = 0xe0;
const MAXIMUM_PACKET_SIZE = 0x27;
const VERSION_REFUSED: readonly number[] = [1, 132];
const AUTH_REFUSED: readonly number[] = [2, 4, 5, 133, 134, 135, 138, 140];

export interface LinkSettings {
	readonly device: string;
	readonly version: 4 | 5;
	readonly format: "cbor" | "json";
	readonly keepaliveMs: number;
	readonly backoff: { readonly minMs: number; readonly maxMs: number };
}

/** What the device's process lends to its uplink. */
export interface UplinkHost {
	/** A timer of the process. */
	after(ms: number, task: () => void): () => void;
	/** Does `task` as a callback of the process, now or when it runs again. */
	enter(task: () => void): void;
	monotonicMs(): number;
	/** An instant at which the process may die. */
	boundary(place: "take" | "write" | "status" | "connect" | "end"): void;
	takeHanded(): Handed | undefined;
	takeStatus(): HandedStatus | undefined;
}

export interface SimulatedUplink extends Uplink {
	/** Publishes `offline`, disconnects, and says when that is done. */
	end(done: () => void): void;
	/** The process is gone, or the whole machine. */
	die(how: "kill" | "vanish"): void;
	setReading(isReading: boolean): void;
	connection(): Connection | null;
	isUp(): boolean;
	isBackingOff(): boolean;
	/** A PINGRESP comes out of nowhere. */
	pong(): void;
	/** PINGREQs that were written on the connection that is up and not answered. */
	unanswered(): number;
}

export interface UplinkOptions {
	readonly world: World;
	readonly random: Random;
	readonly settings: LinkSettings;
	readonly host: UplinkHost;
	/** Opens a connection to the broker; null where nobody listens. */
	readonly dial: (client: Ends) => Link | null;
}

const connects = new Map<string, Uint8Array>();

function connectPacket({ device, keepaliveMs }: LinkSettings, version: 4 | 5): Uint8Array {
	const key = `${device} ${keepaliveMs} ${version}`;
	const known = connects.get(key);
	if (known !== undefined) return known;
	const packet = mqttPacket.generate({
		...{
			cmd: "connect",
			protocolId: "MQTT",
			protocolVersion: version,
			clean: true,
			username: "gateway",
			password: Buffer.from("x"),
		},
		...{ clientId: `tallywire-${device}`, keepalive: Math.ceil(keepaliveMs / 1000) },
		will: { topic: topicsOf("tallywire", device).state, payload: Buffer.from("offline"), qos: 0, retain: true },
	});
	connects.set(key, packet);
	return packet;
}

export function createSimulatedUplink(options: UplinkOptions): SimulatedUplink {
	const { world, random, settings, host } = options;
	const topics = topicsOf("tallywire", settings.device);
	const contentType = settings.format === "cbor" ? CBOR_CONTENT_TYPE : JSON_CONTENT_TYPE;
	const backoff = createBackoff(settings.backoff.minMs, settings.backoff.maxMs, random.next);
	const version = createVersionChoice(settings.version);
	const counts = { connects: 0, disconnects: 0, authFailures: 0, framesSent: 0, frameBytes: 0 };
	let events: UplinkEvents;
	let link: Link | null = null;
	let upSinceMs: number | null = null;
	let delivered = false;
	let stopped = false;
	let attempts = 0;
	let lastDelayMs = 0;
	let isBackingOff = false;
	let pings = 0;
	let cancel = (): void => {};
	let cancelKeepalive = (): void => {};

	function attempt(): void {
		isBackingOff = false;
		attempts += 1;
		const mine = attempts;
		cancel = host.after(CONNECT_TIMEOUT_MS, () => {
			reach(world, "CONNACK that never comes");
			finish("no CONNACK");
		});
		const isMine = (): boolean => mine === attempts && !stopped;
		const reader = createPacketReader(
			(first, body) => isMine() && take(first, body),
			(why) => fail("wire", why),
		);
		const ends: Ends = {
			data: (piece) => host.enter(() => isMine() && reader.push(piece)),
			closed: () => host.enter(() => isMine() && finish("closed")),
		};
		host.after(1 + random.between(0, 20), () => {
			if (!isMine()) return;
			link = options.dial(ends);
			if (link === null) {
				reach(world, "connection refused");
				return finish("refused");
			}
			host.boundary("connect");
			link.connection.toBroker.write(connectPacket(settings, version.current()));
		});
	}

	function take(first: number, body: Uint8Array): void {
		if (upSinceMs === null) {
			if (first !== CONNACK) {
				finish("no CONNACK");
				return;
			}
			const code = body[1] ?? 255;
			if (code === 0) {
				up(body);
				return;
			}
			if (AUTH_REFUSED.includes(code)) reach(world, "CONNACK that refuses the login");
			finish("refused", code);
			return;
		}
		if (first === PINGRESP) {
			delivered = true;
			pings = Math.max(0, pings - 1);
			armKeepalive();
			events.pingReturned();
		} else if (first === DISCONNECT) finish("disconnected by the broker");
	}

	function up(connack: Uint8Array): void {
		cancel();
		upSinceMs = host.monotonicMs();
		delivered = false;
		pings = 0;
		counts.connects += 1;
		version.accepted();
		armKeepalive();
		publish(topics.state, Buffer.from("online"), true, {});
		const largest = connack[3] === MAXIMUM_PACKET_SIZE ? Buffer.from(connack).readUInt32BE(4) : REMAINING_LENGTH_MAX;
		events.up(Math.min(largest, REMAINING_LENGTH_MAX) - publishOverhead(topics.data, contentType));
	}

	function armKeepalive(): void {
		cancelKeepalive();
		cancelKeepalive = host.after(settings.keepaliveMs, () => {
			if (upSinceMs === null) return;
			link?.connection.toBroker.write(PINGREQ);
			pings += 1;
			reach(world, "barrier by the library's keepalive");
			events.pingSent();
			if (upSinceMs !== null) armKeepalive();
		});
	}

	function finish(reason: string, code?: number): void {
		cancel();
		cancelKeepalive();
		attempts += 1; // nothing of this attempt is listened to any more
		link?.connection.close("client", "kill");
		link = null;
		if (code !== undefined && AUTH_REFUSED.includes(code)) counts.authFailures += 1;
		const isVersion = code !== undefined && VERSION_REFUSED.includes(code);
		const end = { reason, silent: reason === "closed", versionRefused: isVersion, authRefused: false };
		if (upSinceMs !== null) {
			const lastedMs = host.monotonicMs() - upSinceMs;
			counts.disconnects += 1;
			backoff.ended(lastedMs, delivered);
			if (delivered && lastedMs >= STABLE_MS && lastDelayMs > settings.backoff.minMs) {
				reach(world, "backoff begun anew after a good connection");
			}
			upSinceMs = null;
			events.down();
		} else if (version.refused(end) && version.current() === 4) reach(world, "fall back to MQTT 3.1.1");
		if (stopped) return;
		lastDelayMs = Math.round(backoff.next());
		if (lastDelayMs > settings.backoff.maxMs / 2) reach(world, "backoff at its ceiling");
		isBackingOff = true;
		cancel = host.after(lastDelayMs, attempt);
	}

	function publish(
		topic: string,
		payload: Uint8Array,
		retain: boolean,
		properties: { expiryS?: number; contentType?: string },
	): void {
		link?.connection.toBroker.write(
			encodePublish({ version: version.current(), topic, payload, retain, ...properties }),
		);
	}

	return {
		start(listener) {
			events = listener;
			attempt();
		},
		publishFrame(payload, expiryS) {
			host.boundary("take");
			const handed = host.takeHanded();
			if (handed === undefined) fail("at-most-once", "a frame is handed over that has been already");
			counts.framesSent += 1;
			counts.frameBytes += payload.length;
			link?.expected.push(handed);
			publish(topics.data, payload, false, { expiryS, contentType });
		},
		publishStatus(payload) {
			host.boundary("status");
			const handed = host.takeStatus();
			if (handed === undefined || upSinceMs === null) return;
			link?.expected.push(handed);
			publish(topics.status, payload, true, { contentType: JSON_CONTENT_TYPE });
		},
		ping() {
			host.boundary("take");
			if (upSinceMs === null) return;
			pings += 1;
			link?.connection.toBroker.write(PINGREQ);
		},
		hold: () => link?.connection.toBroker.cork(),
		release() {
			host.boundary("write");
			link?.connection.toBroker.uncork();
		},
		close: (reason) => finish(reason),
		async stop() {},
		report: (): LinkReport => ({
			...counts,
			url: "mqtt://simulated",
			connected: upSinceMs !== null,
			stateAgeMs: 0,
			loopback: null,
			error: null,
			events: [],
		}),
		end(done) {
			stopped = true;
			cancel();
			cancelKeepalive();
			const connection = link?.connection;
			if (connection === undefined || upSinceMs === null) {
				connection?.close("client", "kill");
				return done();
			}
			publish(topics.state, Buffer.from("offline"), true, {});
			connection.toBroker.write(new Uint8Array([DISCONNECT, 0]));
			connection.close("client", "end");
			host.after(random.between(1, END_TIMEOUT_MS), done);
		},
		die(how) {
			stopped = true;
			const connection = link?.connection;
			if (connection === undefined) return;
			if (how === "kill" && connection.toBroker.unreadBytes() > connection.toBroker.programBytes()) {
				reach(world, "frame that outlives its process in the kernel");
			}
			connection.close("client", how);
		},
		setReading: (isReading) => link?.connection.toClient.setReading(isReading),
		pong: () =>
			host.enter(() => {
				if (upSinceMs === null || pings > 0) return;
				take(PINGRESP, PINGREQ);
				if (upSinceMs !== null) fail("confirmed", "an answer that nobody asked for is passed over");
			}),
		connection: () => link?.connection ?? null,
		isUp: () => upSinceMs !== null,
		isBackingOff: () => isBackingOff,
		unanswered: () => pings,
	};
}
