// Readings as NDJSON: `time` in Unix ms, bytes as base64url, and `"clock":false` where the device's wall clock was not
// synchronised. A line never holds a raw control character, so a sensor's text cannot break it.
import type { Value } from "../core/value.js";
import type { DecodedFrame } from "../wire/decoded.js";
import { createTimeText } from "./time-text.js";

/** A frame's readings, one object a line. */
export function formatNdjson(frame: DecodedFrame): string {
	const before = `,"device":"${frame.device}","run":"${frame.run}","seq":`;
	const names = frame.streams.map((name) => `,"stream":${jsonText(name)},"value":`);
	const after = frame.clockSynchronised ? "}\n" : ',"clock":false}\n';
	const timeText = createTimeText();
	let timeMs = frame.timeMs;
	let lines = "";
	for (let i = 0; i < frame.value.length; i++) {
		timeMs += frame.dt[i] as number;
		const value = valueText(frame.value[i] as Value);
		lines += `{"time":${timeText(timeMs)}${before}${frame.seq + i}${names[frame.stream[i] as number]}${value}${after}`;
	}
	return lines;
}

function valueText(value: Value): string {
	if (typeof value === "number" || typeof value === "boolean") return `${value}`;
	return typeof value === "string" ? jsonText(value) : `"${Buffer.from(value).toString("base64url")}"`;
}

/** JSON leaves the control characters above ASCII as they are, and a terminal may obey them. */
function jsonText(text: string): string {
	return JSON.stringify(text).replace(/\p{Cc}/gu, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`);
}
