// Metrics as Prometheus text, format 0.0.4
// (https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md). What a program measures is a
// list of definitions as data; whoever renders it says what each one is worth now.

/** The content type that goes with the text. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface MetricDefinition {
	readonly name: string;
	readonly type: "counter" | "gauge";
	readonly help: string;
	readonly labels: readonly string[];
}

export interface Sample {
	/** In the order of the definition's `labels`. */
	readonly labels: readonly string[];
	readonly value: number;
}

export function counter<Name extends string>(name: Name, help: string, labels: readonly string[] = []) {
	return { name, type: "counter", help, labels } as const;
}

export function gauge<Name extends string>(name: Name, help: string, labels: readonly string[] = []) {
	return { name, type: "gauge", help, labels } as const;
}

/** A sample without labels; a figure that there is not is left out. */
export function one(value: number | null): Sample[] {
	return value === null ? [] : [{ labels: [], value }];
}

/** The whole page of metrics. */
export function expose<Definition extends MetricDefinition>(
	definitions: readonly Definition[],
	samplesOf: (name: Definition["name"]) => readonly Sample[],
): string {
	const lines: string[] = [];
	for (const { name, type, help, labels } of definitions) {
		lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
		for (const sample of samplesOf(name)) lines.push(`${name}${labelSet(labels, sample.labels)} ${sample.value}`);
	}
	lines.push("");
	return lines.join("\n");
}

function labelSet(names: readonly string[], values: readonly string[]): string {
	if (names.length === 0) return "";
	return `{${names.map((name, i) => `${name}="${escapeLabel(values[i] ?? "")}"`).join(",")}}`;
}

function escapeLabel(text: string): string {
	return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(text: string): string {
	return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
