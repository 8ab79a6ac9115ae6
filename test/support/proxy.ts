// A TCP proxy between the agent and its broker, with the faults of real networks on call. It knows nothing of MQTT.
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
}

export interface Proxy {
	readonly host: string;
	readonly port: number;
	/** Resets every connection. */
	cut(): void;
	/** Passes `bytes` more bytes upwards, over all connections, then cuts: in the middle of a packet if that is where it is. */
	cutAfterBytes(bytes: number): void;
	/** Ends every connection in an orderly way, on both sides. */
	closeFin(): void;
	/** Nothing is read any more; new connections are taken, and are as silent. */
	stall(direction?: Direction | "both"): void;
	resume(): void;
	/** Bytes, ends and resets of both directions vanish, on new connections too. Off: new connections work. */
	blackhole(on: boolean): void;
	/** New connections are refused by the kernel (ECONNREFUSED); those that are up stay. */
	refuse(on: boolean): Promise<void>;
	/** For the bytes that come from now on; null: fast again. */
	slow(slowness: Slowness | null): void;
	/** How many connections were taken in all, and how many are up. */
	connections(): number;
	open(): number;
	/** Bytes passed on to the broker, and to the agent. */
	bytesUp(): number;
	bytesDown(): number;
	stop(): Promise<void>;
}

interface Faults {
	stalled: { up: boolean; down: boolean };
	isBlackHole: boolean;
	slowness: Slowness;
	/** Bytes that may still go up before the cut; infinite when none is planned. */
	bytesUntilCut: number;
}

interface Totals {
	up: number;
	down: number;
}

interface Link {
	readonly client: Socket;
	readonly broker: Socket;
	readonly lanes: readonly Lane[];
	isDead: boolean;
}

/** One direction of a link. */
interface Lane {
	pump(): void;
	/** Forgets what it holds. */
	clear(): void;
	/** From now on whatever comes vanishes, ends included. */
	deafen(): void;
}

/** Bytes held for latency or a slow line; past this the sender is no longer read, as with a full socket. */
const HELD_BYTES_MAX = 65_536;
/** A slow line passes its bytes in pieces of this duration. */
const SLICE_MS = 10;

/** Starts a proxy to a server on this machine. */
export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<Proxy> {
	const faults: Faults = {
		stalled: { up: false, down: false },
		isBlackHole: false,
		slowness: {},
		bytesUntilCut: Number.POSITIVE_INFINITY,
	};
	const links = new Set<Link>();
	const totals: Totals = { up: 0, down: 0 };
	let connections = 0;
	const cut = (): void => {
		faults.bytesUntilCut = Number.POSITIVE_INFINITY;
		for (const link of links) reset(link);
	};
	const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
		connections += 1;
		openLink(client, target, faults, totals, links, cut);
	});
	const port = await listen(server, await freePort());
	const pumpAll = (): void => {
		for (const link of links) for (const lane of link.lanes) lane.pump();
	};
	return {
		host: "127.0.0.1",
		port,
		cut,
		cutAfterBytes: (bytes) => {
			faults.bytesUntilCut = bytes;
		},
		closeFin: () => {
			for (const { client, broker } of links) {
				client.end();
				broker.end();
			}
		},
		stall: (direction = "both") => {
			if (direction !== "down") faults.stalled.up = true;
			if (direction !== "up") faults.stalled.down = true;
		},
		resume: () => {
			faults.stalled = { up: false, down: false };
			pumpAll();
		},
		blackhole: (on) => {
			faults.isBlackHole = on;
			if (on) for (const link of links) kill(link);
		},
		refuse: async (on) => {
			if (on && server.listening) await closeListener(server);
			if (!on && !server.listening) await listen(server, port);
		},
		slow: (slowness) => {
			faults.slowness = slowness ?? {};
			pumpAll();
		},
		connections: () => connections,
		open: () => links.size,
		bytesUp: () => totals.up,
		bytesDown: () => totals.down,
		stop: async () => {
			cut();
			if (server.listening) await closeListener(server);
		},
	};
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
	totals: Totals,
	links: Set<Link>,
	cut: () => void,
): void {
	// Not as an option of `connect`, which a socket made like this ignores: each barrier would then take 40 ms.
	const broker = new Socket({ allowHalfOpen: true }).setNoDelay(true);
	const up = createLane("up", client, broker, faults, totals, () => cut());
	const down = createLane("down", broker, client, faults, totals, () => undefined);
	const link: Link = { client, broker, lanes: [up, down], isDead: false };
	links.add(link);
	for (const [socket, other] of [
		[client, broker],
		[broker, client],
	] as const) {
		socket.on("error", () => {
			if (!link.isDead) sendReset(other);
		});
		socket.on("close", () => {
			if (client.destroyed && broker.destroyed) links.delete(link);
		});
	}
	if (faults.isBlackHole) kill(link);
	else broker.connect({ ...target });
}

