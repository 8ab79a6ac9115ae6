// The demo on one screen: is all accounted for, the way of a reading through one gateway, all gateways as the reconciler
// sees them, and the newest losses with what became of them. Pure: reports in, lines out.
import type { LossRange, LossReason } from "../core/value.js";
import type { Observation } from "../observe/observer.js";
import { lostTotal } from "../reconcile/verdict.js";
import { bookLines, WAY_COLUMNS_MIN, type WayInput, wayLines } from "../screen/agent-way.js";
import { fit, fitRight, type Line, piece, render } from "../screen/cells.js";
import { deviceTable, lossLegend } from "../screen/device-table.js";
import { count, uptime } from "../screen/figures.js";

export interface DemoScreenInput {
	readonly observation: Observation;
	/** The observation `elapsedMs` before, for rates. */
	readonly previous: Observation;
	readonly elapsedMs: number;
	/** The gateway whose way is shown; its account by the reconciler is added from the observation. */
	readonly gateway: Omit<WayInput, "elapsedMs" | "account" | "previousAccount"> & { readonly link: string };
	readonly losses: readonly Loss[];
	readonly uptimeMs: number;
	readonly brokerUrl: string;
	readonly pageUrl: string;
	/** What to try next, one line each. */
	readonly hints: readonly string[];
	readonly columns: number;
	readonly rows: number;
	/** Whether the terminal shows colours. */
	readonly colour: boolean;
}

/** Readings that one gateway says it lost. */
export interface Loss {
	readonly gateway: string;
	readonly range: LossRange;
}

/** What a reason means to somebody who has just seen it happen. */
const MEANING: Readonly<Record<LossReason, string>> = {
	overflow: "the buffer was full",
	expired: "waited for longer than their time to live",
	oversize: "too large for a message",
	shutdown: "still waited when the agent ended",
	uncertain: "sent, but the link went down before the broker confirmed them",
	mixed: "several losses, told as one",
};

const WAY_ROWS_MIN = 22;
const LOSSES_SHOWN_MAX = 8;

/** The screen: at most `rows` lines of at most `columns` cells. */
export function renderDemoScreen(input: DemoScreenInput): string[] {
	const { columns, rows, observation, previous, elapsedMs, gateway } = input;
	const way = wayOf(input);
	const boxes = columns >= WAY_COLUMNS_MIN && rows >= WAY_ROWS_MIN;
	const table = deviceTable(
		{ report: observation.report, objectives: observation.objectives, previous: previous.report, elapsedMs },
		columns,
		observation.report.devices.length + 1,
	);
	const top: Line[] = [
		headLine(input),
		verdictLine(observation),
		[
			piece("gateway    ", "soft"),
			piece(gateway.agent.device, "bold"),
			piece(`, link ${gateway.link}`, gateway.link === "up" ? "soft" : "bad"),
		],
		...wayLines(way, boxes),
		...bookLines(way),
		...table,
		lossLegend(observation.report.tally),
	];
	const bottom: Line[] = [
		[piece("broker     ", "soft"), piece(input.brokerUrl), piece("   page  ", "soft"), piece(input.pageUrl)],
		...input.hints.map((hint) => [piece(`› ${hint}`, "accent")]),
	];
	const losses = lossLines(input.losses, rows - top.length - bottom.length);
	const lines = [...top, ...losses, ...bottom];
	return lines.slice(0, Math.max(0, rows)).map((line) => render(line, Math.max(0, columns), input.colour));
}

/** The same for a pipe or a log: one plain line about all gateways. */
export function renderDemoLine({ observation, uptimeMs }: Pick<DemoScreenInput, "observation" | "uptimeMs">): string {
	const { tally, odd, devices } = observation.report;
	const { stamped, received, pending, unobserved, ...causes } = tally;
	const lost = Object.entries(causes).map(([cause, readings]) => `${cause}=${readings}`);
	return [
		`up=${(uptimeMs / 1_000).toFixed(0)}s`,
		`gateways=${devices.length}`,
		`stamped=${stamped}`,
		`received=${received}`,
		`lost=${lostTotal(tally)}`,
		...lost,
		`pending=${pending}`,
		`unobserved=${unobserved}`,
		`duplicates=${odd.duplicates}`,
	].join(" ");
}

/** What the two sides say at the end. */
export function lastWords(observation: Observation, stamped: number): string {
	const { tally, odd } = observation.report;
	const { received, pending, unobserved, stamped: known, ...causes } = tally;
	const named = Object.entries(causes).filter(([, readings]) => readings > 0);
	const lost = named.map(([cause, readings]) => `${cause} ${count(readings)}`).join(", ");
	const open = stamped - received - lostTotal(tally);
	return [
		`The gateways:   ${count(stamped)} readings stamped.`,
		`The reconciler: ${count(received)} received, ${count(lostTotal(tally))} lost${lost && ` (${lost})`}, ` +
			`${count(odd.duplicates)} twice, ${count(open)} unexplained.`,
	].join("\n");
}

/** The gateway's own report, and beside it what the reconciler has found of it. */
function wayOf({ gateway, observation, previous, elapsedMs }: DemoScreenInput): WayInput {
	const accountIn = ({ report }: Observation) => {
		const found = report.devices.find(({ device }) => device === gateway.agent.device);
		if (found === undefined) return null;
		return { received: found.tally.received, missing: lostTotal(found.tally), duplicates: found.odd.duplicates };
	};
	return { ...gateway, elapsedMs, account: accountIn(observation), previousAccount: accountIn(previous) };
}

function headLine({ gateway, uptimeMs, columns }: DemoScreenInput): Line {
	const title = `Tallywire ${gateway.agent.version}`;
	const rest = "  three gateways, a broker and a reconciler on this machine";
	const up = `up ${uptime(uptimeMs)}`;
	const gap = columns - title.length - rest.length - up.length;
	return [piece(title, "bold"), piece(rest, "soft"), ...(gap > 1 ? [piece(" ".repeat(gap)), piece(up, "soft")] : [])];
}

function verdictLine({ report: { tally, odd } }: Observation): Line {
	const lost = lostTotal(tally);
	if (odd.duplicates + odd.discrepancies > 0) {
		return [
			piece("● ", "bad"),
			piece(`${count(odd.duplicates)} duplicates, ${count(odd.discrepancies)} discrepancies`, "bad"),
		];
	}
	const waiting = tally.pending + tally.unobserved;
	const sum = `${count(tally.stamped)} stamped = ${count(tally.received)} received + ${count(lost)} lost + ${count(waiting)} on the way`;
	return [
		piece("● ", "good"),
		piece(lost === 0 ? "nothing is lost:  " : "every loss is explained:  "),
		piece(sum, "bold"),
	];
}

function lossLines(losses: readonly Loss[], rows: number): Line[] {
	const shown = losses.slice(0, Math.min(LOSSES_SHOWN_MAX, rows - 1));
	if (shown.length === 0) return [];
	return [
		[piece("newest losses, as their gateways explain them", "soft")],
		...shown.map(({ gateway, range: [from, to, reason] }): Line => {
			const readings = to - from + 1;
			return [
				piece(`  ${fit(gateway, 12)}`),
				piece(fitRight(`${count(from)} - ${count(to)}`, 20), "soft"),
				piece(fitRight(count(readings), 9), "bold"),
				piece(`  ${fit(reason, 11)}`, "bad"),
				piece(MEANING[reason], "soft"),
			];
		}),
	];
}
