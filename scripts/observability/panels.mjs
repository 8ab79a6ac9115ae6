// The parts a Grafana dashboard is made of (schema 39: Grafana 10 and 11, no plugins), and how they are laid out: rows of
// panels from left to right, 24 columns wide, every panel with the data source that is chosen at the top.
import { JOBS } from "./settings.mjs";

const SCHEMA_VERSION = 39;
const COLUMNS = 24;
const SOURCE = { type: "prometheus", uid: "$" + "{datasource}" };

/** What Grafana puts in: the range that is shown, and a window that fits a point. */
export const RANGE = "[$__range]";
export const WINDOW = "[$__rate_interval]";

export const GREEN_THEN_RED = [
	[null, "green"],
	[1, "red"],
];
export const RED_THEN_GREEN = [
	[null, "red"],
	[1, "green"],
];

/** A query: `legend` may name labels as {{label}}. */
export function query(expr, legend = "") {
	return { expr, legend };
}

/** One number, coloured by `steps`: [[from, colour], ...], the first from anywhere. */
export function stat(title, unit, expr, steps = [[null, "text"]], more = {}) {
	return {
		...panel("stat", title, unit, [query(expr)], more),
		options: { colorMode: "value", graphMode: "area", reduceOptions: { calcs: ["lastNotNull"] }, textMode: "value" },
		steps,
	};
}

/** Lines over time; `stacked` for what adds up. */
export function lines(title, unit, queries, more = {}) {
	const { stacked = false, steps, ...rest } = more;
	const custom = {
		fillOpacity: stacked ? 60 : 0,
		lineWidth: 1,
		showPoints: "never",
		stacking: { mode: stacked ? "normal" : "none" },
		...(steps && { thresholdsStyle: { mode: "line" } }),
	};
	return {
		...panel("timeseries", title, unit, queries, rest),
		options: {
			legend: { calcs: [], displayMode: "list", placement: "bottom", showLegend: true },
			tooltip: { mode: "multi", sort: "desc" },
		},
		custom,
		steps,
	};
}

/** Bars, the longest first, of what there is now. */
export function bars(title, unit, expr, legend, more = {}) {
	return {
		...panel("bargauge", title, unit, [{ ...query(expr, legend), instant: true }], more),
		options: { displayMode: "basic", orientation: "horizontal", reduceOptions: { calcs: ["lastNotNull"] } },
	};
}

/** The series there are now, a row each, with these labels as columns. */
export function table(title, unit, expr, labels, more = {}) {
	const indexByName = Object.fromEntries([...labels, "Value"].map((name, i) => [name, i]));
	return {
		...panel("table", title, unit, [{ ...query(expr), instant: true, format: "table" }], more),
		options: { cellHeight: "sm", showHeader: true },
		transformations: [
			{ id: "filterFieldsByName", options: { include: { names: Object.keys(indexByName) } } },
			{ id: "organize", options: { indexByName, renameByName: { Value: "value" } } },
		],
	};
}

function panel(type, title, unit, queries, { description = "", width, min, max } = {}) {
	return { type, title, unit, queries, description, width, min, max };
}

/** A dashboard of rows: { height, panels }. Panels without a width share what the others leave. */
export function dashboard({ uid, title, description, from, variables, rows }) {
	let id = 0;
	let y = 0;
	const panels = rows.flatMap(({ height, panels: row }) => {
		const given = row.reduce((sum, { width = 0 }) => sum + width, 0);
		const share = Math.floor((COLUMNS - given) / row.filter(({ width }) => width === undefined).length);
		let x = 0;
		const placed = row.map((each) => {
			const gridPos = { h: height, w: each.width ?? share, x, y };
			x += gridPos.w;
			id += 1;
			return finish(each, id, gridPos);
		});
		y += height;
		return placed;
	});
	return {
		uid,
		title,
		description,
		tags: ["tallywire"],
		schemaVersion: SCHEMA_VERSION,
		editable: true,
		graphTooltip: 1,
		refresh: "30s",
		time: { from, to: "now" },
		timezone: "browser",
		links: [{ type: "dashboards", title: "Tallywire", tags: ["tallywire"], asDropdown: false, keepTime: true }],
		templating: { list: [dataSourceVariable(), ...variables] },
		annotations: { list: [] },
		panels,
	};
}

function finish(
	{ type, title, unit, queries, description, min, max, options, transformations, custom, steps },
	id,
	gridPos,
) {
	const colours = (steps ?? [[null, "text"]]).map(([value, color]) => ({ color, value }));
	return {
		id,
		type,
		title,
		...(description && { description }),
		gridPos,
		datasource: SOURCE,
		targets: queries.map(({ expr, legend, instant = false, format = "time_series" }, i) => ({
			refId: String.fromCharCode(65 + i),
			datasource: SOURCE,
			expr,
			legendFormat: legend,
			format,
			instant,
			range: !instant,
		})),
		fieldConfig: {
			defaults: {
				unit,
				...(min !== undefined && { min }),
				...(max !== undefined && { max }),
				...(custom && { custom }),
				color: { mode: steps && !custom ? "thresholds" : "palette-classic" },
				thresholds: { mode: "absolute", steps: colours },
			},
			overrides: [],
		},
		options,
		...(transformations && { transformations }),
	};
}

function dataSourceVariable() {
	return { type: "datasource", name: "datasource", label: "Prometheus", query: "prometheus", refresh: 1 };
}

/** The agent to look at, by the address that Prometheus scrapes. */
export function agentVariable(metric) {
	return {
		type: "query",
		name: "instance",
		label: "Agent",
		datasource: SOURCE,
		definition: agentQuery(metric),
		query: { query: agentQuery(metric), refId: "instance" },
		refresh: 2,
		sort: 1,
	};
}

function agentQuery(metric) {
	return `label_values(${metric}{job="${JOBS.agents}"}, instance)`;
}
