// The account as one object for machines. Every number is of readings unless it says otherwise.
import type { FleetReport } from "./indicators.js";
import type { ObjectivesReport } from "./objectives.js";
import { CAUSES, type Tally } from "./verdict.js";

/** What a report says beside the account. */
export interface ReportContext {
	/** How long was observed, ms. */
	readonly observedMs: number;
	/** Messages that the strict decoder refused, by kind of error. */
	readonly refused: Readonly<Record<string, number>>;
	/** Null where no objective was given. */
	readonly objectives: ObjectivesReport | null;
}

/** The report as JSON: `FleetReport` and `ObjectivesReport`, with `lost` by cause made plain. */
export function jsonReport(report: FleetReport, { observedMs, refused, objectives }: ReportContext): object {
	return {
		v: 1,
		observedMs,
		...report,
		tally: plainTally(report.tally),
		devices: report.devices.map((device) => ({ ...device, tally: plainTally(device.tally) })),
		refused,
		objectives,
	};
}

function plainTally(tally: Tally): object {
	const { stamped, received, pending, unobserved } = tally;
	const lost = Object.fromEntries(CAUSES.map((cause) => [cause, tally[cause]]));
	return { stamped, received, lost, pending, unobserved };
}
