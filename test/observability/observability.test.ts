// What Prometheus and Grafana are given: made of the code's lists and nothing else, complete, each alert with its entry in
// the runbook and a scenario in which it fires. Prometheus' own judge is promtool (Debian package prometheus; scripts/check
// fetches it without its service); where it is not on PATH, that is said and the rest is tested.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { stringify } from "yaml";
import { createFleetMetrics } from "../../src/observe/metrics.js";
import { createAccount } from "../../src/reconcile/account.js";
import { renderMetrics } from "../../src/serve/metrics.js";
import { readProcessFigures } from "../../src/serve/process-figures.js";
import { seen } from "../screen/fleet.js";
import { sampleReport } from "../serve/sample-report.js";
import { buildDir, type Finished, projectDir, runOrThrow, runProcess } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { createFiles, type Dashboard, FOLDER, lists, rulesOf, yamlOf } from "./generated.js";

/** Hours of a fleet, a minute a step, on a machine that may be busy. */
const SCENARIOS_TIMEOUT_MS = 140_000;

const folder = join(projectDir, FOLDER);

function promtool(args: readonly string[], options: { input?: string; cwd?: string } = {}): Promise<Finished> {
	const env = { PATH: `${process.env["PATH"]}:${join(projectDir, "build.tools/usr/bin")}` };
	return runProcess("promtool", args, { ...options, env, timeoutMs: SCENARIOS_TIMEOUT_MS });
}

function assertDone({ code, stdout, stderr }: Finished): void {
	assert.is(code, 0, `promtool:\n${stdout}${stderr}`);
}

const isThere = (await promtool(["--version"])).code === 0;
if (!isThere) console.log("promtool is not on PATH: what Prometheus thinks of the rules and metrics was not asked");

const files = createFiles(lists);
const rules = rulesOf(files);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const dashboards = [...files]
	.filter(([name]) => name.startsWith("dashboards/"))
	.map(([, text]) => JSON.parse(text) as Dashboard);

test("the files in the repository are what the generator makes of this code", async () => {
	const out = makeTempDir("observability");
	const script = join(projectDir, FOLDER, "generate.mjs");
	await runOrThrow(process.execPath, [script, "--build", buildDir, "--out", out]);
	const made = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("."));
	assert.equal(made.sort(), [...files.keys()].sort());
	for (const name of made) {
		const kept = readFileSync(join(projectDir, FOLDER, name), "utf8");
		assert.ok(kept === readFileSync(join(out, name), "utf8"), `${name} is not what npm run observability makes`);
	}
	assert.equal(
		readdirSync(join(projectDir, FOLDER, "dashboards")).sort(),
		made.filter((name) => name.startsWith("dashboards/")).map((name) => name.slice("dashboards/".length)),
	);
});

test("every metric of the code is in a rule or a dashboard, and a renamed one stops the generator", () => {
	assert.ok(lists.metrics.length > 40);
	for (const { name } of lists.metrics) {
		const metrics = lists.metrics.map((metric) => (metric.name === name ? { ...metric, name: `${name}_new` } : metric));
		assert.throws(() => createFiles({ ...lists, metrics }), `there is no metric ${name}\n`, name);
	}
});

test("a renamed label stops the generator, wherever it is named", () => {
	for (const label of ["reason", "device", "cause", "is", "source", "kind", "error"]) {
		const metrics = lists.metrics.map((metric) => {
			return { ...metric, labels: metric.labels.map((each) => (each === label ? "renamed" : each)) };
		});
		assert.throws(() => createFiles({ ...lists, metrics }), /label/, label);
	}
});

test("a cause of loss without a door stops the generator", () => {
	assert.throws(() => createFiles({ ...lists, causes: [...lists.causes, "theft"] }), "theft");
});

