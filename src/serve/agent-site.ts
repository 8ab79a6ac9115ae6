// What an agent serves: /metrics, /healthz, /status and the page.
import type { AgentView } from "../wire/agent-view.js";
import { type AgentReport, toStatus } from "../wire/status.js";
import { AGENT_PAGE } from "./agent-page.js";
import { pageState } from "./agent-state.js";
import { METRICS_CONTENT_TYPE } from "./exposition.js";
import { health } from "./health.js";
import { JSON_TYPE, type Site } from "./http-server.js";
import { renderMetrics } from "./metrics.js";
import { pageDocument } from "./page.js";
import { readProcessFigures } from "./process-figures.js";

export interface ShownAgent {
	report(): AgentReport;
	view(): AgentView;
}

/** The documents of an agent, and the states of its page. */
export function agentSite({ report, view }: ShownAgent): Site {
	return {
		documents: new Map([
			["/", pageDocument(AGENT_PAGE)],
			[
				"/metrics",
				() => ({ code: 200, type: METRICS_CONTENT_TYPE, body: renderMetrics(report(), readProcessFigures()) }),
			],
			[
				"/healthz",
				() => {
					const state = health(report());
					return { code: state.ok ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify(state)}\n` };
				},
			],
			["/status", () => ({ code: 200, type: JSON_TYPE, body: `${JSON.stringify(toStatus(report()))}\n` })],
		]),
		state: () => pageState(view()),
	};
}
