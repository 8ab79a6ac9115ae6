// Bytes in, frames out. Owns the one buffer in which a frame waits for its end, and how to find the next frame in noise: a
// header whose frame turns out to be none costs one byte, and the search goes on behind it, so that no good frame is ever
// skipped. All that is thrown away is counted: a frame that failed once, with whatever is in it, and noise once a stretch.
//
// Each byte is looked at as the first of a frame once, and a frame is checked once, when it is whole: however the bytes
// come in, the work is at most one check of a frame for each of them.
import { Buffer } from "node:buffer";
import type { RejectReason } from "../../core/value.js";

export interface FrameFormat {
	readonly header: Uint8Array;
	/** Bytes that must have come for `lengthOf`; no frame is shorter. */
	readonly frameMin: number;
	/** No frame is longer. */
	readonly frameMax: number;
	/** Bytes of the frame that begins at `at`, as it says itself; the finder holds it against both bounds. */
	lengthOf(view: DataView, at: number): number;
	/** Why the bytes from `at` on are no frame; null if they are one. */
	check(bytes: Uint8Array, view: DataView, at: number, length: number): RejectReason | null;
}

export interface FrameFinderOptions {
	readonly format: FrameFormat;
	/** A frame begins at `at`; `capturedMs` is that of the read that brought its last byte. */
	readonly onFrame: (view: DataView, at: number, capturedMs: number) => void;
	readonly onReject: (reason: RejectReason) => void;
}

export interface FrameFinder {
	/** The first `length` bytes of `bytes`, which may be overwritten afterwards. */
	push(bytes: Buffer, length: number, capturedMs: number): void;
	/** The connection ended: what waits for its end is `partial`. */
	reset(): void;
}

interface Search {
	readonly options: FrameFinderOptions;
	readonly bytes: Buffer;
	readonly view: DataView;
	/** When each byte came: a frame behind a false header is found late, and was captured when it came. */
	readonly capturedMs: Float64Array;
	/** What is still open: from `start` to before `end`. */
	start: number;
	end: number;
	/** Bytes from `start` on that belong to a frame which failed, and are counted with it. */
	counted: number;
	/** What was thrown away last was noise, and is counted. */
	isNoise: boolean;
}

/** Makes a finder. */
export function createFrameFinder(options: FrameFinderOptions): FrameFinder {
	const { frameMax } = options.format;
	// What stays open is shorter than a frame, so there is always room for as much again, and moving it down is rare.
	const bytes = Buffer.alloc(2 * frameMax);
	const search: Search = {
		options,
		bytes,
		view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
		capturedMs: new Float64Array(bytes.length),
		start: 0,
		end: 0,
		counted: 0,
		isNoise: false,
	};
	return {
		push(from, length, capturedMs) {
			for (let taken = 0; taken < length; ) {
				if (search.end === bytes.length) moveDown(search);
				const part = Math.min(length - taken, bytes.length - search.end);
				from.copy(bytes, search.end, taken, taken + part);
				search.capturedMs.fill(capturedMs, search.end, search.end + part);
				search.end += part;
				taken += part;
				findFrames(search);
			}
		},
		reset() {
			if (search.end - search.start > search.counted) options.onReject("partial");
			search.start = 0;
			search.end = 0;
			search.counted = 0;
			search.isNoise = false;
		},
	};
}

function moveDown(search: Search): void {
	search.bytes.copyWithin(0, search.start, search.end);
	search.capturedMs.copyWithin(0, search.start, search.end);
	search.end -= search.start;
	search.start = 0;
}

/** Takes every frame that is whole; what stays open begins with a header, or with what may become one. */
function findFrames(search: Search): void {
	const { bytes, view } = search;
	const { format, onFrame } = search.options;
	for (;;) {
		const { start, end } = search;
		throwAway(search, findHeader(format.header, bytes, start, end) - start);
		const at = search.start;
		if (end - at < format.frameMin) return;
		const length = format.lengthOf(view, at);
		if (length < format.frameMin) {
			throwAway(search, 1);
			continue;
		}
		if (length > format.frameMax) {
			fail(search, "too_long", length);
			continue;
		}
		if (end - at < length) return;
		const reason = format.check(bytes, view, at, length);
		if (reason !== null) {
			fail(search, reason, length);
			continue;
		}
		search.start += length;
		search.counted = 0;
		search.isNoise = false;
		onFrame(view, at, search.capturedMs[at + length - 1] as number);
	}
}

/** Where the next header begins, or what may become one; `end` where there is none. */
function findHeader(header: Uint8Array, bytes: Uint8Array, from: number, end: number): number {
	for (let at = from; at < end; at += 1) {
		const there = Math.min(header.length, end - at);
		let same = 0;
		while (same < there && bytes[at + same] === header[same]) same += 1;
		if (same === there) return at;
	}
	return end;
}

/** The frame at `start` is none: goes on one byte behind. */
function fail(search: Search, reason: RejectReason, length: number): void {
	if (search.counted === 0) {
		search.options.onReject(reason);
		search.counted = length;
		search.isNoise = false;
	}
	throwAway(search, 1);
}

function throwAway(search: Search, bytes: number): void {
	const uncounted = bytes - search.counted;
	search.counted = Math.max(0, search.counted - bytes);
	search.start += bytes;
	if (uncounted <= 0 || search.isNoise) return;
	search.options.onReject("syntax");
	search.isNoise = true;
}
