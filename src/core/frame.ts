// An unbroken run of sequence numbers out of the buffer, as columns (CONTRACT, Frame). The columns are made once and
// filled again for each frame: a frame is valid until the next one is filled, and whoever encodes it does so at once.
import { isExpired, type ReadingBuffer } from "./reading-buffer.js";
import type { Value } from "./value.js";

export interface Frame {
	readonly device: string;
	readonly run: string;
	/** Sequence number of the first reading. */
	seq: number;
	/** Readings of this run sent before this frame. */
	sent: number;
	/** Wall clock of the first reading, Unix ms. */
	timeMs: number;
	clockSynchronised: boolean;
	/** Names used in this frame. */
	readonly streams: string[];
	/** Per reading: index into `streams`. */
	readonly stream: number[];
	/** Per reading: whole ms since the reading before it; the first is 0. */
	readonly dt: number[];
	readonly value: Value[];
}

export interface FrameFiller {
	/** The frame that `fill` fills. */
	readonly frame: Frame;
	/** Capture time of the oldest reading in the frame, monotonic ms. */
	oldestMs(): number;
	/** Capture time of the first reading in the frame, monotonic ms. */
	firstMs(): number;
	/**
	 * Fills the columns with the oldest readings: at most `readingsMax`, up to the first gap in seq and the first one
	 * that has expired. The buffer keeps them. Returns how many there are; at least 1 when the oldest has not expired.
	 */
	fill(buffer: ReadingBuffer, readingsMax: number, nowMs: number, ttlMs: number): number;
}

/** Makes the filler of one run's frames; `names` are all streams of the agent by index, and may grow. */
export function createFrameFiller(device: string, run: string, names: readonly string[]): FrameFiller {
	const frame: Frame = {
		device,
		run,
		seq: 0,
		sent: 0,
		timeMs: 0,
		clockSynchronised: false,
		streams: [],
		stream: [],
		dt: [],
		value: [],
	};
	// Per stream of the agent: the fill it was last used in, and its index in that frame. No clearing between frames.
	const usedIn: number[] = [];
	const indexIn: number[] = [];
	let fills = 0;
	let oldestMs = 0;
	let firstMs = 0;

	function localIndex(stream: number): number {
		if (usedIn[stream] === fills) return indexIn[stream] as number;
		while (usedIn.length <= stream) {
			usedIn.push(0);
			indexIn.push(0);
		}
		usedIn[stream] = fills;
		indexIn[stream] = frame.streams.length;
		frame.streams.push(names[stream] as string);
		return indexIn[stream] as number;
	}

	function fill(buffer: ReadingBuffer, readingsMax: number, nowMs: number, ttlMs: number): number {
		fills += 1;
		frame.streams.length = 0;
		firstMs = buffer.oldestMs();
		oldestMs = firstMs;
		let beforeMs = Math.round(firstMs);
		let n = 0;
		buffer.walk(readingsMax, (seq, stream, value, capturedMs) => {
			if (n === 0) frame.seq = seq;
			if (seq !== frame.seq + n || isExpired(capturedMs, nowMs, ttlMs)) return false;
			const roundedMs = Math.round(capturedMs);
			frame.stream[n] = localIndex(stream);
			frame.dt[n] = roundedMs - beforeMs;
			frame.value[n] = value;
			beforeMs = roundedMs;
			if (capturedMs < oldestMs) oldestMs = capturedMs;
			n += 1;
			return true;
		});
		frame.stream.length = n;
		frame.dt.length = n;
		frame.value.length = n;
		return n;
	}

	return { frame, fill, oldestMs: () => oldestMs, firstMs: () => firstMs };
}
