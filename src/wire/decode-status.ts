// The strict decoder of the topics `status` and `state` (CONTRACT, Topics). What a consumer needs of a status, checked
// by hand from bytes that anybody may have sent; keys it does not need are passed over, as CONTRACT asks.
import type { DropReason, LossRange, LossReason } from "../core/value.js";
import { DROP_REASONS } from "../core/value.js";
import { DEVICE_PATTERN, NAME_BYTES_MAX, PAYLOAD_BYTES_MAX, RUN_PATTERN } from "./decode-bounds.js";
import { type DecodeErrorKind, type DecodeFailure, failure } from "./decode-error.js";
import {
	createJsonReader,
	JSON_ARRAY,
	JSON_BOOLEAN,
	JSON_NULL,
	JSON_NUMBER,
	JSON_OBJECT,
	JSON_TEXT,
	type JsonMember,
	type JsonReader,
	readJsonObject,
} from "./decode-json.js";
import { parseCut } from "./parse-json.js";
import type { PreviousRun } from "./status.js";

/** Loss ranges of a status (CONTRACT, Status). */
export const LOSSES_MAX = 64;

/** Sources of a status: as many as an agent has at the most. */
export const SOURCES_SEEN_MAX = 64;

/** Characters kept of a text for people, such as a source's error; the rest is cut off. */
const WORDS_CHARS_MAX = 200;

/** Members of all objects in one value of the status: 64 sources of 8, and as many again for later versions. */
const MEMBERS_MAX = 1_024;

/** Values of any kind in one value of the status: those of all members, and arrays among them. */
const VALUES_MAX = 2_048;

/** Arrays and objects in one value: 64 ranges or sources and the array around them. */
const CONTAINERS_MAX = 129;

/** UTF-8 bytes of a text: what is longer is refused, what is longer than WORDS_CHARS_MAX is cut. */
const TEXT_BYTES_MAX = 8_192;

/** Elements of an array: as many losses or sources as there may be. */
const ELEMENTS_MAX = 64;

export interface SourceSeen {
	readonly name: string;
	readonly type: string;
	readonly up: boolean;
	readonly readings: number;
	readonly rejected: number;
	readonly filtered: number;
	readonly restarts: number;
	readonly error: string | null;
}

/** A status as a consumer sees it. Counts are readings, totals of the run. */
export interface StatusSeen {
	readonly device: string;
	readonly run: string;
	readonly version: string;
	readonly state: DeviceState;
	/** Wall clock of the device, Unix ms. */
	readonly timeMs: number;
	readonly clockSynchronised: boolean;
	readonly uptimeMs: number;
	readonly stamped: number;
	readonly buffered: number;
	readonly sent: number;
	readonly confirmed: number;
	readonly inFlight: number;
	readonly uncertain: number;
	readonly dropped: Readonly<Record<DropReason, number>>;
	readonly rejected: number;
	/** Whether both equations of G2 hold between the counters above. */
	readonly balanced: boolean;
	/** The newest ranges of seq, at most LOSSES_MAX; each below `stamped`. */
	readonly losses: readonly LossRange[];
	readonly buffer: { readonly capacity: number; readonly ttlMs: number; readonly policy: string };
	readonly sources: readonly SourceSeen[];
	readonly mqtt: {
		readonly connects: number;
		readonly disconnects: number;
		readonly authFailures: number;
		readonly loopback: boolean | null;
	};
	readonly previous: PreviousRun | null;
	readonly delivery: string;
}

export type DeviceState = "online" | "offline";

export type StatusResult = { readonly ok: true; readonly status: StatusSeen } | DecodeFailure;
export type StateResult = { readonly ok: true; readonly state: DeviceState } | DecodeFailure;

const KEYS: readonly string[] = [
	...[
		"v",
		"device",
		"run",
		"version",
		"state",
		"time",
		"clock",
		"uptime_s",
		"stamped",
		"buffered",
		"sent",
		"confirmed",
	],
	...["in_flight", "uncertain", "dropped", "rejected", "buffer", "losses", "sources", "mqtt", "previous", "delivery"],
];

/** Decodes the payload of `<prefix>/<device>/state`. */
export function decodeState(payload: Uint8Array): StateResult {
	if (payload.length === 0) return failure("empty", 0);
	const text = payload.length > "offline".length ? "" : Buffer.from(payload).toString("latin1");
	return text === "online" || text === "offline" ? { ok: true, state: text } : failure("state", 0);
}

/** Decodes the payload of `<prefix>/<device>/status`: a JSON object and nothing behind it. */
export function decodeStatus(payload: Uint8Array): StatusResult {
	if (payload.length === 0) return failure("empty", 0);
	if (payload.length > PAYLOAD_BYTES_MAX) return failure("too_large", PAYLOAD_BYTES_MAX);
	const reader = createJsonReader(payload);
	const found = readJsonObject(reader, KEYS);
	if (found === null) return failure(reader.error ?? "json", reader.errorAt);
	if (reader.at < payload.length) return failure("trailing", reader.at);
	const fields = createFields(reader, found);
	const status = readStatus(fields);
	return fields.failed() ?? { ok: true, status };
}

