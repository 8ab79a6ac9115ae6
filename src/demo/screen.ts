// The live account on a terminal: the way of a reading from left to right, what was dropped on it, the sources and
// their last values. Pure: a report in, lines out; terminal.ts puts them on a screen.
import { DROP_REASONS, type Value } from "../core/value.js";
import { health } from "../serve/health.js";
import type { AgentReport, SourceReport } from "../wire/status.js";
import { fit, fitRight, type Line, type Piece, piece, render } from "./cells.js";

/** The newest value of one stream. */
export interface LatestValue {
	readonly stream: string;
	readonly value: Value;
	readonly unit: string | null;
	/** When it was captured, Unix ms, as the report's `timeMs`. */
	readonly atMs: number;
}

/** What a subscriber of its own has found of this run. */
export interface SubscriberAccount {
	readonly received: number;
	readonly missing: number;
	readonly duplicates: number;
}

export interface ScreenInput {
	readonly report: AgentReport;
	/** The report `elapsedMs` before, for rates; null on the first screen. */
	readonly previous: AgentReport | null;
	readonly elapsedMs: number;
	/** Without credentials. */
	readonly brokerUrl: string;
	/** null while there is no page. */
	readonly pageUrl: string | null;
	readonly latest: readonly LatestValue[];
	/** null while nobody subscribes. */
	readonly account: SubscriberAccount | null;
	/** The account at the time of `previous`. */
	readonly previousAccount: SubscriberAccount | null;
	/** What to try next, one line each. */
	readonly hints: readonly string[];
	readonly columns: number;
	readonly rows: number;
	/** Whether the terminal shows colours. */
	readonly colour: boolean;
}

/** One step on the way of a reading. */
interface Step {
	readonly title: string;
	readonly count: string;
	readonly note: string;
	readonly style: Piece["style"];
}

/** Five boxes of 14 cells and four arrows between them. */
const BOX_CELLS = 14;
const WAY_COLUMNS_MIN = 5 * BOX_CELLS + 4 * 2;
const WAY_ROWS_MIN = 20;
const STEP_TITLE_CELLS = 11;
/** A value's text; longer ones are cut. */
const VALUE_CELLS = 16;

/** The screen: at most `rows` lines of at most `columns` cells. */
export function renderScreen(input: ScreenInput): string[] {
	const { columns, rows } = input;
	const steps = stepsOf(input);
	const top: Line[] = [
		...headLines(input.report, columns),
		...(columns >= WAY_COLUMNS_MIN && rows >= WAY_ROWS_MIN ? [[], ...wayBoxes(steps)] : wayList(steps)),
		...bookLines(input),
	];
	const bottom: Line[] = [...placeLines(input), ...input.hints.map((hint) => [piece(`› ${hint}`, "accent")])];
	// Sources and values share what is left, the values what the sources do not need; on a small screen they give way.
	const room = Math.max(0, rows - top.length - bottom.length);
	const sources = sourceLines(input, Math.floor(room / 2));
	const values = valueLines(input, room - sources.length);
	const lines = [...top, ...sources, ...values, ...bottom];
	return lines.slice(0, Math.max(0, rows)).map((line) => render(line, Math.max(0, columns), input.colour));
}

/** The same account as one plain line, for a pipe or a log. */
export function renderLine(input: Omit<ScreenInput, "columns" | "rows" | "colour" | "latest" | "hints">): string {
	const { report, account } = input;
	const { books, link } = report;
	const dropped = DROP_REASONS.map((reason) => `${reason}=${books.dropped[reason]}`);
	const seen = account
		? [`received=${account.received} missing=${account.missing} duplicates=${account.duplicates}`]
		: [];
	const verdict = health(report);
	return [
		`up=${(report.uptimeMs / 1_000).toFixed(0)}s`,
		`link=${link.connected ? "up" : "down"}`,
		`stamped=${books.stamped}`,
		`rate=${ratePerSecond(input, (older) => older.books.stamped) ?? "-"}`,
		`buffered=${books.buffered}`,
		`sent=${books.sent}`,
		`confirmed=${books.confirmed}`,
		`in_flight=${books.inFlight}`,
		`uncertain=${books.uncertain}`,
		...dropped,
		...seen,
		`ok=${verdict.ok}`,
		...(verdict.ok ? [] : [`why=${JSON.stringify(render([piece(verdict.reasons.join("; "))], 200, false))}`]),
	].join(" ");
}

