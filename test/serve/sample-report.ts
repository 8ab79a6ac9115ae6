// A report of an agent at work, for the tests of what shows one. Its books balance.
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
			connected: true,
			connects: 2,
			disconnects: 1,
			authFailures: 0,
			loopback: true,
			error: null,
			framesSent: 4_823,
			frameBytes: 7_654_321,
			...changes.link,
		},
	};
}
