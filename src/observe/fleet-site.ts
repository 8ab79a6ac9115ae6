// What `reconcile --http` serves: /metrics, /healthz and /report.
import { jsonReport } from "../reconcile/report.js";
import { METRICS_CONTENT_TYPE } from "../serve/exposition.js";
import { JSON_TYPE, type Site } from "../serve/http-server.js";
import { createFleetMetrics } from "./metrics.js";
import type { Observation } from "./observer.js";

/** The documents of a reconciler. `observe` is asked on each request, and now for where the counters begin. */
export function fleetSite(observe: () => Observation): Site {
	const renderMetrics = createFleetMetrics(observe());
	return {
		documents: new Map([
			["/metrics", () => ({ code: 200, type: METRICS_CONTENT_TYPE, body: renderMetrics(observe()) })],
			[
				"/healthz",
				() => {
					const { trouble } = observe();
					const state = { ok: trouble === null, reasons: trouble === null ? [] : [`not observing: ${trouble}`] };
					return { code: state.ok ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify(state)}\n` };
				},
			],
			[
				"/report",
				() => {
					const observation = observe();
					return {
						code: 200,
						type: JSON_TYPE,
						body: `${JSON.stringify(jsonReport(observation.report, observation))}\n`,
					};
				},
			],
		]),
		state: () => null,
	};
}
