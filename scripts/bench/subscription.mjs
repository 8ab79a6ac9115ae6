// A subscriber of the benchmarks' own: MQTT 3.1.1 on a bare socket, so that counting costs the machine as little as can
// be and shares nothing with what is measured. It keeps payloads as they come; whoever wants them decodes them afterwards.
import { randomUUID } from "node:crypto";
import { connect } from "node:net";

/** Subscribes to `topics` and to a topic of its own; `onMessage(topic, payload)` for the former. Resolves when granted. */
export async function subscribe({ host, port, topics, onMessage }) {
	const own = `bench/${randomUUID()}`;
	const waiting = new Map();
	const socket = connect({ host, port, noDelay: true });
	let granted;
	const active = new Promise((resolve, reject) => {
		granted = resolve;
		socket.once("error", reject);
	});
	const take = createReader((kind, body) => {
		if (kind >> 4 === 2) socket.write(packet(0x82, [Buffer.from([0, 1]), ...[...topics, own].flatMap(filter)]));
		if (kind >> 4 === 9) granted();
		if (kind >> 4 !== 3) return;
		const topicBytes = body.readUInt16BE(0);
		const topic = body.toString("utf8", 2, 2 + topicBytes);
		const payload = body.subarray(2 + topicBytes + (kind & 6 ? 2 : 0));
		if (topic !== own) onMessage(topic, payload);
		else waiting.get(payload.toString())?.();
	});
	socket.on("data", take);
	const protocol = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0]);
	socket.write(packet(0x10, [protocol, text(own.replace("/", "-"))]));
	await active;
	return {
		/** Resolves when all that the broker had taken before has come: a message of our own came after it. */
		settle() {
			const nonce = randomUUID();
			return new Promise((resolve) => {
				waiting.set(nonce, resolve);
				socket.write(packet(0x30, [text(own), Buffer.from(nonce)]));
			});
		},
		end: () => socket.destroy(),
	};
}

function filter(topic) {
	return [text(topic), Buffer.from([0])];
}

function text(string) {
	const bytes = Buffer.from(string);
	const length = Buffer.alloc(2);
	length.writeUInt16BE(bytes.length);
	return Buffer.concat([length, bytes]);
}

function packet(kind, parts) {
	const body = Buffer.concat(parts);
	const head = [kind];
	let rest = body.length;
	for (; rest >= 0x80; rest >>= 7) head.push((rest & 0x7f) | 0x80);
	return Buffer.concat([Buffer.from([...head, rest]), body]);
}

/** Chunks in, whole packets out: a packet within a chunk is a view of it, nothing is copied. */
function createReader(onPacket) {
	let pending = Buffer.alloc(0);
	return (chunk) => {
		const bytes = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
		let at = 0;
		for (;;) {
			let length = 0;
			let head = at + 1;
			let shift = 0;
			for (; head < bytes.length && shift < 28; head += 1, shift += 7) {
				length |= (bytes[head] & 0x7f) << shift;
				if (bytes[head] < 0x80) break;
			}
			if (head >= bytes.length || head + 1 + length > bytes.length) break;
			onPacket(bytes[at], bytes.subarray(head + 1, head + 1 + length));
			at = head + 1 + length;
		}
		pending = bytes.subarray(at);
	};
}