/** Both sides go on in the belief that the other is there. */
function kill(link: Link): void {
	link.isDead = true;
	for (const lane of link.lanes) lane.deafen();
}

function reset(link: Link): void {
	for (const lane of link.lanes) lane.clear();
	sendReset(link.client);
	sendReset(link.broker);
}

/**
 * A reset and nothing before it. `resetAndDestroy` ends the socket first, so that the other side may see an orderly end;
 * this is what it does after that.
 */
function sendReset(socket: Socket): void {
	if (socket.destroyed) return;
	if (!socket.connecting && "resetAndClosing" in socket) {
		socket.resetAndClosing = true;
		socket.destroy();
	} else socket.resetAndDestroy();
}

/** Passes bytes of one direction on: at once while nothing is wrong, else from a queue that is bounded. */
function createLane(
	direction: Direction,
	from: Socket,
	to: Socket,
	faults: Faults,
	totals: Totals,
	onCutReached: () => void,
): Lane {
	const held: { bytes: Buffer; dueMs: number }[] = [];
	let heldBytes = 0;
	let hasEnded = false;
	let isDeaf = false;
	let freeAtMs = 0;
	let timer: NodeJS.Timeout | undefined;

	function pump(): void {
		clearTimeout(timer);
		while (held.length > 0 && !faults.stalled[direction] && !to.writableNeedDrain) {
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
		if (held.length === 0 && hasEnded && !to.writableEnded) to.end();
		if (heldBytes < HELD_BYTES_MAX && !faults.stalled[direction]) from.resume();
	}

	/** Passes the head of the queue, or as much of it as a slice of a slow line, or the bytes before a cut. */
	function pass(head: { bytes: Buffer }, nowMs: number): void {
		const rate = faults.slowness.bytesPerSecond ?? 0;
		const untilCut = direction === "up" ? faults.bytesUntilCut : Number.POSITIVE_INFINITY;
		const slice = rate > 0 ? Math.max(1, Math.floor((rate * SLICE_MS) / 1_000)) : head.bytes.length;
		const count = Math.min(head.bytes.length, slice, untilCut);
		const piece = head.bytes.subarray(0, count);
		if (count === head.bytes.length) held.shift();
		else head.bytes = head.bytes.subarray(count);
		heldBytes -= count;
		totals[direction] += count;
		if (rate > 0) freeAtMs = nowMs + (count * 1_000) / rate;
		if (count > 0) to.write(piece);
		if (untilCut === Number.POSITIVE_INFINITY) return;
		faults.bytesUntilCut -= count;
		if (faults.bytesUntilCut <= 0) onCutReached();
	}

	from.on("data", (bytes: Buffer) => {
		if (isDeaf) return;
		held.push({ bytes, dueMs: performance.now() + (faults.slowness.latencyMs ?? 0) });
		heldBytes += bytes.length;
		if (heldBytes >= HELD_BYTES_MAX || faults.stalled[direction] || to.writableNeedDrain) from.pause();
		pump();
	});
	from.on("end", () => {
		if (isDeaf) return;
		hasEnded = true;
		pump();
	});
	to.on("drain", pump);
	const clear = (): void => {
		clearTimeout(timer);
		held.length = 0;
		heldBytes = 0;
		hasEnded = false;
	};
	return {
		pump,
		clear,
		deafen: () => {
			clear();
			isDeaf = true;
			from.resume(); // read and forget
		},
	};
}
