// What must page, what is a ticket, and what must wake nobody, as unit tests for `promtool test rules`. A fleet of six
// gateways, 100 readings a second in all, is healthy but for what a scenario changes; a sample a minute. Each look names
// every alert that fires then, and for how many series: none may fire that is not named.
import { JOBS, OBJECTIVE, RUNBOOK } from "./settings.mjs";

const GATEWAYS = ["gw1", "gw2", "gw3", "gw4", "gw5", "gw6"];
const RATE = 6_000;
const DEVICE_RATE = RATE / GATEWAYS.length;
/** Healthy for so long before something happens, minutes. */
const BEFORE = 30;

const agent = (device) => `job="${JOBS.agents}", instance="${device}:9464"`;
const reconciler = `job="${JOBS.reconcilers}", instance="reconciler:9465"`;

const RECEIVED = `tallywire_reconcile_readings_received_total{${reconciler}}`;
const lost = (cause) => `tallywire_reconcile_readings_lost_total{${reconciler}, cause="${cause}"}`;
const of = (name, device) => `tallywire_reconcile_device_${name}{${reconciler}, device="${device}"}`;
const fleet = (name, labels = "") => `tallywire_reconcile_${name}{${reconciler}${labels}}`;
const at = (name, device = "gw1", labels = "") => `${name}{${agent(device)}${labels}}`;
const devices = (is) => fleet("devices", `, is="${is}"`);

/** Segments of [minutes, value]. */
function gauge(...segments) {
	return segments.map(([minutes, value]) => `${value}x${minutes - 1}`).join(" ");
}

/** Segments of [minutes, rise per minute]; "reset" begins at 0 anew. */
function counter(...segments) {
	let value = 0;
	return segments
		.flatMap((segment) => {
			if (segment === "reset") {
				value = 0;
				return [];
			}
			const [minutes, rise] = segment;
			const text = `${value}+${rise}x${minutes - 1}`;
			value += minutes * rise;
			return [text];
		})
		.join(" ");
}

/** Segments of a series that ends, and perhaps comes again. */
function gone(minutes) {
	return minutes === 1 ? "stale" : `stale _x${minutes - 1}`;
}

function healthy(minutes) {
	const always = gauge([minutes, 1]);
	const never = gauge([minutes, 0]);
	const series = {
		[`up{${reconciler}}`]: always,
		[fleet("observing")]: always,
		[RECEIVED]: counter([minutes, RATE]),
		[lost("downstream")]: never,
		[lost("shutdown")]: never,
		[devices("established")]: gauge([minutes, GATEWAYS.length]),
		[devices("silent")]: never,
	};
	for (const device of GATEWAYS) {
		series[of("received_total", device)] = counter([minutes, DEVICE_RATE]);
		series[of("lost_total", device)] = never;
		series[of("silent", device)] = never;
		series[at("up", device)] = always;
		series[at("tallywire_mqtt_connected", device)] = always;
	}
	return series;
}

/** Every device loses a share of its readings for a while. */
function losing(share, { before, during, after }) {
	const received = (rate) => counter([before, rate], [during, rate * (1 - share)], [after, rate]);
	const missing = (rate) => counter([before, 0], [during, rate * share], [after, 0]);
	const series = { [RECEIVED]: received(RATE), [lost("downstream")]: missing(RATE) };
	for (const device of GATEWAYS) {
		series[of("received_total", device)] = received(DEVICE_RATE);
		series[of("lost_total", device)] = missing(DEVICE_RATE);
	}
	return series;
}

/** Losses: what burns the budget and what does not. A window that is longer than the past covers all of the past. */
function lossScenarios() {
	return [
		{
			name: "losing every reading for ten minutes pages, and the page ends with the loss",
			minutes: 420,
			series: losing(1, { before: 360, during: 10, after: 50 }),
			looks: [
				{ at: 363 },
				{
					at: 369,
					pages: { TallywireErrorBudgetFast: 1 },
					tickets: { TallywireErrorBudgetLeak: 1, TallywireDeviceErrorBudgetFast: 6 },
				},
				{ at: 410, tickets: { TallywireErrorBudgetLeak: 1 } },
			],
			alerts: [burnPage(369)],
		},
		{
			name: "a short loss within the budget wakes nobody",
			minutes: 210,
			series: losing(0.2, { before: 180, during: 3, after: 27 }),
			looks: [181, 183, 185, 190, 209].map((at) => ({ at })),
		},
		{
			name: "losing one reading of 20 for hours pages",
			minutes: 240,
			series: losing(0.05, { before: 60, during: 179, after: 1 }),
			looks: [
				{
					at: 235,
					pages: { TallywireErrorBudgetSlow: 1 },
					tickets: { TallywireErrorBudgetLeak: 1, TallywireDeviceErrorBudgetSlow: 6 },
				},
			],
		},
		{
			name: "losing a little all the time is a ticket",
			minutes: 240,
			series: losing(0.008, { before: 30, during: 209, after: 1 }),
			looks: [{ at: 235, tickets: { TallywireErrorBudgetLeak: 1 } }],
		},
		{
			name: "one device that loses everything is a ticket, where the fleet keeps its objective",
			minutes: 120,
			series: {
				[lost("downstream")]: counter([60, 0], [60, 20]),
				[of("received_total", "gw1")]: counter([60, 20], [60, 0]),
				[of("lost_total", "gw1")]: counter([60, 0], [60, 20]),
			},
			looks: [{ at: 110, tickets: { TallywireDeviceErrorBudgetFast: 1, TallywireDeviceErrorBudgetSlow: 1 } }],
		},
		{
			name: "one lost reading of a slow sensor wakes nobody, though it is half of all",
			minutes: 60,
			series: {
				[RECEIVED]: counter([BEFORE, 0], [1, 1], [29, 0]),
				[lost("downstream")]: counter([BEFORE, 0], [1, 1], [29, 0]),
			},
			looks: [2, 4, 20].map((minutes) => ({ at: BEFORE + minutes })),
		},
	];
}

