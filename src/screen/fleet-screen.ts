// The reconciler's account on a terminal: is all well, what was lost and at whose door, and the devices, the worst first.
// Pure: reports in, lines out; terminal.ts puts them on a screen.
import { decidedTotal } from "../reconcile/indicators.js";
import { lostTotal } from "../reconcile/verdict.js";
import { type Line, piece, render } from "./cells.js";
import { type DeviceTableInput, deviceTable, lossLegend } from "./device-table.js";
import { count, percent, perSecond, plural, span, uptime } from "./figures.js";

export interface FleetScreenInput extends DeviceTableInput {
	/** Without credentials. */
	readonly brokerUrl: string;
	/** How long was observed, ms. */
	readonly observedMs: number;
	/** Why nothing is observed now, or null while all is. */
	readonly trouble: string | null;
	/** Messages that the strict decoder refused. */
	readonly refused: number;
	readonly columns: number;
	readonly rows: number;
	/** Whether the terminal shows colours. */
	readonly colour: boolean;
}

/** The screen: at most `rows` lines of at most `columns` cells. */
export function renderFleetScreen(input: FleetScreenInput): string[] {
	const { columns, rows, report } = input;
	const top: Line[] = [
		headLine(input),
		verdictLine(input),
		objectiveLine(input),
		receivedLine(input),
		lossLegend(report.tally),
		latencyLine(input),
		...oddLine(input),
		[],
	];
	const lines = [...top, ...deviceTable(input, columns, rows - top.length)];
	return lines.slice(0, Math.max(0, rows)).map((line) => render(line, Math.max(0, columns), input.colour));
}

function headLine({ brokerUrl, observedMs, report, columns }: FleetScreenInput): Line {
	const title = "Tallywire reconcile";
	const rest = `  ${brokerUrl}, ${plural(report.devices.length, "device")}`;
	const observed = `observed ${uptime(observedMs)}`;
	const gap = columns - title.length - rest.length - observed.length;
	return [
		piece(title, "bold"),
		piece(rest, "soft"),
		...(gap > 1 ? [piece(" ".repeat(gap)), piece(observed, "soft")] : []),
	];
}

function verdictLine({ trouble, report, objectives }: FleetScreenInput): Line {
	if (trouble !== null) {
		return [piece("● ", "bad"), piece(`not observing: ${trouble}; what is missed now is nobody's loss`, "bad")];
	}
	const missed = objectives.devices.filter(({ isMissed }) => isMissed).length;
	const odd = report.odd.discrepancies + report.odd.duplicates;
	const words = [
		...(missed > 0 ? [`${plural(missed, "device")} below the objective`] : []),
		...(report.silent > 0 ? [`${count(report.silent)} silent`] : []),
		...(odd > 0 ? [`${plural(odd, "thing")} that should not be`] : []),
	];
	if (words.length > 0) return [piece("● ", "bad"), piece(words.join(", "))];
	if (report.devices.length === 0) return [piece("● ", "soft"), piece("listening; no device was heard yet")];
	return [piece("● ", "good"), piece("all is well: every reading of every device is accounted for")];
}

function objectiveLine({ objectives: { slo, fleet } }: FleetScreenInput): Line {
	const budget = fleet.success === null ? "nothing decided yet" : `${percent(fleet.budgetLeft)} of the budget left`;
	const windows = fleet.burn?.windows ?? [];
	const alert = windows.find(({ isAlert }) => isAlert);
	const rates = windows.map(({ long, longMs }) => `${long.toFixed(1)} over ${span(longMs)}`).join(", ");
	return [
		piece("objective  ", "soft"),
		piece(`${percent(slo)}: `),
		piece(fleet.isMissed ? "missed" : "met", fleet.isMissed ? "bad" : "good"),
		piece(`, ${budget}; burn rate ${rates}`),
		...(alert ? [piece(` ALERT: ${alert.rate} or more`, "bad")] : []),
	];
}

function receivedLine({ report, previous, elapsedMs }: FleetScreenInput): Line {
	const { tally } = report;
	const rate =
		previous && elapsedMs > 0
			? Math.round((Math.max(0, tally.received - previous.tally.received) * 1_000) / elapsedMs)
			: null;
	return [
		piece("received   ", "soft"),
		piece(`${count(tally.received)} of ${count(decidedTotal(tally))} decided, ${perSecond(rate)}`),
		piece(`; ${count(lostTotal(tally))} lost`, lostTotal(tally) > 0 ? "bad" : "plain"),
		piece(`, ${count(tally.pending)} not decided yet, ${count(tally.unobserved)} unobserved`),
	];
}

function latencyLine({ report: { latency, freshnessMs } }: FleetScreenInput): Line {
	const words =
		latency.p50 === null
			? "unknown (no clock known to be good)"
			: `p50 ${span(latency.p50)}, p95 ${span(latency.p95)}, p99 ${span(latency.p99)}`;
	const freshness = freshnessMs === null ? "" : `; stalest device: ${span(freshnessMs)}`;
	return [piece("latency    ", "soft"), piece(words + freshness)];
}

function oddLine({ report, refused }: FleetScreenInput): Line[] {
	const { odd, quarantine } = report;
	const counts: readonly (readonly [number, string])[] = [
		[report.rejected, "rejected"],
		[odd.overflowEvents, "overflow events"],
		[report.reconnects, "reconnects"],
		[report.authFailures, "refused logins"],
		[odd.duplicates, "duplicates"],
		[odd.discrepancies, "discrepancies"],
		[refused, "messages not decoded"],
		[quarantine.implausible + quarantine.mismatched + quarantine.stale, "messages in quarantine"],
		[Math.max(0, report.deliveries.length - 1), "other delivery settings"],
	];
	const words = counts.filter(([number]) => number > 0).map(([number, what]) => `${what} ${count(number)}`);
	return words.length === 0 ? [] : [[piece("noticed    ", "soft"), piece(words.join(", "))]];
}
