// A consumer of its own: mosquitto_sub straight to the broker, frames decoded by cbor-x, an account for every run.
// It shares no code with the agent. It starts counting when its subscription is proven to be active.
import { randomUUID } from "node:crypto";
import { Decoder } from "cbor-x";
import { createRunAccount, enterFrame, type FrameArrival, type RunAccount, type StatusBooks } from "./account.js";
import type { Login } from "./mosquitto.js";
import { runOrThrow, startProcess } from "./process.js";
import { until } from "./wait.js";

export interface SubscriberOptions {
	/** The agent's prefix. */
	readonly prefix?: string;
	/** Where the broker asks for one. With an ACL it needs to read `<prefix>/#` and to read and write `probe/#`. */
	readonly login?: Login;
	/** 4 for MQTT 3.1.1, which carries no content type and no expiry; 5 unless given. */
	readonly version?: 4 | 5;
	/** Called with each frame as it comes. */
	readonly onFrame?: (frame: FrameArrival) => void;
}

/** A status as it came; the counters typed, the rest as it is. */
export type StatusArrival = StatusBooks & {
	readonly device: string;
	readonly state: string;
	readonly mqtt: Readonly<Record<string, unknown>>;
	readonly sources: readonly Readonly<Record<string, unknown>>[];
	readonly [key: string]: unknown;
};

export interface DeviceAccount {
	readonly device: string;
	/** In the order of their first frame. */
	readonly runs: Map<string, RunAccount>;
	readonly statuses: StatusArrival[];
	/** `statusesBefore`: how many of `statuses` had come by then. */
	readonly states: { readonly state: string; readonly isRetained: boolean; readonly statusesBefore: number }[];
	/** The last of them; undefined before the first. */
	status(): StatusArrival | undefined;
	state(): string | undefined;
}

export interface Subscriber {
	/** The account of a device; empty before anything came. */
	device(id: string): DeviceAccount;
	/** The account of a run; empty before its first frame. */
	run(device: string, run: string): RunAccount;
	/** The run whose status came last. Throws before the first status. */
	lastRun(device: string): RunAccount;
	/** Frames of all devices so far. */
	frames(): number;
	/** What came and is no frame, status or state. */
	readonly malformed: string[];
	/** Resolves with what `look` gives as soon as it is neither undefined nor false. */
	waitFor<T>(what: string, look: () => T | undefined | false, timeoutMs?: number): Promise<T>;
	/** Resolves when all that the broker had taken before this call has been counted: a message of our own came after it. */
	settle(timeoutMs?: number): Promise<void>;
	/** Resolves when the subscription is active: at once, or after a broker that was away is back and it has subscribed anew. */
	active(timeoutMs?: number): Promise<void>;
	stop(): Promise<void>;
}

/** What of a message is looked at to read a frame. */
export interface FrameMessage {
	readonly isRetained: boolean;
	/** Empty and null where it has none. */
	readonly contentType: string;
	readonly expiryS: number | null;
	readonly payload: Buffer;
}

interface Message extends FrameMessage {
	readonly topic: string;
}

// Not with int64AsNumber, which misreads negative integers of eight bytes: as bigints they are right.
const decoder = new Decoder({ mapsAsObjects: true, useRecords: false });

/** Subscribes to everything under a prefix; resolves when the subscription is active. */
export async function startSubscriber(
	broker: { readonly host: string; readonly port: number },
	options: SubscriberOptions = {},
): Promise<Subscriber> {
	const prefix = options.prefix ?? "tallywire";
	const probe = `probe/${randomUUID()}`;
	const devices = new Map<string, DeviceAccount>();
	const malformed: string[] = [];
	const probesSeen = new Set<string>();
	let frames = 0;
	const device = (id: string): DeviceAccount => {
		const account = devices.get(id) ?? createDeviceAccount(id);
		devices.set(id, account);
		return account;
	};
	const onLine = (line: string): void => {
		const message = readLine(line);
		if (message.topic === probe) {
			probesSeen.add(message.payload.toString());
			return;
		}
		const problem = enter(message, prefix, device, (frame) => {
			frames += 1;
			options.onFrame?.(frame);
		});
		if (problem !== null) malformed.push(`${message.topic}: ${problem}`);
	};
	const connection = connectionArgs(broker, options.login);
	const format = ["-F", "%r\t%C\t%E\t%x\t%t"];
	const topics = ["-t", `${prefix}/#`, "-t", probe];
	const version = options.version === 4 ? "mqttv311" : "mqttv5";
	const running = startProcess("mosquitto_sub", [...connection, "-V", version, "-q", "0", ...topics, ...format], {
		onLine,
	});
	const settle = async (timeoutMs = 10_000): Promise<void> => {
		const nonce = randomUUID();
		await runOrThrow("mosquitto_pub", [...connection, "-t", probe, "-m", nonce, "-q", "1"]);
		await until("the subscriber's own message", () => probesSeen.has(nonce), timeoutMs);
	};
	const active = async (timeoutMs = 10_000): Promise<void> => {
		await until(
			() => `an active subscription: ${running.stderr()}`,
			() => settle(200).then(() => true, notYet),
			timeoutMs,
		);
	};
	await active();
	const run = (id: string, name: string): RunAccount => device(id).runs.get(name) ?? createRunAccount(id, name);
	return {
		device,
		run,
		lastRun: (id) => {
			const status = device(id).status();
			if (status === undefined) throw new Error(`no status of ${id} came`);
			return run(id, status.run);
		},
		frames: () => frames,
		malformed,
		waitFor: (what, look, timeoutMs = 10_000) =>
			until(() => `${what}; so far: ${summary(devices, malformed)}`, look, timeoutMs),
		settle,
		active,
		stop: async () => {
			await running.kill();
		},
	};
}

