// A frame as a consumer reads it, after the strict decoder has checked every byte of it.
import type { Value } from "../core/value.js";

export interface DecodedFrame {
	readonly device: string;
	readonly run: string;
	/** Sequence number of the first reading; reading i has seq + i. At most 2^53 - 1, like `sent`. */
	readonly seq: number;
	/** Readings of this run sent before this frame. */
	readonly sent: number;
	/** Wall clock of the first reading, Unix ms. */
	readonly timeMs: number;
	/** False where the device said that its wall clock was not synchronised. */
	readonly clockSynchronised: boolean;
	/** Names used in this frame. */
	readonly streams: readonly string[];
	/** Per reading: index into `streams`, always within it. */
	readonly stream: readonly number[];
	/** Per reading: ms since the reading before it. */
	readonly dt: readonly number[];
	/** Per reading, already divided where the frame is scaled. As long as `stream` and `dt`, at least 1. */
	readonly value: readonly Value[];
}
