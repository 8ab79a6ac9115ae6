// What one agent does, from the sensor to the broker, and below it what the reconcilers see and refuse.
import { lossByCause } from "./loss.mjs";
import { agentVariable, dashboard, lines, query, RED_THEN_GREEN, stat, WINDOW } from "./panels.mjs";

export function debug() {
	return dashboard({
		uid: "tallywire-debug",
		title: "Tallywire: debug",
		description: "One agent from the sensor to the broker, and below it what the reconcilers see and refuse.",
		from: "now-1h",
		variables: [agentVariable("tallywire_readings_stamped_total")],
		rows: [...agentRows(), ...reconcilerRows()],
	});
}

/** A metric of the agent that was chosen. */
function of(metric) {
	return `${metric}{instance="$instance"}`;
}

function rate(metric) {
	return `rate(${of(metric)}${WINDOW})`;
}

function agentRows() {
	return [
		{
			height: 4,
			panels: [
				stat("Connected", "short", of("tallywire_mqtt_connected"), RED_THEN_GREEN),
				stat("Books balance", "short", of("tallywire_books_balanced"), RED_THEN_GREEN),
				stat("Clock synchronised", "short", of("tallywire_clock_synchronised"), RED_THEN_GREEN),
				stat("Buffer used", "percentunit", `${of("tallywire_buffer_readings")} / ${of("tallywire_buffer_capacity")}`, [
					[null, "green"],
					[0.8, "red"],
				]),
				stat("Oldest reading", "s", of("tallywire_buffer_oldest_age_seconds")),
				stat("Started", "dateTimeFromNow", `${of("process_start_time_seconds")} * 1000`),
			],
		},
		{
			height: 9,
			panels: [
				lines("The way of a reading", "cps", [
					query(rate("tallywire_readings_stamped_total"), "stamped"),
					query(rate("tallywire_readings_sent_total"), "sent"),
					query(rate("tallywire_readings_confirmed_total"), "confirmed"),
				]),
				lines("Dropped, and uncertain", "cps", [
					query(rate("tallywire_readings_dropped_total"), "{{reason}}"),
					query(rate("tallywire_readings_uncertain_total"), "uncertain"),
				]),
			],
		},
		{
			height: 8,
			panels: [
				lines(
					"Buffer",
					"short",
					[query(of("tallywire_buffer_readings"), "waiting"), query(of("tallywire_buffer_capacity"), "capacity")],
					{ min: 0 },
				),
				lines("Window: sent, not confirmed yet", "short", [query(of("tallywire_readings_in_flight"), "in flight")], {
					min: 0,
				}),
				lines("Frames", "cps", [query(rate("tallywire_frames_sent_total"), "frames")]),
				lines("Payload", "Bps", [query(rate("tallywire_frame_bytes_total"), "bytes")]),
			],
		},
		{
			height: 8,
			panels: [
				lines("Sources: 1 is up", "short", [query(of("tallywire_source_up"), "{{source}}")], { min: 0, max: 1 }),
				lines("Sources that came back", "short", [
					query(`increase(${of("tallywire_source_restarts_total")}${WINDOW})`, "{{source}}"),
				]),
				lines("Rejected", "cps", [query(rate("tallywire_readings_rejected_total"), "{{source}}: {{reason}}")], {
					stacked: true,
				}),
				lines("Connections, and refusals", "short", [
					query(`increase(${of("tallywire_mqtt_connects_total")}${WINDOW})`, "connected"),
					query(`increase(${of("tallywire_mqtt_auth_failures_total")}${WINDOW})`, "refused"),
				]),
			],
		},
		{
			height: 7,
			panels: [
				lines("CPU", "percentunit", [query(rate("process_cpu_seconds_total"), "of one core")], { min: 0 }),
				lines("Memory", "bytes", [query(of("process_resident_memory_bytes"), "resident")], { min: 0 }),
				lines(
					"File descriptors",
					"short",
					[query(of("process_open_fds"), "open"), query(of("process_max_fds"), "most")],
					{ min: 0 },
				),
			],
		},
	];
}

function reconcilerRows() {
	const each = (metric, by) => query(`sum by (${by}) (rate(${metric}${WINDOW}))`, `{{${by}}}`);
	const all = (metric, legend) => query(`sum(rate(${metric}${WINDOW}))`, legend);
	return [
		{
			height: 8,
			panels: [
				lossByCause("Reconcilers: lost, by cause"),
				lines("Reconcilers: not decided, not observed", "short", [
					query("sum(tallywire_reconcile_readings_pending)", "pending"),
					query("sum(tallywire_reconcile_readings_unexplained)", "dropped, reason not known yet"),
					query(`sum(increase(tallywire_reconcile_readings_unobserved_total${WINDOW}))`, "unobserved"),
				]),
				lines(
					"Reconcilers: from capture to arrival",
					"s",
					[query("max by (quantile) (tallywire_reconcile_latency_seconds)", "{{quantile}}")],
					{ min: 0 },
				),
			],
		},
		{
			height: 8,
			panels: [
				lines("Reconcilers: what is odd", "cps", [
					all("tallywire_reconcile_readings_duplicate_total", "duplicates"),
					all("tallywire_reconcile_frames_reordered_total", "frames reordered"),
					all("tallywire_reconcile_discrepancies_total", "discrepancies"),
					all("tallywire_reconcile_clock_invalid_total", "readings from the future"),
					all("tallywire_reconcile_readings_rejected_total", "rejected by devices"),
				]),
				lines("Reconcilers: messages that touched nobody's account", "cps", [
					each("tallywire_reconcile_quarantined_total", "kind"),
					each("tallywire_reconcile_undecodable_total", "error"),
				]),
				lines(
					"Reconcilers: own figures of the objective",
					"short",
					[
						query("tallywire_reconcile_burn_rate", "burn rate {{window}}"),
						query("tallywire_reconcile_budget_left_ratio", "budget left"),
						query("tallywire_reconcile_objective_ratio", "objective"),
					],
					{ description: "As `tallywire reconcile` itself works them out, since its account began." },
				),
			],
		},
		{
			height: 7,
			panels: [
				lines(
					"Reconcilers: time observed",
					"percentunit",
					[query(`rate(tallywire_reconcile_observed_seconds_total${WINDOW})`, "{{instance}}")],
					{ min: 0, max: 1 },
				),
				lines(
					"Reconcilers: kinds of delivery settings",
					"short",
					[query("max(tallywire_reconcile_delivery_settings)", "kinds")],
					{ min: 0 },
				),
				lines(
					"Reconcilers: devices with series of their own",
					"short",
					[query("sum(tallywire_reconcile_devices_listed)", "devices")],
					{ min: 0 },
				),
				lines("Devices that deliver most", "cps", [
					query(`topk(10, sum by (device) (rate(tallywire_reconcile_device_received_total${WINDOW})))`, "{{device}}"),
				]),
			],
		},
	];
}
