// A TCP proxy between the agent and its broker, with the faults of real networks on call, each in one direction or both.
// It knows nothing of MQTT.
//
// A reset is a reset on both sides; bytes already handed to the kernel may or may not arrive, as in life. A connection that
// lost bytes in the black hole stays dead for ever: bytes after a hole would be a fault that no network makes.
import { createServer, type Server, Socket } from "node:net";
import { freePort } from "./free-port.js";

/** From the agent to the broker, or back. */
export type Direction = "up" | "down";

export interface Slowness {
	/** For each connection and direction; 0 or left out: no limit. */
	readonly bytesPerSecond?: number;
	/** One way. */
	readonly latencyMs?: number;
	/** Up to this much is added to the latency, at random; the order stays. */
	readonly jitterMs?: number;
	/** Passes pieces of at most this many bytes, one each millisecond. */
	readonly sliceBytes?: number;
	/** The end of a connection is passed on this much later. */
	readonly closeMs?: number;
}

export interface Proxy {
	readonly host: string;
	readonly port: number;
	/** Resets every connection. In one direction: the other end is told nothing, and whatever it still sends vanishes. */
	cut(direction?: Direction | "both"): void;
	/** Passes `bytes` more bytes (upwards), over all connections, then cuts: in the middle of a packet if that is where it is. */
	cutAfterBytes(bytes: number, direction?: Direction): void;
	/** Ends every connection in an orderly way. */
	closeFin(direction?: Direction | "both"): void;
	/** Nothing is read any more; new connections are taken, and are as silent. */
	stall(direction?: Direction | "both"): void;
	resume(): void;
	/** Bytes, ends and resets vanish, on new connections too. Off: new connections work. */
	blackhole(on: boolean, direction?: Direction | "both"): void;
	/** New connections are refused by the kernel (ECONNREFUSED); those that are up stay. */
	refuse(on: boolean): Promise<void>;
	/** For the bytes that come from now on; null: fast again. */
	slow(slowness: Slowness | null, direction?: Direction | "both"): void;
	/** How many connections were taken in all, and how many are up. */
	connections(): number;
	open(): number;
	/** Bytes passed on to the broker, and to the agent. */
	bytesUp(): number;
	bytesDown(): number;
	/** The first byte that the agent sent on each connection: 0x16 begins TLS, 0x10 a CONNECT in plain. */
	greetings(): readonly number[];
	stop(): Promise<void>;
}

/** What is wrong with one direction, and what passed in it all the same. */
interface Fault {
	isStalled: boolean;
	isBlackHole: boolean;
	slowness: Slowness;
	/** Bytes that may still pass before the cut; infinite when none is planned. */
	bytesUntilCut: number;
	bytesPassed: number;
}

type Faults = Readonly<Record<Direction, Fault>>;

interface Link {
	readonly client: Socket;
	readonly broker: Socket;
	readonly lanes: Readonly<Record<Direction, Lane>>;
}

/** One direction of a link. */
interface Lane {
	pump(): void;
	/** Forgets what it holds. */
	clear(): void;
	/** From now on whatever comes vanishes, ends included. */
	deafen(): void;
	isDeaf(): boolean;
}

/** Bytes held for latency or a slow line; past this the sender is no longer read, as with a full socket. */
const HELD_BYTES_MAX = 65_536;
/** A slow line passes its bytes in pieces of this duration. */
const SLICE_MS = 10;
/** Between two pieces of `sliceBytes`: the shortest timer there is. */
const PIECE_MS = 1;

