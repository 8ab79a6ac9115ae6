// Readings as InfluxDB line protocol: `<source>,device=<device> <field>=<value> <ns>`. Numbers are always floats, so that
// a series never changes its type; text and bytes (base64url) are strings, booleans t and f.
// What the format cannot hold is made safe: parsers disagree about a backslash in a name and about control characters, so
// there they become _; in text a line feed becomes the two characters \n. One reading is always exactly one line.
import type { Value } from "../core/value.js";
import type { DecodedFrame } from "../wire/decoded.js";
import { createTimeText } from "./time-text.js";

/** A stream whose name has no source gets this measurement. */
const MEASUREMENT = "tallywire";

/** Timestamps are 64-bit ns: the last ms they hold is in the year 2262. Beyond, the server sets its own time. */
const TIME_MS_MAX = 9_223_372_036_854;

/** A frame's readings, one point a line. */
export function formatLineProtocol(frame: DecodedFrame): string {
	const series = frame.streams.map((name) => seriesOf(name, frame.device));
	const timeText = createTimeText();
	let timeMs = frame.timeMs;
	let lines = "";
	for (let i = 0; i < frame.value.length; i++) {
		timeMs += frame.dt[i] as number;
		const value = fieldValue(frame.value[i] as Value);
		lines += `${series[frame.stream[i] as number]}${value}${timeMs > TIME_MS_MAX ? "" : ` ${nanoseconds(timeText(timeMs))}`}\n`;
	}
	return lines;
}

/** Everything before the value. A line that began with # would be a comment. */
function seriesOf(stream: string, device: string): string {
	const dot = stream.indexOf(".");
	const hasSource = dot > 0 && dot < stream.length - 1 && !stream.startsWith("#");
	const measurement = hasSource ? stream.slice(0, dot) : MEASUREMENT;
	const field = hasSource ? stream.slice(dot + 1) : stream;
	return `${escapeName(measurement)},device=${device} ${escapeName(field)}=`;
}

function escapeName(name: string): string {
	return name.replace(/[\\\p{Cc}\u2028\u2029]/gu, "_").replace(/[,= ]/g, "\\$&");
}

function fieldValue(value: Value): string {
	if (typeof value === "number") return `${value}`;
	if (typeof value === "boolean") return value ? "t" : "f";
	return typeof value === "string" ? quote(value) : `"${Buffer.from(value).toString("base64url")}"`;
}

function quote(text: string): string {
	const escaped = text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
	return `"${escaped}"`;
}

/** Zero ms are 0 ns, not 0000000. */
function nanoseconds(timeText: string): string {
	return timeText === "0" ? timeText : `${timeText}000000`;
}