/**
 * Reads fields by name. The first that is wrong is noted, and from then on what is read means nothing: one check at the
 * end serves for all.
 */
interface Fields {
	/** The value, or undefined where there is none. One that is not of `type` is wrong, and is not parsed. */
	raw(key: string, type: number): unknown;
	wrong(error: DecodeErrorKind, key: string): void;
	failed(): DecodeFailure | null;
}

function createFields(reader: JsonReader, found: readonly (JsonMember | undefined)[]): Fields {
	let failed: DecodeFailure | null = null;
	const memberOf = (key: string): JsonMember | undefined => found[KEYS.indexOf(key)];
	const wrong = (error: DecodeErrorKind, key: string): void => {
		const member = memberOf(key);
		failed ??= member === undefined ? failure("missing_key", 0) : failure(error, member.from);
	};
	return {
		raw(key, type) {
			const member = memberOf(key);
			if (member === undefined || failed !== null) return undefined;
			if ((member.type & type) === 0) {
				wrong("type", key);
				return undefined;
			}
			if (member.longest > TEXT_BYTES_MAX) {
				wrong("name", key);
				return undefined;
			}
			const isLong = member.type === JSON_ARRAY && member.length > ELEMENTS_MAX;
			const isMuch = member.members > MEMBERS_MAX || member.containers > CONTAINERS_MAX || member.values > VALUES_MAX;
			if (isLong || isMuch) {
				wrong("too_many", key);
				return undefined;
			}
			const value = parseCut(reader, member, WORDS_CHARS_MAX);
			if (countMembers(value) !== member.members) wrong("duplicate_key", key);
			return value;
		},
		wrong,
		failed: () => failed,
	};
}

/** Members of all objects in a parsed value. JSON.parse makes two of one key one, so then there are fewer than were read. */
function countMembers(value: unknown): number {
	if (typeof value !== "object" || value === null) return 0;
	let count = 0;
	if (Array.isArray(value)) for (const item of value) count += countMembers(item);
	else for (const key in value) count += 1 + countMembers((value as JsonRecord)[key]);
	return count;
}

function readStatus(fields: Fields): StatusSeen {
	if (fields.raw("v", JSON_NUMBER) !== 1) fields.wrong("version", "v");
	const counters = {
		stamped: count(fields, "stamped"),
		buffered: count(fields, "buffered"),
		sent: count(fields, "sent"),
		confirmed: count(fields, "confirmed"),
		inFlight: count(fields, "in_flight"),
		uncertain: count(fields, "uncertain"),
		dropped: drops(fields, "dropped", record(fields, "dropped", fields.raw("dropped", JSON_OBJECT))),
	};
	return {
		device: named(fields, "device", DEVICE_PATTERN),
		run: named(fields, "run", RUN_PATTERN),
		version: words(fields, "version", fields.raw("version", JSON_TEXT)),
		state: state(fields),
		timeMs: count(fields, "time"),
		clockSynchronised: flag(fields, "clock", fields.raw("clock", JSON_BOOLEAN)),
		uptimeMs: uptime(fields),
		...counters,
		rejected: count(fields, "rejected"),
		balanced: isBalanced(counters),
		losses: losses(fields, counters.stamped),
		...parts(fields),
		previous: previous(fields),
		delivery: words(fields, "delivery", fields.raw("delivery", JSON_TEXT)),
	};
}

/** The objects within a status that stand for themselves. */
function parts(fields: Fields): Pick<StatusSeen, "buffer" | "sources" | "mqtt"> {
	const buffer = record(fields, "buffer", fields.raw("buffer", JSON_OBJECT));
	const mqtt = record(fields, "mqtt", fields.raw("mqtt", JSON_OBJECT));
	const loopback = mqtt["loopback"];
	return {
		buffer: {
			capacity: uint(fields, "buffer", buffer["capacity"]),
			ttlMs: uint(fields, "buffer", buffer["ttl_ms"]),
			policy: words(fields, "buffer", buffer["policy"]),
		},
		sources: list(fields, "sources", SOURCES_SEEN_MAX).map((item) => source(fields, record(fields, "sources", item))),
		mqtt: {
			connects: uint(fields, "mqtt", mqtt["connects"]),
			disconnects: uint(fields, "mqtt", mqtt["disconnects"]),
			authFailures: uint(fields, "mqtt", mqtt["auth_failures"]),
			loopback: loopback === null ? null : flag(fields, "mqtt", loopback),
		},
	};
}

function source(fields: Fields, item: JsonRecord): SourceSeen {
	const key = "sources";
	return {
		name: words(fields, key, item["name"]),
		type: words(fields, key, item["type"]),
		up: flag(fields, key, item["up"]),
		readings: uint(fields, key, item["readings"]),
		rejected: uint(fields, key, item["rejected"]),
		filtered: uint(fields, key, item["filtered"]),
		restarts: uint(fields, key, item["restarts"]),
		error: item["error"] === null ? null : words(fields, key, item["error"]),
	};
}

