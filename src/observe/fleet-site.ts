// What `reconcile --http` serves: /metrics, /healthz, /report and the page.
import { worstFirst } from "../reconcile/indicators.js";
import { jsonReport } from "../reconcile/report.js";
import { METRICS_CONTENT_TYPE } from "../serve/exposition.js";
import { JSON_TYPE, type Site } from "../serve/http-server.js";
import { pageDocument } from "../serve/page.js";
import { FLEET_PAGE } from "./fleet-page.js";
import { fleetPageState } from "./fleet-state.js";
import { createFleetMetrics } from "./metrics.js";
import type { Observation } from "./observer.js";
import { sparingly } from "./sparingly.js";

/** Devices in /report, the worst where there are more: RESPONSE_BYTES_MAX holds as many. `--json` has all of them. */
export const DEVICES_REPORTED_MAX = 1_000;

export interface ObservedFleet {
	/** Without credentials. */
	readonly brokerUrl: string;
	/** Asked on each request, and now for where the counters begin. */
	observe(): Observation;
}

/** The documents of a reconciler, and the states of its page. */
export function fleetSite({ brokerUrl, observe }: ObservedFleet): Site {
	const renderMetrics = createFleetMetrics(observe());
	const nowMs = (): number => performance.now();
	return {
		documents: new Map([
			["/", pageDocument(FLEET_PAGE)],
			["/metrics", () => ({ code: 200, type: METRICS_CONTENT_TYPE, body: renderMetrics(observe()) })],
			[
				"/healthz",
				() => {
					const { trouble } = observe();
					const state = { ok: trouble === null, reasons: trouble === null ? [] : [`not observing: ${trouble}`] };
					return { code: state.ok ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify(state)}\n` };
				},
			],
			["/report", () => ({ code: 200, type: JSON_TYPE, body: `${JSON.stringify(reportOf(observe()))}\n` })],
		]),
		state: sparingly(() => fleetPageState(observe(), brokerUrl, nowMs()), nowMs),
	};
}

function reportOf({ report, objectives, ...context }: Observation): object {
	const devicesLeft = Math.max(0, report.devices.length - DEVICES_REPORTED_MAX);
	const worst = devicesLeft === 0 ? report.devices : worstFirst(report.devices).slice(0, DEVICES_REPORTED_MAX);
	const held = objectives.devices.slice(0, DEVICES_REPORTED_MAX);
	const bounded = { ...context, objectives: { ...objectives, devices: held } };
	return { ...jsonReport({ ...report, devices: worst }, bounded), devicesLeft };
}
