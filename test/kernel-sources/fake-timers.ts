// A clock that only moves when it is told to, and timers on it.
import type { Timers } from "../../src/sources/sampling/sampler.js";

export interface FakeTimers extends Timers {
	now(): number;
	/** Lets time pass: timers run in their order, each `lateMs()` late, and what they start is waited for. */
	advance(ms: number): Promise<void>;
	/** Timers that are set. */
	count(): number;
}

interface FakeTimer {
	readonly atMs: number;
	readonly callback: () => void;
}

export function createFakeTimers(lateMs: () => number = () => 0): FakeTimers {
	let nowMs = 1_000.5;
	let timers: FakeTimer[] = [];
	return {
		now: () => nowMs,
		count: () => timers.length,
		setTimeout(callback, delayMs) {
			const timer = { atMs: nowMs + delayMs + lateMs(), callback };
			timers.push(timer);
			return timer;
		},
		clearTimeout(timer) {
			timers = timers.filter((other) => other !== timer);
		},
		async advance(ms) {
			const endMs = nowMs + ms;
			await flush();
			for (;;) {
				const next = timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
				if (next === undefined) break;
				timers = timers.filter((timer) => timer !== next);
				nowMs = Math.max(nowMs, next.atMs);
				next.callback();
				await flush();
			}
			nowMs = endMs;
		},
	};
}

function flush(): Promise<void> {
	return new Promise((resolve) => {
		setImmediate(resolve);
	});
}
