// The known word that a misspelt one is nearest to.

/** Longer words are not compared: the table grows with their product, and no key is near this long. */
const WORD_CHARS_MAX = 64;

/** The nearest of `known` to `word`, or undefined where none is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
	const plain = fold(word);
	if (plain.length === 0 || word.length > WORD_CHARS_MAX) return undefined;
	let best: string | undefined;
	let bestDistance = Math.min(3, 1 + Math.floor(plain.length / 4)) + 1;
	for (const candidate of known) {
		const distance = editDistance(plain, fold(candidate));
		if (distance < bestDistance && distance < candidate.length) {
			best = candidate;
			bestDistance = distance;
		}
	}
	// `user` is far from `username` in letters, and yet no other can be meant.
	return best ?? (plain.length < 3 ? undefined : known.find((candidate) => fold(candidate).startsWith(plain)));
}

/** `maxReadings`, `max-readings` and `max_readings` are the same word. */
export function fold(word: string): string {
	return word.toLowerCase().replace(/[_\s-]/g, "");
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(left: string, right: string): number {
	let before: number[] = [];
	let above = Array.from({ length: right.length + 1 }, (_, column) => column);
	for (let row = 1; row <= left.length; row += 1) {
		const current = [row];
		for (let column = 1; column <= right.length; column += 1) {
			const same = left[row - 1] === right[column - 1] ? 0 : 1;
			let distance = Math.min(
				(above[column] ?? 0) + 1,
				(current[column - 1] ?? 0) + 1,
				(above[column - 1] ?? 0) + same,
			);
			const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
			if (row > 1 && column > 1 && swapped) distance = Math.min(distance, (before[column - 2] ?? 0) + 1);
			current.push(distance);
		}
		before = above;
		above = current;
	}
	return above[right.length] ?? 0;
}
