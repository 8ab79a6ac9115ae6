// The reconciler at work: lays each message where it belongs, keeps the objectives, and knows for how long it could see.
// Whoever subscribes hands it messages and says when the subscription stands and when not.
import type { Message } from "../consume/subscribe.js";
import type { Account } from "../reconcile/account.js";
import type { FleetReport } from "../reconcile/indicators.js";
import { type Objectives, type ObjectivesReport, recordOutcomes, reportObjectives } from "../reconcile/objectives.js";
import { deviceOutcomes, fleetOutcome, outcomeOf } from "../reconcile/outcomes.js";
import { decodeFrame } from "../wire/decode-frame.js";
import { decodeState, decodeStatus } from "../wire/decode-status.js";
import type { DecodedFrame } from "../wire/decoded.js";
import { isInShard, type Shard } from "./shard.js";

export interface ObserverOptions {
	readonly prefix: string;
	readonly account: Account;
	readonly objectives: Objectives;
	/** Only devices of this share; without it, all. */
	readonly shard?: Shard;
	/** Called with each frame that was decoded, whatever the account thinks of it. */
	readonly onFrame?: (frame: DecodedFrame) => void;
}

/** What has been seen up to now. */
export interface Observation {
	readonly report: FleetReport;
	readonly objectives: ObjectivesReport;
	readonly observedMs: number;
	/** Why nothing is observed now, or null while all is. */
	readonly trouble: string | null;
	/** Messages that the strict decoder refused, by kind of error. */
	readonly refused: Readonly<Record<string, number>>;
}

export interface Observer {
	take(message: Message): void;
	/** The subscription stands. */
	up(nowMs: number): void;
	/** It does not, and why. */
	down(reason: string, nowMs: number): void;
	/** Closes what time has decided. To be called every second or so. */
	tick(nowMs: number): void;
	/** Enters the totals into the objectives. To be called at least once a minute; DEVICES_MAX of them cost some 20 ms. */
	record(nowMs: number): void;
	observe(nowMs: number): Observation;
}

/** Makes an observer of `<prefix>/+/data`, `status` and `state`. */
export function createObserver(options: ObserverOptions): Observer {
	const { account, objectives } = options;
	const refused = new Map<string, number>();
	let observedMs = 0;
	let upAtMs: number | null = null;
	let trouble: string | null = "no connection came about";

	return {
		take(message) {
			const error = lay(options, message, Date.now());
			if (error !== null) refused.set(error, (refused.get(error) ?? 0) + 1);
		},
		up(nowMs) {
			upAtMs = nowMs;
			trouble = null;
			account.observing(nowMs);
		},
		down(reason, nowMs) {
			if (upAtMs !== null) observedMs += nowMs - upAtMs;
			upAtMs = null;
			trouble = reason;
			account.absent();
		},
		tick: account.tick,
		record(nowMs) {
			account.tick(nowMs);
			recordOutcomes(objectives, fleetOutcome(account.fleet, nowMs), deviceOutcomes(account.fleet, nowMs), nowMs);
		},
		observe(nowMs) {
			account.tick(nowMs);
			const report = account.report(nowMs);
			const total = outcomeOf(report.tally);
			const devices = report.devices.map(({ device, tally }) => [device, outcomeOf(tally)] as const);
			recordOutcomes(objectives, total, devices, nowMs);
			return {
				report,
				objectives: reportObjectives(objectives, total, devices, nowMs),
				observedMs: observedMs + (upAtMs === null ? 0 : nowMs - upAtMs),
				trouble,
				refused: Object.fromEntries(refused),
			};
		},
	};
}

/** Enters a message into the account, or says what kind of error the strict decoder found. */
function lay({ account, prefix, shard, onFrame }: ObserverOptions, message: Message, nowMs: number): string | null {
	const { topic, payload, isRetained } = message;
	const [device, kind] = topic.slice(prefix.length + 1).split("/");
	if (device === undefined || (shard !== undefined && !isInShard(device, shard))) return null;
	switch (kind) {
		case "data": {
			const decoded = decodeFrame(payload);
			if (!decoded.ok) return decoded.error;
			account.frame(decoded.frame, device, nowMs, isRetained);
			onFrame?.(decoded.frame);
			return null;
		}
		case "status": {
			const decoded = decodeStatus(payload);
			if (!decoded.ok) return decoded.error;
			account.status(decoded.status, device, nowMs, isRetained);
			return null;
		}
		case "state": {
			const decoded = decodeState(payload);
			if (!decoded.ok) return decoded.error;
			account.state(device, decoded.state, nowMs, isRetained);
			return null;
		}
		default:
			return null;
	}
}
