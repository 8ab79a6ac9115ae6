// The status object (CONTRACT, Status) and what it is made of. Built in one place for the topic, /status and the page.
import type { Snapshot } from "../core/snapshot.js";
import type { DropReason, LossRange, RejectReason } from "../core/value.js";

/** The last counters of a run that died without its last status. */
export interface PreviousRun {
	readonly run: string;
	readonly stamped: number;
	readonly sent: number;
	readonly confirmed: number;
	readonly uncertain: number;
	readonly dropped: Readonly<Record<DropReason, number>>;
}

/** One source as its host counts it. */
export interface SourceReport {
	readonly name: string;
	readonly type: string;
	readonly up: boolean;
	readonly readings: number;
	readonly rejected: Readonly<Partial<Record<RejectReason, number>>>;
	readonly filtered: number;
	readonly restarts: number;
	/** What it works through (`sysfs`, `chardev`), last time it did; none where there is only one way. */
	readonly backend?: string | null;
	/** One line for a person, or null while the source works. */
	readonly error: string | null;
	/** How long it has been up, or down. */
	readonly stateAgeMs: number;
}

/** What happened on the link: it came up or ended, an attempt failed, or the broker refused who we are. */
export type LinkEventKind = "up" | "down" | "failed" | "refused";

/** One event of the link, or several in a row that were alike. */
export interface LinkEvent {
	readonly kind: LinkEventKind;
	/** One line for a person; empty for `up`. */
	readonly reason: string;
	readonly times: number;
	/** Since the first and since the last of them. */
	readonly firstAgeMs: number;
	readonly lastAgeMs: number;
}

/** The link as the uplink counts it. */
export interface LinkReport {
	/** The broker's url, without anything secret. */
	readonly url: string;
	readonly connected: boolean;
	/** How long it has been connected, or not. */
	readonly stateAgeMs: number;
	readonly connects: number;
	readonly disconnects: number;
	readonly authFailures: number;
	/** Whether a status of this run came back on its own topic; null while unknown or not permitted to subscribe. */
	readonly loopback: boolean | null;
	/** Why the last attempt or connection ended, one line for a person; null while connected. */
	readonly error: string | null;
	readonly framesSent: number;
	/** Payload bytes of those frames. */
	readonly frameBytes: number;
	/** The newest events, the newest last (at most LINK_EVENTS_MAX). */
	readonly events: readonly LinkEvent[];
}

/** What does not change during a run. */
export interface RunFacts {
	readonly device: string;
	readonly run: string;
	readonly version: string;
	readonly board: string;
	readonly units: Readonly<Record<string, string>>;
	readonly buffer: { readonly capacity: number; readonly ttlMs: number; readonly policy: string };
	readonly previous: PreviousRun | null;
	/** Hash of the settings that decide delivery. */
	readonly delivery: string;
}

/** Everything the outside can ask of a running agent, taken at one instant. */
export interface AgentReport {
	readonly facts: RunFacts;
	readonly state: "online" | "offline";
	/** Wall clock, Unix ms. */
	readonly timeMs: number;
	readonly clockSynchronised: boolean;
	readonly uptimeMs: number;
	readonly books: Snapshot;
	readonly sources: readonly SourceReport[];
	readonly link: LinkReport;
}

export interface Status {
	readonly v: 1;
	readonly device: string;
	readonly run: string;
	readonly version: string;
	readonly board: string;
	readonly state: "online" | "offline";
	readonly time: number;
	readonly clock: boolean;
	readonly uptime_s: number;
	readonly stamped: number;
	readonly buffered: number;
	readonly sent: number;
	readonly confirmed: number;
	readonly in_flight: number;
	readonly uncertain: number;
	readonly dropped: Readonly<Record<DropReason, number>>;
	readonly rejected: number;
	readonly buffer: { readonly capacity: number; readonly ttl_ms: number; readonly policy: string };
	readonly units: Readonly<Record<string, string>>;
	readonly losses: readonly LossRange[];
	readonly sources: readonly {
		readonly name: string;
		readonly type: string;
		readonly up: boolean;
		readonly readings: number;
		readonly rejected: number;
		readonly filtered: number;
		readonly restarts: number;
		/** Only where there are several ways to the hardware. */
		readonly backend?: string;
		readonly error: string | null;
	}[];
	readonly mqtt: {
		readonly connects: number;
		readonly disconnects: number;
		readonly auth_failures: number;
		readonly loopback: boolean | null;
	};
	readonly previous: PreviousRun | null;
	readonly delivery: string;
}

/** The status of a report, in the contract's words and order. */
export function toStatus(report: AgentReport): Status {
	const { facts, books, link } = report;
	const sources = report.sources.map((source) => ({
		name: source.name,
		type: source.type,
		up: source.up,
		readings: source.readings,
		rejected: rejectedTotal(source),
		filtered: source.filtered,
		restarts: source.restarts,
		...(source.backend == null ? {} : { backend: source.backend }),
		error: source.error,
	}));
	return {
		v: 1,
		device: facts.device,
		run: facts.run,
		version: facts.version,
		board: facts.board,
		state: report.state,
		time: Math.round(report.timeMs),
		clock: report.clockSynchronised,
		uptime_s: Math.round(report.uptimeMs / 100) / 10,
		stamped: books.stamped,
		buffered: books.buffered,
		sent: books.sent,
		confirmed: books.confirmed,
		in_flight: books.inFlight,
		uncertain: books.uncertain,
		dropped: books.dropped,
		rejected: sources.reduce((sum, source) => sum + source.rejected, 0),
		buffer: { capacity: facts.buffer.capacity, ttl_ms: facts.buffer.ttlMs, policy: facts.buffer.policy },
		units: facts.units,
		losses: books.losses,
		sources,
		mqtt: {
			connects: link.connects,
			disconnects: link.disconnects,
			auth_failures: link.authFailures,
			loopback: link.loopback,
		},
		previous: facts.previous,
		delivery: facts.delivery,
	};
}

/** Rejections of a source, all reasons together. */
export function rejectedTotal(source: SourceReport): number {
	return Object.values(source.rejected).reduce((sum, count) => sum + count, 0);
}
