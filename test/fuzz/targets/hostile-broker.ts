// The broker's end of a socket, saying whatever an input says: the part that the targets of the agent's and the
// consumer's side of MQTT have in common. Each connection is over only when the client has closed it, or has been left.
import { createServer, type Socket } from "node:net";
import * as assert from "uvu/assert";
import { UNPRINTABLE } from "../../../src/core/unprintable.js";

/** The first byte of an input says how the broker behaves around the bytes behind it. */
const ACCEPTS = 1; // begins with a CONNACK that says yes
export const ANSWERS = 2; // answers each ping
const FLOODS = 4; // goes on with more than a connection takes, and leaves the end to the client
export const VERSION_4 = 8;
const SPLITS = 16; // in two writes
const GRANTS = 32; // grants each subscription
/** 64 is the target's own. */
const CRUMBLES = 128; // the first bytes one by one

/** More than a client takes of what is no packet, and less than the system takes for a reader that has gone. */
const FLOOD = Buffer.alloc(800_000);
/** Turns of the event loop for what was written to be read, and answered. */
const TURNS = 8;
/** As many bytes are written one by one. */
const CRUMBS = 48;
/** What takes this long has stopped. */
const PATIENCE_MS = 10_000;

const CONNACK = { 4: Buffer.from("20020000", "hex"), 5: Buffer.from("2003000000", "hex") };
const VERSION_5_REFUSED = Buffer.from("2003008400", "hex");
const PINGREQ = Buffer.from("c000", "hex");
export const PINGRESP = Buffer.from("d000", "hex");
const [PUBLISH, SUBSCRIBE] = [3, 8];

/** Stands in an input for the packet id of the client's SUBSCRIBE, which is random. */
export const PACKET_ID = "\x1d\x1d";

/** What a broker may say that means something to any client, in latin1. */
export const BROKER_WORDS: readonly string[] = [
	...["\x20\x03\x00\x00\x00", "\x20\x02\x00\x05", "\x20\x03\x00\x87\x00", "\xd0\x00", "\xff\xff\xff\x7f", "\xe0\x00"],
	...["\x30\x07\x00\x01a\x00", "\x32", "\x34", "\x62\x02\x00\x01", "\x90\x04\x00\x01\x00\x00", "\x21\x00\x0a"],
	...[`\x90\x04${PACKET_ID}\x00\x00`, `\x90\x03${PACKET_ID}\x80`, PACKET_ID, "\x27\x00\x00\x00\x05", "\x22\xff\xff"],
	"\xf0\x00",
];

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Bytes of a Remaining Length, and the length; null where it is none. */
function remainingLength(bytes: Buffer, at: number): { size: number; length: number } | null {
	let length = 0;
	for (let i = 0; i < 4; i++) {
		const byte = bytes[at + i];
		if (byte === undefined) return null;
		length += (byte & 0x7f) * 0x80 ** i;
		if (byte < 0x80) return { size: i + 1, length };
	}
	return null;
}

/** The bodies of the whole packets of one type in what a client sent, in order. */
function bodiesOf(type: number, bytes: Buffer): Buffer[] {
	const bodies: Buffer[] = [];
	for (let at = 0; at < bytes.length; ) {
		const head = remainingLength(bytes, at + 1);
		if (head === null || at + 1 + head.size + head.length > bytes.length) break; // cut off with the connection
		const start = at + 1 + head.size;
		if ((bytes[at] as number) >> 4 === type) bodies.push(bytes.subarray(start, start + head.length));
		at = start + head.length;
	}
	return bodies;
}

/** Payloads of a client's PUBLISH packets of QoS 0 whose topic ends so. */
export function payloadsOn(topicEnd: string, bytes: Buffer, version: 4 | 5): Buffer[] {
	return bodiesOf(PUBLISH, bytes).flatMap((body) => {
		const topicLength = body.readUInt16BE(0);
		const properties = version === 5 ? remainingLength(body, 2 + topicLength) : { size: 0, length: 0 };
		const payload = body.subarray(2 + topicLength + (properties?.size ?? 0) + (properties?.length ?? 0));
		const topic = body.subarray(2, 2 + topicLength).toString();
		return topic.endsWith(topicEnd) ? [payload] : [];
	});
}

/** The SUBACK that grants all that a SUBSCRIBE asks for. */
function granting(subscribe: Buffer, version: 4 | 5): Buffer {
	const properties = version === 5 ? remainingLength(subscribe, 2) : { size: 0, length: 0 };
	let topics = 0;
	for (let at = 2 + (properties?.size ?? 0) + (properties?.length ?? 0); at < subscribe.length; topics++) {
		at += 2 + subscribe.readUInt16BE(at) + 1;
	}
	const body = [...subscribe.subarray(0, 2), ...(version === 5 ? [0] : []), ...new Array<number>(topics).fill(0)];
	return Buffer.from([0x90, body.length, ...body]);
}

