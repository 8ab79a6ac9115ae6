// Frames and statuses by hand, for tests that need one in particular.
import type { ObservedStatus } from "../../src/reconcile/observed.js";
import type { DecodedFrame } from "../../src/wire/decoded.js";

/** A moment for tests to begin at. */
export const T0 = 1_790_000_000_000;

/** A run id of 11 characters from a short name. */
export function run(name: string): string {
	return name.padEnd(11, "-");
}

/** A frame of `readings` readings, captured `dt` ms apart from `timeMs` on. */
export function frame(
	device: string,
	runName: string,
	seq: number,
	readings: number,
	sent: number,
	timeMs = T0,
	clockSynchronised = true,
): DecodedFrame {
	const column = Array.from({ length: readings }, () => 0);
	return {
		...{ device, run: run(runName), seq, sent, timeMs, clockSynchronised },
		...{ streams: ["env.temperature"], stream: column, dt: column, value: column },
	};
}

type Books = Partial<Pick<ObservedStatus, "stamped" | "buffered" | "sent" | "confirmed" | "inFlight" | "uncertain">>;
type Drops = Partial<ObservedStatus["dropped"]>;

/** A status; what is not given is 0, so the caller balances its books. */
export function status(
	device: string,
	runName: string,
	uptimeMs: number,
	books: Books = {},
	dropped: Drops = {},
	rest: Partial<ObservedStatus> = {},
): ObservedStatus {
	return {
		...{ device, run: run(runName), state: "online", timeMs: T0 + uptimeMs, clockSynchronised: true, uptimeMs },
		...{ stamped: 0, buffered: 0, sent: 0, confirmed: 0, inFlight: 0, uncertain: 0, ...books },
		dropped: { overflow: 0, expired: 0, oversize: 0, shutdown: 0, ...dropped },
		...{ rejected: 0, losses: [], mqtt: { connects: 1, authFailures: 0 }, previous: null, delivery: "hash" },
		...rest,
	};
}