/** Starts a proxy to a server on this machine. */
export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<Proxy> {
	const faults: Faults = { up: noFault(), down: noFault() };
	const links = new Set<Link>();
	const greetings: number[] = [];
	let connections = 0;
	const cut = (direction: Direction | "both" = "both"): void => {
		for (const lane of lanesOf(direction)) faults[lane].bytesUntilCut = Number.POSITIVE_INFINITY;
		for (const link of links) reset(link, direction);
	};
	const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
		connections += 1;
		client.once("data", (bytes: Buffer) => greetings.push(bytes[0] ?? 0));
		openLink(client, target, faults, links, cut);
	});
	const port = await listen(server, await freePort());
	const pumpAll = (): void => {
		for (const { lanes } of links) for (const lane of Object.values(lanes)) lane.pump();
	};
	return {
		host: "127.0.0.1",
		port,
		cut,
		cutAfterBytes: (bytes, direction = "up") => {
			faults[direction].bytesUntilCut = bytes;
		},
		closeFin: (direction = "both") => {
			for (const link of links) for (const lane of lanesOf(direction)) receiverOf(link, lane).end();
		},
		stall: (direction = "both") => {
			for (const lane of lanesOf(direction)) faults[lane].isStalled = true;
		},
		resume: () => {
			for (const lane of lanesOf("both")) faults[lane].isStalled = false;
			pumpAll();
		},
		blackhole: (on, direction = "both") => {
			for (const lane of lanesOf(direction)) {
				faults[lane].isBlackHole = on;
				if (on) for (const { lanes } of links) lanes[lane].deafen();
			}
		},
		refuse: async (on) => {
			if (on && server.listening) await closeListener(server);
			if (!on && !server.listening) await listen(server, port);
		},
		slow: (slowness, direction = "both") => {
			for (const lane of lanesOf(direction)) faults[lane].slowness = slowness ?? {};
			pumpAll();
		},
		connections: () => connections,
		open: () => links.size,
		bytesUp: () => faults.up.bytesPassed,
		bytesDown: () => faults.down.bytesPassed,
		greetings: () => greetings,
		stop: async () => {
			cut();
			if (server.listening) await closeListener(server);
		},
	};
}

function noFault(): Fault {
	return {
		isStalled: false,
		isBlackHole: false,
		slowness: {},
		bytesUntilCut: Number.POSITIVE_INFINITY,
		bytesPassed: 0,
	};
}

function lanesOf(direction: Direction | "both"): readonly Direction[] {
	return direction === "both" ? ["up", "down"] : [direction];
}

/** The socket that a lane writes to. */
function receiverOf({ client, broker }: Link, direction: Direction): Socket {
	return direction === "up" ? broker : client;
}

/** Stops listening at once; connections that are up stay, so its callback is not waited for. */
function closeListener(server: Server): Promise<void> {
	return new Promise((resolve) => {
		server.close();
		setImmediate(resolve);
	});
}

function listen(server: Server, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen({ port, host: "127.0.0.1" }, () => {
			server.off("error", reject);
			resolve(port);
		});
	});
}

function openLink(
	client: Socket,
	target: { readonly host: string; readonly port: number },
	faults: Faults,
	links: Set<Link>,
	cut: () => void,
): void {
	// Not as an option of `connect`, which a socket made like this ignores: each barrier would then take 40 ms.
	const broker = new Socket({ allowHalfOpen: true }).setNoDelay(true);
	const up = createLane(client, broker, faults.up, cut);
	const down = createLane(broker, client, faults.down, cut);
	const link: Link = { client, broker, lanes: { up, down } };
	links.add(link);
	for (const [socket, other, lane] of [
		[client, broker, up],
		[broker, client, down],
	] as const) {
		socket.on("error", () => {
			if (!lane.isDeaf()) sendReset(other);
		});
		socket.on("close", () => {
			if (client.destroyed && broker.destroyed) links.delete(link);
		});
	}
	if (faults.up.isBlackHole) up.deafen();
	if (faults.down.isBlackHole) down.deafen();
	if (!(up.isDeaf() && down.isDeaf())) broker.connect({ ...target });
}

function reset(link: Link, direction: Direction | "both"): void {
	for (const lane of Object.values(link.lanes)) lane.clear();
	// An end that is told nothing goes on in the belief that the other is there.
	if (direction !== "both") for (const lane of Object.values(link.lanes)) lane.deafen();
	for (const lane of lanesOf(direction)) sendReset(receiverOf(link, lane));
}

/**
 * A reset and nothing before it. `resetAndDestroy` ends the socket first, so that the other side may see an orderly end;
 * this is what it does after that.
 */
