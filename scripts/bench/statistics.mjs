// Medians, and numbers as a table shows them.

export function median(samples) {
	const sorted = samples.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three significant digits, thousands set apart. */
export function show(number) {
	const size = Math.abs(number);
	const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
	return number.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",");
}

/** `median (least - most)`. */
export function showSamples(samples) {
	if (samples.length === 0) return "-";
	const text = show(median(samples));
	return samples.length === 1 ? text : `${text} (${show(Math.min(...samples))} - ${show(Math.max(...samples))})`;
}
