// An MQTT broker that parses the bytes which ship, strictly, and answers one client's packets in order. It takes over,
// refuses, denies, forgets, stalls and restarts when faults tell it to. Everything it takes is checked here against what
// was handed to the transport.
import { decodeFrame } from "../../src/wire/decode-frame.js";
import { decodeStatus } from "../../src/wire/decode-status.js";
import { CBOR_CONTENT_TYPE, JSON_CONTENT_TYPE } from "../../src/wire/frame.js";
import { checkFrame, checkStatus } from "./arrivals.js";
import type { HandedStatus, Message } from "./messages.js";
import type { Handed } from "./naive-window.js";
import { createPacketReader, type ReadPublish, readPublish } from "./packets.js";
import type { Random } from "./random.js";
import { type Connection, createConnection, type Ends, type LinkWeather } from "./tcp.js";
import { fail } from "./violation.js";
import { reach, type World } from "./world.js";

/** A connection, and what has been handed to it in order and not arrived yet. */
export interface Link {
	readonly connection: Connection;
	readonly expected: (Handed | HandedStatus)[];
}

export interface Broker {
	/** A client connects; null while nobody listens. */
	dial(client: Ends, weather: LinkWeather): Link | null;
	/** Ends every device's connection, cleanly or by a reset; listens again after `downMs`. */
	cutAll(downMs: number, isClean: boolean): void;
	/** Loses what it retained. */
	forget(): void;
	/** Reads from nobody, or again. */
	setReading(isReading: boolean): void;
	/** Somebody else connects with this device's client id. */
	takeOver(device: string): void;
	/** What it keeps of every topic. */
	retained(): Iterable<Message>;
	/** How it treats those who connect and publish. */
	readonly moods: Moods;
}

export interface Moods {
	refusesLogin: boolean;
	answersConnect: boolean;
	/** Speaks MQTT 3.1.1 only. */
	isOld: boolean;
	/** Takes what devices publish and does nothing with it. */
	deniesPublish: boolean;
	/** The same of the status alone. */
	deniesStatus: boolean;
}

export interface BrokerOptions {
	readonly world: World;
	readonly random: Random;
	readonly sendBufferBytes: number;
	readonly receiveBufferBytes: number;
	/** Maximum Packet Size of its CONNACK; 0 for none. */
	readonly packetBytesMax: number;
	/** Speaks MQTT 3.1.1 only, always. */
	readonly isOld: boolean;
	/** Hands a message on. */
	readonly forward: (message: Message) => void;
}

interface Session {
	readonly link: Link;
	device: string;
	version: 4 | 5;
	isUp: boolean;
	keepaliveMs: number;
	heardMs: number;
	pendingBytes: () => number;
}

const CONNECT = 0x10;
const PUBLISH = 0x30;
const PINGREQ = 0xc0;
const DISCONNECT = 0xe0;
const PINGRESP = new Uint8Array([0xd0, 0]);
/** Session taken over (MQTT 5.0, 4.13). */
const TAKEN_OVER = new Uint8Array([0xe0, 1, 0x8e]);

