// Waiting for something outside the process. Nothing here sleeps for a guessed time: it looks until it is so, or fails.

const LOOK_EVERY_MS = 10;

/** Resolves once `look` gives something other than undefined or false; rejects after `timeoutMs`, saying for what. */
export async function until<T>(
	what: string | (() => string),
	look: () => T | undefined | false | Promise<T | undefined | false>,
	timeoutMs = 5_000,
): Promise<T> {
	const deadline = performance.now() + timeoutMs;
	for (;;) {
		const found = await look();
		if (found !== undefined && found !== false) return found;
		if (performance.now() >= deadline) {
			throw new Error(`waited ${timeoutMs} ms for ${typeof what === "string" ? what : what()}`);
		}
		await delay(LOOK_EVERY_MS);
	}
}

/** For a fault that has to last a while. Never to wait for something to have happened: that is `until`. */
export function delay(ms: number): Promise<void> {
	return new Promise((resolve) => {
		setTimeout(resolve, ms);
	});
}
