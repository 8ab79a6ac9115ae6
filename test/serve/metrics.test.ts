import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { MetricDefinition } from "../../src/serve/exposition.js";
import { METRICS } from "../../src/serve/metric-names.js";
import { renderMetrics } from "../../src/serve/metrics.js";
import { type ProcessFigures, readProcessFigures } from "../../src/serve/process-figures.js";
import { sampleReport } from "./sample-report.js";

const test = suite("metrics");

const FIGURES: ProcessFigures = {
	cpuSeconds: 1.25,
	residentBytes: 50_000_000,
	startTimeSeconds: 1_790_000_000.5,
	openFds: 21,
	maxFds: 1_024,
};

/** CONTRACT.md, HTTP: the names with their labels. */
const CONTRACT = `readings_stamped_total readings_sent_total readings_confirmed_total readings_uncertain_total
	readings_dropped_total{reason} readings_rejected_total{source,reason} readings_in_flight buffer_readings
	buffer_capacity buffer_oldest_age_seconds mqtt_connected mqtt_connects_total mqtt_auth_failures_total
	frames_sent_total frame_bytes_total source_up{source} source_restarts_total{source} books_balanced
	clock_synchronised`;

interface Family {
	help: string;
	type: string;
	samples: { labels: Record<string, string>; value: number }[];
}