function previous(fields: Fields): PreviousRun | null {
	const key = "previous";
	const raw = fields.raw(key, JSON_OBJECT | JSON_NULL);
	if (raw === null) return null;
	const item = record(fields, key, raw);
	const run = item["run"];
	if (typeof run !== "string" || !RUN_PATTERN.test(run)) fields.wrong("name", key);
	return {
		run: String(run),
		stamped: uint(fields, key, item["stamped"]),
		sent: uint(fields, key, item["sent"]),
		confirmed: uint(fields, key, item["confirmed"]),
		uncertain: uint(fields, key, item["uncertain"]),
		dropped: drops(fields, key, record(fields, key, item["dropped"])),
	};
}

function losses(fields: Fields, stamped: number): LossRange[] {
	return list(fields, "losses", LOSSES_MAX).map((item): LossRange => {
		const [from, to, reason] = Array.isArray(item) && item.length === 3 ? item : [];
		const isRange = Number.isSafeInteger(from) && from >= 0 && Number.isSafeInteger(to) && from <= to && to < stamped;
		if (isRange && isLossReason(reason)) return [from, to, reason];
		fields.wrong("losses", "losses");
		return [0, 0, "mixed"];
	});
}

function isLossReason(reason: unknown): reason is LossReason {
	return reason === "uncertain" || reason === "mixed" || DROP_REASONS.includes(reason as DropReason);
}

/** G2, in sums that stay exact: each counter is at most 2^53 - 1, and what is beyond that balances nothing. */
function isBalanced(
	books: Pick<StatusSeen, "stamped" | "buffered" | "sent" | "confirmed" | "inFlight" | "uncertain" | "dropped">,
): boolean {
	const dropped = DROP_REASONS.reduce((sum, reason) => sum + books.dropped[reason], 0);
	return (
		books.stamped === books.buffered + books.sent + dropped &&
		books.sent === books.confirmed + books.inFlight + books.uncertain
	);
}

function drops(fields: Fields, key: string, item: JsonRecord): Record<DropReason, number> {
	return {
		overflow: uint(fields, key, item["overflow"]),
		expired: uint(fields, key, item["expired"]),
		oversize: uint(fields, key, item["oversize"]),
		shutdown: uint(fields, key, item["shutdown"]),
	};
}

function count(fields: Fields, key: string): number {
	return uint(fields, key, fields.raw(key, JSON_NUMBER));
}

function uint(fields: Fields, key: string, raw: unknown): number {
	if (typeof raw === "number" && Number.isSafeInteger(raw) && raw >= 0) return raw;
	fields.wrong(typeof raw === "number" && (Number.isInteger(raw) || !Number.isFinite(raw)) ? "range" : "type", key);
	return 0;
}

function uptime(fields: Fields): number {
	const raw = fields.raw("uptime_s", JSON_NUMBER);
	if (typeof raw === "number" && raw >= 0 && raw <= Number.MAX_SAFE_INTEGER) return raw * 1_000;
	fields.wrong(typeof raw === "number" ? "range" : "type", "uptime_s");
	return 0;
}

function flag(fields: Fields, key: string, raw: unknown): boolean {
	if (typeof raw !== "boolean") fields.wrong("type", key);
	return raw === true;
}

/** A text for people, which was cut to a bound. */
function words(fields: Fields, key: string, raw: unknown): string {
	if (typeof raw === "string") return raw;
	fields.wrong("type", key);
	return "";
}

function named(fields: Fields, key: string, pattern: RegExp): string {
	const raw = fields.raw(key, JSON_TEXT);
	if (typeof raw !== "string") fields.wrong("type", key);
	else if (raw.length > NAME_BYTES_MAX || !pattern.test(raw)) fields.wrong("name", key);
	return String(raw);
}

function state(fields: Fields): DeviceState {
	const raw = fields.raw("state", JSON_TEXT);
	if (raw !== "online" && raw !== "offline") fields.wrong("state", "state");
	return raw === "online" ? "online" : "offline";
}

type JsonRecord = Readonly<Record<string, unknown>>;

/** An object that JSON.parse made. Only names of the contract are read from it, and no prototype has any of them. */
function record(fields: Fields, key: string, raw: unknown): JsonRecord {
	if (typeof raw === "object" && raw !== null && !Array.isArray(raw)) return raw as JsonRecord;
	fields.wrong("type", key);
	return {};
}

function list(fields: Fields, key: string, max: number): readonly unknown[] {
	const raw = fields.raw(key, JSON_ARRAY);
	if (Array.isArray(raw) && raw.length <= max) return raw;
	fields.wrong(Array.isArray(raw) ? "too_many" : "type", key);
	return [];
}
