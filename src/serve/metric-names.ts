// The metrics as data: name, type, help and labels, once. The renderer works through this list, and dashboards and
// alerts are made from it. The names are part of the contract.

import { counter, gauge, type MetricDefinition } from "./exposition.js";

export const METRICS = [
	counter("tallywire_readings_stamped_total", "Readings that got a sequence number in this run."),
	counter("tallywire_readings_sent_total", "Readings handed to the transport, once each."),
	counter("tallywire_readings_confirmed_total", "Sent readings that the broker has received for certain."),
	counter("tallywire_readings_uncertain_total", "Readings sent on a connection that ended before they were confirmed."),
	counter("tallywire_readings_dropped_total", "Stamped readings that were never sent, by reason.", ["reason"]),
	counter("tallywire_readings_rejected_total", "Input that gave no reading.", ["source", "reason"]),
	gauge("tallywire_readings_in_flight", "Readings sent on the connection that is up, not confirmed yet."),
	gauge("tallywire_buffer_readings", "Readings waiting in the buffer."),
	gauge("tallywire_buffer_capacity", "Readings the buffer can hold."),
	gauge("tallywire_buffer_oldest_age_seconds", "Age of the oldest reading in the buffer, 0 when it is empty."),
	gauge("tallywire_mqtt_connected", "1 while the link to the broker is up."),
	counter("tallywire_mqtt_connects_total", "Connections that the broker accepted."),
	counter("tallywire_mqtt_auth_failures_total", "Connections that the broker refused for their credentials."),
	counter("tallywire_frames_sent_total", "Frames handed to the transport."),
	counter("tallywire_frame_bytes_total", "Payload bytes of the frames handed to the transport."),
	gauge("tallywire_source_up", "1 while the source works.", ["source"]),
	counter("tallywire_source_restarts_total", "Times the source came back after it had worked.", ["source"]),
	gauge("tallywire_books_balanced", "1 while every stamped reading is accounted for; 0 is a bug of this program."),
	gauge("tallywire_clock_synchronised", "1 while the wall clock is synchronised."),
	counter("process_cpu_seconds_total", "User and system CPU time in seconds."),
	gauge("process_resident_memory_bytes", "Resident memory size in bytes."),
	gauge("process_start_time_seconds", "Start of the process, seconds since 1970."),
	gauge("process_open_fds", "Open file descriptors."),
	gauge("process_max_fds", "Most file descriptors the process may open."),
] as const satisfies readonly MetricDefinition[];

export type MetricName = (typeof METRICS)[number]["name"];
