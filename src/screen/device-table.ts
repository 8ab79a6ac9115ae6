// Devices as a table, the worst first, with what each lost as a bar by cause. Pure: reports in, lines out.
import { DOOR_OF, DOOR_WORDS, DOORS, type Door } from "../reconcile/doors.js";
import { type DeviceReport, decidedTotal, type FleetReport, worstFirst } from "../reconcile/indicators.js";
import type { ObjectivesReport } from "../reconcile/objectives.js";
import { CAUSES, type Cause, lostTotal, type Tally } from "../reconcile/verdict.js";
import { fit, fitRight, type Line, type Piece, piece, type Style } from "./cells.js";
import { count, percent, perSecond, shortCount, span } from "./figures.js";

export interface DeviceTableInput {
	readonly report: FleetReport;
	/** The report `elapsedMs` before, for rates; null on the first screen. */
	readonly previous: FleetReport | null;
	readonly elapsedMs: number;
	readonly objectives: ObjectivesReport;
}

/** The letter that opens a cause's part of the bar. */
const LETTERS: Readonly<Record<Cause, string>> = {
	overflow: "O",
	expired: "E",
	oversize: "Z",
	shutdown: "S",
	crash: "C",
	unknown: "?",
	uncertain: "U",
	downstream: "D",
};
const STYLES: Readonly<Record<Door, Style>> = { device: "accent", way: "bad", broker: "warn" };

const NAME_CELLS_MAX = 24;
const NUMBER_CELLS = 12;
const BAR_CELLS_MIN = 8;
const BAR_CELLS_MAX = 24;
const BUDGET_CELLS = 13;
/** Success, received, rate and lost, with their gaps. */
const FIGURES_CELLS = 4 * NUMBER_CELLS - 6;

/** A heading and a line for each device, at most `rows` lines of some `columns` cells. */
export function deviceTable(input: DeviceTableInput, columns: number, rows: number): Line[] {
	const devices = worstFirst(input.report.devices);
	if (rows < 2) return [];
	if (devices.length === 0) return [[piece("no device was heard yet", "soft")]];
	const shown = devices.slice(0, devices.length < rows ? rows - 1 : Math.max(1, rows - 2));
	const nameCells = Math.min(NAME_CELLS_MAX, Math.max(6, ...shown.map(({ device }) => device.length)));
	const free = columns - nameCells - FIGURES_CELLS - BUDGET_CELLS - 4;
	const barCells = Math.max(BAR_CELLS_MIN, Math.min(BAR_CELLS_MAX, Math.floor(free / 2)));
	const heading =
		fit("device", nameCells) +
		["success", "received", "rate", "lost"].map((name, i) => fitRight(name, figureCells(i))).join("") +
		`  ${fit("by cause", barCells)}${fitRight("budget left", BUDGET_CELLS)}  notes`;
	const worst = Math.max(...shown.map(({ tally }) => lostTotal(tally)));
	const rest = devices.length - shown.length;
	return [
		[piece(heading, "soft")],
		...shown.map((device) => deviceLine(input, device, { nameCells, barCells, worst })),
		...(rest > 0 ? [[piece(`and ${count(rest)} that are no worse`, "soft")]] : []),
	];
}

function figureCells(column: number): number {
	return column === 0 || column === 2 ? NUMBER_CELLS - 2 : NUMBER_CELLS - 1;
}

function deviceLine(
	{ previous, elapsedMs, objectives }: DeviceTableInput,
	device: DeviceReport,
	{ nameCells, barCells, worst }: { nameCells: number; barCells: number; worst: number },
): Line {
	const { tally } = device;
	const lost = lostTotal(tally);
	const before = previous?.devices.find((other) => other.device === device.device);
	const rate =
		before && elapsedMs > 0
			? Math.round((Math.max(0, tally.received - before.tally.received) * 1_000) / elapsedMs)
			: null;
	const held = objectives.devices.find((other) => other.device === device.device);
	const budgetLeft = decidedTotal(tally) === 0 ? null : (held?.budgetLeft ?? 1);
	return [
		piece(fit(device.device, nameCells), "bold"),
		piece(fitRight(percent(device.success), figureCells(0)), held?.isMissed ? "bad" : "plain"),
		piece(fitRight(shortCount(tally.received, figureCells(1) - 1), figureCells(1))),
		piece(fitRight(perSecond(rate), figureCells(2))),
		piece(fitRight(shortCount(lost, figureCells(3) - 1), figureCells(3)), lost > 0 ? "bad" : "plain"),
		piece("  "),
		...lossBar(tally, worst, barCells),
		piece(fitRight(wholePercent(budgetLeft), BUDGET_CELLS), (budgetLeft ?? 1) < 0 ? "bad" : "plain"),
		piece(`  ${notesOf(device).join(", ")}`, "soft"),
	];
}

/** As long as this loss is beside the worst, in parts as long as their share, each opened by its letter. */
export function lossBar(tally: Tally, worst: number, cells: number): Piece[] {
	const lost = lostTotal(tally);
	if (lost === 0) return [piece(" ".repeat(cells))];
	const causes = CAUSES.filter((cause) => tally[cause] > 0).slice(0, cells);
	const length = Math.min(cells, Math.max(causes.length, Math.round((lost / worst) * cells)));
	let taken = 0;
	const pieces = causes.map((cause) => {
		const more = Math.floor(((length - causes.length) * tally[cause]) / lost);
		taken += 1 + more;
		return piece(LETTERS[cause] + "▇".repeat(more), STYLES[DOOR_OF[cause]]);
	});
	return [...pieces, piece(" ".repeat(cells - taken))];
}

/** What else is to be said of a device, in a few words each. */
export function notesOf({
	state,
	isSilent,
	isDrifted,
	isEstablished,
	odd,
	freshnessMs,
	tally,
}: DeviceReport): string[] {
	const silence = freshnessMs === null ? "silent" : `silent for ${span(freshnessMs)}`;
	return [
		...(state === "offline" ? ["offline"] : isSilent ? [silence] : []),
		...(tally.pending > 0 ? [`${count(tally.pending)} on the way`] : []),
		...(tally.unobserved > 0 ? [`${count(tally.unobserved)} unobserved`] : []),
		...(odd.duplicates > 0 ? [`${count(odd.duplicates)} duplicates`] : []),
		...(odd.discrepancies > 0 ? [`${count(odd.discrepancies)} discrepancies`] : []),
		...(isDrifted ? ["other delivery settings"] : []),
		...(isEstablished ? [] : ["new"]),
	];
}

/** What the letters mean and how much each stands for in the whole fleet; only what was lost. */
export function lossLegend(tally: Tally): Line {
	if (lostTotal(tally) === 0) return [piece("lost       ", "soft"), piece("nothing so far", "good")];
	const doors = DOORS.flatMap((door): Piece[] => {
		const causes = CAUSES.filter((cause) => DOOR_OF[cause] === door && tally[cause] > 0);
		if (causes.length === 0) return [];
		return [
			piece(`  ${DOOR_WORDS[door]}`, "soft"),
			...causes.flatMap((cause) => [
				piece(` ${LETTERS[cause]} `, STYLES[door]),
				piece(`${cause} ${count(tally[cause])}`),
			]),
		];
	});
	return [piece("lost     ", "soft"), ...doors];
}

/** Whole percent, down: a table has no room for more. */
function wholePercent(share: number | null): string {
	if (share === null) return "-";
	if (!Number.isFinite(share)) return "none";
	return share < -99.99 ? "< -9,999 %" : `${share < 0 ? "-" : ""}${count(Math.abs(Math.floor(share * 100)))} %`;
}