function headLines(report: AgentReport, columns: number): Line[] {
	const { facts } = report;
	const title = `Tallywire ${facts.version}`;
	const rest = `  ${facts.device}, run ${facts.run}`;
	const up = `up ${duration(report.uptimeMs)}`;
	const gap = columns - title.length - rest.length - up.length;
	const { ok, reasons } = health(report);
	const failing = report.sources.filter((source) => !source.up).length;
	const verdict: Line = ok
		? failing === 0
			? [piece("● ", "good"), piece("all is well: every reading is accounted for")]
			: [piece("● ", "bad"), piece(`readings flow, but ${failing} of ${report.sources.length} sources do not work`)]
		: [piece("● ", "bad"), piece(reasons.join("; "), "bad")];
	return [
		[piece(title, "bold"), piece(rest, "soft"), ...(gap > 1 ? [piece(" ".repeat(gap)), piece(up, "soft")] : [])],
		verdict,
	];
}

function stepsOf(input: ScreenInput): Step[] {
	const { report, account, previousAccount } = input;
	const { books, facts, link } = report;
	const rateText = (rate: number | null): string => (rate === null ? "-" : `${shortCount(rate, BOX_CELLS - 6)}/s`);
	const rate = (pick: (older: AgentReport) => number): string => rateText(ratePerSecond(input, pick));
	const seenRate =
		account && previousAccount && input.elapsedMs > 0
			? Math.round(((account.received - previousAccount.received) * 1_000) / input.elapsedMs)
			: null;
	const fill = facts.buffer.capacity > 0 ? books.buffered / facts.buffer.capacity : 0;
	return [
		{
			title: "sources",
			count: shortCount(books.stamped, BOX_CELLS - 4),
			note: rate((older) => older.books.stamped),
			style: "plain",
		},
		{
			title: "buffer",
			count: shortCount(books.buffered, BOX_CELLS - 4),
			note: bar(fill, BOX_CELLS - 4),
			style: fill > 0.8 ? "bad" : "accent",
		},
		{ title: "window", count: shortCount(books.inFlight, BOX_CELLS - 4), note: "in flight", style: "soft" },
		{
			title: "broker",
			count: shortCount(books.confirmed, BOX_CELLS - 4),
			note: link.connected ? rate((older) => older.books.confirmed) : "no link",
			style: link.connected ? "plain" : "bad",
		},
		{
			title: "subscriber",
			count: account ? shortCount(account.received, BOX_CELLS - 4) : "-",
			note: account ? rateText(seenRate) : "unchecked",
			style: "plain",
		},
	];
}

function wayBoxes(steps: readonly Step[]): Line[] {
	const inner = BOX_CELLS - 4;
	const across = (cell: (step: Step) => Piece, left: string, right: string, between: string): Line =>
		steps.flatMap((step, i) => [
			...(i > 0 ? [piece(between, "soft")] : []),
			piece(left, "soft"),
			cell(step),
			piece(right, "soft"),
		]);
	const rule = "─";
	return [
		across(({ title }) => piece(`${title} ${rule.repeat(inner - title.length)}`, "soft"), "┌ ", "┐", "  "),
		across((step) => piece(fitRight(step.count, inner), "bold"), "│ ", " │", "→ "),
		across((step) => piece(fitRight(step.note, inner), step.style), "│ ", " │", "  "),
		across(() => piece(rule.repeat(inner + 2), "soft"), "└", "┘", "  "),
	];
}

function wayList(steps: readonly Step[]): Line[] {
	return steps.map((step) => [
		piece(fit(step.title, STEP_TITLE_CELLS), "soft"),
		piece(fitRight(step.count, BOX_CELLS - 2), "bold"),
		piece("  "),
		piece(step.note, step.style),
	]);
}

function bookLines({ report, account }: ScreenInput): Line[] {
	const { books } = report;
	const dropped = DROP_REASONS.reduce((sum, reason) => sum + books.dropped[reason], 0);
	const lost = DROP_REASONS.flatMap((reason) => [
		piece(` ${reason} `),
		piece(count(books.dropped[reason]), books.dropped[reason] > 0 ? "bad" : "plain"),
	]);
	const seen: Line = account
		? [
				piece("seen       ", "soft"),
				piece("missing "),
				piece(count(account.missing), account.missing > 0 ? "bad" : "plain"),
				piece(" duplicates "),
				piece(count(account.duplicates), account.duplicates > 0 ? "bad" : "plain"),
			]
		: [];
	return [
		[piece("dropped   ", "soft"), ...lost],
		[
			piece("uncertain  ", "soft"),
			piece(count(books.uncertain), books.uncertain > 0 ? "bad" : "plain"),
			piece(" sent on connections that were cut", "soft"),
		],
		[
			piece("books      ", "soft"),
			piece(`${count(books.stamped)} = ${count(books.buffered)} + ${count(books.sent)} + ${count(dropped)} `),
			books.balanced ? piece("balanced", "good") : piece("DO NOT BALANCE", "bad"),
			piece("  buffered + sent + dropped", "soft"),
		],
		...(account ? [seen] : []),
	];
}

