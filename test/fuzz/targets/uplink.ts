// A hostile broker: the uplink with MQTT.js, driver and agent, against a socket that says whatever the input says. Each
// connection ends with a reason, no reading goes out twice, the books balance, and nothing is taken without an end.
import { createServer, type Socket } from "node:net";
import * as assert from "uvu/assert";
import { createAgent } from "../../../src/core/agent.js";
import type { Log } from "../../../src/log.js";
import { createDriver } from "../../../src/run/driver.js";
import { createUplink } from "../../../src/uplink/uplink.js";
import { decodeFrame } from "../../../src/wire/decode-frame.js";
import { createFrameEncoder } from "../../../src/wire/frame.js";
import type { Target } from "../fuzz.js";

/** The first byte of an input says how the broker behaves around the bytes behind it. */
const ACCEPTS = 1; // begins with a CONNACK that says yes
const ANSWERS = 2; // answers each ping
const FLOODS = 4; // goes on with more than a connection takes, and leaves the end to the uplink
const VERSION_4 = 8;
const SPLITS = 16; // in two writes

/** Connections made with each input: what is in flight on the first must not come again on the second. */
const CONNECTIONS = 2;
/** More than the uplink takes of what is no packet, and less than the system takes for a reader that has gone. */
const FLOOD = Buffer.alloc(400_000);
/** Turns of the event loop for what was written to be read, and answered. */
const TURNS = 8;

const CONNACK = { 4: Buffer.from("20020000", "hex"), 5: Buffer.from("2003000000", "hex") };
const PINGREQ = Buffer.from("c000", "hex");
const PINGRESP = Buffer.from("d000", "hex");
const READINGS = 6;
/** What takes this long has stopped. */
const PATIENCE_MS = 10_000;
const RUN = "AAAAAAAAAAA";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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

/** Seqs of the frames in what a client sent, in order. */
function seqsIn(bytes: Buffer, version: 4 | 5): number[] {
	const seqs: number[] = [];
	for (let at = 0; at < bytes.length; ) {
		const head = remainingLength(bytes, at + 1);
		if (head === null || at + 1 + head.size + head.length > bytes.length) break; // cut off with the connection
		const body = bytes.subarray(at + 1 + head.size, at + 1 + head.size + head.length);
		if ((bytes[at] as number) >> 4 === 3) {
			const topicLength = body.readUInt16BE(0);
			const properties = version === 5 ? remainingLength(body, 2 + topicLength) : { size: 0, length: 0 };
			const payload = body.subarray(2 + topicLength + (properties?.size ?? 0) + (properties?.length ?? 0));
			if (
				body
					.subarray(2, 2 + topicLength)
					.toString()
					.endsWith("/data")
			) {
				const result = decodeFrame(payload);
				assert.ok(result.ok, "what is sent is a frame");
				if (result.ok) for (let i = 0; i < result.frame.value.length; i++) seqs.push(result.frame.seq + i);
			}
		}
		at += 1 + head.size + head.length;
	}
	return seqs;
}

