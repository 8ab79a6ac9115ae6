// A level counts once it has lasted: bouncing contacts and spikes shorter than `stableMs` are no changes.
// The time of a change is when the level that lasted began, so a debounced line is reported late but dated right, and
// at most `stableMs` back. Any edge begins the wait anew, also one after which the level reads the same: the line moved.
// One timer at a time, armed again only when it fires: a chattering line costs no timer per edge.

/** What the gpio source needs of timers, so that a test can bring its own. */
export interface GpioTimers {
	readonly setTimeout: (callback: () => void, delayMs: number) => unknown;
	readonly clearTimeout: (timer: unknown) => void;
}

export interface DebouncerOptions {
	readonly stableMs: number;
	readonly now: () => number;
	readonly timers: GpioTimers;
	/** The level now: an edge may have been lost, so the level is asked again before it is believed. */
	readonly read: () => boolean;
	/** The level lasted, and differs from the last one reported. */
	readonly changed: (level: boolean, sinceMs: number) => void;
}

export interface Debouncer {
	/** Begins with a level that is taken as it is. */
	start(level: boolean): void;
	/** The line moved, and its level reads so. */
	edge(level: boolean, atMs: number): void;
	/** The level was read without an edge: it begins a wait only where it is news. */
	seen(level: boolean, atMs: number): void;
	stop(): void;
}

/** Makes a debouncer. */
export function createDebouncer(options: DebouncerOptions): Debouncer {
	const { stableMs, now, timers } = options;
	let stable = false;
	let level = false;
	let sinceMs = 0;
	let timer: unknown = null;

	function settle(): void {
		timer = null;
		const leftMs = sinceMs + stableMs - now();
		if (leftMs > 0) {
			arm(leftMs);
			return;
		}
		const read = options.read();
		if (read !== level) {
			edge(read, now());
			return;
		}
		if (level === stable) return;
		stable = level;
		options.changed(level, sinceMs);
	}

	function arm(delayMs: number): void {
		timer = timers.setTimeout(settle, Math.ceil(delayMs));
	}

	function edge(next: boolean, atMs: number): void {
		level = next;
		sinceMs = atMs;
		if (timer === null) arm(stableMs);
	}

	function stop(): void {
		if (timer !== null) timers.clearTimeout(timer);
		timer = null;
	}

	return {
		start(first) {
			stop();
			stable = first;
			level = first;
		},
		edge,
		seen(read, atMs) {
			if (read !== level) edge(read, atMs);
		},
		stop,
	};
}
