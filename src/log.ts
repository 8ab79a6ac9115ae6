// One line an event on stderr: logfmt on a terminal or a pipe, JSON under systemd. Rate-limited by event, escaped,
// bounded. Nothing else in the program writes to stderr while the agent runs.

import type { LogLevel } from "./config/config.js";
import { LOG_LEVELS } from "./config/config.js";
import { printable } from "./core/unprintable.js";

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
	/** `event` is a fixed name (`link_up`), never text from outside; that goes into `fields`. */
	error(event: string, fields?: LogFields): void;
	warn(event: string, fields?: LogFields): void;
	info(event: string, fields?: LogFields): void;
	debug(event: string, fields?: LogFields): void;
}

/** Lines of one event in a window of EVENT_WINDOW_MS; the next line of the event says how many were held back. */
const EVENT_LINES_MAX = 10;
const EVENT_WINDOW_MS = 10_000;
/** Characters of one field: a sensor's line or a broker's reason string cannot flood the journal. */
const FIELD_CHARS_MAX = 500;
/** Bytes waiting for a blocked stderr; past that lines are dropped, since logging must never hold up a reading. */
const BACKLOG_BYTES_MAX = 65_536;

export interface LogOptions {
	readonly level: LogLevel;
	readonly json: boolean;
	/** Takes one line; says how many bytes are still waiting. */
	readonly write: (line: string) => number;
	readonly nowMs: () => number;
}

/** Makes a log. */
export function createLog(options: LogOptions): Log {
	const threshold = LOG_LEVELS.indexOf(options.level);
	const windows = new Map<string, { startMs: number; lines: number; held: number }>();
	let backlogBytes = 0;

	function emit(level: LogLevel, event: string, fields: LogFields): void {
		if (LOG_LEVELS.indexOf(level) > threshold) return;
		const nowMs = options.nowMs();
		let window = windows.get(event);
		if (window === undefined) {
			window = { startMs: nowMs, lines: 0, held: 0 };
			windows.set(event, window);
		}
		if (nowMs - window.startMs >= EVENT_WINDOW_MS) {
			window.startMs = nowMs;
			window.lines = 0;
		}
		if (window.lines >= EVENT_LINES_MAX || backlogBytes > BACKLOG_BYTES_MAX) {
			window.held += 1;
			backlogBytes = options.write("");
			return;
		}
		window.lines += 1;
		const held = window.held > 0 ? { held_back: window.held } : {};
		window.held = 0;
		backlogBytes = options.write(format(options.json, level, event, { ...fields, ...held }));
	}

	return {
		error: (event, fields = {}) => emit("error", event, fields),
		warn: (event, fields = {}) => emit("warn", event, fields),
		info: (event, fields = {}) => emit("info", event, fields),
		debug: (event, fields = {}) => emit("debug", event, fields),
	};
}

function format(json: boolean, level: LogLevel, event: string, fields: LogFields): string {
	const entries = Object.entries(fields).map(
		([key, value]) => [key, typeof value === "string" ? clean(value) : value] as const,
	);
	if (json) return `${JSON.stringify({ level, event, ...Object.fromEntries(entries) })}\n`;
	const pairs = entries.map(([key, value]) => `${key}=${typeof value === "string" ? quote(value) : String(value)}`);
	return `${[`level=${level}`, `event=${event}`, ...pairs].join(" ")}\n`;
}

/** Control characters (a terminal escape in a sensor's text) become U+FFFD, and the length is bounded. */
function clean(text: string): string {
	const cut = text.length > FIELD_CHARS_MAX ? `${text.slice(0, FIELD_CHARS_MAX)}…` : text;
	return printable(cut);
}

function quote(text: string): string {
	return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
