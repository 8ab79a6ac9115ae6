// A wire between a consumer and what it connects to, with an ear on it: every PUBLISH that the consumer was given, whatever
// the consumer makes of it. Whoever is slow on one side is slow on the other.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./free-port.js";

export interface Tap {
	readonly host: string;
	readonly port: number;
	stop(): Promise<void>;
}

export interface TappedMessage {
	readonly topic: string;
	readonly isRetained: boolean;
	readonly payload: Buffer;
}

const PUBLISH = 3;

/** Starts a tap in front of a server that speaks MQTT 5 and publishes at QoS 0. */
export async function startTap(
	target: { readonly host: string; readonly port: number },
	onMessage: (message: TappedMessage) => void,
): Promise<Tap> {
	const sockets = new Set<Socket>();
	const server = createServer({ noDelay: true }, (consumer) => {
		const broker = connect({ ...target, noDelay: true });
		for (const [socket, other] of [
			[consumer, broker],
			[broker, consumer],
		] as const) {
			sockets.add(socket);
			socket.on("error", () => other.destroy());
			socket.on("close", () => sockets.delete(socket));
		}
		broker.on("data", packetReader(onMessage));
		consumer.pipe(broker).pipe(consumer);
	});
	const port = await freePort();
	server.listen(port, "127.0.0.1");
	await once(server, "listening");
	return {
		host: "127.0.0.1",
		port,
		stop: async () => {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, "close");
		},
	};
}

/** Takes chunks of a stream of MQTT packets. */
function packetReader(onMessage: (message: TappedMessage) => void): (chunk: Buffer) => void {
	let held: Buffer = Buffer.alloc(0);
	return (chunk) => {
		held = Buffer.concat([held, chunk]);
		for (let packet = firstPacket(held); packet !== null; packet = firstPacket(held)) {
			const first = held[0] ?? 0;
			if (first >> 4 === PUBLISH) onMessage(readPublish(packet.body, (first & 1) === 1));
			held = held.subarray(packet.length);
		}
	};
}

function firstPacket(bytes: Buffer): { readonly body: Buffer; readonly length: number } | null {
	const remaining = readVariable(bytes, 1);
	if (remaining === null || remaining.end + remaining.value > bytes.length) return null;
	const length = remaining.end + remaining.value;
	return { body: bytes.subarray(remaining.end, length), length };
}

/** Topic, properties, payload (MQTT 5.0, 3.3). */
function readPublish(body: Buffer, isRetained: boolean): TappedMessage {
	const topicEnd = 2 + body.readUInt16BE(0);
	const properties = readVariable(body, topicEnd);
	if (properties === null) throw new Error("a PUBLISH without properties");
	const payload = Buffer.from(body.subarray(properties.end + properties.value));
	return { topic: body.toString("utf8", 2, topicEnd), isRetained, payload };
}

/** A variable byte integer (MQTT 5.0, 1.5.5) and where it ends; null where it does not end. */
function readVariable(bytes: Buffer, from: number): { readonly value: number; readonly end: number } | null {
	let value = 0;
	for (let at = from; at < bytes.length; at++) {
		const byte = bytes[at] ?? 0;
		value += (byte & 0x7f) * 128 ** (at - from);
		if (byte < 0x80) return { value, end: at + 1 };
	}
	return null;
}
