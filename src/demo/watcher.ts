// A consumer beside the agent in the demo: it knows only what the broker hands it, and keeps an account of every
// sequence number of one run from the frames alone.
import { Decoder } from "cbor-x/decode";
import mqttClient from "mqtt/lib/client";
import type { Value } from "../core/value.js";
import type { LatestValue, SubscriberAccount } from "./screen.js";

/** Streams whose last value is kept; the screen shows fewer. */
const STREAMS_MAX = 64;

/** What the watcher uses of a frame. It trusts it: the broker is the demo's own. */
interface WatchedFrame {
	readonly run: string;
	readonly seq: number;
	readonly time: number | bigint;
	readonly streams: readonly string[];
	readonly stream: readonly number[];
	readonly dt: readonly number[];
	readonly scale?: readonly number[];
	readonly value: readonly Value[];
}

export interface Watcher {
	account(): SubscriberAccount;
	latest(): LatestValue[];
	stop(): void;
}

/** Subscribes to the data of one device and follows one run. Resolves when the broker has granted the subscription. */
export async function startWatcher(
	openStream: () => NodeJS.ReadWriteStream,
	topic: string,
	run: string,
	units: Readonly<Record<string, string>>,
): Promise<Watcher> {
	const decoder = new Decoder({ mapsAsObjects: true, useRecords: false });
	const latest = new Map<string, LatestValue>();
	let [received, missing, duplicates, next] = [0, 0, 0, 0];
	const client = new mqttClient.default(openStream as never, {
		protocolVersion: 4,
		clientId: `watcher-${run}`,
		reconnectPeriod: 1_000,
		queueQoSZero: false,
		writeCache: false,
	});
	client.on("error", () => {}); // it reconnects; what it misses shows as missing

	client.on("message", (_topic, payload) => {
		const frame = decoder.decode(payload) as WatchedFrame;
		if (frame.run !== run) return;
		const readings = frame.value.length;
		received += readings;
		if (frame.seq < next) duplicates += readings;
		else missing += frame.seq - next;
		next = Math.max(next, frame.seq + readings);
		keepLatest(frame, latest, units);
	});

	await new Promise<void>((resolve, reject) => {
		client.subscribe(topic, { qos: 0 }, (error) => (error ? reject(error) : resolve()));
	});
	return {
		account: () => ({ received, missing, duplicates }),
		latest: () => [...latest.values()],
		stop: () => void client.end(true),
	};
}

function keepLatest(
	frame: WatchedFrame,
	latest: Map<string, LatestValue>,
	units: Readonly<Record<string, string>>,
): void {
	let atMs = Number(frame.time);
	frame.value.forEach((value, i) => {
		atMs += frame.dt[i] ?? 0;
		const at = frame.stream[i] ?? 0;
		const stream = frame.streams[at] ?? "";
		if (!latest.has(stream) && latest.size >= STREAMS_MAX) return;
		const scale = frame.scale?.[at] ?? 0;
		const shown = typeof value === "number" && Number.isInteger(value) ? value / 10 ** scale : value;
		latest.set(stream, { stream, value: shown, unit: units[stream] ?? null, atMs });
	});
}
