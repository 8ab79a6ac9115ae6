// Whether readings still move, or are known to wait: what feeds the service manager's watchdog. Judged from outside, by what
// the parts report, so a part that has died without a word is seen too. A broker that is away, a sensor that is unplugged,
// a night in which nothing happens are no death: a restart would mend none of them, and throw the buffer away.
import type { Config } from "../config/config.js";
import type { AgentReport, SourceReport } from "../wire/status.js";
import { rejectedTotal } from "../wire/status.js";

/** Added to every time that a part may take by its settings: a machine that swaps or a slow card is no death either. */
export const SLACK_MS = 60_000;
/** An attempt at a connection ends after this time (uplink/connection.ts). */
const CONNECT_MS = 10_000;
/** A source that samples at an interval may miss so many instants in a row before it counts as dead. */
const MISSED_MAX = 3;

export interface VitalSigns {
	/** Why the agent is dead although it runs, one line; null while it lives. To be asked again and again. */
	cause(report: AgentReport, nowMs: number): string | null;
}

/** A number that has to change while there is something to do. */
interface Pulse {
	/** For how long it has stood still, ms; 0 where it may. */
	stillMs(value: number, mayRest: boolean, nowMs: number): number;
}

/** Signs of an agent with this configuration, from now on. */
export function createVitalSigns(config: Config): VitalSigns {
	const { reconnect } = config.mqtt;
	const { lingerMs, confirmMs, maxRate, maxReadings } = config.publish;
	const attemptMs = reconnect.maxMs + CONNECT_MS + SLACK_MS;
	const sendMs = lingerMs + (maxRate === 0 ? 0 : (maxReadings * 1_000) / maxRate) + SLACK_MS;
	const sent = createPulse();
	const confirmed = createPulse();
	const sources = config.sources.map((settings) => {
		const { everyMs } = settings as { readonly everyMs?: unknown };
		return { pulse: createPulse(), everyMs: typeof everyMs === "number" ? everyMs : Number.POSITIVE_INFINITY };
	});

	function linkCause({ link }: AgentReport): string | null {
		if (link.connected) return null;
		const quietMs = Math.min(link.stateAgeMs, link.events.at(-1)?.lastAgeMs ?? Number.POSITIVE_INFINITY);
		return quietMs > attemptMs ? `no attempt to connect for ${seconds(quietMs)}` : null;
	}

	function flowCause({ books, link }: AgentReport, nowMs: number): string | null {
		const left = books.sent + books.dropped.overflow + books.dropped.expired + books.dropped.oversize;
		const sentMs = sent.stillMs(left, !link.connected || books.buffered === 0, nowMs);
		const confirmedMs = confirmed.stillMs(books.confirmed, !link.connected || books.inFlight === 0, nowMs);
		if (sentMs > sendMs) return `${books.buffered} readings wait, and none was sent for ${seconds(sentMs)}`;
		if (confirmedMs > confirmMs + SLACK_MS) return `nothing was confirmed for ${seconds(confirmedMs)}`;
		return null;
	}

	function sourceCause(report: SourceReport, index: number, nowMs: number): string | null {
		const { pulse, everyMs } = sources[index] ?? { pulse: createPulse(), everyMs: Number.POSITIVE_INFINITY };
		const given = report.readings + rejectedTotal(report) + report.filtered;
		const stillMs = pulse.stillMs(given, !report.up, nowMs);
		if (!report.up && report.error === null && report.stateAgeMs > SLACK_MS) {
			return `source ${report.name} has been starting for ${seconds(report.stateAgeMs)}`;
		}
		return stillMs > everyMs * MISSED_MAX + SLACK_MS
			? `source ${report.name} gave nothing for ${seconds(stillMs)}`
			: null;
	}

	return {
		cause(report, nowMs) {
			if (report.state === "offline") return null; // it ends, within a time of its own
			// All are asked, always: each has to know when something moved last.
			const causes = [
				linkCause(report),
				flowCause(report, nowMs),
				...report.sources.map((source, index) => sourceCause(source, index, nowMs)),
			];
			return causes.find((cause) => cause !== null) ?? null;
		},
	};
}

function createPulse(): Pulse {
	let last = Number.NaN;
	let sinceMs = 0;
	return {
		stillMs(value, mayRest, nowMs) {
			if (value !== last || mayRest) sinceMs = nowMs;
			last = value;
			return nowMs - sinceMs;
		},
	};
}

function seconds(ms: number): string {
	return `${Math.round(ms / 1_000)} s`;
}
