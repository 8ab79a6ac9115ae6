// A report of an agent at work, for the tests of what shows one. Its books balance.

import { agentSite } from "../../src/serve/agent-site.js";
import type { Site } from "../../src/serve/http-server.js";
import type { AgentView } from "../../src/wire/agent-view.js";
import type { AgentReport, LinkReport, SourceReport } from "../../src/wire/status.js";

export interface SampleChanges {
	readonly books?: Partial<AgentReport["books"]>;
	readonly link?: Partial<LinkReport>;
	readonly sources?: readonly Partial<SourceReport>[];
	readonly state?: AgentReport["state"];
	readonly facts?: Partial<AgentReport["facts"]>;
	readonly uptimeMs?: number;
}

export const SOURCE: SourceReport = {
	name: "env",
	type: "serial",
	up: true,
	readings: 700,
	rejected: {},
	filtered: 0,
	restarts: 0,
	error: null,
	stateAgeMs: 60_000,
};

export function sampleReport(changes: SampleChanges = {}): AgentReport {
	return {
		facts: {
			device: "pi-7f3a",
			run: "AbCdEfGhIjk",
			version: "1.0.0",
			board: "rpi-4b",
			units: { "env.temperature": "Cel" },
			buffer: { capacity: 65_536, ttlMs: 600_000, policy: "drop-oldest" },
			previous: null,
			delivery: "0badcafe",
			...changes.facts,
		},
		state: changes.state ?? "online",
		timeMs: 1_790_000_000_000,
		clockSynchronised: true,
		uptimeMs: changes.uptimeMs ?? 63_000,
		books: {
			stamped: 1_234_567,
			buffered: 12,
			sent: 1_234_550,
			confirmed: 1_234_400,
			inFlight: 140,
			uncertain: 10,
			dropped: { overflow: 3, expired: 2, oversize: 0, shutdown: 0 },
			oldestAgeMs: 1_500,
			losses: [[100, 102, "overflow"]],
			balanced: true,
			...changes.books,
		},
		sources: (changes.sources ?? [{}]).map((source) => ({ ...SOURCE, ...source })),
		link: {
			url: "mqtt://broker.example:1883",
			connected: true,
			stateAgeMs: 50_000,
			connects: 2,
			disconnects: 1,
			authFailures: 0,
			loopback: true,
			error: null,
			framesSent: 4_823,
			frameBytes: 7_654_321,
			events: [
				{ kind: "failed", reason: "refused", times: 3, firstAgeMs: 60_000, lastAgeMs: 51_000 },
				{ kind: "up", reason: "", times: 1, firstAgeMs: 50_000, lastAgeMs: 50_000 },
			],
			...changes.link,
		},
	};
}

export function sampleView(report: AgentReport, changes: Partial<AgentView> = {}): AgentView {
	return {
		report,
		latest: [
			{ name: "env.temperature", value: 21.37, ageMs: 400 },
			{ name: "env.note", value: "open", ageMs: 2_000 },
		],
		streams: 2,
		lossMinutes: [NO_LOSS, NO_LOSS],
		atRisk: 1_024,
		...changes,
	};
}

export const NO_LOSS = { overflow: 0, expired: 0, oversize: 0, shutdown: 0, uncertain: 0, rejected: 0 };

/** What an agent with this report serves. */
export function sampleSite(report: () => AgentReport): Site {
	return agentSite({ report, view: () => sampleView(report()) });
}
