// `tallywire reconcile` with its report over HTTP, so that a test can wait for what it says.
import { freePort } from "../support/free-port.js";
import { type Running, startTallywire } from "../support/process.js";
import type { Verdict } from "../support/reconciler.js";
import { until } from "../support/wait.js";

export interface Reported {
	readonly running: Running;
	/** Resolves with the verdict on a device once it is as wanted. */
	verdict(device: string, isWanted: (verdict: Verdict) => boolean): Promise<Verdict>;
}

/** Longer than the time in which a late message may still come: only after it a loss is laid at a door. */
const TIMEOUT_MS = 90_000;

/** Starts it; resolves when it listens. */
export async function startReported(args: readonly string[]): Promise<Reported> {
	const port = await freePort();
	const running = startTallywire(["reconcile", "--json", "--http", `127.0.0.1:${port}`, ...args]);
	await running.waitForOutput(/ event=observing /);
	let last: Verdict | undefined;
	return {
		running,
		verdict: (device, isWanted) =>
			until(
				() => `the verdict on ${device}, which is ${JSON.stringify(last)}:\n${running.stderr()}`,
				async () => {
					const answer = await fetch(`http://127.0.0.1:${port}/report`);
					const { devices } = (await answer.json()) as { devices: readonly Verdict[] };
					last = devices.find((verdict) => verdict.device === device);
					return last !== undefined && isWanted(last) && last;
				},
				TIMEOUT_MS,
			),
	};
}

/** The sum of what it found lost, whatever the cause. */
export function lostOf({ tally }: Verdict): number {
	return Object.values(tally.lost).reduce((sum, count) => sum + count, 0);
}
