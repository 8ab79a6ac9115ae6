// The account in words for a person. Every number is of readings unless it says otherwise.
import { type DeviceReport, decidedTotal, type FleetReport, worstFirst } from "../reconcile/indicators.js";
import type { ObjectiveReport, ObjectivesReport } from "../reconcile/objectives.js";
import type { ReportContext } from "../reconcile/report.js";
import { CAUSES, lostTotal, type Tally } from "../reconcile/verdict.js";
import { count, percent, span } from "./figures.js";

/** Devices in the text; `--json` has all. */
const DEVICES_SHOWN_MAX = 20;

/** The report as text, the worst devices first. */
export function textReport(report: FleetReport, context: ReportContext): string {
	const { tally, odd, latency } = report;
	const { objectives, refused } = context;
	const decided = decidedTotal(tally);
	const state = [`${report.devices.length} devices`, ...some(report.silent, "silent")].join(", ");
	const lines = [
		`observed ${span(context.observedMs)}: ${state}`,
		`received     ${count(tally.received)} of ${count(decided)} decided (${percent(report.success)})`,
		`lost         ${count(lostTotal(tally))}${causes(tally)}`,
		`not decided  ${count(tally.pending)} pending, ${count(tally.unobserved)} unobserved`,
		`duplicates   ${count(odd.duplicates)} (${percent(report.duplicateRate)}), ${count(odd.reordered)} frames reordered`,
		`latency      ${latencyWords(latency)}`,
		`freshness    ${report.freshnessMs === null ? "no reading yet" : `the newest reading of the stalest device is ${span(report.freshnessMs)} old`}`,
		`at devices   ${[
			`${count(report.rejected)} rejected`,
			`${count(odd.overflowEvents)} overflow events`,
			`${count(report.reconnects)} reconnects`,
			`${count(report.authFailures)} refused logins`,
		].join(", ")}`,
		...oddLines(report),
		...refusedLines(refused),
		...(objectives === null ? [] : objectiveLines(objectives)),
		"",
		...deviceLines(report),
	];
	return `${lines.join("\n")}\n`;
}

function causes(tally: Tally): string {
	const named = CAUSES.filter((cause) => tally[cause] > 0).map((cause) => `${cause} ${count(tally[cause])}`);
	return named.length === 0 ? "" : `: ${named.join(", ")}`;
}

function latencyWords({ p50, p95, p99, readings, clockInvalid }: FleetReport["latency"]): string {
	const invalid = clockInvalid > 0 ? `; ${count(clockInvalid)} readings from the future: a clock is wrong` : "";
	if (p50 === null) return `unknown: no reading with both clocks synchronised${invalid}`;
	return `p50 ${span(p50)}, p95 ${span(p95)}, p99 ${span(p99)} of ${count(readings)} readings${invalid}`;
}

function oddLines({ odd, quarantine, candidates, deliveries }: FleetReport): string[] {
	const words = [
		...some(odd.discrepancies, "discrepancies"),
		...some(odd.jumps, "implausible jumps"),
		...some(odd.replayed, "replayed messages"),
		...some(odd.retained + quarantine.retained, "retained frames"),
		...some(odd.late, "readings too late for the account"),
		...some(quarantine.mismatched, "messages under another device's topic"),
		...some(quarantine.stale, "stale frames"),
		...some(quarantine.implausible, "implausible messages of unknown runs"),
		...some(candidates.runs, `runs not believed yet (${count(candidates.readings)} readings)`),
		...some(quarantine.candidatesEvicted, "such runs evicted"),
		...some(quarantine.devicesEvicted + quarantine.devicesRefused, "unknown devices evicted or refused"),
	];
	if (deliveries.length > 1) words.push(`${deliveries.length} different delivery settings`);
	return words.length === 0 ? [] : [`odd          ${words.join(", ")}`];
}

function refusedLines(refused: ReportContext["refused"]): string[] {
	const words = Object.entries(refused).map(([kind, messages]) => `${kind} ${count(messages)}`);
	return words.length === 0 ? [] : [`not decoded  ${words.join(", ")}`];
}

function objectiveLines({ slo, fleet, devices }: ObjectivesReport): string[] {
	const missed = devices.filter(({ isMissed }) => isMissed).length;
	const lines = [`objective    ${percent(slo)}: ${objectiveWords(fleet)}, ${count(missed)} devices below it`];
	for (const { rate, longMs, shortMs, long, short, isAlert } of fleet.burn?.windows ?? []) {
		const words = `${long.toFixed(2)} over ${span(longMs)}, ${short.toFixed(2)} over ${span(shortMs)}`;
		lines.push(`             burn rate ${words}${isAlert ? `: ALERT, both at ${rate} or more` : ""}`);
	}
	return lines;
}

function objectiveWords({ success, isMissed, budgetLeft }: ObjectiveReport): string {
	if (success === null) return "nothing decided yet";
	return `${isMissed ? "MISSED" : "met"} with ${percent(success)}, ${percent(budgetLeft)} of the budget left`;
}

function deviceLines({ devices }: FleetReport): string[] {
	const worst = worstFirst(devices);
	const rows = worst.slice(0, DEVICES_SHOWN_MAX).map(deviceRow);
	const header = ["device", "success", "received", "lost", "pending", "unobserved", "notes"];
	const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
	const line = (cells: readonly string[]): string =>
		cells
			.map((cell, i) =>
				i === 0 || i === cells.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
			)
			.join("  ")
			.trimEnd();
	if (rows.length === 0) return ["no device was heard"];
	const rest = worst.length - rows.length;
	return [line(header), ...rows.map(line), ...(rest > 0 ? [`and ${count(rest)} that are no worse`] : [])];
}

function deviceRow({ device, success, tally, state, isSilent, isDrifted, isEstablished, odd }: DeviceReport): string[] {
	const notes = [
		...(state === "offline" ? ["offline"] : isSilent ? ["silent"] : []),
		...CAUSES.filter((cause) => tally[cause] > 0).map((cause) => `${cause} ${count(tally[cause])}`),
		...some(odd.duplicates, "duplicates"),
		...some(odd.discrepancies, "discrepancies"),
		...(isDrifted ? ["other delivery settings"] : []),
		...(isEstablished ? [] : ["new"]),
	];
	const numbers = [tally.received, lostTotal(tally), tally.pending, tally.unobserved].map(count);
	return [device, percent(success), ...numbers, notes.join(", ")];
}

function some(number: number, what: string): string[] {
	return number > 0 ? [`${count(number)} ${what}`] : [];
}