/** The page itself, with what a person is told. */
function burnPage(minute) {
	return {
		eval_time: `${minute}m`,
		alertname: "TallywireErrorBudgetFast",
		exp_alerts: [
			{
				exp_labels: { severity: "page" },
				exp_annotations: {
					summary: "The fleet loses readings 14.4 times as fast as the objective allows",
					description:
						`Over 1h the error budget burned 30 times as fast as an objective of ${OBJECTIVE * 100} % allows, ` +
						"and it still does over 5m.",
					runbook_url: `${RUNBOOK}#tallywireerrorbudgetfast`,
				},
			},
		],
	};
}

/** Nothing is lost, though much stands still or begins anew. */
function quietScenarios() {
	const restarted = (rate) => `${counter([BEFORE, rate])} ${gone(2)} ${counter([58, rate])}`;
	const again = (value) => `${gauge([BEFORE, value])} ${gone(2)} ${gauge([58, value])}`;
	return [
		{
			name: "a reconciler that is started anew, its counters at 0, wakes nobody",
			minutes: BEFORE + 60,
			series: {
				[`up{${reconciler}}`]: gauge([BEFORE, 1], [2, 0], [58, 1]),
				[fleet("observing")]: again(1),
				[RECEIVED]: restarted(RATE),
				[lost("downstream")]: `${counter([BEFORE, 3])} ${gone(2)} ${counter([58, 3])}`,
				...Object.fromEntries(GATEWAYS.map((device) => [of("received_total", device), restarted(DEVICE_RATE)])),
			},
			looks: [1, 3, 8, 59].map((minutes) => ({ at: BEFORE + minutes })),
		},
		{
			name: "a device that drains its buffer, says goodbye and is switched off pages nobody",
			minutes: BEFORE + 30,
			series: {
				[RECEIVED]: counter([BEFORE, RATE], [30, RATE - DEVICE_RATE]),
				[of("received_total", "gw1")]: counter([BEFORE, DEVICE_RATE], [30, 0]),
				[devices("offline")]: gauge([BEFORE, 0], [30, 1]),
				[at("up")]: gauge([BEFORE, 1], [30, 0]),
				[at("tallywire_mqtt_connected")]: `${gauge([BEFORE, 1])} ${gone(30)}`,
			},
			looks: [{ at: BEFORE + 4 }, { at: BEFORE + 20, tickets: { TallywireAgentDown: 1 } }],
		},
		{
			name: "what nobody observed is nobody's loss, and a short absence wakes nobody",
			minutes: BEFORE + 30,
			series: {
				[fleet("observing")]: gauge([BEFORE, 1], [4, 0], [26, 1]),
				[fleet("readings_unobserved_total")]: counter([BEFORE, 0], [1, 4 * RATE], [29, 0]),
				[RECEIVED]: counter([BEFORE, RATE], [4, 0], [26, RATE]),
			},
			looks: [2, 4, 6, 29].map((minutes) => ({ at: BEFORE + minutes })),
		},
		{
			name: "a reconciler that hears nothing any more pages, since nothing else would",
			minutes: BEFORE + 30,
			series: { [fleet("observing")]: gauge([BEFORE, 1], [30, 0]) },
			looks: [{ at: BEFORE + 4 }, { at: BEFORE + 10, pages: { TallywireReconcilerNotObserving: 1 } }],
		},
		{
			name: "a reconciler that is gone pages",
			minutes: BEFORE + 30,
			series: {
				[`up{${reconciler}}`]: gauge([BEFORE, 1], [30, 0]),
				[fleet("observing")]: `${gauge([BEFORE, 1])} ${gone(30)}`,
			},
			looks: [{ at: BEFORE + 4 }, { at: BEFORE + 10, pages: { TallywireReconcilerDown: 1 } }],
		},
	];
}

