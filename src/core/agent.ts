// The agent as a pure, synchronous state machine: stamp, buffer, frame, window, books. It is driven by calls that carry
// `nowMs` (monotonic) and answers with effects; whoever drives it performs each effect before asking for the next.
// One straight way: nothing after `offer` ever returns a reading to the step before it, so none is sent twice.
import { assert } from "./assert.js";
import { type BookKeeper, createBooks } from "./books.js";
import { type ClockMap, createClockMap } from "./clock-map.js";
import { createFrameFiller, type Frame, type FrameFiller } from "./frame.js";
import { AT_RISK_MAX, CAPACITY_MAX, STREAMS_MAX, WINDOW_BYTES_MAX } from "./limits.js";
import { createRateLimit, type RateLimit } from "./rate-limit.js";
import { createReadingBuffer, type Policy, type ReadingBuffer } from "./reading-buffer.js";
import type { Books, Snapshot } from "./snapshot.js";
import type { Value } from "./value.js";
import { createWindow, type Window } from "./window.js";

export interface AgentOptions {
	readonly device: string;
	readonly run: string;
	readonly capacity: number;
	readonly ttlMs: number;
	readonly policy: Policy;
	/** How long the oldest reading waits for others to share its frame, ms. */
	readonly lingerMs: number;
	/** Readings in a frame; never more than `atRisk`. */
	readonly maxReadings: number;
	/** Payload bytes of a frame, at most WINDOW_BYTES_MAX. */
	readonly maxBytes: number;
	/** Readings sent per second; 0 is no limit. */
	readonly maxRate: number;
	readonly confirmMs: number;
	readonly atRisk: number;
	readonly statusIntervalMs: number;
	/** Readings that this run stamped, sent and confirmed already: a simulation need not live for months. */
	readonly past?: number;
	/** A frame's payload. Called with a frame that is valid only during the call. */
	readonly encode: (frame: Frame) => Uint8Array;
}

/** What the driver has to do now, before it asks again. */
export type Effect =
	/** Hand this frame to the transport: its readings have left the buffer and are `sent`, whatever becomes of it. */
	| { readonly kind: "send"; readonly payload: Uint8Array; readonly readings: number; readonly expiryS: number }
	/** Send a PINGREQ. */
	| { readonly kind: "barrier" }
	/** Publish the status. */
	| { readonly kind: "status" }
	/** The link is dead, a barrier went unanswered: close it and report linkDown. */
	| { readonly kind: "close" }
	/** Everything is sent and confirmed, or time is up: the run is over. */
	| { readonly kind: "finish" };

export interface Agent {
	/**
	 * The index of a stream, which is made on first use; at most STREAMS_MAX. `source` (below SOURCES_MAX) says whose it
	 * is: when the buffer is full, the source that holds the most of it gives way.
	 */
	stream(name: string, source: number): number;
	/**
	 * Stamps one reading. `value` is finite if a number; `capturedMs` is not in the future.
	 * @returns true when the driver should ask for effects now; otherwise the time it last got from `wakeAtMs` stands
	 */
	offer(stream: number, value: Value, capturedMs: number): boolean;
	/** A connection is up; the broker takes payloads of up to `payloadBytesMax`. */
	linkUp(nowMs: number, payloadBytesMax: number): void;
	/** The connection ended: what was in flight is uncertain now, and is never sent again. */
	linkDown(): void;
	/** A PINGREQ that the library sent by itself: a barrier like our own. False: the broker answers nothing, close. */
	pingSent(nowMs: number): boolean;
	/** A PINGRESP came. False when none was due: not a broker, close. */
	pingReturned(nowMs: number): boolean;
	/** Both clocks, read at one instant, and whether the wall clock is synchronised. */
	setClock(nowMs: number, wallMs: number, synchronised: boolean): void;
	/** The next thing to do, or null. To be asked again until it says null. */
	next(nowMs: number): Effect | null;
	/** When to ask again if nothing else happens, ms; Infinity for never. Valid after `next` said null. */
	wakeAtMs(): number;
	/** No more readings come: drain until `deadlineMs`, then `finish`. A second call moves the deadline. */
	stop(deadlineMs: number): void;
	/** The counters, at the cost of reading them. */
	books(): Books;
	snapshot(nowMs: number): Snapshot;
}

