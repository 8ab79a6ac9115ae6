// A sensor of the demo that can go mad by a key: silent at first, then FLOOD_RATE readings a second for FLOOD_MS, more
// than the demo's small buffer holds while the link is stalled.
import type { Source, SourceHost, SourceSettings } from "../sources/source.js";

export const FLOOD_RATE = 20_000;
export const FLOOD_MS = 3_000;
const TICK_MS = 20;

export interface FloodSource {
	readonly settings: SourceSettings;
	create(settings: SourceSettings, host: SourceHost): Source;
	/** Starts a flood, or lengthens the one that runs. */
	flood(): void;
}

/** Makes the sensor; one agent uses it. */
export function createFloodSource(name: string): FloodSource {
	let host: SourceHost | null = null;
	let timer: NodeJS.Timeout | undefined;
	let untilMs = 0;
	let count = 0;

	function tick(): void {
		if (host === null) return;
		const nowMs = host.now();
		const stream = host.stream("vibration");
		for (let i = 0; i < (FLOOD_RATE * TICK_MS) / 1_000; i++) {
			count += 1;
			host.offer(stream, Math.round(Math.sin(count / 50) * 1_000) / 1_000, nowMs);
		}
		if (nowMs >= untilMs) stop();
	}

	function stop(): void {
		clearInterval(timer);
		timer = undefined;
	}

	return {
		settings: { name, type: "flood" },
		create(_settings, given) {
			host = given;
			return {
				start: () => given.up(),
				stop: async () => stop(),
			};
		},
		flood() {
			untilMs = (host?.now() ?? 0) + FLOOD_MS;
			timer ??= setInterval(tick, TICK_MS);
		},
	};
}
