import { Buffer } from "node:buffer";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createLineSplitter } from "../../src/sources/parse/line-splitter.js";
import { createParser, type ParseSettings } from "../../src/sources/parse/parser.js";
import { createRecording, type Recording } from "./recording-host.js";
import "../support/seed.js";

const test = suite("noise");

const FORMATS: readonly ParseSettings[] = [
	{ as: "json" },
	{ as: "csv", fields: ["a", "", "b"] },
	{ as: "csv", fields: ["a", "b"], separator: " " },
	{ as: "kv" },
	{ as: "regex", pattern: "(?<a>[-+.0-9a-z]*)[ ,](?<b>.*)" },
	{ as: "nmea" },
	{ as: "line" },
];

/** Runs a stream through splitter and parser; says how many lines reached the parser and how many gave something. */
function run(settings: ParseSettings, reads: readonly Buffer[]): Recording & { readonly silentLines: number } {
	const recording = createRecording();
	const parser = createParser(settings, recording.host);
	let silentLines = 0;
	const splitter = createLineSplitter({
		maxLine: 64,
		onLine(line, capturedMs) {
			const readings = recording.readings.length;
			const rejects = recording.rejects.length;
			parser.parse(line, capturedMs);
			const isTaken = recording.readings.length > readings;
			const missed = recording.rejects.length - rejects;
			if (!isTaken && missed !== 1) silentLines += 1;
		},
		onReject: recording.host.reject,
	});
	for (const read of reads) splitter.push(read, read.length, 0);
	splitter.reset();
	return { ...recording, silentLines };
}

const words = [
	"1",
	"-2.5",
	"1e999",
	"nan",
	"-inf",
	"T=3",
	"H:",
	"=",
	"{",
	"}",
	'"',
	'{"a":1}',
	'{"a":null}',
	",",
	";",
	" ",
	"\t",
	"$GPGLL",
	"*1D",
	"é",
	"\n",
	"\r\n",
];
const wordy = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => Buffer.from(parts.join("")));
const bytes = fc.uint8Array({ maxLength: 300 }).map((list) => Buffer.from(list));

test("any bytes: nothing throws, and a line gives readings or exactly one rejection", () => {
	fc.assert(
		fc.property(fc.oneof(wordy, bytes), fc.constantFrom(...FORMATS), (stream, settings) => {
			const { readings, silentLines } = run(settings, [stream]);
			assert.is(silentLines, 0);
			for (const [, value] of readings) {
				if (typeof value === "number") assert.ok(Number.isFinite(value) && !Object.is(value, -0));
			}
		}),
		{ numRuns: 5_000 },
	);
});

test("any cut of a stream gives the same readings and the same rejections", () => {
	fc.assert(
		fc.property(fc.oneof(wordy, bytes), fc.array(fc.nat(20)), fc.constantFrom(...FORMATS), (stream, cuts, settings) => {
			const reads: Buffer[] = [];
			let at = 0;
			for (const length of cuts) {
				reads.push(stream.subarray(at, at + length));
				at = Math.min(stream.length, at + length);
			}
			reads.push(stream.subarray(at));
			const whole = run(settings, [stream]);
			const cut = run(settings, reads);
			assert.equal(cut.readings, whole.readings);
			assert.equal(cut.rejects, whole.rejects);
		}),
		{ numRuns: 3_000 },
	);
});

test.run();