function placeLines({ report, brokerUrl, pageUrl }: ScreenInput): Line[] {
	const { link } = report;
	return [
		[
			piece("broker     ", "soft"),
			piece(`${brokerUrl} `),
			link.connected ? piece("connected", "good") : piece(link.error ?? "connecting", "bad"),
			...(link.disconnects > 0 ? [piece(`, ${plural(link.disconnects, "disconnect")}`)] : []),
		],
		...(pageUrl === null ? [] : [[piece("page       ", "soft"), piece(pageUrl)]]),
	];
}

/** A heading and one line for each source, at most `rows` lines. */
function sourceLines(input: ScreenInput, rows: number): Line[] {
	const { sources } = input.report;
	const all = sources.map((source): Line => {
		const older = input.previous?.sources.find(({ name }) => name === source.name);
		const rate =
			older && input.elapsedMs > 0 ? Math.round(((source.readings - older.readings) * 1_000) / input.elapsedMs) : null;
		return [
			piece(source.up ? "● " : "○ ", source.up ? "good" : "bad"),
			piece(fit(source.name, 12)),
			piece(fit(` ${source.type}`, 8), "soft"),
			...(source.error === null ? sourceFigures(source, rate) : [piece(source.error, "bad")]),
		];
	});
	return withHeading("sources", all, rows);
}

function sourceFigures(source: SourceReport, rate: number | null): Piece[] {
	const rejected = Object.values(source.rejected).reduce((sum, each) => sum + each, 0);
	return [
		piece(`${fitRight(count(source.readings), 12)} readings ${fitRight(perSecond(rate), 11)}`),
		...(rejected > 0 ? [piece(`  ${count(rejected)} rejected`, "bad")] : []),
		...(source.filtered > 0 ? [piece(`  ${count(source.filtered)} filtered`, "soft")] : []),
	];
}

function valueLines({ latest, report }: ScreenInput, rows: number): Line[] {
	const all = latest.map(({ stream, value, unit, atMs }): Line => {
		const ageS = Math.max(0, report.timeMs - atMs) / 1_000;
		return [
			piece("  "),
			piece(fit(stream, 28)),
			piece(fitRight(fit(valueText(value), VALUE_CELLS).trimEnd(), VALUE_CELLS), "bold"),
			piece(` ${fit(unit ?? "", 8)}`),
			piece(ageS < 0.1 ? "now" : `${ageS.toFixed(1)} s ago`, "soft"),
		];
	});
	return withHeading("last values", all, rows);
}

/** Nothing where there is no room for the heading and one line; what does not fit is counted. */
function withHeading(title: string, all: readonly Line[], rows: number): Line[] {
	if (rows < 2 || all.length === 0) return [];
	const shown = all.slice(0, rows - 1);
	const more = all.length - shown.length;
	return [[piece(more > 0 ? `${title} (${more} more)` : title, "soft")], ...shown];
}

/** Rate of a counter of the report since the previous one, per second; null when there is none. */
function ratePerSecond(
	{ report, previous, elapsedMs }: Pick<ScreenInput, "report" | "previous" | "elapsedMs">,
	pick: (report: AgentReport) => number,
): number | null {
	if (previous === null || elapsedMs <= 0 || previous.facts.run !== report.facts.run) return null;
	return Math.round(((pick(report) - pick(previous)) * 1_000) / elapsedMs);
}

function valueText(value: Value): string {
	if (value instanceof Uint8Array) return `0x${Buffer.from(value.subarray(0, VALUE_CELLS)).toString("hex")}`;
	return String(value);
}

/** A bar of eighths of a cell; anything at all in the buffer shows. */
function bar(part: number, cells: number): string {
	const eighths = Math.max(part > 0 ? 1 : 0, Math.round(Math.min(1, part) * cells * 8));
	const full = "█".repeat(Math.floor(eighths / 8));
	const rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8] ?? "";
	return (full + rest).padEnd(cells, "░");
}

/** With a comma between thousands; without Intl, whose tables cost megabytes. */
function count(value: number): string {
	return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count in so many cells (7 at least): without commas where they do not fit, in thousand millions where it does not. */
function shortCount(value: number, cells: number): string {
	if (count(value).length <= cells) return count(value);
	if (String(value).length <= cells) return String(value);
	return `${(value / 1e9).toFixed(value < 1e13 ? 2 : 0)} G`;
}

function perSecond(rate: number | null): string {
	return rate === null ? "-" : `${count(rate)}/s`;
}

function plural(value: number, noun: string): string {
	return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function duration(ms: number): string {
	const seconds = Math.floor(ms / 1_000);
	if (seconds < 60) return `${seconds} s`;
	if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
	return `${Math.floor(seconds / 3_600)} h ${Math.floor(seconds / 60) % 60} min`;
}
