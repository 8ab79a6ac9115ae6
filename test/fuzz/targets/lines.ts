// Bytes of a serial line, through the line splitter and each parser to a real source host: every line ends as readings or
// as exactly one rejection, whatever the reads it came in.
import * as assert from "uvu/assert";
import { STREAMS_PER_SOURCE_MAX } from "../../../src/core/limits.js";
import { REJECT_REASONS, type RejectReason, type Value } from "../../../src/core/value.js";
import { createSourceHost } from "../../../src/sources/host.js";
import { createLineSplitter } from "../../../src/sources/parse/line-splitter.js";
import { createParser, type ParseSettings } from "../../../src/sources/parse/parser.js";
import type { Target } from "../fuzz.js";

const MAX_LINE = 200;

const FORMATS: readonly ParseSettings[] = [
	{ as: "json" },
	{ as: "csv", fields: ["a", "", "b"] },
	{ as: "csv", fields: ["a", "b"], separator: " " },
	{ as: "kv" },
	{ as: "regex", pattern: "^(?<a>[-+.0-9a-z]*)[ ,](?<b>.*)$" },
	{ as: "nmea" },
	{ as: "line" },
];

interface Seen {
	readonly readings: (readonly [stream: string, value: Value])[];
	readonly rejected: Readonly<Partial<Record<RejectReason, number>>>;
	readonly names: number;
}

/** Everything a sensor does with `reads`, and what every line has to come to. */
export function readLines(settings: ParseSettings, reads: readonly Buffer[]): Seen {
	const names: string[] = [];
	const readings: (readonly [string, Value])[] = [];
	const { host, report } = createSourceHost({
		settings: { name: "s", type: "serial" },
		now: () => 0,
		registerStream: (name) => names.push(name) - 1,
		offer: (stream, value) => void readings.push([names[stream] as string, value]),
	});
	let rejections = 0;
	let calls = 0;
	const counted = {
		...host,
		reject(reason: RejectReason) {
			rejections += 1;
			host.reject(reason);
		},
	};
	const parser = createParser(settings, counted);
	const splitter = createLineSplitter({
		maxLine: MAX_LINE,
		onLine(line, capturedMs) {
			const [taken, missed] = [readings.length, rejections];
			parser.parse(line, capturedMs);
			calls += 1;
			assert.ok(line.length > 0 && Buffer.byteLength(line) <= MAX_LINE);
			const [took, rejected] = [readings.length - taken, rejections - missed];
			assert.ok(took > 0 || rejected === 1, `${settings.as}: a line gave ${took} readings, ${rejected} rejections`);
			// Each is of one character of the line at least.
			assert.ok(took + rejected <= line.length + 1, `${settings.as}: ${took} and ${rejected} of ${line.length}`);
		},
		onReject(reason) {
			calls += 1;
			counted.reject(reason);
		},
	});
	for (const read of reads) splitter.push(read, read.length, 0);
	splitter.reset();
	const bytes = Buffer.concat(reads);
	assert.is(calls, countLines(bytes), "every line is one, or one rejection");
	for (const [, value] of readings) assert.ok(typeof value !== "number" || isPlain(value), `${value}`);
	const books = report();
	const rejectedInAll = Object.values(books.rejected).reduce((sum, count) => sum + count, 0);
	assert.equal([books.readings, rejectedInAll], [readings.length, rejections], "the host's books");
	assert.ok(names.length <= STREAMS_PER_SOURCE_MAX);
	return { readings, rejected: books.rejected, names: names.length };
}

const isPlain = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0);

/** Lines that are not empty, and what is left without an end; a return alone is nothing before a line feed. */
function countLines(bytes: Buffer): number {
	const lines = bytes.toString("latin1").split("\n");
	const rest = lines.pop() ?? "";
	return lines.filter((line) => line !== "" && line !== "\r").length + (rest === "" ? 0 : 1);
}

/** Cuts that depend on nothing but the bytes: an input fails again as it did. */
export function cut(bytes: Buffer): Buffer[] {
	const reads: Buffer[] = [];
	for (let at = 0; at < bytes.length; ) {
		const length = 1 + ((bytes[at] ?? 0) % 23);
		reads.push(bytes.subarray(at, at + length));
		at += length;
	}
	return reads;
}

const bucket = (count: number): number => Math.min(4, count.toString(2).length);

export const lines: Target = {
	name: "lines",
	words: [
		"\n",
		"\r\n",
		'{"a":',
		"}",
		'"',
		",",
		"=",
		":",
		" ",
		"nan",
		"-inf",
		"1e999",
		"$GPGLL,",
		"*",
		"\xc2\x85",
		"\\ud83d",
	],
	feed(input) {
		return FORMATS.map((settings) => {
			const whole = readLines(settings, [input]);
			const pieces = readLines(settings, cut(input));
			assert.equal(pieces, whole, `${settings.as}: cut into pieces`);
			const reasons = REJECT_REASONS.map((reason) => (whole.rejected[reason] === undefined ? "" : reason[0]));
			return `${settings.as} ${reasons.join("")} ${bucket(whole.readings.length)} ${bucket(whole.names)}`;
		});
	},
};
