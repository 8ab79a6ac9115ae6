// Holds PromQL to the code: a name that is neither a metric of the code's lists, nor recorded by a rule, nor Prometheus'
// own is an error, and so is a label that the metric does not have.

/** The words of PromQL that the rules and dashboards use. */
const WORDS = new Set(
	`and or unless on by sum avg max count group topk
	absent changes deriv increase rate vector`.split(/\s+/),
);

/** What Prometheus itself makes, and what it adds to every series. */
const OWN_METRICS = { up: [], ALERTS: ["alertname", "alertstate", "severity"] };
const OWN_LABELS = ["job", "instance"];

/** Metrics by name with their labels: those of the code, and those that rules record. */
export function createVocabulary(definitions, recorded) {
	const own = Object.entries(OWN_METRICS).map(([name, labels]) => ({ name, labels }));
	return new Map([...definitions, ...recorded, ...own].map(({ name, labels }) => [name, [...labels, ...OWN_LABELS]]));
}

/** Throws where an expression names what there is not; returns the metrics that it names. */
export function checkNames(vocabulary, expression, where) {
	const fail = (what) => {
		throw new Error(`${where}: ${what}\n  ${expression}`);
	};
	const text = expression.replace(/"[^"]*"/g, "").replace(/\[[^\]]*\]/g, "");
	for (const [, name, labels] of text.matchAll(/([\w:]+)\{([^}]*)\}/g)) {
		const known = vocabulary.get(name) ?? [];
		for (const label of words(labels)) if (!known.includes(label)) fail(`${name} has no label ${label}`);
	}
	const rest = text.replace(/\{[^}]*\}/g, "");
	const names = words(rest.replace(/\b(by|on) ?\([^)]*\)/g, "")).filter((word) => !WORDS.has(word));
	for (const name of names) if (!vocabulary.has(name)) fail(`there is no metric ${name}`);
	for (const [, labels] of rest.matchAll(/\b(?:by|on) ?\(([^)]*)\)/g)) {
		for (const label of words(labels)) {
			if (!names.some((name) => vocabulary.get(name).includes(label))) fail(`no metric here has a label ${label}`);
		}
	}
	return names;
}

function words(text) {
	return text.match(/[a-zA-Z_:][\w:]*/g) ?? [];
}
