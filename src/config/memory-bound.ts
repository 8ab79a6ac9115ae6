// The most memory a configuration can make the agent hold, in bytes by part, beside the bare program. All of it is fixed
// at start: a dead broker, a stalled link or a flooding sensor adds nothing (CONTRACT G4).

import { arenaBytes } from "../core/arena.js";
import { LOSS_RANGES_MAX, STREAMS_PER_SOURCE_MAX, STREAMS_SHOWN_MAX, WINDOW_BYTES_MAX } from "../core/limits.js";
import type { Config } from "./config.js";

export interface MemoryPart {
	readonly part: string;
	readonly bytes: number;
}

export interface MemoryBound {
	readonly bytes: number;
	readonly parts: readonly MemoryPart[];
}

/** seq 8, time 8, value 8, stream 2, kind 1 (core/reading-buffer.ts), three links 12, source 1 (core/slot-lists.ts). */
const SLOT_BYTES = 40;
/** seq 8, time 8, readings 4, size 4 (core/window.ts). */
const WINDOW_ENTRY_BYTES = 24;
/** Five columns of a frame as arrays of 8-byte entries, plus a boxed double for each value (core/frame.ts). */
const FRAME_READING_BYTES = 56;
/** Name, unit, limits and counters of one stream. */
const STREAM_BYTES = 512;
/** A range of three fields as an array (core/loss-ledger.ts). */
const LOSS_RANGE_BYTES = 64;
/** Value and time of a stream's last reading, and what else stands for it (run/latest-values.ts). */
const LATEST_VALUE_BYTES = 24;
/** A last value that is text keeps the line alive that it was cut from, at two bytes a character at the most. */
const LINE_CHAR_BYTES = 2;
/** A serial source reads into a chunk this large beside its line. */
const READ_CHUNK_BYTES = 65_536;

/** The bound of a configuration. */
export function memoryBound(config: Config): MemoryBound {
	const { capacity } = config.buffer;
	const { atRisk, maxReadings, maxBytes } = config.publish;
	const lineBytes = config.sources.flatMap((source) => {
		const lineMax = (source as { readonly maxLine?: unknown }).maxLine;
		return typeof lineMax === "number" ? [lineMax] : [];
	});
	const parts: MemoryPart[] = [
		{ part: `buffer: ${capacity} readings of ${SLOT_BYTES} bytes`, bytes: capacity * SLOT_BYTES },
		{ part: "buffer: text and bytes", bytes: arenaBytes(capacity) },
		{ part: `window: ${atRisk} frames`, bytes: atRisk * WINDOW_ENTRY_BYTES },
		{ part: "frame: columns and payload", bytes: maxReadings * FRAME_READING_BYTES + maxBytes },
		{ part: "socket: unconfirmed bytes", bytes: WINDOW_BYTES_MAX },
		{ part: `loss ledger: ${LOSS_RANGES_MAX} ranges`, bytes: LOSS_RANGES_MAX * LOSS_RANGE_BYTES },
		{
			part: `sources: ${config.sources.length} of up to ${STREAMS_PER_SOURCE_MAX} streams`,
			bytes: config.sources.length * STREAMS_PER_SOURCE_MAX * STREAM_BYTES,
		},
		{
			part: "sources: line buffers",
			bytes: lineBytes.reduce((sum, bytes) => sum + bytes + READ_CHUNK_BYTES, 0),
		},
		{
			part: `page: last values of ${STREAMS_SHOWN_MAX} streams`,
			bytes: STREAMS_SHOWN_MAX * (LATEST_VALUE_BYTES + Math.max(0, ...lineBytes) * LINE_CHAR_BYTES),
		},
	];
	return { bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0), parts };
}
