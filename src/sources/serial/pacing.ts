// How long to leave a port alone after a read, so that a busy one costs one wake-up for many lines. Owns the balance:
// long enough that lines gather, short enough that the kernel's buffer never fills and a capture time is never wrong by
// more than PAUSE_MAX_MS. Reads come before pauses, so a port that was quiet is read at once.

/** A capture time is late by this at the most; a USB adapter itself holds bytes back for up to 16 ms. */
export const PAUSE_MAX_MS = 10;
/** The kernel's line buffer (N_TTY_BUF_SIZE). What does not fit is lost on a UART without flow control. */
const LINE_BUFFER_BYTES = 4_096;
/** A start bit, eight data bits, a stop bit. */
const BITS_PER_BYTE = 10;

export interface Pacer {
	/** How many ms to wait before the next read, after one that brought `bytes`. */
	pauseAfter(bytes: number): number;
}

/** Makes the pacer of one opening. */
export function createPacer(baud: number): Pacer {
	// At the line's own speed a pause gathers a quarter of the buffer at the most: at 921,600 baud that is 11 ms.
	const quarterMs = Math.floor((LINE_BUFFER_BYTES / 4 / (baud / BITS_PER_BYTE)) * 1_000);
	const pauseMaxMs = Math.max(1, Math.min(PAUSE_MAX_MS, quarterMs));
	// USB and pseudo terminals do not keep to their baud, so what really comes is followed as well.
	let pauseMs = pauseMaxMs;
	return {
		pauseAfter(bytes) {
			if (bytes >= LINE_BUFFER_BYTES / 2) pauseMs >>= 1;
			else if (bytes < LINE_BUFFER_BYTES / 8) pauseMs = Math.min(pauseMaxMs, pauseMs * 2 + 1);
			return pauseMs;
		},
	};
}
