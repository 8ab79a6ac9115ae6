// What the agent's page gets once a second: the status as everybody gets it, and beside it what a person wants to see.
// It is the page's own and no contract; its size is bounded by the bounds of what it is made of.
import type { AgentView, LossCounts } from "../wire/agent-view.js";
import { type Status, toStatus } from "../wire/status.js";
import { agentProblems } from "./agent-problems.js";
import type { Problem } from "./problem.js";

export interface AgentPageState {
	readonly status: Status;
	/** The worst first. */
	readonly problems: readonly Problem[];
	readonly uptime_ms: number;
	readonly oldest_age_ms: number;
	readonly at_risk: number;
	readonly link: {
		readonly url: string;
		readonly up: boolean;
		readonly age_ms: number;
		readonly error: string | null;
		readonly frames: number;
		readonly frame_bytes: number;
		/** Kind, reason, times, age of the first and of the last; the newest last. */
		readonly events: readonly (readonly [string, string, number, number, number])[];
	};
	/** By the index of the status' sources: ms in this state, and rejections by reason. */
	readonly sources: readonly { readonly age_ms: number; readonly rejected: Readonly<Record<string, number>> }[];
	/** Name, value and age in ms of each stream's last reading. */
	readonly latest: readonly (readonly [string, number | boolean | string, number])[];
	readonly streams: number;
	/** Per reason of which there were any in the last hour: losses by minute, the one that runs last. */
	readonly minutes: Readonly<Partial<Record<keyof LossCounts, readonly number[]>>>;
}

/** The state of the page. */
export function pageState(view: AgentView): AgentPageState {
	const { report, latest, streams } = view;
	const { link } = report;
	return {
		status: toStatus(report),
		problems: agentProblems(view),
		uptime_ms: Math.round(report.uptimeMs),
		oldest_age_ms: Math.round(report.books.oldestAgeMs),
		at_risk: view.atRisk,
		link: {
			url: link.url,
			up: link.connected,
			age_ms: Math.round(link.stateAgeMs),
			error: link.error,
			frames: link.framesSent,
			frame_bytes: link.frameBytes,
			events: link.events.map(({ kind, reason, times, firstAgeMs, lastAgeMs }) => {
				return [kind, reason, times, Math.round(firstAgeMs), Math.round(lastAgeMs)];
			}),
		},
		sources: report.sources.map(({ stateAgeMs, rejected }) => ({ age_ms: Math.round(stateAgeMs), rejected })),
		latest: latest.map(({ name, value, ageMs }) => [name, value, Math.round(ageMs)]),
		streams,
		minutes: minutesByReason(view.lossMinutes),
	};
}

const LOSS_REASONS = ["overflow", "expired", "oversize", "shutdown", "uncertain", "rejected"] as const;

function minutesByReason(lossMinutes: readonly LossCounts[]): AgentPageState["minutes"] {
	const columns = LOSS_REASONS.map((reason) => [reason, lossMinutes.map((minute) => minute[reason])] as const);
	return Object.fromEntries(columns.filter(([, losses]) => losses.some((lost) => lost > 0)));
}