/** A strict reader of the text format 0.0.4, as far as counters and gauges go. */
function parse(text: string): Map<string, Family> {
	assert.ok(text.endsWith("\n"), "the last line ends");
	const families = new Map<string, Family>();
	for (const line of text.slice(0, -1).split("\n")) {
		const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
		if (comment) {
			const [, kind, name = "", rest = ""] = comment;
			const family = families.get(name) ?? { help: "", type: "", samples: [] };
			families.set(name, family);
			assert.is(family.samples.length, 0, `${kind} of ${name} stands before its samples`);
			if (kind === "HELP") family.help = rest;
			else family.type = rest;
			continue;
		}
		const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
		assert.ok(sample, `a line of no kind: ${line}`);
		const [, name = "", set = "", value = ""] = sample ?? [];
		const labels: Record<string, string> = {};
		let rest = set;
		while (rest !== "") {
			const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/.exec(rest);
			assert.ok(label, `labels that do not parse: ${rest}`);
			const escapes: Record<string, string> = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };
			labels[label?.[1] ?? ""] = (label?.[2] ?? "").replace(/\\[\\n"]/g, (found) => escapes[found] ?? "?");
			rest = rest.slice(label?.[0].length ?? rest.length);
		}
		families.get(name)?.samples.push({ labels, value: Number(value) });
		assert.ok(families.has(name) && Number.isFinite(Number(value)), line);
	}
	return families;
}

test("has the contract's names and labels, and the process's", () => {
	const contract = CONTRACT.split(/\s+/).map((name) => `tallywire_${name}`);
	const own = METRICS.map(({ name, labels }: MetricDefinition) => {
		return labels.length > 0 ? `${name}{${labels.join(",")}}` : name;
	});
	assert.equal(
		own.filter((name) => name.startsWith("tallywire_")),
		contract,
	);
	assert.ok(own.filter((name) => !name.startsWith("tallywire_")).every((name) => name.startsWith("process_")));
});

test("every metric has a help, a type that fits its name, and its samples", () => {
	const families = parse(renderMetrics(sampleReport({ sources: [{ rejected: { syntax: 4 } }] }), FIGURES));
	assert.equal(
		[...families.keys()],
		METRICS.map(({ name }) => name),
	);
	for (const [name, { help, type, samples }] of families) {
		assert.ok(help.length > 10 && help.endsWith("."), name);
		assert.is(type, name.endsWith("_total") ? "counter" : "gauge", name);
		assert.ok(samples.length > 0, name);
	}
});

test("carries the figures of the report", () => {
	const families = parse(renderMetrics(sampleReport(), FIGURES));
	const value = (name: string) => families.get(name)?.samples[0]?.value;
	assert.is(value("tallywire_readings_stamped_total"), 1_234_567);
	assert.is(value("tallywire_readings_sent_total"), 1_234_550);
	assert.is(value("tallywire_readings_confirmed_total"), 1_234_400);
	assert.is(value("tallywire_readings_uncertain_total"), 10);
	assert.is(value("tallywire_readings_in_flight"), 140);
	assert.is(value("tallywire_buffer_readings"), 12);
	assert.is(value("tallywire_buffer_capacity"), 65_536);
	assert.is(value("tallywire_buffer_oldest_age_seconds"), 1.5);
	assert.is(value("tallywire_mqtt_connected"), 1);
	assert.is(value("tallywire_mqtt_connects_total"), 2);
	assert.is(value("tallywire_frames_sent_total"), 4_823);
	assert.is(value("tallywire_frame_bytes_total"), 7_654_321);
	assert.is(value("tallywire_books_balanced"), 1);
	assert.is(value("tallywire_clock_synchronised"), 1);
	assert.is(value("process_cpu_seconds_total"), 1.25);
});

test("shows all four drop reasons from the first moment", () => {
	const dropped = parse(renderMetrics(sampleReport(), FIGURES)).get("tallywire_readings_dropped_total");
	assert.equal(dropped?.samples, [
		{ labels: { reason: "overflow" }, value: 3 },
		{ labels: { reason: "expired" }, value: 2 },
		{ labels: { reason: "oversize" }, value: 0 },
		{ labels: { reason: "shutdown" }, value: 0 },
	]);
});

test("shows a rejection only where it was counted", () => {
	const sources = [{ name: "a", rejected: { syntax: 4, too_long: 1 } }, { name: "b" }];
	const families = parse(renderMetrics(sampleReport({ sources }), FIGURES));
	assert.equal(families.get("tallywire_readings_rejected_total")?.samples, [
		{ labels: { source: "a", reason: "too_long" }, value: 1 },
		{ labels: { source: "a", reason: "syntax" }, value: 4 },
	]);
	assert.is(families.get("tallywire_source_up")?.samples.length, 2);
});

test("a disconnected agent whose books do not balance shows zeros", () => {
	const report = sampleReport({ link: { connected: false }, books: { balanced: false }, sources: [{ up: false }] });
	const families = parse(renderMetrics(report, FIGURES));
	for (const name of ["tallywire_mqtt_connected", "tallywire_books_balanced", "tallywire_source_up"]) {
		assert.is(families.get(name)?.samples[0]?.value, 0, name);
	}
});

test("escapes what would break a label out of its quotes", () => {
	const name = 'a"b\\c\nd"} 1\n# TYPE x counter';
	const families = parse(renderMetrics(sampleReport({ sources: [{ name, rejected: { value: 1 } }] }), FIGURES));
	assert.equal(families.get("tallywire_source_up")?.samples, [{ labels: { source: name }, value: 1 }]);
	assert.is(families.size, METRICS.length);
});

test("leaves out the file descriptors of a machine without /proc", () => {
	const figures = readProcessFigures("/nonexistent");
	assert.equal([figures.openFds, figures.maxFds], [null, null]);
	const families = parse(renderMetrics(sampleReport(), figures));
	assert.equal(families.get("process_open_fds")?.samples, []);
});

test("reads the figures of this process", () => {
	const figures = readProcessFigures();
	assert.ok(figures.cpuSeconds > 0 && figures.residentBytes > 1e6);
	assert.ok(Math.abs(figures.startTimeSeconds - Date.now() / 1_000) < 3_600);
	assert.is(readProcessFigures().startTimeSeconds, figures.startTimeSeconds);
	if (process.platform === "linux") assert.ok((figures.openFds ?? 0) > 2 && (figures.maxFds ?? 0) > 2);
});

test.run();
