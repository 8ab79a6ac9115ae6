// Losses by reason, minute by minute over the last hour, for the page: the counters are looked at once a minute, and the
// differences are taken when somebody asks. Nothing is noted where a reading is lost.
import { LOSS_MINUTES } from "../core/limits.js";
import type { LossCounts } from "../wire/agent-view.js";

const MINUTE_MS = 60_000;

export interface LossMinutes {
	/** Begins to look; the timer keeps no process alive. */
	start(): void;
	stop(): void;
	/** Losses of up to LOSS_MINUTES whole minutes and, last, of the one that runs. */
	minutes(): readonly LossCounts[];
}

/** Makes the record of a run that has lost nothing yet. `totals` are those of the run. */
export function createLossMinutes(totals: () => LossCounts): LossMinutes {
	const before: LossCounts[] = [totals()];
	let timer: NodeJS.Timeout | undefined;
	return {
		start() {
			timer = setInterval(() => {
				before.push(totals());
				if (before.length > LOSS_MINUTES + 1) before.shift();
			}, MINUTE_MS);
			timer.unref();
		},
		stop: () => clearInterval(timer),
		minutes() {
			const ends = [...before.slice(1), totals()];
			return ends.map((end, minute) => difference(end, before[minute] as LossCounts));
		},
	};
}

function difference(end: LossCounts, start: LossCounts): LossCounts {
	return {
		overflow: end.overflow - start.overflow,
		expired: end.expired - start.expired,
		oversize: end.oversize - start.oversize,
		shutdown: end.shutdown - start.shutdown,
		uncertain: end.uncertain - start.uncertain,
		rejected: end.rejected - start.rejected,
	};
}