test("every alert has a severity, its words, and a link to its entry in the runbook, which has no other", () => {
	const runbook = readFileSync(join(projectDir, FOLDER, "RUNBOOK.md"), "utf8");
	const [, entries = ""] = runbook.split("\n## Alerts\n");
	const headings = [...entries.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
	assert.equal(
		headings,
		alerts.map(({ alert }) => alert),
	);
	for (const entry of entries.split(/^### /m).slice(1)) {
		for (const part of ["\nMeans: ", "\nLook: ", "\nDo: "]) assert.ok(entry.includes(part), `${part} in ${entry}`);
	}
	for (const { alert, labels, annotations } of alerts) {
		assert.match(labels?.["severity"] ?? "none", /^(page|ticket)$/);
		assert.ok((annotations?.["summary"] ?? "").length > 10 && (annotations?.["description"] ?? "").length > 20, alert);
		assert.is(annotations?.["runbook_url"], `${FOLDER}/RUNBOOK.md#${alert?.toLowerCase()}`);
	}
	assert.is(new Set(headings).size, headings.length);
});

test("every alert fires in a scenario", () => {
	const { tests } = yamlOf<{
		tests: readonly { promql_expr_test: readonly { exp_samples: { labels: string }[] }[] }[];
	}>(files, "rules-test.yaml");
	const looks = tests.flatMap((scenario) => scenario.promql_expr_test);
	const fired = new Set(looks.flatMap(({ exp_samples }) => exp_samples.map(({ labels }) => labels)));
	const missing = alerts
		.map(({ alert, labels }) => `{alertname="${alert}", severity="${labels?.["severity"]}"}`)
		.filter((labels) => !fired.has(labels));
	assert.equal(missing, []);
	assert.ok(looks.filter(({ exp_samples }) => exp_samples.length === 0).length > 20, "looks at which nothing fires");
});

test("each dashboard is one that Grafana 10 and 11 read, with every panel in its place", () => {
	const types = new Set(["stat", "timeseries", "bargauge", "table"]);
	const units = new Set(["short", "percentunit", "cps", "Bps", "s", "bytes", "dateTimeFromNow"]);
	assert.equal(
		dashboards.map(({ uid }) => uid),
		["tallywire-executive", "tallywire-on-call", "tallywire-debug"],
	);
	for (const { title, schemaVersion, panels, templating } of dashboards) {
		assert.is(schemaVersion, 39);
		assert.is(templating.list[0]?.type, "datasource");
		assert.is(new Set(panels.map(({ id }) => id)).size, panels.length);
		const taken = new Set<string>();
		for (const panel of panels) {
			const { h, w, x, y } = panel.gridPos;
			assert.ok(w >= 4 && x + w <= 24, `${title}, ${panel.title}: ${w} columns at ${x}`);
			for (let column = x; column < x + w; column++) {
				for (let row = y; row < y + h; row++) {
					assert.not(taken.has(`${column},${row}`), `${title}, ${panel.title} lies on another`);
					taken.add(`${column},${row}`);
				}
			}
			assert.ok(types.has(panel.type), panel.type);
			assert.ok(units.has(panel.fieldConfig.defaults.unit), panel.fieldConfig.defaults.unit);
			assert.ok(panel.targets.length > 0, panel.title);
			for (const { datasource } of [panel, ...panel.targets]) assert.is(datasource.uid, `\${datasource}`);
		}
	}
});

if (isThere) {
	test("Prometheus reads the rules", async () => {
		const result = await promtool(["check", "rules", "rules.yaml"], { cwd: folder });
		assertDone(result);
		assert.match(result.stdout, /SUCCESS: \d\d rules found/);
	});

	test("what must page does, what is a ticket is one, and what must wake nobody does not", async () => {
		assertDone(await promtool(["test", "rules", "rules-test.yaml"], { cwd: folder }));
	});

	test("a rule that does not page for a loss fails its scenario", async () => {
		const out = makeTempDir("rules");
		const files = createFiles(lists);
		const [scenario = ""] = (files.get("rules-test.yaml") ?? "").split("\n  - name: a short loss");
		writeFileSync(join(out, "rules-test.yaml"), scenario);
		writeFileSync(join(out, "rules.yaml"), (files.get("rules.yaml") ?? "").replaceAll(">= 14.4", ">= 144"));
		const { code, stderr } = await promtool(["test", "rules", "rules-test.yaml"], { cwd: out });
		assert.is(code, 1);
		assert.match(stderr, /TallywireErrorBudgetFast/);
	});

	test("Prometheus reads every expression of the dashboards", async () => {
		const out = makeTempDir("expressions");
		const rules = ["executive", "on-call", "debug"].flatMap((name) => {
			const { panels } = JSON.parse(createFiles(lists).get(`dashboards/${name}.json`) ?? "") as Dashboard;
			return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replace(/\$__\w+/g, "5m")));
		});
		const group = { name: "dashboards", rules: rules.map((expr, i) => ({ record: `panel:number:${i}`, expr })) };
		writeFileSync(join(out, "expressions.yaml"), stringify({ groups: [group] }));
		assertDone(await promtool(["check", "rules", "expressions.yaml"], { cwd: out }));
	});

	test("Prometheus reads the pages of metrics, and finds nothing to say of them", async () => {
		const observation = { ...seen(createAccount()), observedMs: 0, trouble: null, refused: { cbor: 1 } };
		const report = sampleReport({ sources: [{ rejected: { syntax: 1 } }] });
		for (const page of [
			renderMetrics(report, readProcessFigures()),
			createFleetMetrics(observation)({ ...observation, observedMs: 1_000 }),
		]) {
			assertDone(await promtool(["check", "metrics"], { input: page }));
		}
	});
}

test.run();
