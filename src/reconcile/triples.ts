// Sorted, disjoint ranges of seq as flat triples `from, to, something`: one array of numbers, no object for each range.

/** Index of the first triple whose second number, its end, is not below `seq`. */
export function firstEndingAt(list: readonly number[], seq: number): number {
	let low = 0;
	let high = list.length / 3;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if (at(list, middle * 3 + 1) < seq) low = middle + 1;
		else high = middle;
	}
	return low * 3;
}

/** The number at an index that is there. */
export function at(list: readonly number[], index: number): number {
	return list[index] as number;
}
