// A world for the serial reader: a clock that only moves when it is told to, and ports that do what a test says.
import { Buffer } from "node:buffer";
import { HUNG_UP } from "../../src/sources/serial/binding.js";
import type { Located } from "../../src/sources/serial/locate.js";
import type { SerialSettings } from "../../src/sources/serial/settings.js";
import type { SerialWorld, Timer } from "../../src/sources/serial/world.js";

export const PATH = "/dev/ttyUSB0";

export const SETTINGS: SerialSettings = {
	name: "env",
	type: "serial",
	path: PATH,
	baud: 9_600,
	dataBits: 8,
	stopBits: 1,
	parity: "none",
	rtscts: false,
	maxLine: 64,
	skipFirst: false,
	parse: { as: "line" },
};

export interface FakePort {
	isArmed: boolean;
	isClosed: boolean;
	reads: number;
	/** Bytes come; wakes the reader up if it waits for them. */
	receive(data: string | Uint8Array): void;
	/** What was written to it. */
	readonly written: Uint8Array[];
	/** The kernel takes nothing more. */
	isFull: boolean;
	/** The line hangs up; wakes the reader up if it waits. */
	hangUp(): void;
	/** Wakes the reader up for nothing. */
	wake(): void;
}

export interface FakeWorld extends SerialWorld {
	now(): number;
	/** Lets time pass: timers run in their order, and what they start is waited for. */
	advance(ms: number): Promise<void>;
	/** Timers that are set. */
	timers(): number;
	/** Where the port is, and which device it is there; null is nowhere. */
	place: { device: string; access: string } | null;
	/** What opening answers: null opens a port, a string fails, "hang" never answers. */
	openError: string | null;
	closeHangs: boolean;
	readonly opens: number[];
	readonly ports: FakePort[];
	port(): FakePort;
}

interface FakeTimer extends Timer {
	readonly dueMs: number;
	readonly callback: () => void;
}

export function createFakeWorld(): FakeWorld {
	let nowMs = 1_000;
	let timers: FakeTimer[] = [];
	const locate = (): Located =>
		world.place === null ? { found: false, why: "not there" } : { found: true, path: PATH, ...world.place };

	const world: FakeWorld = {
		place: { device: "a", access: "rw" },
		openError: null,
		closeHangs: false,
		opens: [],
		ports: [],
		now: () => nowMs,
		timers: () => timers.length,
		port: () => world.ports.at(-1) as FakePort,
		async advance(ms) {
			const endMs = nowMs + ms;
			await flush();
			for (;;) {
				const next = timers.filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
				if (next === undefined) break;
				timers = timers.filter((timer) => timer !== next);
				nowMs = Math.max(nowMs, next.dueMs);
				next.callback();
				await flush();
			}
			nowMs = endMs;
		},
		locate,
		look: locate,
		random: () => 0,
		setTimer(callback, delayMs) {
			const timer: FakeTimer = { timer: null, dueMs: nowMs + delayMs, callback };
			timers.push(timer);
			return timer;
		},
		clearTimer(timer) {
			timers = timers.filter((other) => other !== timer);
		},
		async open(_path, _settings, onReadable) {
			world.opens.push(nowMs);
			if (world.openError === "hang") return new Promise(() => {});
			if (world.openError !== null) throw new Error(world.openError);
			return addPort(world, onReadable);
		},
	};
	return world;
}

function addPort(world: FakeWorld, onReadable: () => void): ReturnType<SerialWorld["open"]> {
	let waiting = Buffer.alloc(0);
	let isHungUp = false;
	const port: FakePort = {
		isArmed: false,
		isClosed: false,
		reads: 0,
		written: [],
		isFull: false,
		receive(data) {
			waiting = Buffer.concat([waiting, typeof data === "string" ? Buffer.from(data) : data]);
			port.wake();
		},
		hangUp() {
			isHungUp = true;
			port.wake();
		},
		wake() {
			if (!port.isArmed || port.isClosed) return;
			port.isArmed = false;
			onReadable();
		},
	};
	world.ports.push(port);
	return Promise.resolve({
		arm() {
			port.isArmed = true;
			if (waiting.length > 0 || isHungUp) port.wake();
		},
		read(into: Buffer) {
			port.reads += 1;
			if (waiting.length === 0) return isHungUp ? HUNG_UP : 0;
			const bytes = waiting.copy(into);
			waiting = waiting.subarray(bytes);
			return bytes;
		},
		write(bytes) {
			if (isHungUp) return HUNG_UP;
			if (port.isFull) return 0;
			port.written.push(bytes.slice());
			return bytes.length;
		},
		close() {
			port.isClosed = true;
			return world.closeHangs ? new Promise<void>(() => {}) : Promise.resolve();
		},
	});
}

/** Lets everything that only waits for promises run. */
export function flush(): Promise<void> {
	return new Promise((resolve) => {
		setImmediate(resolve);
	});
}
