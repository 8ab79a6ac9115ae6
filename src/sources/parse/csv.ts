// `as: csv`: columns with a name each (RFC 4180 quotes, within one line). A line with another number of columns, or with
// a quote that does not close, is rejected whole, so that no value ever lands in its neighbour's stream.
// The hot path: columns are found as positions, and a number is read without cutting it out.
import type { StreamId } from "../source.js";
import { createLineAccount } from "./line-account.js";
import type { ParseProblem, Parser, ParserHost } from "./line-parser.js";

const SPACE = 0x20;
const TAB = 0x09;
const QUOTE = 0x22;

export function createCsvParser(fields: readonly string[], separator: string, host: ParserHost): Parser {
	const problem = checkCsv(fields, separator)[0];
	if (problem !== undefined) throw new Error(`${problem.path}: ${problem.message}`);
	const account = createLineAccount(host);
	const streams: readonly (StreamId | null)[] = fields.map((field) => (field === "" ? null : host.stream(field)));
	const columns = createColumns(streams.length, separator.charCodeAt(0));

	return {
		parse(line, capturedMs) {
			if (!columns.split(line)) return host.reject("syntax");
			for (let column = 0; column < streams.length; column += 1) {
				const stream = streams[column];
				if (stream === null || stream === undefined) continue;
				const from = columns.starts[column] as number;
				const to = columns.ends[column] as number;
				if (columns.escaped[column] === 1) {
					const text = line.slice(from, to).replaceAll('""', '"');
					account.takeText(stream, text, 0, text.length, capturedMs);
				} else account.takeText(stream, line, from, to, capturedMs);
			}
			account.settle("empty");
		},
	};
}

/** What is wrong with the columns, beyond what a schema can say. */
export function checkCsv(
	fields: readonly string[] | undefined,
	separator: string | undefined,
): readonly ParseProblem[] {
	const problems: ParseProblem[] = [];
	const names = (fields ?? []).filter((field) => field !== "");
	if (names.length === 0) {
		problems.push({ path: "fields", message: 'csv needs the columns\' names ("" leaves a column out)' });
	}
	const twice = names.find((name, index) => names.indexOf(name) !== index);
	if (twice !== undefined) problems.push({ path: "fields", message: `"${twice}" names two columns` });
	if (separator !== undefined && !(separator.length === 1 && !/[\w."+\r\n-]/.test(separator))) {
		problems.push({ path: "separator", message: "one character that is no part of a value or a quote" });
	}
	return problems;
}

interface Columns {
	readonly starts: Int32Array;
	readonly ends: Int32Array;
	/** 1 where a quoted column has doubled quotes in it. */
	readonly escaped: Uint8Array;
	/** Finds the columns; false if there are not exactly as many as asked for, or a quote is wrong. */
	split(line: string): boolean;
}

function createColumns(count: number, separator: number): Columns {
	const starts = new Int32Array(count);
	const ends = new Int32Array(count);
	const escaped = new Uint8Array(count);
	const anyBlanks = separator === SPACE;

	/** Around a value blanks mean nothing, except where they are the separator. */
	function isBlank(code: number): boolean {
		return code === SPACE || (code === TAB && separator !== TAB);
	}

	function isSeparator(code: number): boolean {
		return code === separator || (anyBlanks && code === TAB);
	}

	/** From an opening quote to behind the closing one; -1 without one. */
	function quoted(line: string, column: number, open: number): number {
		let close = line.indexOf('"', open + 1);
		while (close !== -1 && line.charCodeAt(close + 1) === QUOTE) {
			escaped[column] = 1;
			close = line.indexOf('"', close + 2);
		}
		starts[column] = open + 1;
		ends[column] = close;
		return close === -1 ? -1 : close + 1;
	}

	function split(line: string): boolean {
		const length = line.length;
		let at = 0;
		for (let column = 0; ; column += 1) {
			while (at < length && isBlank(line.charCodeAt(at))) at += 1;
			if (anyBlanks && at === length) return column === count;
			if (column === count) return false;
			escaped[column] = 0;
			if (line.charCodeAt(at) === QUOTE) {
				at = quoted(line, column, at);
				if (at === -1) return false;
				while (at < length && isBlank(line.charCodeAt(at)) && !anyBlanks) at += 1;
				if (at < length && !isSeparator(line.charCodeAt(at))) return false;
			} else {
				starts[column] = at;
				while (at < length && !isSeparator(line.charCodeAt(at))) at += 1;
				let end = at;
				while (end > (starts[column] as number) && isBlank(line.charCodeAt(end - 1))) end -= 1;
				ends[column] = end;
			}
			if (at >= length) return column + 1 === count;
			at += 1;
		}
	}

	return { starts, ends, escaped, split };
}
