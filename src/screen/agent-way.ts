// The way of an agent's readings from left to right, and its books below: what every screen with an agent on it shows.
// Pure: a report in, lines out.
import { DROP_REASONS } from "../core/value.js";
import type { AgentShown } from "./agent-shown.js";
import { fit, fitRight, type Line, type Piece, piece } from "./cells.js";
import { bar, count, shortCount } from "./figures.js";

/** What a subscriber of its own has found of this run. */
export interface SubscriberAccount {
	readonly received: number;
	readonly missing: number;
	readonly duplicates: number;
}

export interface WayInput {
	readonly agent: AgentShown;
	/** The agent `elapsedMs` before, for rates; null on the first screen. */
	readonly previous: AgentShown | null;
	readonly elapsedMs: number;
	/** null while nobody subscribes. */
	readonly account: SubscriberAccount | null;
	/** The account at the time of `previous`. */
	readonly previousAccount: SubscriberAccount | null;
}

/** One step on the way of a reading. */
interface Step {
	readonly title: string;
	readonly count: string;
	readonly note: string;
	readonly style: Piece["style"];
}

/** At most five boxes of 14 cells and four arrows between them. */
const BOX_CELLS = 14;
export const WAY_COLUMNS_MIN = 5 * BOX_CELLS + 4 * 2;
const STEP_TITLE_CELLS = 11;

/** Four lines of boxes, or a line for each step where there is no room for them. */
export function wayLines(input: WayInput, asBoxes: boolean): Line[] {
	const steps = stepsOf(input);
	return asBoxes ? wayBoxes(steps) : wayList(steps);
}

function stepsOf(input: WayInput): Step[] {
	const { agent, account, previousAccount } = input;
	const rateText = (rate: number | null): string => (rate === null ? "-" : `${shortCount(rate, BOX_CELLS - 6)}/s`);
	const rate = (pick: (older: AgentShown) => number): string => rateText(ratePerSecond(input, pick));
	const seenRate =
		account && previousAccount && input.elapsedMs > 0
			? Math.round((Math.max(0, account.received - previousAccount.received) * 1_000) / input.elapsedMs)
			: null;
	const fill = agent.capacity > 0 ? agent.buffered / agent.capacity : 0;
	return [
		{
			title: "sources",
			count: shortCount(agent.stamped, BOX_CELLS - 4),
			note: rate((older) => older.stamped),
			style: "plain",
		},
		{
			title: "buffer",
			count: shortCount(agent.buffered, BOX_CELLS - 4),
			note: bar(fill, BOX_CELLS - 4),
			style: fill > 0.8 ? "bad" : "accent",
		},
		{ title: "window", count: shortCount(agent.inFlight, BOX_CELLS - 4), note: "in flight", style: "soft" },
		{
			title: "broker",
			count: shortCount(agent.confirmed, BOX_CELLS - 4),
			note: agent.link.connected ? rate((older) => older.confirmed) : "no link",
			style: agent.link.connected ? "plain" : "bad",
		},
		...(account === null
			? []
			: [
					{
						title: "subscriber",
						count: shortCount(account.received, BOX_CELLS - 4),
						note: rateText(seenRate),
						style: "plain" as const,
					},
				]),
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

/** What was dropped and why, what is uncertain, and the sum that has to come out even. */
export function bookLines({ agent }: WayInput): Line[] {
	const dropped = DROP_REASONS.reduce((sum, reason) => sum + agent.dropped[reason], 0);
	const lost = DROP_REASONS.flatMap((reason) => [
		piece(` ${reason} `),
		piece(count(agent.dropped[reason]), agent.dropped[reason] > 0 ? "bad" : "plain"),
	]);
	return [
		[piece("dropped   ", "soft"), ...lost],
		[
			piece("uncertain  ", "soft"),
			piece(count(agent.uncertain), agent.uncertain > 0 ? "bad" : "plain"),
			piece(" sent on connections that were cut", "soft"),
		],
		[
			piece("books      ", "soft"),
			piece(`${count(agent.stamped)} = ${count(agent.buffered)} + ${count(agent.sent)} + ${count(dropped)} `),
			agent.balanced ? piece("balanced", "good") : piece("DO NOT BALANCE", "bad"),
			piece("  buffered + sent + dropped", "soft"),
		],
	];
}

/** Rate of a counter of the report since the previous one, per second; null when there is none. */
export function ratePerSecond(
	{ agent, previous, elapsedMs }: Pick<WayInput, "agent" | "previous" | "elapsedMs">,
	pick: (agent: AgentShown) => number,
): number | null {
	if (previous === null || elapsedMs <= 0 || previous.run !== agent.run) return null;
	return Math.round(((pick(agent) - pick(previous)) * 1_000) / elapsedMs);
}
