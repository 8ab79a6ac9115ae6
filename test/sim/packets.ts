// MQTT packets out of a byte stream that comes in pieces: fixed header, Remaining Length, body (MQTT 5.0, 2.1). Written for
// the simulation alone, so that the bytes which ship are read by code that did not write them.

export interface PacketReader {
	/** Takes the next bytes and calls `packet` for each packet that they complete. */
	push(piece: Uint8Array): void;
	/** Bytes of a packet that is not complete. */
	pendingBytes(): number;
}

/** `first` is the first byte of the header: type and flags. `body` is valid during the call. */
export type TakePacket = (first: number, body: Uint8Array) => void;

export function createPacketReader(packet: TakePacket, malformed: (why: string) => void): PacketReader {
	let pending = new Uint8Array(256);
	let pendingLength = 0;
	let isDead = false;

	function keep(bytes: Uint8Array): void {
		if (pendingLength + bytes.length > pending.length) {
			const larger = new Uint8Array((pendingLength + bytes.length) * 2);
			larger.set(pending.subarray(0, pendingLength));
			pending = larger;
		}
		pending.set(bytes, pendingLength);
		pendingLength += bytes.length;
	}

	/** Takes the packets at the front of `bytes`; how many bytes they were. */
	function takeAll(bytes: Uint8Array): number {
		let at = 0;
		while (!isDead) {
			const body = bodyOf(bytes, at);
			if (body === "malformed") {
				isDead = true;
				malformed("a Remaining Length of more than four bytes");
			}
			if (body === "incomplete" || body === "malformed") return at;
			const first = bytes[at] as number;
			at = body.byteOffset - bytes.byteOffset + body.length;
			packet(first, body);
		}
		return at;
	}

	return {
		push(piece) {
			if (isDead) return;
			if (pendingLength === 0) {
				const taken = takeAll(piece);
				if (taken < piece.length) keep(piece.subarray(taken));
				return;
			}
			keep(piece);
			const taken = takeAll(pending.subarray(0, pendingLength));
			if (taken === 0) return;
			pending.copyWithin(0, taken, pendingLength);
			pendingLength -= taken;
		},
		pendingBytes: () => pendingLength,
	};
}

/** The body of the packet that begins at `at`. */
function bodyOf(bytes: Uint8Array, at: number): Uint8Array | "incomplete" | "malformed" {
	let length = 0;
	for (let i = 1; i <= 4; i++) {
		const byte = bytes[at + i];
		if (byte === undefined) return "incomplete";
		length += (byte & 0x7f) * 2 ** (7 * (i - 1));
		if (byte >= 0x80) continue;
		const from = at + i + 1;
		return from + length > bytes.length ? "incomplete" : bytes.subarray(from, from + length);
	}
	return "malformed";
}

export interface ReadPublish {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly retain: boolean;
	/** Message Expiry Interval, seconds. */
	readonly expiryS: number | undefined;
	readonly contentType: string | undefined;
}

/** Reads a PUBLISH of QoS 0 strictly (MQTT 5.0, 3.3; 3.1.1, 3.3); a sentence where it is none. */
export function readPublish(first: number, body: Uint8Array, version: 4 | 5): ReadPublish | string {
	if ((first & 0x0e) !== 0) return "a PUBLISH that is a duplicate or not of QoS 0";
	const topicLength = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
	let at = 2 + topicLength;
	if (topicLength === 0 || at > body.length) return "a PUBLISH whose topic is not within it";
	const text = Buffer.from(body.buffer, body.byteOffset, body.length);
	const topic = text.toString("latin1", 2, at);
	let expiryS: number | undefined;
	let contentType: string | undefined;
	if (version === 5) {
		const length = body[at] ?? 0x80;
		if (length >= 0x80) return "PUBLISH properties of more than 127 bytes";
		const end = at + 1 + length;
		at += 1;
		while (at < end) {
			const id = body[at];
			if (id === 2 && expiryS === undefined) {
				expiryS = new DataView(body.buffer, body.byteOffset + at + 1, 4).getUint32(0);
				at += 5;
			} else if (id === 3 && contentType === undefined) {
				const size = ((body[at + 1] ?? 0) << 8) | (body[at + 2] ?? 0);
				contentType = text.toString("latin1", at + 3, at + 3 + size);
				at += 3 + size;
			} else return `PUBLISH property ${id}`;
		}
		if (at !== end) return "PUBLISH properties that do not end where they say";
	}
	return { topic, payload: body.subarray(at), retain: (first & 1) === 1, expiryS, contentType };
}
