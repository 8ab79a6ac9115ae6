// What a line's edges mean. `level`: true or false, at every opening of the line and at each change. `counter`: pulses
// since the start of the run, published every `every` as a cumulative count, so a lost frame loses no pulse.
// Levels here are logical: `active_low` has been applied. A signal lives as long as its source; the line may come and go.
import type { SourceHost } from "../source.js";
import type { Edge } from "./backend.js";
import { createDebouncer, type GpioTimers } from "./debounce.js";

export interface SignalOptions {
	readonly host: SourceHost;
	readonly timers: GpioTimers;
	/** The changes that are offered, or the edges that are counted. */
	readonly edge: Edge;
	/** 0: none. */
	readonly debounceMs: number;
	/** The level now, while the line is open. */
	readonly read: () => boolean;
}

export interface Signal {
	/** The edges that the line has to report for it. */
	readonly needs: Edge;
	/** The line is open. */
	opened(level: boolean, atMs: number): void;
	/** The line moved. */
	edge(level: boolean, atMs: number): void;
	/** It moved so many times more, and nobody knows when; true: the level has to be read anew. */
	lost(edges: number): boolean;
	/** The level was read without an edge; one that differs shows that an edge was lost. */
	seen(level: boolean, atMs: number): void;
	/** The line is closed. */
	closed(): void;
	/** The run ends: what has not been offered yet. */
	finish(): void;
}

/** The signal of `mode: level`. */
export function createLevel(options: SignalOptions): Signal {
	const { host, edge: wanted } = options;
	const stream = host.stream("level");
	let last = false;

	function changed(level: boolean, atMs: number): void {
		last = level;
		if (isWanted(wanted, level)) host.offer(stream, level, atMs);
	}
	const debouncer =
		options.debounceMs > 0
			? createDebouncer({ ...options, stableMs: options.debounceMs, now: host.now, changed })
			: null;
	/** Consecutive callbacks with one level are no change. */
	function edge(level: boolean, atMs: number): void {
		if (debouncer !== null) debouncer.edge(level, atMs);
		else if (level !== last) changed(level, atMs);
	}

	return {
		needs: "both",
		opened(level, atMs) {
			last = level;
			debouncer?.start(level);
			host.offer(stream, level, atMs);
		},
		edge,
		lost: () => true,
		seen(level, atMs) {
			if (debouncer !== null) debouncer.seen(level, atMs);
			else edge(level, atMs);
		},
		closed: () => debouncer?.stop(),
		finish() {},
	};
}

export interface CounterOptions extends SignalOptions {
	/** Time between two counts. */
	readonly everyMs: number;
}

/** The signal of `mode: counter`. */
export function createCounter(options: CounterOptions): Signal {
	const { host, timers, edge: wanted, everyMs, debounceMs } = options;
	const stream = host.stream("count");
	let count = 0;
	let published = -1;
	let firstMs = Number.NaN;
	/** How many multiples of `every` have been dealt with: a timer that is early by a hair does not do the same one twice. */
	let instants = 0;
	let timer: unknown = null;

	function publish(atMs: number): void {
		published = count;
		host.offer(stream, count, atMs);
	}

	/** Counts go out at whole multiples of `every` after the first: a late timer moves none of the later ones. */
	function arm(): void {
		const elapsedMs = host.now() - firstMs;
		const next = Math.max(instants, Math.floor(elapsedMs / everyMs)) + 1;
		timer = timers.setTimeout(() => tick(next), Math.ceil(next * everyMs - elapsedMs));
	}

	function tick(instant: number): void {
		instants = instant;
		publish(host.now());
		arm();
	}

	const debouncer =
		debounceMs > 0
			? createDebouncer({
					...options,
					stableMs: debounceMs,
					now: host.now,
					changed: (level) => {
						if (isWanted(wanted, level)) count += 1;
					},
				})
			: null;

	return {
		// To know how long a level lasted takes both edges.
		needs: debouncer === null ? wanted : "both",
		opened(level, atMs) {
			debouncer?.start(level);
			if (Number.isNaN(firstMs)) firstMs = atMs;
			publish(atMs);
			arm();
		},
		edge(level, atMs) {
			if (debouncer !== null) debouncer.edge(level, atMs);
			else count += 1;
		},
		lost(edges) {
			// Every one of them was a pulse, unless pulses are what lasts.
			if (debouncer === null) count += edges;
			return debouncer !== null;
		},
		seen: (level, atMs) => debouncer?.seen(level, atMs),
		closed() {
			debouncer?.stop();
			if (timer !== null) timers.clearTimeout(timer);
			timer = null;
		},
		finish() {
			if (published >= 0 && count !== published) publish(host.now());
		},
	};
}

function isWanted(edge: Edge, level: boolean): boolean {
	switch (edge) {
		case "rising":
			return level;
		case "falling":
			return !level;
		case "both":
			return true;
	}
}
