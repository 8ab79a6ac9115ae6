// Readings as CSV (RFC 4180, quotes where they are needed; lines end in a line feed, as Unix tools expect): time in Unix
// ms, device, run, seq, stream, value. Text is written as it came: a spreadsheet that takes a cell beginning with = + - @
// for a formula has to be told to import it as text.
import type { Value } from "../core/value.js";
import type { DecodedFrame } from "../wire/decoded.js";
import { createTimeText } from "./time-text.js";

/** A frame's readings, one row a line; a line feed inside text is inside quotes. */
export function formatCsv(frame: DecodedFrame): string {
	const before = `,${frame.device},${frame.run},`;
	const names = frame.streams.map((name) => `,${cell(name)},`);
	const timeText = createTimeText();
	let timeMs = frame.timeMs;
	let lines = "";
	for (let i = 0; i < frame.value.length; i++) {
		timeMs += frame.dt[i] as number;
		const value = valueText(frame.value[i] as Value);
		lines += `${timeText(timeMs)}${before}${frame.seq + i}${names[frame.stream[i] as number]}${value}\n`;
	}
	return lines;
}

function valueText(value: Value): string {
	if (typeof value === "number" || typeof value === "boolean") return `${value}`;
	return typeof value === "string" ? cell(value) : Buffer.from(value).toString("base64url");
}

/** Quoted where a reader would take it for something else: separators, quotes, line ends, spaces at either end. */
function cell(text: string): string {
	return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
