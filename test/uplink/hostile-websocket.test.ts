// A broker over WebSocket may announce a message of any length, and the library would gather all of it before anybody
// sees a byte: the bound has to be the library's own.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { INBOUND_BYTES_MAX, type Subscription, subscribe } from "../../src/consume/subscribe.js";
import { until } from "../support/wait.js";

/** Takes the handshake (RFC 6455, 4.2.2). */
function greet(socket: Duplex, key: string): void {
	const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
	const answer = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
	socket.write([...answer, `Sec-WebSocket-Accept: ${accept}`, "Sec-WebSocket-Protocol: mqtt", "", ""].join("\r\n"));
}

/** Announces a binary frame of 64 MiB. */
function announce(socket: Duplex): void {
	socket.write(Buffer.from("827f0000000004000000", "hex"));
}

/** What is in a client's frame of less than 126 bytes (RFC 6455, 5.2 and 5.3). */
function unmask(frame: Buffer): Buffer {
	return Buffer.from(frame.subarray(6).map((byte, i) => byte ^ (frame[2 + (i % 4)] as number)));
}

const MESSAGES = 20;
const MESSAGE_BYTES = 30_000;

/** Lets the client in, grants its subscription, and sends all messages in one frame of the WebSocket. */
function pour(socket: Duplex): void {
	const topic = Buffer.from("0003742f6400", "hex");
	const length = topic.length + MESSAGE_BYTES;
	const head = Buffer.from([0x30, (length & 0x7f) | 0x80, (length >> 7) | 0x80, length >> 14]);
	const one = Buffer.concat([head, topic, Buffer.alloc(MESSAGE_BYTES)]);
	const all = Buffer.concat(Array.from({ length: MESSAGES }, () => one));
	const size = Buffer.alloc(8);
	size.writeBigUInt64BE(BigInt(all.length));
	socket.on("data", (frame: Buffer) => {
		const packet = unmask(frame);
		if (packet[0] === 0x10) socket.write(Buffer.from("82052003000000", "hex"));
		if (packet[0] !== 0x82) return;
		socket.write(Buffer.concat([Buffer.from("82069004", "hex"), packet.subarray(2, 4), Buffer.from("0000", "hex")]));
		socket.write(Buffer.concat([Buffer.from("827f", "hex"), size, all]));
	});
}

async function withServer(speak: (socket: Duplex) => void, use: (url: string) => Promise<void>): Promise<void> {
	const server = createServer();
	server.on("upgrade", (request, socket) => {
		socket.on("error", () => {});
		greet(socket, String(request.headers["sec-websocket-key"]));
		speak(socket);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	await use(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
	server.close();
	server.closeAllConnections();
}

interface Seen {
	messages: number;
	readonly reasons: string[];
}

function follow(url: string): { readonly seen: Seen; readonly subscription: Subscription } {
	const seen: Seen = { messages: 0, reasons: [] };
	const subscription = subscribe({
		...{ broker: { url }, name: "test", topics: ["#"], random: Math.random, nowMs: () => performance.now() },
		events: {
			message() {
				seen.messages += 1;
				return undefined;
			},
			up: () => undefined,
			down: ({ reason }) => void seen.reasons.push(reason),
		},
	});
	return { seen, subscription };
}

test("a message of 64 MiB over WebSocket ends the connection when it is announced", () =>
	withServer(announce, async (url) => {
		const { seen, subscription } = follow(url);
		await until("the end", () => seen.reasons.length > 0);
		subscription.stop();
		assert.match(seen.reasons[0] ?? "", /Max payload size exceeded/);
	}));

test("many packets in one message of a WebSocket are taken, though they are more than one packet may be", () =>
	withServer(pour, async (url) => {
		assert.ok(MESSAGES * MESSAGE_BYTES > INBOUND_BYTES_MAX);
		const { seen, subscription } = follow(url);
		await until("all of them, or the end", () => seen.messages === MESSAGES || seen.reasons.length > 0);
		subscription.stop();
		assert.equal(seen, { messages: MESSAGES, reasons: [] });
	}));

test.run();
