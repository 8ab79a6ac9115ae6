// What is in flight on the connection that is up: frames handed to the transport, and the barriers behind them.
// A barrier (PINGREQ/PINGRESP) that returns confirms all that was sent before it: TCP keeps order, and a broker handles
// one client's packets in order. MQTT does not promise that; it holds on every broker it was tested with (README.md).
// The byte limit follows the link's speed, so that on a slow one readings wait in the buffer, where the TTL still holds.
import { assert } from "./assert.js";
import {
	BARRIER_QUICK_MS,
	BARRIER_SLOW_MS,
	BARRIER_TIMEOUT_MS,
	BARRIERS_MAX,
	WINDOW_BYTES_MAX,
	WINDOW_BYTES_MIN,
	WINDOW_BYTES_START,
} from "./limits.js";

export interface WindowOptions {
	/** Readings that may be unconfirmed at once, 1 to AT_RISK_MAX. */
	readonly atRisk: number;
	/** Age of the oldest unconfirmed frame at which a barrier is due, ms. */
	readonly confirmMs: number;
}

export interface Window {
	/** Readings in flight. */
	readings(): number;
	/** Payload bytes in flight. */
	bytes(): number;
	/** Whether a frame may go now. A window with nothing in it takes any frame of up to WINDOW_BYTES_MAX. */
	admits(readings: number, bytes: number): boolean;
	/** A frame went to the transport. */
	sent(seq: number, readings: number, bytes: number, nowMs: number): void;
	/** Whether a status may go: one at a time waits for its barrier. */
	admitsStatus(): boolean;
	statusSent(): void;
	/** Whether it is time for a barrier; `blocked` when a frame is waiting for room. */
	barrierDue(nowMs: number, blocked: boolean): boolean;
	/** When barrierDue or isDead can next change by time alone, ms; Infinity when never. */
	wakeAtMs(): number;
	/** A PINGREQ went out. False when more are unanswered than any live broker leaves. */
	barrierSent(nowMs: number): boolean;
	/** A PINGRESP came: how many readings it confirmed, or -1 when no barrier was out. */
	barrierReturned(nowMs: number): number;
	/** Whether the oldest barrier has been unanswered for too long. */
	isDead(nowMs: number): boolean;
	/** The connection ended: `each` gets every frame still in flight. The window is then new. */
	close(each: (seq: number, readings: number) => void): void;
}

interface Barrier {
	/** Frames sent on this connection before it. */
	frames: number;
	coversStatus: boolean;
	sentMs: number;
}

/** Makes the window of a connection. */
export function createWindow({ atRisk, confirmMs }: WindowOptions): Window {
	// Every frame holds at least one reading, so there are never more frames in flight than readings at risk.
	const seqs = new Float64Array(atRisk);
	const counts = new Uint32Array(atRisk);
	const sizes = new Uint32Array(atRisk);
	const sentMs = new Float64Array(atRisk);
	const barriers: Barrier[] = [];
	let framesSent = 0;
	let framesDone = 0;
	let readings = 0;
	let bytes = 0;
	let bytesMax = WINDOW_BYTES_START;
	let isStatusOut = false;

	/** When a barrier is due by time alone: at once behind a status, so that the next one may go at its time. */
	function dueMs(): number {
		if (isStatusOut) return 0;
		return framesDone < framesSent ? (sentMs[framesDone % atRisk] as number) + confirmMs : Number.POSITIVE_INFINITY;
	}

	function finish(frames: number): number {
		let confirmed = 0;
		for (; framesDone < frames; framesDone++) {
			confirmed += counts[framesDone % atRisk] as number;
			bytes -= sizes[framesDone % atRisk] as number;
		}
		readings -= confirmed;
		return confirmed;
	}

	return {
		readings: () => readings,
		bytes: () => bytes,
		admits: (count, size) => readings === 0 || (readings + count <= atRisk && bytes + size <= bytesMax),
		sent(seq, count, size, nowMs) {
			assert(count >= 1 && readings + count <= atRisk, "no more readings are in flight than are at risk");
			assert(bytes + size <= WINDOW_BYTES_MAX, "no more bytes are in flight than the window holds");
			const at = framesSent % atRisk;
			seqs[at] = seq;
			counts[at] = count;
			sizes[at] = size;
			sentMs[at] = nowMs;
			framesSent += 1;
			readings += count;
			bytes += size;
		},
		admitsStatus: () => !isStatusOut,
		statusSent() {
			isStatusOut = true;
		},
		barrierDue(nowMs, blocked) {
			if (barriers.length > 0) return false;
			if (readings > 0 && (blocked || readings * 2 >= atRisk || bytes * 2 >= bytesMax)) return true;
			return nowMs >= dueMs();
		},
		wakeAtMs() {
			const oldest = barriers[0];
			return oldest ? oldest.sentMs + BARRIER_TIMEOUT_MS : dueMs();
		},
		barrierSent(nowMs) {
			if (barriers.length >= BARRIERS_MAX) return false;
			barriers.push({ frames: framesSent, coversStatus: isStatusOut, sentMs: nowMs });
			return true;
		},
		barrierReturned(nowMs) {
			const barrier = barriers.shift();
			if (barrier === undefined) return -1;
			bytesMax = adapted(bytesMax, nowMs - barrier.sentMs);
			if (barrier.coversStatus) isStatusOut = false;
			return finish(barrier.frames);
		},
		isDead(nowMs) {
			const oldest = barriers[0];
			return oldest !== undefined && nowMs >= oldest.sentMs + BARRIER_TIMEOUT_MS;
		},
		close(each) {
			for (let at = framesDone; at < framesSent; at++) {
				each(seqs[at % atRisk] as number, counts[at % atRisk] as number);
			}
			finish(framesSent);
			barriers.length = 0;
			bytesMax = WINDOW_BYTES_START;
			isStatusOut = false;
		},
	};
}

/** The byte limit after a barrier's round trip: twice as much on a quick link, half on a slow one. */
function adapted(bytesMax: number, roundTripMs: number): number {
	if (roundTripMs < BARRIER_QUICK_MS) return Math.min(WINDOW_BYTES_MAX, bytesMax * 2);
	return roundTripMs > BARRIER_SLOW_MS ? Math.max(WINDOW_BYTES_MIN, bytesMax / 2) : bytesMax;
}
