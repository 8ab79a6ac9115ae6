// A TCP connection: for each direction a program's own queue, a kernel buffer at the sender and one at the receiver, both
// finite. Bytes arrive in order, in segments cut anywhere. A reset throws away what was not read yet, a half-open link
// carries nothing and tells nobody, and a program that is killed leaves to the kernel what the kernel already had.
import { type ByteQueue, createByteQueue } from "./byte-queue.js";
import type { Event, EventQueue } from "./event-queue.js";
import type { Random } from "./random.js";

/** What the network does to a link; faults change it while it is used. */
export interface LinkWeather {
	latencyMs: number;
	jitterMs: number;
	/** Bytes in a segment, at most. */
	segmentBytes: number;
	/** Infinity for no limit. */
	bytesPerMs: number;
	/** Half-open: nothing gets through in either direction, and nobody is told. */
	isHole: boolean;
}

export interface Ends {
	/** Bytes for this end. Valid for ever. */
	data(piece: Uint8Array): void;
	/** The other end is gone: closed (all it sent has come) or reset. */
	closed(isReset: boolean): void;
}

export interface Pipe {
	write(bytes: Uint8Array): void;
	/** Keeps what is written in the program's own queue, until `uncork`. */
	cork(): void;
	uncork(): void;
	/** The receiver reads, or does not. */
	setReading(isReading: boolean): void;
	/** Bytes that the program wrote and the kernel has not taken. */
	programBytes(): number;
	/** Bytes written and not read by the other end. */
	unreadBytes(): number;
}

export type End = "client" | "broker";

export interface Connection {
	readonly toBroker: Pipe;
	readonly toClient: Pipe;
	readonly weather: LinkWeather;
	/** The weather has changed for the better. */
	healed(): void;
	/**
	 * One end closes: by `end`, all written is sent first; by `kill`, the program's own queue is lost; `reset` loses all;
	 * `vanish` loses all and tells nobody.
	 */
	close(who: End, how: "end" | "kill" | "reset" | "vanish"): void;
	/** The network resets the link: each end learns of it in its own time, and what was under way is lost. */
	cut(): void;
	isOpen(who: End): boolean;
}

export interface TcpOptions {
	readonly queue: EventQueue;
	readonly random: Random;
	readonly weather: LinkWeather;
	readonly sendBufferBytes: number;
	readonly receiveBufferBytes: number;
	readonly client: Ends;
	readonly broker: Ends;
	/** Told of a segment of one byte, and of a program that the kernel takes nothing from. */
	readonly seen: (what: "segment of one byte" | "kernel buffers full") => void;
}

interface Way extends Pipe {
	readonly program: ByteQueue;
	readonly kernel: ByteQueue;
	readonly received: ByteQueue;
	/** The sender is gone after what is left; null while it is not. */
	ending: boolean;
	lose(): void;
	wake(): void;
}

export function createConnection(options: TcpOptions): Connection {
	const { queue, random, weather } = options;
	const open = { client: true, broker: true };
	const toBroker = createWay(
		options,
		(piece) => open.broker && options.broker.data(piece),
		() => told("broker", false),
	);
	const toClient = createWay(
		options,
		(piece) => open.client && options.client.data(piece),
		() => told("client", false),
	);

	function told(who: End, isReset: boolean): void {
		if (!open[who]) return;
		open[who] = false;
		(who === "client" ? toClient : toBroker).lose();
		options[who].closed(isReset);
	}

	/** Tells an end of a reset as soon as the link carries it; through a hole, when that has healed. */
	function tellReset(who: End): void {
		const attempt = (): void => {
			if (weather.isHole) queue.after(1_000, attempt);
			else told(who, true);
		};
		queue.after(weather.latencyMs + random.between(0, weather.jitterMs), attempt);
	}

	return {
		toBroker,
		toClient,
		weather,
		healed() {
			toBroker.wake();
			toClient.wake();
		},
		close(who, how) {
			if (!open[who]) return;
			open[who] = false;
			const other = who === "client" ? "broker" : "client";
			const [outbound, inbound] = who === "client" ? [toBroker, toClient] : [toClient, toBroker];
			if (how === "kill") outbound.program.clear();
			// A kernel answers bytes that nobody will read with a reset (RFC 1122, 4.2.2.13).
			if (how === "vanish") {
				outbound.lose();
			} else if (how === "reset" || inbound.received.length() > 0) {
				outbound.lose();
				tellReset(other);
			} else {
				outbound.uncork();
				outbound.ending = true;
				outbound.wake();
			}
			inbound.lose();
		},
		cut() {
			toBroker.lose();
			toClient.lose();
			if (open.client) tellReset("client");
			if (open.broker) tellReset("broker");
		},
		isOpen: (who) => open[who],
	};
}

function createWay(options: TcpOptions, read: (piece: Uint8Array) => void, ended: () => void): Way {
	const { queue, random, weather } = options;
	const program = createByteQueue();
	const kernel = createByteQueue();
	const received = createByteQueue();
	let corked = false;
	let reading = true;
	let lost = false;
	let next: Event | null = null;

	function fill(): void {
		if (corked) return;
		const room = options.sendBufferBytes - kernel.length();
		if (room > 0) program.take(room, kernel.push);
		if (program.length() > 0) options.seen("kernel buffers full");
	}

	function schedule(ms: number): void {
		if (next === null && !weather.isHole) next = queue.after(ms, carry);
	}

	/** One segment arrives. */
	function carry(): void {
		next = null;
		if (weather.isHole || lost) return;
		const room = options.receiveBufferBytes - received.length();
		const size = random.chance(0.7) ? weather.segmentBytes : 1 + random.below(weather.segmentBytes);
		const length = Math.min(kernel.length(), room, size);
		if (length === 1) options.seen("segment of one byte");
		kernel.take(length, received.push);
		fill();
		if (reading) received.take(length, read);
		if (lost) return;
		if (kernel.length() > 0 && (room > length || reading))
			schedule(length / weather.bytesPerMs + random.between(0, Math.min(1, weather.jitterMs)));
		else if (way.ending && kernel.length() === 0 && received.length() === 0) ended();
	}

	const way: Way = {
		program,
		kernel,
		received,
		ending: false,
		write(bytes) {
			if (lost || way.ending) return;
			program.push(bytes);
			fill();
			if (kernel.length() > 0) way.wake();
		},
		cork() {
			corked = true;
		},
		uncork() {
			corked = false;
			fill();
			if (kernel.length() > 0) way.wake();
		},
		setReading(isReading) {
			reading = isReading;
			if (!reading) return;
			received.take(received.length(), read);
			way.wake();
		},
		programBytes: () => program.length(),
		unreadBytes: () => program.length() + kernel.length() + received.length(),
		lose() {
			lost = true;
			program.clear();
			kernel.clear();
			received.clear();
		},
		wake() {
			if (!lost && (kernel.length() > 0 || way.ending)) {
				schedule(weather.latencyMs + random.between(0, weather.jitterMs));
			}
		},
	};
	return way;
}
