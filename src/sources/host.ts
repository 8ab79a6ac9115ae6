// What the agent gives a source (the contract is source.ts), and the account it keeps of that source.
// Owns the names and the bound of a source's streams, its limits and its counters; every value offered ends as exactly
// one of stamped, filtered or rejected. The way of a value is arrays indexed by stream id: no Map, nothing allocated.

import { FIELD_NAME_MAX, STREAMS_PER_SOURCE_MAX } from "../core/limits.js";
import { printable, UNPRINTABLE } from "../core/unprintable.js";
import { REJECT_REASONS, type RejectReason, type Value } from "../core/value.js";
import type { SourceReport } from "../wire/status.js";
import type { SourceHost, SourceSettings, StreamId } from "./source.js";

/** The id of every stream that cannot be one; an id that was never given out is treated the same. */
const NO_STREAM: StreamId = -1;

/** Characters of an error in the status: one line of a terminal or a phone, with room for a path. */
export const ERROR_CHARS_MAX = 240;

/** A limit that is not configured; a real one is never negative. */
const NONE = -1;

export interface SourceHostOptions {
	readonly settings: SourceSettings;
	/** The monotonic clock, ms. */
	readonly now: () => number;
	/** Makes the stream of this full name in the agent, with the source's own unit if it has one; called once per name. */
	readonly registerStream: (name: string, unit?: string) => number;
	/** Stamps a value; every call is one reading. */
	readonly offer: (streamIndex: number, value: Value, capturedMs: number) => void;
}

export interface HostedSource {
	readonly host: SourceHost;
	/**
	 * The account at this instant. `restarts` counts how often the source came back after it had worked: the first
	 * `up` after a `down` that followed an earlier `up`. A port that is missing at the start and appears later is none.
	 */
	report(): SourceReport;
}

/** Makes the host of one source. */
export function createSourceHost(options: SourceHostOptions): HostedSource {
	const { settings, offer: stamp } = options;
	const streams = createStreamTable(settings, options.registerStream);
	const health = createHealth(options.now);
	// Counters in a typed array: a closed-over number beyond 2^31 would be allocated anew at every increment.
	const counts = new Float64Array(2);
	const READINGS = 0;
	const FILTERED = 1;
	const rejected = new Float64Array(REJECT_REASONS.length);

	function reject(reason: RejectReason): void {
		const index = REJECT_REASONS.indexOf(reason);
		rejected[index] = (rejected[index] ?? 0) + 1;
	}

	function offer(stream: StreamId, value: Value, capturedMs: number): void {
		const streamIndex = streams.indexes[stream];
		if (streamIndex === undefined || stream >= streams.count()) {
			reject("stream");
			return;
		}
		// -0 becomes the 0 that CBOR's integers and JSON can carry; `value + 0` would allocate every other number anew.
		const kept = value === 0 ? 0 : value;
		if (!isValue(kept)) {
			reject("value");
			return;
		}
		if (streams.limited[stream] === 1 && !streams.passes(stream, kept, capturedMs)) {
			counts[FILTERED] = (counts[FILTERED] ?? 0) + 1;
			return;
		}
		counts[READINGS] = (counts[READINGS] ?? 0) + 1;
		stamp(streamIndex, kept, capturedMs);
	}

	return {
		host: { now: options.now, stream: streams.stream, offer, reject, up: health.up, down: health.down },
		report: () => ({
			name: settings.name,
			type: settings.type,
			up: health.isUp(),
			readings: counts[READINGS] ?? 0,
			rejected: rejectedByReason(rejected),
			filtered: counts[FILTERED] ?? 0,
			restarts: health.restarts(),
			backend: health.backend(),
			error: health.error(),
			stateAgeMs: health.ageMs(),
		}),
	};
}

/** The units of all sources by full stream name, as the status carries them: `{"env.temperature": "Cel"}`. */
export function unitsByStream(sources: readonly SourceSettings[]): Record<string, string> {
	return Object.fromEntries(
		sources.flatMap(({ name, units = {} }) =>
			Object.entries(units).map(([field, unit]): [string, string] => [streamName(name, field), unit]),
		),
	);
}

/** The full name of a source's field. */
export function streamName(source: string, field: string): string {
	return `${source}.${field}`;
}

/** Whether a field can name a stream: 1 to FIELD_NAME_MAX bytes of UTF-8, nothing invisible, no half of a pair. */
export function isFieldName(field: string): boolean {
	// Length in UTF-16 units is never more than in bytes, so a long text is turned away before it is looked through.
	if (field.length === 0 || field.length > FIELD_NAME_MAX || UNPRINTABLE.test(field)) return false;
	return Buffer.byteLength(field) <= FIELD_NAME_MAX;
}

function isValue(value: unknown): boolean {
	switch (typeof value) {
		case "number":
			return Number.isFinite(value);
		case "boolean":
		case "string":
			return true;
		default:
			return value instanceof Uint8Array;
	}
}