/** Things that come one by one; `next` waits for each in turn, and not for ever. */
function createQueue<T>(what: string) {
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

interface Script {
	readonly version: 4 | 5;
	readonly flags: number;
	readonly body: Buffer;
}

/** Plays the broker's part on one connection; resolves with all that the client sent when it is over. */
async function play(socket: Socket, { flags, body, version }: Script): Promise<Buffer> {
	const received: Buffer[] = [];
	socket.setNoDelay(true);
	socket.on("data", (chunk) => {
		received.push(chunk);
		if ((flags & ANSWERS) !== 0 && chunk.includes(PINGREQ)) socket.write(PINGRESP);
	});
	socket.on("error", () => {}); // a reset is one way of being closed
	const closed = new Promise((resolve) => socket.once("close", resolve));
	if ((flags & ACCEPTS) !== 0) socket.write(CONNACK[version]);
	const half = (flags & SPLITS) === 0 ? 0 : body.length >> 1;
	if (half > 0) socket.write(body.subarray(0, half));
	for (let i = 0; i < TURNS; i++) await turn();
	socket.write(body.subarray(half));
	for (let i = 0; i < TURNS; i++) await turn();
	if ((flags & FLOODS) !== 0) socket.write(FLOOD);
	else socket.end();
	await closed;
	return Buffer.concat(received);
}

/** Everything of an agent between its readings and the socket, for one input. */
function createClient(port: number, version: 4 | 5) {
	const reasons = createQueue<string>("the uplink to say why it ended");
	const log: Log = {
		error: () => {},
		warn: (event, fields) => event === "link_down" && reasons.push(String(fields?.["reason"])),
		info: () => {},
		debug: () => {},
	};
	const nowMs = (): number => performance.now();
	const agent = createAgent({
		...{
			device: "d",
			run: RUN,
			capacity: 100,
			ttlMs: 60_000,
			policy: "drop-oldest" as const,
			lingerMs: 0,
			maxReadings: 2,
		},
		...{ maxBytes: 65_536, maxRate: 0, confirmMs: 5_000, atRisk: 4, statusIntervalMs: 60_000 },
		encode: createFrameEncoder("cbor"),
	});
	const uplink = createUplink({
		config: {
			...{ url: `mqtt://127.0.0.1:${port}`, version, clientId: "c", prefix: "p", keepaliveMs: 30_000 },
			reconnect: { minMs: 1, maxMs: 1 },
		},
		...{ format: "cbor" as const, device: "d", run: RUN, log, nowMs },
		random: () => 0,
	});
	let ups = 0;
	let downs = 0;
	const driver = createDriver({
		agent,
		uplink,
		blackBox: { previous: null, record: () => assert.ok(agent.books().balanced), close: () => {} },
		nowMs,
		wallMs: () => 0,
		clockSynchronised: () => true,
		status: () => Buffer.from(`{"run":"${RUN}"}`),
		finished: () => {},
	});
	for (let i = 0; i < READINGS; i++) driver.offer(agent.stream("s.x", 0), i, nowMs());
	uplink.start({
		...driver,
		up(bytesMax) {
			ups += 1;
			driver.up(bytesMax);
		},
		down() {
			downs += 1;
			driver.down();
		},
	});
	return { agent, uplink, driver, reasons, links: () => [ups, downs] as const };
}

/** Opens the broker's port for one campaign. */
export async function createUplinkTarget(): Promise<Target> {
	const sockets = createQueue<Socket>("the uplink to connect");
	const server = createServer(sockets.push);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	const port = typeof address === "object" && address !== null ? address.port : 0;

	return {
		name: "uplink",
		words: [
			...[
				"\x20\x03\x00\x00\x00",
				"\x20\x02\x00\x05",
				"\x20\x03\x00\x87\x00",
				"\xd0\x00",
				"\xff\xff\xff\x7f",
				"\xe0\x00",
			],
			...["\x30\x07\x00\x01a\x00", "\x32", "\x34", "\x62\x02\x00\x01", "\x90\x04\x00\x01\x00\x00", "\x21\x00\x0a"],
			...["p/d/status", `{"run":"${RUN}"}`, "\x27\x00\x00\x00\x05", "\x22\xff\xff", "\xf0\x00"],
		],
		async feed(input) {
			const [flags = 0] = input;
			const version = (flags & VERSION_4) === 0 ? 5 : 4;
			const client = createClient(port, version);
			const { agent, uplink, driver, links } = client;
			const seqs: number[] = [];
			const reasons: string[] = [];
			for (let i = 0; i < CONNECTIONS; i++) {
				const sent = await play(await sockets.next(), { flags, body: input.subarray(1), version });
				seqs.push(...seqsIn(sent, version));
				reasons.push(await client.reasons.next());
			}
			const [ups, downs] = links();
			assert.is(ups, downs, "each connection that came up has ended");
			for (const reason of reasons) assert.ok(reason.length > 0 && reason.length < 500, reason);
			driver.stop(0);
			await uplink.stop();
			for (const socket of sockets.takeAll()) socket.destroy();
			assert.ok(
				seqs.every((seq, i) => i === 0 || seq > (seqs[i - 1] as number)),
				`sent ${seqs}`,
			);
			const { balanced, sent, confirmed, stamped } = agent.books();
			assert.ok(balanced && stamped === READINGS && seqs.length <= sent);
			if ((flags & ANSWERS) === 0 && !input.includes(PINGRESP[0] as number, 1)) assert.is(confirmed, 0);
			return [`${ups} ${sent} ${confirmed}`, ...reasons.map((reason) => reason.replace(/\d+/g, "0").slice(0, 80))];
		},
		async end() {
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
