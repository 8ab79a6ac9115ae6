// The recording and alerting rules. A page is for what costs readings of the fleet now, or hides that it does; all else is
// a ticket. Error budgets burn in several windows at once ("The Site Reliability Workbook", O'Reilly 2018, chapter 5): the
// long one says that it matters, the short one that it still goes on.
import { ALLOWED, LOST, RECEIVED } from "./loss.mjs";
import { FLEET_SHARE_MAX, JOBS, LOST_MIN, OBJECTIVE, RUNBOOK } from "./settings.mjs";

/** Names and severities of the burn alerts, fastest first, as the code lists their rates and windows. */
const BURNS = [
	{ name: "Fast", severity: "page" },
	{ name: "Slow", severity: "page" },
	{ name: "Leak", severity: "ticket" },
];
/** Three days of each of thousands of devices are too much to read every minute. */
const DEVICE_WINDOW_MAX_MS = 6 * 3_600_000;

const SCOPES = [
	{
		of: "fleet",
		lost: LOST,
		received: RECEIVED,
	},
	{
		of: "device",
		lost: "tallywire_reconcile_device_lost_total",
		received: "tallywire_reconcile_device_received_total",
	},
];

const agents = `job="${JOBS.agents}"`;
const reconcilers = `job="${JOBS.reconcilers}"`;

/** The rules file as an object. `burnAlerts` is the code's own list of rates and windows. */
export function createRules(burnAlerts) {
	const burns = burnAlerts.map((burn, i) => ({ ...BURNS[i], ...burn }));
	return {
		groups: [
			...SCOPES.map((scope) => ({
				name: `tallywire-${scope.of}-budget`,
				interval: "1m",
				rules: budgetRules(
					scope,
					burns.filter(({ longMs }) => scope.of === "fleet" || longMs <= DEVICE_WINDOW_MAX_MS),
				),
			})),
			{ name: "tallywire-fleet", rules: [...reconcilerAlerts(), ...deviceAlerts()] },
			{ name: "tallywire-agent", rules: [...agentAlerts(), ...bufferRules(), ...sourceAlerts()] },
		],
	};
}

function budgetRules(scope, burns) {
	const windows = [...new Set(burns.flatMap(({ longMs, shortMs }) => [longMs, shortMs]))].sort((a, b) => a - b);
	return [
		...windows.flatMap((ms) => recordBurn(scope, windowName(ms))),
		...burns.map((burn) => burnAlert(scope, burn)),
	];
}

function recordBurn({ of, lost, received }, window) {
	const total = (metric) => `sum${of === "device" ? " by (device) " : ""}(increase(${metric}[${window}]))`;
	const lostName = `${of}:tallywire_lost:increase${window}`;
	const decidedName = `${of}:tallywire_decided:increase${window}`;
	return [
		record(lostName, total(lost)),
		record(decidedName, `${total(received)} + ${lostName}`),
		record(burnName(of, window), `${lostName} / (${decidedName} > 0) / ${ALLOWED}`),
	];
}

function record(name, expr) {
	return { record: name, expr };
}

export function burnName(of, window) {
	return `${of}:tallywire_burn_rate:${window}`;
}

/** As Prometheus writes durations. */
export function windowName(ms) {
	if (ms % 86_400_000 === 0) return `${ms / 86_400_000}d`;
	return ms % 3_600_000 === 0 ? `${ms / 3_600_000}h` : `${ms / 60_000}m`;
}

function burnAlert({ of }, { name, severity, rate, longMs, shortMs }) {
	const [long, short] = [windowName(longMs), windowName(shortMs)];
	const isFleet = of === "fleet";
	const whose = isFleet ? "The fleet" : "{{ $labels.device }}";
	return alert(`Tallywire${isFleet ? "" : "Device"}ErrorBudget${name}`, {
		severity: isFleet ? severity : "ticket",
		for: "2m",
		expr: [
			`${burnName(of, long)} >= ${rate} and ${burnName(of, short)} >= ${rate}`,
			`and ${of}:tallywire_lost:increase${long} >= ${LOST_MIN}`,
		].join(" "),
		summary: `${whose} loses readings ${rate === 1 ? "faster than" : `${rate} times as fast as`} the objective allows`,
		description:
			`Over ${long} the error budget burned {{ $value | humanize }} times as fast as an objective of ` +
			`${OBJECTIVE * 100} % allows, and it still does over ${short}.`,
	});
}