/** What an agent is made of, and its own few variables. */
interface Core {
	readonly options: AgentOptions;
	readonly buffer: ReadingBuffer;
	readonly window: Window;
	readonly rate: RateLimit;
	readonly clock: ClockMap;
	readonly filler: FrameFiller;
	readonly books: BookKeeper;
	isUp: boolean;
	payloadBytesMax: number;
	/** Readings that fitted the last frame that had to be cut to the bytes there were; grows again slowly. */
	fitting: number;
	/** A frame waits for room in the window; only a barrier or a new link can change that. */
	blocked: boolean;
	/** Since when readings wait for their frame; the one that waited first may have been dropped meanwhile. */
	waitingMs: number;
	statusAtMs: number;
	stopping: boolean;
	stopAtMs: number;
	finished: boolean;
	/** Readings in the buffer at which `offer` asks for attention: when a full frame can go. */
	attentionAt: number;
}

/** Makes an agent with an empty buffer and no link. Options outside their bounds are a bug of the caller. */
export function createAgent(options: AgentOptions): Agent {
	const names: string[] = [];
	const indexes = new Map<string, number>();
	const sources: number[] = [];
	const core = createCore(options, names);
	const { buffer, window, books, clock } = core;
	return {
		stream(name, source) {
			const known = indexes.get(name);
			if (known !== undefined) return known;
			assert(names.length < STREAMS_MAX, "streams fit in 16 bits");
			names.push(name);
			sources.push(source);
			indexes.set(name, names.length - 1);
			return names.length - 1;
		},
		offer(stream, value, capturedMs) {
			const seq = books.stamp();
			if (core.finished) {
				books.drop(seq, "shutdown");
				return false;
			}
			if (buffer.count() === 0) core.waitingMs = capturedMs;
			buffer.push(seq, stream, sources[stream] as number, value, capturedMs);
			const count = buffer.count();
			return count === 1 || count >= core.attentionAt;
		},
		linkUp(nowMs, payloadBytesMax) {
			assert(!core.isUp, "a link comes up when none is");
			core.isUp = true;
			core.blocked = false;
			core.payloadBytesMax = Math.min(options.maxBytes, payloadBytesMax);
			core.statusAtMs = nowMs;
		},
		linkDown() {
			core.isUp = false;
			core.blocked = false;
			window.close(books.doubt);
		},
		pingSent: window.barrierSent,
		pingReturned(nowMs) {
			const readings = window.barrierReturned(nowMs);
			if (readings < 0) return false;
			books.confirm(readings);
			core.blocked = false;
			return true;
		},
		setClock: clock.set,
		next: (nowMs) => next(core, nowMs),
		wakeAtMs: () => wakeAtMs(core),
		stop(deadlineMs) {
			core.stopping = true;
			core.stopAtMs = deadlineMs;
		},
		books: () => books.read(buffer.count(), window.readings()),
		snapshot(nowMs) {
			const oldestAgeMs = buffer.count() > 0 ? Math.max(0, nowMs - buffer.oldestMs()) : 0;
			return { ...books.read(buffer.count(), window.readings()), oldestAgeMs, losses: books.losses() };
		},
	};
}

function createCore(options: AgentOptions, names: readonly string[]): Core {
	const { capacity, ttlMs, policy, maxReadings, confirmMs, atRisk } = options;
	assert(capacity <= CAPACITY_MAX, "the buffer is within its bound");
	assert(atRisk >= 1 && atRisk <= AT_RISK_MAX, "at_risk is within its bound");
	assert(maxReadings >= 1 && maxReadings <= atRisk, "a frame holds no more readings than may be at risk");
	assert(options.maxBytes <= WINDOW_BYTES_MAX, "a frame fits the window");
	const books = createBooks(options.past ?? 0);
	return {
		options,
		books,
		buffer: createReadingBuffer({ capacity, ttlMs, policy, drop: books.drop }),
		window: createWindow({ atRisk, confirmMs }),
		rate: createRateLimit(options.maxRate, maxReadings),
		clock: createClockMap(),
		filler: createFrameFiller(options.device, options.run, names),
		isUp: false,
		payloadBytesMax: options.maxBytes,
		fitting: maxReadings,
		blocked: false,
		waitingMs: 0,
		statusAtMs: 0,
		stopping: false,
		stopAtMs: Number.POSITIVE_INFINITY,
		finished: false,
		attentionAt: Number.POSITIVE_INFINITY,
	};
}

