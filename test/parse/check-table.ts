// Runs one parser over a table of lines: each gives readings and rejections, and never one silently.
import * as assert from "uvu/assert";
import type { RejectReason, Value } from "../../src/core/value.js";
import { createParser, type ParseSettings } from "../../src/sources/parse/parser.js";
import { createRecording } from "./recording-host.js";

export type Row = readonly [
	line: string,
	readings: readonly (readonly [string, Value])[],
	rejects?: readonly RejectReason[],
];

export function checkTable(settings: ParseSettings, rows: readonly Row[]): void {
	for (const [line, readings, rejects = []] of rows) {
		const recording = createRecording();
		createParser(settings, recording.host).parse(line, 7);
		const shown = `${settings.as}: ${JSON.stringify(line)}`;
		assert.equal(recording.readings, readings, `readings of ${shown}`);
		assert.equal(recording.rejects, rejects, `rejections of ${shown}`);
		assert.equal(
			recording.capturedMs,
			readings.map(() => 7),
			`capture times of ${shown}`,
		);
		for (const [, value] of recording.readings) assert.not(Object.is(value, -0), `-0 in ${shown}`);
	}
}