/** What is blind cannot page for a loss, so being blind pages. */
function reconcilerAlerts() {
	return [
		alert("TallywireReconcilerDown", {
			severity: "page",
			for: "5m",
			expr: `up{${reconcilers}} == 0 or absent(up{${reconcilers}})`,
			summary: "A reconciler gives no metrics",
			description:
				"While {{ or $labels.instance `every reconciler` }} is away, loss of its devices is neither seen nor paged.",
		}),
		alert("TallywireReconcilerNotObserving", {
			severity: "page",
			for: "5m",
			expr: "tallywire_reconcile_observing == 0",
			summary: "A reconciler has no subscription",
			description:
				"{{ $labels.instance }} is up but hears nothing from the broker; what is missed now is counted as unobserved.",
		}),
		alert("TallywireDiscrepancies", {
			severity: "ticket",
			expr: "increase(tallywire_reconcile_discrepancies_total[1h]) > 0",
			summary: "Messages contradict each other",
			description:
				"{{ $value | humanize }} messages of the last hour contradict others or themselves: a bug, or two devices of one name.",
		}),
		alert("TallywireDuplicates", {
			severity: "ticket",
			expr: "increase(tallywire_reconcile_readings_duplicate_total[1h]) > 0",
			summary: "Readings arrive more than once",
			description:
				"{{ $value | humanize }} readings of the last hour had arrived before. No agent sends one twice: something behind it does.",
		}),
	];
}

function deviceAlerts() {
	const known = 'sum(tallywire_reconcile_devices{is=~"established|new"})';
	return [
		alert("TallywireManyDevicesSilent", {
			severity: "page",
			for: "5m",
			expr: `sum(tallywire_reconcile_devices{is="silent"}) / (${known} > 0) > ${FLEET_SHARE_MAX}`,
			summary: "A good part of the fleet is silent",
			description: "{{ $value | humanizePercentage }} of the devices are neither heard nor said to be offline.",
		}),
		alert("TallywireDeviceSilent", {
			severity: "ticket",
			for: "5m",
			expr: "max by (device) (tallywire_reconcile_device_silent) == 1",
			summary: "{{ $labels.device }} is silent",
			description: "Nothing is heard of {{ $labels.device }}, and the broker does not say that it is offline.",
		}),
		alert("TallywireDeviceDrifted", {
			severity: "ticket",
			for: "1h",
			expr: "max by (device) (tallywire_reconcile_device_drifted) == 1",
			summary: "{{ $labels.device }} has other delivery settings than most",
			description:
				"The settings of {{ $labels.device }} that decide delivery are not those of most devices of the fleet.",
		}),
	];
}

function agentAlerts() {
	return [
		alert("TallywireAgentDown", {
			severity: "ticket",
			for: "5m",
			expr: `up{${agents}} == 0 or absent(up{${agents}})`,
			summary: "An agent gives no metrics",
			description: "{{ or $labels.instance `Every agent` }} does not answer Prometheus.",
		}),
		alert("TallywireAgentRestarts", {
			severity: "ticket",
			expr: `changes(process_start_time_seconds{${agents}}[1h]) >= 3`,
			summary: "An agent starts again and again",
			description:
				"{{ $labels.instance }} started {{ $value }} times within an hour; each time what its buffer held is lost.",
		}),
		alert("TallywireBooksNotBalanced", {
			severity: "ticket",
			expr: "tallywire_books_balanced == 0",
			summary: "The books of an agent do not balance",
			description: "{{ $labels.instance }} cannot account for every reading it stamped: a bug of this program.",
		}),
		alert("TallywireManyNotConnected", {
			severity: "page",
			for: "5m",
			expr: `1 - avg(tallywire_mqtt_connected) > ${FLEET_SHARE_MAX}`,
			summary: "A good part of the fleet has no connection to the broker",
			description: "{{ $value | humanizePercentage }} of the agents are not connected; their buffers fill.",
		}),
		alert("TallywireNotConnected", {
			severity: "ticket",
			for: "5m",
			expr: "tallywire_mqtt_connected == 0",
			summary: "An agent has no connection to the broker",
			description: "{{ $labels.instance }} is not connected; its readings wait in the buffer until they expire.",
		}),
		alert("TallywireAuthFailures", {
			severity: "ticket",
			expr: "increase(tallywire_mqtt_auth_failures_total[15m]) >= 3",
			summary: "The broker refuses an agent's credentials",
			description: "The broker has refused {{ $labels.instance }} {{ $value | humanize }} times within 15 minutes.",
		}),
		alert("TallywireClockUnsynchronised", {
			severity: "ticket",
			for: "30m",
			expr: "tallywire_clock_synchronised == 0",
			summary: "The clock of an agent is not synchronised",
			description: "The times in the readings of {{ $labels.instance }} are as wrong as its clock; its frames say so.",
		}),
	];
}

