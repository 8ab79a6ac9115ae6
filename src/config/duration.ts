// Durations as people write them: a number and a unit, `250ms`, `10s`, `5m`, `1h`. Nothing without a unit is one.

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The ms of a duration, a fraction of one rounded to the nearest; undefined where the text is none. */
export function parseDuration(text: string): number | undefined {
	const match = /^(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h)$/.exec(text);
	if (match === null) return undefined;
	const [, number = "", unit = ""] = match;
	return Math.round(Number(number) * (UNIT_MS[unit] ?? Number.NaN));
}

/** The shortest way to write a duration: 90000 is `90s`, 120000 is `2m`. */
export function formatDuration(durationMs: number): string {
	for (const unit of ["h", "m", "s"]) {
		const unitMs = UNIT_MS[unit] ?? 1;
		if (durationMs >= unitMs && durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
	}
	return `${durationMs}ms`;
}
