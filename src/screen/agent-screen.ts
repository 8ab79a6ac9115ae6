// An agent on a terminal: is all well, the way of its readings, its books, its sources and their last values.
// Pure: what it said in, lines out; terminal.ts puts them on a screen.
import { DROP_REASONS, type Value } from "../core/value.js";
import type { SourceSeen } from "../wire/decode-status.js";
import type { AgentShown } from "./agent-shown.js";
import { bookLines, ratePerSecond, WAY_COLUMNS_MIN, type WayInput, wayLines } from "./agent-way.js";
import { fit, fitRight, type Line, type Piece, piece, render } from "./cells.js";
import { count, perSecond, plural, uptime } from "./figures.js";

/** The newest value of one stream. */
export interface LatestValue {
	readonly stream: string;
	readonly value: Value;
	/** How old it is, ms. */
	readonly ageMs: number;
}

export interface AgentScreenInput extends Omit<WayInput, "account" | "previousAccount"> {
	/** Where all this is from, without credentials. */
	readonly from: string;
	/** Why nothing newer is known, or null. */
	readonly trouble: string | null;
	/** Empty where the values are not to be had. */
	readonly latest: readonly LatestValue[];
	/** What to try next, one line each. */
	readonly hints: readonly string[];
	readonly columns: number;
	readonly rows: number;
	/** Whether the terminal shows colours. */
	readonly colour: boolean;
}

const WAY_ROWS_MIN = 20;
/** A value's text; longer ones are cut. */
const VALUE_CELLS = 16;

/** The screen: at most `rows` lines of at most `columns` cells. */
export function renderAgentScreen(input: AgentScreenInput): string[] {
	const { columns, rows } = input;
	const boxes = columns >= WAY_COLUMNS_MIN && rows >= WAY_ROWS_MIN;
	const way = { ...input, account: null, previousAccount: null };
	const top: Line[] = [
		headLine(input.agent, columns),
		verdictLine(input),
		...(boxes ? [[]] : []),
		...wayLines(way, boxes),
		...bookLines(way),
	];
	const bottom: Line[] = [linkLine(input), ...input.hints.map((hint) => [piece(`› ${hint}`, "accent")])];
	// Sources and values share what is left, the values what the sources do not need; on a small screen they give way.
	const room = Math.max(0, rows - top.length - bottom.length);
	const sources = sourceLines(input, Math.floor(room / 2));
	const values = valueLines(input, room - sources.length);
	const lines = [...top, ...sources, ...values, ...bottom];
	return lines.slice(0, Math.max(0, rows)).map((line) => render(line, Math.max(0, columns), input.colour));
}

/** The same as one plain line, for a pipe or a log. */
export function renderAgentLine(input: Pick<AgentScreenInput, "agent" | "previous" | "elapsedMs" | "trouble">): string {
	const { agent, trouble } = input;
	const dropped = DROP_REASONS.map((reason) => `${reason}=${agent.dropped[reason]}`);
	const reasons = trouble === null ? agent.health.reasons : [trouble];
	return [
		`device=${agent.device}`,
		`up=${(agent.uptimeMs / 1_000).toFixed(0)}s`,
		`link=${agent.link.connected ? "up" : "down"}`,
		`stamped=${agent.stamped}`,
		`rate=${ratePerSecond(input, (older) => older.stamped) ?? "-"}`,
		`buffered=${agent.buffered}`,
		`sent=${agent.sent}`,
		`confirmed=${agent.confirmed}`,
		`in_flight=${agent.inFlight}`,
		`uncertain=${agent.uncertain}`,
		...dropped,
		`ok=${reasons.length === 0}`,
		...(reasons.length === 0 ? [] : [`why=${JSON.stringify(render([piece(reasons.join("; "))], 200, false))}`]),
	].join(" ");
}

function headLine(agent: AgentShown, columns: number): Line {
	const title = `Tallywire ${agent.version}`;
	const rest = `  ${agent.device}, run ${agent.run}`;
	const up = `up ${uptime(agent.uptimeMs)}`;
	const gap = columns - title.length - rest.length - up.length;
	return [piece(title, "bold"), piece(rest, "soft"), ...(gap > 1 ? [piece(" ".repeat(gap)), piece(up, "soft")] : [])];
}

function verdictLine({ agent, trouble }: AgentScreenInput): Line {
	if (trouble !== null) return [piece("● ", "bad"), piece(trouble, "bad")];
	const { ok, reasons } = agent.health;
	if (!ok) return [piece("● ", "bad"), piece(reasons.join("; "), "bad")];
	const failing = agent.sources.filter((source) => !source.up).length;
	if (failing === 0) return [piece("● ", "good"), piece("all is well: every reading is accounted for")];
	return [piece("● ", "bad"), piece(`readings flow, but ${failing} of ${agent.sources.length} sources do not work`)];
}

function linkLine({ agent: { link }, from }: AgentScreenInput): Line {
	return [
		piece("link       ", "soft"),
		link.connected ? piece("connected", "good") : piece(link.error ?? "not connected", "bad"),
		...(link.disconnects > 0 ? [piece(`, ${plural(link.disconnects, "disconnect")}`)] : []),
		piece("   from  ", "soft"),
		piece(from),
	];
}

/** A heading and one line for each source, at most `rows` lines. */
function sourceLines(input: AgentScreenInput, rows: number): Line[] {
	const { sources } = input.agent;
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

function sourceFigures(source: SourceSeen, rate: number | null): Piece[] {
	return [
		piece(`${fitRight(count(source.readings), 12)} readings ${fitRight(perSecond(rate), 11)}`),
		...(source.rejected > 0 ? [piece(`  ${count(source.rejected)} rejected`, "bad")] : []),
		...(source.filtered > 0 ? [piece(`  ${count(source.filtered)} filtered`, "soft")] : []),
	];
}

function valueLines({ latest }: AgentScreenInput, rows: number): Line[] {
	const all = latest.map(({ stream, value, ageMs }): Line => {
		return [
			piece("  "),
			piece(fit(stream, 36)),
			piece(fitRight(fit(valueText(value), VALUE_CELLS).trimEnd(), VALUE_CELLS), "bold"),
			piece(ageMs < 100 ? "  now" : `  ${(ageMs / 1_000).toFixed(1)} s ago`, "soft"),
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

function valueText(value: Value): string {
	if (value instanceof Uint8Array) return `0x${Buffer.from(value.subarray(0, VALUE_CELLS)).toString("hex")}`;
	return String(value);
}
