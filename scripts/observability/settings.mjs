// What a user of the rules and dashboards may want otherwise. After a change: npm run observability.

/** The share of decided readings that has to arrive: the objective of `tallywire reconcile --slo 99.5`. */
export const OBJECTIVE = 0.995;

/** Where people find the runbook; an alert links to its entry. An address such as https://git.example/tallywire/... is better. */
export const RUNBOOK = "scripts/observability/RUNBOOK.md";

/** Prometheus' names of the scrape jobs: the agents, and the reconcilers. */
export const JOBS = { agents: "tallywire", reconcilers: "tallywire-reconcile" };

/** Fewer lost readings than this in the long window wake nobody: one of a slow sensor is a large share of very few. */
export const LOST_MIN = 10;

/** The share of the fleet that may be silent or unconnected before somebody is woken. */
export const FLEET_SHARE_MAX = 0.2;