function sendReset(socket: Socket): void {
	if (socket.destroyed) return;
	// With its end under way it cannot be reset, and Node would wait for it for ever when it exits.
	if (socket.writableEnded && !socket.writableFinished) socket.destroy();
	else if (!socket.connecting && "resetAndClosing" in socket) {
		socket.resetAndClosing = true;
		socket.destroy();
	} else socket.resetAndDestroy();
}

/** Passes bytes of one direction on: at once while nothing is wrong, else from a queue that is bounded. */
function createLane(from: Socket, to: Socket, fault: Fault, onCutReached: () => void): Lane {
	const held: { bytes: Buffer; dueMs: number }[] = [];
	let heldBytes = 0;
	/** When the end that has come is passed on; infinite while none has. */
	let endMs = Number.POSITIVE_INFINITY;
	let isDeaf = false;
	let freeAtMs = 0;
	let timer: NodeJS.Timeout | undefined;

	function pump(): void {
		clearTimeout(timer);
		while (held.length > 0 && !fault.isStalled && !to.writableNeedDrain) {
			const nowMs = performance.now();
			const next = held[0];
			if (next === undefined) break;
			const waitMs = Math.max(next.dueMs, freeAtMs) - nowMs;
			if (waitMs > 0) {
				timer = setTimeout(pump, waitMs);
				return;
			}
			pass(next, nowMs);
		}
		if (held.length === 0 && endMs < Number.POSITIVE_INFINITY) passEnd();
		if (heldBytes < HELD_BYTES_MAX && !fault.isStalled) from.resume();
	}

	function passEnd(): void {
		const waitMs = endMs - performance.now();
		if (waitMs > 0) timer = setTimeout(pump, waitMs);
		else if (!to.writableEnded) to.end();
	}

	/** Passes the head of the queue, or as much of it as a slice of a slow line, or the bytes before a cut. */
	function pass(head: { bytes: Buffer }, nowMs: number): void {
		const { bytesPerSecond: rate = 0, sliceBytes = Number.POSITIVE_INFINITY } = fault.slowness;
		const untilCut = fault.bytesUntilCut;
		const slice = rate > 0 ? Math.max(1, Math.floor((rate * SLICE_MS) / 1_000)) : head.bytes.length;
		const bytes = Math.min(head.bytes.length, slice, sliceBytes, untilCut);
		const piece = head.bytes.subarray(0, bytes);
		if (bytes === head.bytes.length) held.shift();
		else head.bytes = head.bytes.subarray(bytes);
		heldBytes -= bytes;
		fault.bytesPassed += bytes;
		if (rate > 0) freeAtMs = nowMs + (bytes * 1_000) / rate;
		else if (sliceBytes < Number.POSITIVE_INFINITY) freeAtMs = nowMs + PIECE_MS;
		if (bytes > 0) to.write(piece);
		if (untilCut === Number.POSITIVE_INFINITY) return;
		fault.bytesUntilCut -= bytes;
		if (fault.bytesUntilCut <= 0) onCutReached();
	}

	from.on("data", (bytes: Buffer) => {
		if (isDeaf) return;
		const { latencyMs = 0, jitterMs = 0 } = fault.slowness;
		held.push({ bytes, dueMs: performance.now() + latencyMs + Math.random() * jitterMs });
		heldBytes += bytes.length;
		if (heldBytes >= HELD_BYTES_MAX || fault.isStalled || to.writableNeedDrain) from.pause();
		pump();
	});
	from.on("end", () => {
		if (isDeaf) return;
		endMs = performance.now() + (fault.slowness.closeMs ?? 0);
		pump();
	});
	to.on("drain", pump);
	const clear = (): void => {
		clearTimeout(timer);
		held.length = 0;
		heldBytes = 0;
		endMs = Number.POSITIVE_INFINITY;
	};
	return {
		pump,
		clear,
		deafen: () => {
			clear();
			isDeaf = true;
			from.resume(); // read and forget
		},
		isDeaf: () => isDeaf,
	};
}