export function createBroker(options: BrokerOptions): Broker {
	const { world, random } = options;
	const { queue } = world;
	const sessions = new Set<Session>();
	const byDevice = new Map<string, Session>();
	const kept = new Map<string, Message>();
	const moods: Moods = {
		refusesLogin: false,
		answersConnect: true,
		isOld: false,
		deniesPublish: false,
		deniesStatus: false,
	};
	let listensAtMs = 0;
	let isReading = true;

	function dial(client: Ends, weather: LinkWeather): Link | null {
		if (queue.nowMs() < listensAtMs) return null;
		const reader = createPacketReader(
			(first, body) => take(session, first, body),
			(why) => fail("wire", why),
		);
		const connection = createConnection({
			...{
				queue,
				weather,
				random,
				client,
				receiveBufferBytes: options.receiveBufferBytes,
				sendBufferBytes: options.sendBufferBytes,
			},
			broker: { data: reader.push, closed: () => gone(session) },
			seen: (what) => reach(world, what),
		});
		connection.toBroker.setReading(isReading);
		const session: Session = {
			...{
				link: { connection, expected: [] },
				device: "",
				version: 5 as const,
				isUp: false,
				keepaliveMs: 0,
				heardMs: 0,
			},
			pendingBytes: reader.pendingBytes,
		};
		sessions.add(session);
		return session.link;
	}

	function gone(session: Session): void {
		if (!sessions.delete(session)) return;
		if (session.pendingBytes() > 0) reach(world, "cut in the middle of a packet");
		if (byDevice.get(session.device) === session) byDevice.delete(session.device);
		if (session.isUp) publishState(session.device, "offline");
	}

	function drop(session: Session, how: "end" | "reset"): void {
		if (session.link.expected.length > 0) reach(world, "broker ended with frames in flight");
		gone(session);
		session.link.connection.close("broker", how);
	}

	function take(session: Session, first: number, body: Uint8Array): void {
		if (!sessions.has(session)) return;
		session.heardMs = queue.nowMs();
		if (!session.isUp) {
			if (first !== CONNECT) fail("wire", `the first packet is of type ${first >> 4}`);
			connect(session, body);
		} else if ((first & 0xf0) === PUBLISH) {
			if (session.version === 5 && options.packetBytesMax > 0 && body.length + 3 > options.packetBytesMax) {
				fail("wire", `a packet of ${body.length} bytes where ${options.packetBytesMax} are taken`);
			}
			const packet = readPublish(first, body, session.version);
			if (typeof packet === "string") fail("wire", packet);
			publish(session, packet);
		} else if (first === PINGREQ) {
			session.link.connection.toClient.write(PINGRESP);
		} else if (first === DISCONNECT) {
			session.isUp = false; // its Will is thrown away
			gone(session);
			session.link.connection.close("broker", "end");
		} else fail("wire", `a packet that begins with ${first}`);
	}

	function connect(session: Session, body: Uint8Array): void {
		const text = Buffer.from(body.buffer, body.byteOffset, body.length);
		const version = body[6];
		const device = /tallywire-([A-Za-z0-9_-]+?)(?:\0|$)/.exec(text.toString("latin1"))?.[1];
		if (text.toString("latin1", 2, 6) !== "MQTT" || (version !== 4 && version !== 5) || device === undefined) {
			fail("wire", "a CONNECT that is none");
		}
		session.version = version;
		session.keepaliveMs = text.readUInt16BE(8) * 1000;
		session.device = device;
		if (!moods.answersConnect) return;
		const refusal =
			(moods.isOld || options.isOld) && version === 5 ? 1 : moods.refusesLogin ? (version === 5 ? 134 : 4) : 0;
		if (refusal !== 0) {
			session.link.connection.toClient.write(connack(refusal, refusal === 1 ? 4 : version, 0));
			sessions.delete(session);
			session.link.connection.close("broker", "end");
			return;
		}
		const before = byDevice.get(device);
		if (before !== undefined) {
			reach(world, "half-open link at the broker when the agent is back");
			drop(before, "reset");
		}
		byDevice.set(device, session);
		session.isUp = true;
		watchKeepalive(session);
		session.link.connection.toClient.write(connack(0, version, options.packetBytesMax));
	}

	function watchKeepalive(session: Session): void {
		if (session.keepaliveMs === 0) return;
		const dueMs = session.heardMs + session.keepaliveMs * 1.5;
		queue.at(Math.max(dueMs, queue.nowMs() + 1_000), () => {
			if (!sessions.has(session)) return;
			if (isReading && queue.nowMs() >= session.heardMs + session.keepaliveMs * 1.5) {
				reach(world, "keepalive expired at the broker");
				drop(session, "end");
			} else watchKeepalive(session);
		});
	}

	function publish(session: Session, packet: ReadPublish): void {
		const [prefix, device, topic] = packet.topic.split("/");
		if (prefix !== "tallywire" || device !== session.device) fail("wire", `topic ${packet.topic}`);
		if (packet.retain !== (topic !== "data")) fail("wire", `retain ${packet.retain} on ${topic}`);
		switch (topic) {
			case "data":
				takeFrame(session, packet);
				return;
			case "status":
				takeStatus(session, packet);
				return;
			case "state": {
				const text = Buffer.from(packet.payload).toString("latin1");
				if (text !== "online" && text !== "offline") fail("wire", `state ${text}`);
				if (!moods.deniesPublish) publishState(session.device, text);
				return;
			}
			default:
				fail("wire", `topic ${packet.topic}`);
		}
	}

	function takeFrame(session: Session, { payload, expiryS, contentType }: ReadPublish): void {
		const type = payload[0] === 0x7b ? JSON_CONTENT_TYPE : CBOR_CONTENT_TYPE;
		if (session.version === 5 && contentType !== type) fail("wire", `content type ${contentType}`);
		const result = decodeFrame(payload);
		if (!result.ok) fail("wire", `a frame that is none: ${result.error} at ${result.at}`);
		const handed = session.link.expected.shift();
		if (handed === undefined || !("seq" in handed)) fail("order", "a frame comes that is not the next message");
		checkFrame(result.frame, handed, session.version === 5 ? expiryS : handed.expiryS, session.device);
		if (moods.deniesPublish) {
			reach(world, "denied frame");
			return;
		}
		options.forward({ kind: "frame", device: session.device, frame: result.frame, handed });
	}

	function takeStatus(session: Session, { payload }: ReadPublish): void {
		const result = decodeStatus(payload);
		if (!result.ok)
			fail(
				"wire",
				`a status that is none: ${result.error} at ${result.at}: ${Buffer.from(payload).toString("latin1")}`,
			);
		const handed = session.link.expected.shift();
		if (handed === undefined || "seq" in handed) fail("order", "a status comes that is not the next message");
		checkStatus(result.status, handed, session.device);
		handed.run.taken = handed.logLength;
		if (moods.deniesPublish || moods.deniesStatus) return;
		const message: Message = { kind: "status", device: session.device, status: result.status, handed };
		kept.set(`${session.device}/status`, message);
		options.forward(message);
	}

	function publishState(device: string, state: "online" | "offline"): void {
		const message: Message = { kind: "state", device, state };
		kept.set(`${device}/state`, message);
		options.forward(message);
	}

	return {
		dial,
		moods,
		cutAll(downMs, isClean) {
			for (const session of [...sessions]) {
				session.isUp = false; // a broker that ends publishes no Will
				drop(session, isClean ? "end" : "reset");
			}
			if (downMs === 0) return;
			listensAtMs = Math.max(listensAtMs, queue.nowMs() + downMs);
		},
		forget() {
			if (kept.size > 0) reach(world, "broker forgot what it retained");
			kept.clear();
		},
		setReading(reading) {
			isReading = reading;
			for (const { link } of sessions) link.connection.toBroker.setReading(reading);
		},
		takeOver(device) {
			const session = byDevice.get(device);
			if (session === undefined) return;
			reach(world, "takeover of a live connection");
			if (session.version === 5) session.link.connection.toClient.write(TAKEN_OVER);
			drop(session, "end");
		},
		retained: () => kept.values(),
	};
}

function connack(code: number, version: 4 | 5, packetBytesMax: number): Uint8Array {
	if (version === 4) return new Uint8Array([0x20, 2, 0, code]);
	if (packetBytesMax === 0) return new Uint8Array([0x20, 3, 0, code, 0]);
	const bytes = Buffer.from([0x20, 8, 0, code, 5, 0x27, 0, 0, 0, 0]);
	bytes.writeUInt32BE(packetBytesMax, 6);
	return bytes;
}