/** The fleet's devices and links. */
function fleetScenarios() {
	const down = gauge([30, 1], [30, 0]);
	const rare = (name) => ({ [fleet(name)]: counter([30, 0], [1, 1], [29, 0]) });
	return [
		{
			name: "one link down is a ticket",
			minutes: 60,
			series: { [at("tallywire_mqtt_connected")]: down },
			looks: [{ at: 33 }, { at: 40, tickets: { TallywireNotConnected: 1 } }],
		},
		{
			name: "every link down pages",
			minutes: 60,
			series: Object.fromEntries(GATEWAYS.map((device) => [at("tallywire_mqtt_connected", device), down])),
			looks: [{ at: 40, pages: { TallywireManyNotConnected: 1 }, tickets: { TallywireNotConnected: 6 } }],
		},
		{
			name: "one silent device is a ticket, two of six page",
			minutes: 90,
			series: {
				[devices("silent")]: gauge([30, 0], [30, 1], [30, 2]),
				[of("silent", "gw1")]: gauge([30, 0], [60, 1]),
				[of("silent", "gw2")]: gauge([60, 0], [30, 1]),
			},
			looks: [
				{ at: 40, tickets: { TallywireDeviceSilent: 1 } },
				{ at: 70, pages: { TallywireManyDevicesSilent: 1 }, tickets: { TallywireDeviceSilent: 2 } },
			],
		},
		{
			name: "what no agent does is a ticket: duplicates, contradictions, settings of its own",
			minutes: 120,
			series: {
				...rare("discrepancies_total"),
				...rare("readings_duplicate_total"),
				[of("drifted", "gw1")]: gauge([30, 0], [90, 1]),
			},
			looks: [
				{ at: 60, tickets: { TallywireDiscrepancies: 1, TallywireDuplicates: 1 } },
				{ at: 119, tickets: { TallywireDeviceDrifted: 1 } },
			],
		},
	];
}

/** What one agent says of itself. */
function agentScenarios() {
	const dropped = (reason) => at("tallywire_readings_dropped_total", "gw1", `, reason="${reason}"`);
	const source = (name) => at(name, "gw1", ', source="env"');
	return [
		{
			name: "a buffer that fills says when it overflows, and then that it does",
			minutes: 60,
			series: {
				[at("tallywire_buffer_capacity")]: gauge([60, 10_000]),
				[at("tallywire_buffer_readings")]: `${gauge([30, 0])} 1000+1000x9 ${gauge([20, 10_000])}`,
				[dropped("overflow")]: counter([40, 0], [5, 1_000], [15, 0]),
				[dropped("expired")]: counter([50, 0], [10, 1_000]),
			},
			looks: [
				{ at: 29 },
				{ at: 36, tickets: { TallywireBufferFilling: 1 } },
				{ at: 46, tickets: { TallywireOverflow: 1 } },
				{ at: 58, tickets: { TallywireExpired: 1 } },
			],
		},
		{
			name: "a sensor that is down, one that comes and goes, and one that nobody can read are tickets",
			minutes: 60,
			series: {
				[source("tallywire_source_up")]: gauge([30, 1], [30, 0]),
				[source("tallywire_source_restarts_total")]: counter([30, 0], [10, 1], [20, 0]),
				[at("tallywire_readings_stamped_total")]: counter([60, 90]),
				[at("tallywire_readings_rejected_total", "gw1", ', source="env", reason="syntax"')]: counter([30, 0], [30, 10]),
			},
			looks: [
				{
					at: 50,
					tickets: { TallywireSourceDown: 1, TallywireSourceFlapping: 1, TallywireRejected: 1 },
				},
			],
		},
		{
			name: "an agent that is ill says of what",
			minutes: 60,
			series: {
				[at("tallywire_books_balanced")]: gauge([30, 1], [30, 0]),
				[at("tallywire_clock_synchronised")]: gauge([10, 1], [50, 0]),
				[at("tallywire_mqtt_auth_failures_total")]: counter([30, 0], [30, 1]),
				[at("process_start_time_seconds")]: gauge([40, 1], [5, 2_400], [5, 2_700], [10, 3_000]),
				[dropped("oversize")]: counter([30, 0], [30, 1]),
			},
			looks: [
				{
					at: 55,
					tickets: {
						TallywireBooksNotBalanced: 1,
						TallywireClockUnsynchronised: 1,
						TallywireAuthFailures: 1,
						TallywireAgentRestarts: 1,
						TallywireOversize: 1,
					},
				},
			],
		},
	];
}

/** The file for `promtool test rules`, as an object. */
export function createScenarios() {
	const scenarios = [...lossScenarios(), ...quietScenarios(), ...fleetScenarios(), ...agentScenarios()];
	return { rule_files: ["rules.yaml"], evaluation_interval: "1m", tests: scenarios.map(toTest) };
}

function toTest({ name, minutes, series, looks, alerts }) {
	return {
		name,
		interval: "1m",
		input_series: Object.entries({ ...healthy(minutes), ...series }).map(([series, values]) => ({ series, values })),
		...(alerts && { alert_rule_test: alerts }),
		promql_expr_test: looks.map(({ at, pages = {}, tickets = {} }) => ({
			expr: 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
			eval_time: `${at}m`,
			exp_samples: [...samples("page", pages), ...samples("ticket", tickets)],
		})),
	};
}

function samples(severity, firing) {
	return Object.entries(firing).map(([alertname, value]) => ({
		labels: `{alertname="${alertname}", severity="${severity}"}`,
		value,
	}));
}
