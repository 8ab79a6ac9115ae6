// What the screens show of an agent: the same whether it is in this process, or was asked for its status (CONTRACT, Status).
import type { DropReason } from "../core/value.js";
import { type Health, health } from "../serve/health.js";
import type { SourceSeen, StatusSeen } from "../wire/decode-status.js";
import type { AgentReport } from "../wire/status.js";

export interface AgentShown {
	readonly device: string;
	readonly run: string;
	readonly version: string;
	readonly uptimeMs: number;
	/** Wall clock of the device, Unix ms. */
	readonly timeMs: number;
	readonly stamped: number;
	readonly buffered: number;
	readonly capacity: number;
	readonly sent: number;
	readonly inFlight: number;
	readonly confirmed: number;
	readonly uncertain: number;
	readonly dropped: Readonly<Record<DropReason, number>>;
	readonly balanced: boolean;
	readonly link: { readonly connected: boolean; readonly error: string | null; readonly disconnects: number };
	readonly sources: readonly SourceSeen[];
	readonly health: Health;
}

/** Of an agent in this process. */
export function shownOfReport(report: AgentReport): AgentShown {
	const { facts, books, link } = report;
	const { device, run, version, buffer } = facts;
	const { stamped, buffered, sent, inFlight, confirmed, uncertain, dropped, balanced } = books;
	return {
		...{ device, run, version, uptimeMs: report.uptimeMs, timeMs: report.timeMs },
		...{ stamped, buffered, capacity: buffer.capacity, sent, inFlight, confirmed, uncertain, dropped, balanced },
		link,
		sources: report.sources.map((source) => {
			return { ...source, rejected: Object.values(source.rejected).reduce((sum, each) => sum + each, 0) };
		}),
		health: health(report),
	};
}

/** Of an agent that said its status. It is connected if it has connected more often than it was disconnected. */
export function shownOfStatus(status: StatusSeen): AgentShown {
	const { device, run, version, uptimeMs, timeMs, state, sources, balanced, mqtt } = status;
	const { stamped, buffered, sent, inFlight, confirmed, uncertain, dropped } = status;
	const link = { connected: mqtt.connects > mqtt.disconnects, error: null, disconnects: mqtt.disconnects };
	return {
		...{ device, run, version, uptimeMs, timeMs },
		...{ stamped, buffered, capacity: status.buffer.capacity, sent, inFlight, confirmed, uncertain, dropped, balanced },
		...{ link, sources, health: health({ state, link, books: { balanced }, sources }) },
	};
}