/** The streams of one source and their limits, by stream id. */
function createStreamTable(settings: SourceSettings, registerStream: SourceHostOptions["registerStream"]) {
	const ids = new Map<string, StreamId>();
	const indexes = new Uint32Array(STREAMS_PER_SOURCE_MAX);
	const limited = new Uint8Array(STREAMS_PER_SOURCE_MAX);
	// Made when the first field with limits appears; most sources have none.
	let limits: LimitTable | null = null;

	function stream(field: string, unit?: string): StreamId {
		const known = ids.get(field);
		if (known !== undefined) return known;
		if (ids.size >= STREAMS_PER_SOURCE_MAX || !isFieldName(field)) return NO_STREAM;
		const id = ids.size;
		indexes[id] = registerStream(streamName(settings.name, field), unit);
		ids.set(field, id);
		// hasOwn: a field named `constructor` has no limits.
		const own = settings.limits !== undefined && Object.hasOwn(settings.limits, field) ? settings.limits[field] : {};
		const { minIntervalMs = NONE, deadband = NONE } = own ?? {};
		if (minIntervalMs !== NONE || deadband !== NONE) {
			limits ??= createLimitTable();
			limits.set(id, minIntervalMs, deadband);
			limited[id] = 1;
		}
		return id;
	}

	return {
		indexes,
		limited,
		stream,
		count: () => ids.size,
		passes: (id: StreamId, value: Value, capturedMs: number) => limits === null || limits.passes(id, value, capturedMs),
	};
}

interface LimitTable {
	set(id: StreamId, minIntervalMs: number, deadband: number): void;
	/** Whether the value is to be stamped; it is then the one that the next is measured against. */
	passes(id: StreamId, value: Value, capturedMs: number): boolean;
}

function createLimitTable(): LimitTable {
	const minIntervalsMs = new Float64Array(STREAMS_PER_SOURCE_MAX);
	const deadbands = new Float64Array(STREAMS_PER_SOURCE_MAX);
	const lastMs = new Float64Array(STREAMS_PER_SOURCE_MAX).fill(Number.NEGATIVE_INFINITY);
	// The last stamped number, or NaN while there is none or it was no number: NaN is inside no deadband.
	const lastNumbers = new Float64Array(STREAMS_PER_SOURCE_MAX).fill(Number.NaN);
	const lastOthers: (boolean | string | Uint8Array | undefined)[] = [];

	function isInsideDeadband(id: StreamId, value: Value, deadband: number): boolean {
		if (typeof value === "number") return Math.abs(value - (lastNumbers[id] ?? Number.NaN)) <= deadband;
		const last = lastOthers[id];
		if (value instanceof Uint8Array) return last instanceof Uint8Array && Buffer.compare(value, last) === 0;
		return value === last;
	}

	function remember(id: StreamId, value: Value, capturedMs: number): void {
		lastMs[id] = capturedMs;
		lastNumbers[id] = typeof value === "number" ? value : Number.NaN;
		// Bytes are copied: a source may use their memory again.
		if (typeof value !== "number") lastOthers[id] = value instanceof Uint8Array ? value.slice() : value;
		else if (lastOthers[id] !== undefined) lastOthers[id] = undefined;
	}

	return {
		set(id, minIntervalMs, deadband) {
			minIntervalsMs[id] = minIntervalMs;
			deadbands[id] = deadband;
		},
		passes(id, value, capturedMs) {
			const minIntervalMs = minIntervalsMs[id] ?? NONE;
			const deadband = deadbands[id] ?? NONE;
			// A limit that is not given never lets a value pass: the other one decides.
			const passesInterval = minIntervalMs !== NONE && capturedMs - (lastMs[id] ?? 0) >= minIntervalMs;
			const passesDeadband = deadband !== NONE && !isInsideDeadband(id, value, deadband);
			if (!passesInterval && !passesDeadband) return false;
			remember(id, value, capturedMs);
			return true;
		},
	};
}

/** Whether the source works, since when, and how often it came back. */
function createHealth(now: () => number) {
	let isUp = false;
	let sinceMs = now();
	let hasWorked = false;
	let restarts = 0;
	let error: string | null = null;
	let backend: string | null = null;
	return {
		up(through?: string) {
			if (!isUp && hasWorked) restarts += 1;
			if (!isUp) sinceMs = now();
			isUp = true;
			hasWorked = true;
			error = null;
			backend = through ?? null;
		},
		down(reason: string) {
			if (isUp) sinceMs = now();
			isUp = false;
			error = oneLine(reason);
		},
		isUp: () => isUp,
		restarts: () => restarts,
		backend: () => backend,
		error: () => error,
		ageMs: () => now() - sinceMs,
	};
}

function oneLine(text: string): string {
	const cut = text.length > ERROR_CHARS_MAX ? `${text.slice(0, ERROR_CHARS_MAX)}…` : text;
	return printable(cut, " ").replace(/ +/g, " ").trim();
}

function rejectedByReason(rejected: Float64Array): Partial<Record<RejectReason, number>> {
	const entries = REJECT_REASONS.map((reason, index) => [reason, rejected[index] ?? 0] as const);
	return Object.fromEntries(entries.filter(([, count]) => count > 0));
}