function bufferRules() {
	const dropped = (reason) => `increase(tallywire_readings_dropped_total{reason="${reason}"}[5m])`;
	const left = "tallywire_buffer_capacity - tallywire_buffer_readings";
	return [
		record("instance:tallywire_buffer_overflow:seconds", `(${left}) / (deriv(tallywire_buffer_readings[5m]) > 0)`),
		alert("TallywireBufferFilling", {
			severity: "ticket",
			for: "2m",
			expr: "instance:tallywire_buffer_overflow:seconds < 900",
			summary: "The buffer of an agent will overflow",
			description:
				"At its pace of the last minutes the buffer of {{ $labels.instance }} is full in {{ $value | humanizeDuration }}.",
		}),
		alert("TallywireOverflow", {
			severity: "ticket",
			expr: `${dropped("overflow")} > 0`,
			summary: "The buffer of an agent overflows",
			description: "{{ $labels.instance }} dropped {{ $value | humanize }} readings of a full buffer within 5 minutes.",
		}),
		alert("TallywireExpired", {
			severity: "ticket",
			expr: `${dropped("expired")} > 0`,
			summary: "Readings expire before they can be sent",
			description:
				"{{ $value | humanize }} readings of {{ $labels.instance }} became older than buffer.ttl within 5 minutes.",
		}),
		alert("TallywireOversize", {
			severity: "ticket",
			expr: `${dropped("oversize")} > 0`,
			summary: "Readings do not fit a message",
			description:
				"{{ $value | humanize }} readings of {{ $labels.instance }} within 5 minutes were too large to be sent.",
		}),
	];
}

function sourceAlerts() {
	const perInstance = (metric) => `sum by (job, instance) (rate(${metric}[15m]))`;
	const rejected = perInstance("tallywire_readings_rejected_total");
	return [
		alert("TallywireSourceDown", {
			severity: "ticket",
			for: "5m",
			expr: "tallywire_source_up == 0",
			summary: "A source is down",
			description: "{{ $labels.source }} of {{ $labels.instance }} gives nothing; the other sources go on.",
		}),
		alert("TallywireSourceFlapping", {
			severity: "ticket",
			expr: "increase(tallywire_source_restarts_total[30m]) >= 5",
			summary: "A source comes and goes",
			description:
				"{{ $labels.source }} of {{ $labels.instance }} came back {{ $value | humanize }} times within 30 minutes.",
		}),
		alert("TallywireRejected", {
			severity: "ticket",
			for: "5m",
			expr: `${rejected} / (${perInstance("tallywire_readings_stamped_total")} + ${rejected}) > 0.05`,
			summary: "An agent cannot read what a sensor says",
			description:
				"{{ $value | humanizePercentage }} of what the sensors of {{ $labels.instance }} say gives no reading.",
		}),
	];
}

function alert(name, { severity, for: held, expr, summary, description }) {
	return {
		alert: name,
		expr,
		...(held && { for: held }),
		labels: { severity },
		annotations: { summary, description, runbook_url: `${RUNBOOK}#${name.toLowerCase()}` },
	};
}
