// Unix ms as digits. An integer beyond 31 bits goes through the runtime's conversion of doubles, which takes longer than
// all the rest of a line; in two halves it does not, and the upper one changes every 17 minutes.

const HALF = 1_000_000;
const ZEROS = ["000000", "00000", "0000", "000", "00", "0", ""] as const;

/** Makes the function that writes the times of one frame. */
export function createTimeText(): (timeMs: number) => string {
	let upper = -1;
	let upperText = "";
	return (timeMs) => {
		const half = Math.floor(timeMs / HALF);
		// What is negative, small, or beyond exact integers is rare.
		if (!(half > 0 && timeMs <= Number.MAX_SAFE_INTEGER)) return `${timeMs}`;
		if (half !== upper) {
			upper = half;
			upperText = `${half}`;
		}
		const lower = timeMs - half * HALF;
		return `${upperText}${ZEROS[digitsOf(lower)]}${lower}`;
	};
}

/** Digits of an integer from 0 to 999,999. */
function digitsOf(lower: number): number {
	if (lower < 100) return lower < 10 ? 1 : 2;
	if (lower < 10_000) return lower < 1_000 ? 3 : 4;
	return lower < 100_000 ? 5 : 6;
}