function notYet(error: unknown): false {
	if (error instanceof Error && error.message.includes("the subscriber's own message")) return false;
	throw error;
}

function connectionArgs(broker: { readonly host: string; readonly port: number }, login: Login | undefined): string[] {
	const address = ["-h", broker.host, "-p", String(broker.port)];
	return login === undefined ? address : [...address, "-u", login.username, "-P", login.password];
}

function createDeviceAccount(device: string): DeviceAccount {
	const statuses: StatusArrival[] = [];
	const states: DeviceAccount["states"] = [];
	return {
		device,
		runs: new Map(),
		statuses,
		states,
		status: () => statuses.at(-1),
		state: () => states.at(-1)?.state,
	};
}

/** The fields of the format given to mosquitto_sub, the topic last. */
function readLine(line: string): Message {
	const [retained = "", contentType = "", expiry = "", hex = "", ...topic] = line.split("\t");
	return {
		topic: topic.join("\t"),
		isRetained: retained === "1",
		contentType,
		expiryS: expiry === "" ? null : Number(expiry),
		payload: Buffer.from(hex, "hex"),
	};
}

/** Enters a message into its device's account; what is wrong with it, or null. */
function enter(
	message: Message,
	prefix: string,
	device: (id: string) => DeviceAccount,
	onFrame: (frame: FrameArrival) => void,
): string | null {
	const [id = "", kind = "", ...rest] = message.topic.slice(prefix.length + 1).split("/");
	if (rest.length > 0 || id === "") return "not a topic of the contract";
	const account = device(id);
	try {
		if (kind === "data") {
			const frame = readFrame(message);
			const run = account.runs.get(frame.run) ?? createRunAccount(id, frame.run);
			account.runs.set(frame.run, run);
			enterFrame(run, frame);
			onFrame(frame);
			return frame.device === id ? null : `frame of device ${frame.device}`;
		}
		if (kind === "status") account.statuses.push(JSON.parse(message.payload.toString()));
		else if (kind === "state")
			account.states.push({
				state: message.payload.toString(),
				isRetained: message.isRetained,
				statusesBefore: account.statuses.length,
			});
		else return "not a topic of the contract";
		return null;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

/** Reads a frame. Throws where it is none. */
export function readFrame(message: FrameMessage): FrameArrival {
	const isJson = message.payload[0] === "{".charCodeAt(0);
	const body = inNumbers(isJson ? JSON.parse(message.payload.toString()) : decoder.decode(message.payload));
	const { v, device, run, seq, sent, time, clock, value, stream, dt } = body;
	if (v !== 1) throw new Error(`v is ${v}`);
	if (!Array.isArray(value) || value.length === 0 || stream?.length !== value.length || dt?.length !== value.length) {
		throw new Error("columns are not of one length of at least 1");
	}
	for (const number of [seq, sent, time])
		if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${number} is no uint`);
	return {
		device,
		run,
		seq,
		sent,
		time,
		count: value.length,
		clockSynchronised: clock !== false,
		payloadBytes: message.payload.length,
		isRetained: message.isRetained,
		contentType: message.contentType,
		expiryS: message.expiryS,
		body,
	};
}

/** A frame's integers as numbers, which hold every integer that the contract knows. */
function inNumbers<Body extends object>(body: Body): Body {
	const entries = Object.entries(body);
	return Object.fromEntries(
		entries.map(([key, value]) => [key, Array.isArray(value) ? value.map(inNumber) : inNumber(value)]),
	) as Body;
}

function inNumber(value: unknown): unknown {
	if (typeof value !== "bigint") return value;
	if (!Number.isSafeInteger(Number(value))) throw new Error(`${value} is beyond 2^53 - 1`);
	return Number(value);
}

/** One reading of a frame, its scale undone and its time worked out. */
export interface DecodedReading {
	readonly seq: number;
	readonly timeMs: number;
	readonly stream: string;
	readonly value: unknown;
}

/** The readings of a frame, by CONTRACT's description of the columns. */
export function readingsOf(frame: FrameArrival): readonly DecodedReading[] {
	const { streams, stream, dt, scale, value } = frame.body as {
		streams: string[];
		stream: number[];
		dt: number[];
		scale?: number[];
		value: unknown[];
	};
	let timeMs = frame.time;
	return value.map((raw, index) => {
		timeMs += dt[index] ?? 0;
		const name = stream[index] ?? -1;
		const power = 10 ** (scale?.[name] ?? 0);
		return {
			seq: frame.seq + index,
			timeMs,
			stream: streams[name] ?? `no stream ${name}`,
			value: Number.isSafeInteger(raw) ? Number(raw) / power : raw,
		};
	});
}

function summary(devices: ReadonlyMap<string, DeviceAccount>, malformed: readonly string[]): string {
	const lines = [...devices.values()].map(({ device, runs, state, status }) => {
		const received = [...runs.values()].map((run) => `run ${run.run} ${run.received} in ${run.frames.length} frames`);
		return `${device} ${state() ?? "no state"}: ${received.join(", ")}; status ${JSON.stringify(status() ?? null)}`;
	});
	return [...lines, ...malformed.slice(0, 5)].join("\n") || "nothing";
}
