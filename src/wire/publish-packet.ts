// An MQTT PUBLISH of QoS 0 as bytes (OASIS MQTT 3.1.1, 3.3; MQTT 5.0, 3.3), in one buffer and one write.
// MQTT.js does the rest of the protocol, but its encoder keeps a buffer for every packet length it has ever seen
// (mqtt-packet #163: 155 MB), copies through eight writes, and queues; a frame must do none of that.

export interface PublishPacket {
	readonly version: 4 | 5;
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly retain: boolean;
	/** MQTT 5 only: Message Expiry Interval, seconds, 1 to 2^32 - 1. */
	readonly expiryS?: number;
	/** MQTT 5 only: Content Type. */
	readonly contentType?: string;
}

const PUBLISH = 0x30;
const RETAIN = 0x01;
const PROPERTY_EXPIRY = 0x02;
const PROPERTY_CONTENT_TYPE = 0x03;

/** The largest Remaining Length (MQTT 5.0, 1.5.5: four bytes of seven bits). */
export const REMAINING_LENGTH_MAX = 268_435_455;

/** The packet's bytes. */
export function encodePublish(packet: PublishPacket): Buffer {
	const { version, payload } = packet;
	const topic = Buffer.from(packet.topic);
	const properties = version === 5 ? encodeProperties(packet) : Buffer.alloc(0);
	const remaining = 2 + topic.length + properties.length + payload.length;
	const bytes = Buffer.allocUnsafe(1 + lengthBytes(remaining) + remaining);
	bytes[0] = PUBLISH | (packet.retain ? RETAIN : 0);
	let at = writeLength(bytes, remaining, 1);
	at = bytes.writeUInt16BE(topic.length, at);
	at += topic.copy(bytes, at);
	at += properties.copy(bytes, at);
	bytes.set(payload, at);
	return bytes;
}

/** Bytes of the packet that are not payload, at the most: what Maximum Packet Size leaves less. */
export function publishOverhead(topic: string, contentType: string): number {
	const properties = 5 + 3 + Buffer.byteLength(contentType);
	return 1 + 4 + 2 + Buffer.byteLength(topic) + lengthBytes(properties) + properties;
}

function encodeProperties({ expiryS, contentType }: PublishPacket): Buffer {
	const type = contentType === undefined ? null : Buffer.from(contentType);
	const length = (expiryS === undefined ? 0 : 5) + (type === null ? 0 : 3 + type.length);
	const bytes = Buffer.allocUnsafe(lengthBytes(length) + length);
	let at = writeLength(bytes, length, 0);
	if (expiryS !== undefined) {
		at = bytes.writeUInt8(PROPERTY_EXPIRY, at);
		at = bytes.writeUInt32BE(expiryS, at);
	}
	if (type !== null) {
		at = bytes.writeUInt8(PROPERTY_CONTENT_TYPE, at);
		at = bytes.writeUInt16BE(type.length, at);
		type.copy(bytes, at);
	}
	return bytes;
}

function lengthBytes(length: number): number {
	return length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x200000 ? 3 : 4;
}

/** A Variable Byte Integer (MQTT 5.0, 1.5.5); returns the offset behind it. */
function writeLength(bytes: Buffer, length: number, at: number): number {
	let rest = length;
	let offset = at;
	for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[offset++] = (rest % 0x80) | 0x80;
	bytes[offset] = rest;
	return offset + 1;
}
