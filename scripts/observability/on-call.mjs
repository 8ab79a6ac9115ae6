// What burns now, at whose door, and which devices and links are it.
import { lossByCause, lossByDoor } from "./loss.mjs";
import { bars, dashboard, GREEN_THEN_RED, lines, query, RED_THEN_GREEN, stat, table, WINDOW } from "./panels.mjs";
import { burnName } from "./rules.mjs";
import { FLEET_SHARE_MAX } from "./settings.mjs";

export function onCall(causes, windows) {
	return dashboard({
		uid: "tallywire-on-call",
		title: "Tallywire: on call",
		description: "What burns now, at whose door, and which devices and links are it.",
		from: "now-6h",
		variables: [],
		rows: [...burnRows(causes, windows), ...whereRows(), ...whatNextRows()],
	});
}

/** What burns. */
function burnRows(causes, windows) {
	return [
		{
			height: 9,
			panels: [
				table(
					"Alerts that fire",
					"short",
					'ALERTS{alertname=~"Tallywire.*", alertstate="firing"}',
					["severity", "alertname", "instance", "device", "source"],
					{ description: "What each means and what to do: scripts/observability/RUNBOOK.md" },
				),
				lines(
					"How fast the error budget burns",
					"short",
					windows.map((window) => query(burnName("fleet", window), window)),
					{
						min: 0,
						steps: [
							[null, "green"],
							[1, "orange"],
							[14.4, "red"],
						],
						description: "1 is what the objective allows. Two windows above 14.4 or 6 page, above 1 is a ticket.",
					},
				),
			],
		},
		{
			height: 8,
			panels: [lossByCause("Lost, by cause"), lossByDoor("Lost, by door", causes)],
		},
	];
}

/** Which devices, links and sources it is. */
function whereRows() {
	return [
		{
			height: 8,
			panels: [
				bars(
					"Devices that lose most",
					"cps",
					"topk(10, sum by (device) (rate(tallywire_reconcile_device_lost_total[5m])) > 0)",
					"{{device}}",
				),
				table(
					"Silent devices: age of their newest reading",
					"s",
					"tallywire_reconcile_device_freshness_seconds and on (device) (tallywire_reconcile_device_silent == 1)",
					["device"],
				),
				table("Links that are down", "short", "tallywire_mqtt_connected == 0", ["instance"]),
				table("Sources that are down", "short", "tallywire_source_up == 0", ["instance", "source"]),
			],
		},
	];
}

/** What comes next, and who can still see it. */
function whatNextRows() {
	return [
		{
			height: 8,
			panels: [
				bars(
					"Fullest buffers",
					"percentunit",
					"topk(10, tallywire_buffer_readings / tallywire_buffer_capacity)",
					"{{instance}}",
					{ min: 0, max: 1 },
				),
				bars("Time until a buffer overflows", "s", "instance:tallywire_buffer_overflow:seconds < 7200", "{{instance}}"),
				lines("Connections, and refusals", "cps", [
					query(`sum(rate(tallywire_reconcile_reconnects_total${WINDOW}))`, "connected again"),
					query(`sum(rate(tallywire_reconcile_auth_failures_total${WINDOW}))`, "refused"),
				]),
				stat("Reconcilers observing", "percentunit", "avg(tallywire_reconcile_observing)", RED_THEN_GREEN, {
					width: 4,
				}),
			],
		},
		{
			height: 7,
			panels: [
				stat(
					"Devices silent, of all",
					"percentunit",
					'sum(tallywire_reconcile_devices{is="silent"}) / (sum(tallywire_reconcile_devices{is=~"established|new"}) > 0)',
					[
						[null, "green"],
						[FLEET_SHARE_MAX, "red"],
					],
					{ width: 4 },
				),
				stat("Devices whose settings drifted", "short", "sum(tallywire_reconcile_device_drifted)", GREEN_THEN_RED, {
					width: 4,
				}),
				lines("Overflow events", "cps", [
					query(`sum(rate(tallywire_reconcile_overflow_events_total${WINDOW}))`, "buffers that overflowed again"),
				]),
				lines(
					"Stalest device",
					"s",
					[query("max(tallywire_reconcile_freshness_seconds)", "age of its newest reading")],
					{ min: 0 },
				),
			],
		},
	];
}