/** The bytes with the packet id of a SUBSCRIBE where it is meant. */
function withPacketId(bytes: Buffer, subscribe: Buffer | undefined): Buffer {
	if (subscribe === undefined) return bytes;
	return Buffer.from(bytes.toString("latin1").replaceAll(PACKET_ID, subscribe.toString("latin1", 0, 2)), "latin1");
}

/** A reason is for a person: one line, not without a word, nor without an end. */
export function checkReason(reason: string): void {
	assert.ok(reason.length > 0 && reason.length < 500 && !UNPRINTABLE.test(reason), reason);
	assert.not.match(reason, /undefined|null|NaN|\[object/, "it says what it is about");
}

/** A reason without its numbers: one of a bounded set. */
export const kindOf = (reason: string): string => reason.replace(/\d+/g, "0").slice(0, 80);

/** Things that come one by one; `next` waits for each in turn, and not for ever. */
export function createQueue<T>(what: string) {
	const waiting: T[] = [];
	let wake = (): void => {};
	return {
		push(item: T): void {
			waiting.push(item);
			wake();
		},
		async next(): Promise<T> {
			const item = waiting.shift();
			if (item !== undefined) return item;
			await new Promise<void>((resolve, reject) => {
				const late = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS);
				wake = () => {
					clearTimeout(late);
					resolve();
				};
			});
			return waiting.shift() as T;
		},
		takeAll: (): T[] => waiting.splice(0),
	};
}

/** One connection as the broker saw it. */
export interface Played {
	/** What the client spoke. */
	readonly version: 4 | 5;
	/** Whether the broker said no more than that it does not take this version. */
	readonly isVersionRefused: boolean;
	/** All that the client sent. */
	readonly received: Buffer;
}

/** Plays the broker's part on one connection, as the input says; resolves when it is over. */
export async function play(socket: Socket, input: Buffer): Promise<Played> {
	const [flags = 0] = input;
	const does = (flag: number): boolean => (flags & flag) !== 0;
	let received = Buffer.alloc(0);
	let granted = 0;
	socket.setNoDelay(true);
	const greeted = new Promise<void>((resolve) => socket.once("data", () => resolve()).once("close", resolve));
	const closed = new Promise((resolve) => socket.once("close", resolve));
	socket.on("error", () => {}); // a reset is one way of being closed
	socket.on("data", (chunk: Buffer) => {
		received = Buffer.concat([received, chunk]);
		if (does(ANSWERS) && chunk.includes(PINGREQ)) socket.write(PINGRESP);
		const asked = does(GRANTS) ? bodiesOf(SUBSCRIBE, received).slice(granted) : [];
		granted += asked.length;
		for (const each of asked) socket.write(granting(each, version));
	});
	await greeted;
	const version = received[received.indexOf("MQTT") + 4] === 4 ? 4 : 5;
	const isVersionRefused = does(VERSION_4) && version === 5;
	if (isVersionRefused) {
		socket.end(VERSION_5_REFUSED);
	} else {
		if (does(ACCEPTS)) socket.write(CONNACK[version]);
		for (let i = 0; i < TURNS; i++) await turn();
		const body = withPacketId(input.subarray(1), bodiesOf(SUBSCRIBE, received)[0]);
		await writeAll(socket, body, does(CRUMBLES), does(SPLITS));
		if (does(FLOODS)) socket.write(FLOOD);
		else socket.end();
	}
	await closed;
	return { version, isVersionRefused, received };
}

async function writeAll(socket: Socket, body: Buffer, crumbles: boolean, splits: boolean): Promise<void> {
	let at = 0;
	for (; crumbles && at < Math.min(CRUMBS, body.length); at++) {
		socket.write(body.subarray(at, at + 1));
		await turn();
	}
	const half = splits ? (at + body.length) >> 1 : at;
	if (half > at) {
		socket.write(body.subarray(at, half));
		for (let i = 0; i < TURNS; i++) await turn();
	}
	socket.write(body.subarray(half));
	for (let i = 0; i < TURNS; i++) await turn();
}

export interface HostileBroker {
	readonly port: number;
	/** The next connection. */
	accept(): Promise<Socket>;
	/** Ends those that nobody has taken. */
	leave(): void;
	close(): Promise<void>;
}

/** Opens a port for one campaign. */
export async function openHostileBroker(): Promise<HostileBroker> {
	const sockets = createQueue<Socket>("the client to connect");
	const server = createServer(sockets.push);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	return {
		port: address.port,
		accept: sockets.next,
		leave() {
			for (const socket of sockets.takeAll()) socket.destroy();
		},
		async close() {
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
