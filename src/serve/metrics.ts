// The agent's report as metrics. Series are bounded: sources come from the configuration, reasons are closed sets, no label comes from a sensor.
import { DROP_REASONS, REJECT_REASONS } from "../core/value.js";
import type { AgentReport, SourceReport } from "../wire/status.js";
import { expose, one, type Sample } from "./exposition.js";
import { METRICS, type MetricName } from "./metric-names.js";
import type { ProcessFigures } from "./process-figures.js";

type Samples = (report: AgentReport, figures: ProcessFigures) => readonly Sample[];

/** What each metric says. A metric added to the list does not compile until it is here. */
const SAMPLES: Readonly<Record<MetricName, Samples>> = {
	tallywire_readings_stamped_total: ({ books }) => one(books.stamped),
	tallywire_readings_sent_total: ({ books }) => one(books.sent),
	tallywire_readings_confirmed_total: ({ books }) => one(books.confirmed),
	tallywire_readings_uncertain_total: ({ books }) => one(books.uncertain),
	tallywire_readings_dropped_total: ({ books }) =>
		DROP_REASONS.map((reason) => ({ labels: [reason], value: books.dropped[reason] })),
	tallywire_readings_rejected_total: ({ sources }) => sources.flatMap(rejected),
	tallywire_readings_in_flight: ({ books }) => one(books.inFlight),
	tallywire_buffer_readings: ({ books }) => one(books.buffered),
	tallywire_buffer_capacity: ({ facts }) => one(facts.buffer.capacity),
	tallywire_buffer_oldest_age_seconds: ({ books }) => one(books.oldestAgeMs / 1_000),
	tallywire_mqtt_connected: ({ link }) => one(Number(link.connected)),
	tallywire_mqtt_connects_total: ({ link }) => one(link.connects),
	tallywire_mqtt_auth_failures_total: ({ link }) => one(link.authFailures),
	tallywire_frames_sent_total: ({ link }) => one(link.framesSent),
	tallywire_frame_bytes_total: ({ link }) => one(link.frameBytes),
	tallywire_source_up: ({ sources }) => sources.map(({ name, up }) => ({ labels: [name], value: Number(up) })),
	tallywire_source_restarts_total: ({ sources }) =>
		sources.map(({ name, restarts }) => ({ labels: [name], value: restarts })),
	tallywire_books_balanced: ({ books }) => one(Number(books.balanced)),
	tallywire_clock_synchronised: ({ clockSynchronised }) => one(Number(clockSynchronised)),
	process_cpu_seconds_total: (_, { cpuSeconds }) => one(cpuSeconds),
	process_resident_memory_bytes: (_, { residentBytes }) => one(residentBytes),
	process_start_time_seconds: (_, { startTimeSeconds }) => one(startTimeSeconds),
	process_open_fds: (_, { openFds }) => one(openFds),
	process_max_fds: (_, { maxFds }) => one(maxFds),
};

/** The whole page of metrics. A figure that this machine does not have is left out. */
export function renderMetrics(report: AgentReport, figures: ProcessFigures): string {
	return expose(METRICS, (name) => SAMPLES[name](report, figures));
}

/** Only the reasons that have been counted; counters never fall, so a series once shown stays. */
function rejected(source: SourceReport): Sample[] {
	return REJECT_REASONS.flatMap((reason) => {
		const value = source.rejected[reason] ?? 0;
		return value > 0 ? [{ labels: [source.name, reason], value }] : [];
	});
}
