// The files for Prometheus and Grafana, made of the code's own lists: names of metrics, causes of loss, burn rates. A name in
// any expression that is not in them is an error, so a metric cannot be renamed and leave its alert behind.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stringify } from "yaml";
import { debug } from "./debug.mjs";
import { executive } from "./executive.mjs";
import { checkNames, createVocabulary } from "./names.mjs";
import { onCall } from "./on-call.mjs";
import { createRules, windowName } from "./rules.mjs";
import { createScenarios } from "./scenarios.mjs";

const NOTE = "Made by scripts/observability/generate.mjs (npm run observability); changes here are lost.";

/** The lists of the compiled code. */
export async function readLists(build) {
	const load = (file) => import(pathToFileURL(join(build, "src", file)).href);
	const [agent, fleet, objectives, verdict] = await Promise.all(
		["serve/metric-names.js", "observe/metric-names.js", "reconcile/objectives.js", "reconcile/verdict.js"].map(load),
	);
	return {
		metrics: [...agent.METRICS, ...fleet.FLEET_METRICS],
		burnAlerts: objectives.BURN_ALERTS,
		causes: verdict.CAUSES,
	};
}

/** Name and text of each file. Throws where an expression names what the lists do not have. */
export function createFiles({ metrics, burnAlerts, causes }) {
	const windows = burnAlerts.flatMap(({ longMs, shortMs }) => [shortMs, longMs]);
	const dashboards = {
		executive: executive(),
		"on-call": onCall(causes, [...new Set(windows)].sort((a, b) => a - b).map(windowName)),
		debug: debug(),
	};
	const rules = createRules(burnAlerts);
	checkRules(rules, metrics);
	const vocabulary = createVocabulary(metrics, recordedBy(rules));
	for (const { title, panels } of Object.values(dashboards)) {
		for (const panel of panels) {
			for (const { expr } of panel.targets) checkNames(vocabulary, expr, `${title}, ${panel.title}`);
		}
	}
	const scenarios = createScenarios();
	for (const { name, input_series } of scenarios.tests) {
		for (const { series } of input_series) checkNames(vocabulary, series, name);
	}
	return [
		["rules.yaml", yaml(rules)],
		["rules-test.yaml", yaml(scenarios)],
		...Object.entries(dashboards).map(([name, dashboard]) => [
			`dashboards/${name}.json`,
			`${JSON.stringify(dashboard, null, "\t")}\n`,
		]),
	];
}

function rulesOf({ groups }) {
	return groups.flatMap(({ rules }) => rules);
}

/** What the rules record. A name says what it is of, and so which label is left. */
function recordedBy(rules) {
	return rulesOf(rules)
		.filter(({ record }) => record !== undefined)
		.map(({ record }) => ({ name: record, labels: record.startsWith("device:") ? ["device"] : [] }));
}

function checkRules(rules, metrics) {
	const vocabulary = createVocabulary(metrics, recordedBy(rules));
	for (const { record, alert, expr, annotations = {} } of rulesOf(rules)) {
		const labels = checkNames(vocabulary, expr, record ?? alert).flatMap((name) => vocabulary.get(name));
		for (const [, label] of Object.values(annotations)
			.join()
			.matchAll(/\$labels\.(\w+)/g)) {
			if (!labels.includes(label)) throw new Error(`${alert}: its series have no label ${label}`);
		}
	}
}

function yaml(value) {
	return `# ${NOTE}\n${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