function next(core: Core, nowMs: number): Effect | null {
	const { buffer, window, options } = core;
	if (core.finished) return null;
	buffer.expire(nowMs);
	core.attentionAt = Number.POSITIVE_INFINITY;
	const drained = buffer.count() === 0 && window.readings() === 0;
	if (core.stopping && (drained || nowMs >= core.stopAtMs)) return finish(core);
	if (!core.isUp) return null;
	if (window.isDead(nowMs)) return { kind: "close" };
	if (nowMs >= core.statusAtMs && window.admitsStatus()) {
		core.statusAtMs = nowMs + options.statusIntervalMs;
		window.statusSent();
		return { kind: "status" };
	}
	const frame = takeFrame(core, nowMs);
	if (frame) return frame;
	if (window.barrierDue(nowMs, core.blocked || core.stopping)) {
		window.barrierSent(nowMs);
		return { kind: "barrier" };
	}
	if (!core.blocked && !core.rate.limited) core.attentionAt = options.maxReadings;
	return null;
}

function finish(core: Core): Effect {
	while (core.buffer.count() > 0) core.buffer.dropOldest("shutdown");
	core.finished = true;
	return { kind: "finish" };
}

/** Whether the readings that wait should go now, the window and the rate aside. */
function frameDue({ buffer, options, stopping, waitingMs }: Core, nowMs: number): boolean {
	const count = buffer.count();
	if (count === 0) return false;
	return stopping || count >= options.maxReadings || nowMs >= waitingMs + options.lingerMs;
}

/** Takes the next frame out of the buffer, or says why not: null, and perhaps `blocked`. */
function takeFrame(core: Core, nowMs: number): Effect | null {
	const { buffer, window, rate, filler, options } = core;
	while (!core.blocked && frameDue(core, nowMs)) {
		const allowed = rate.allowed(nowMs, Math.min(buffer.count(), options.maxReadings));
		if (allowed === 0) return null;
		let readings = filler.fill(buffer, Math.min(allowed, core.fitting), nowMs, options.ttlMs);
		let payload = encodeFrame(core);
		while (payload.length > core.payloadBytesMax && readings > 1) {
			const fits = Math.floor((readings * core.payloadBytesMax) / payload.length);
			core.fitting = Math.max(1, Math.min(readings - 1, fits));
			readings = filler.fill(buffer, core.fitting, nowMs, options.ttlMs);
			payload = encodeFrame(core);
		}
		if (payload.length > core.payloadBytesMax) {
			buffer.dropOldest("oversize");
			buffer.expire(nowMs);
		} else if (window.admits(readings, payload.length)) {
			return send(core, readings, payload, nowMs);
		} else {
			core.blocked = true;
		}
	}
	return null;
}

function encodeFrame({ filler, books, clock, options }: Core): Uint8Array {
	filler.frame.sent = books.sent();
	filler.frame.timeMs = clock.wallMs(filler.firstMs());
	filler.frame.clockSynchronised = clock.synchronised();
	return options.encode(filler.frame);
}

function send(core: Core, readings: number, payload: Uint8Array, nowMs: number): Effect {
	const { buffer, window, rate, filler, books, options } = core;
	buffer.take(readings);
	if (buffer.count() > 0) core.waitingMs = buffer.oldestMs();
	window.sent(filler.frame.seq, readings, payload.length, nowMs);
	rate.spend(readings);
	books.send(readings);
	core.fitting = Math.min(options.maxReadings, core.fitting + 1 + (core.fitting >> 3));
	// Rounded up, so that what is younger than its TTL is never told to expire at once (CONTRACT G5).
	const expiryS = Math.ceil((filler.oldestMs() + options.ttlMs - nowMs) / 1000);
	return { kind: "send", payload, readings, expiryS };
}

function wakeAtMs(core: Core): number {
	const { buffer, window, rate, options } = core;
	if (core.finished) return Number.POSITIVE_INFINITY;
	let wakeMs = core.stopAtMs;
	const count = buffer.count();
	if (count > 0) {
		const oldestMs = buffer.oldestMs();
		wakeMs = Math.min(wakeMs, oldestMs + options.ttlMs);
		if (core.isUp && !core.blocked) {
			const full = core.stopping || count >= options.maxReadings;
			const dueMs = full ? 0 : core.waitingMs + options.lingerMs;
			wakeMs = Math.min(wakeMs, Math.max(dueMs, rate.readyAtMs(Math.min(count, options.maxReadings))));
		}
	}
	if (!core.isUp) return wakeMs;
	return Math.min(wakeMs, window.wakeAtMs(), window.admitsStatus() ? core.statusAtMs : Number.POSITIVE_INFINITY);
}
