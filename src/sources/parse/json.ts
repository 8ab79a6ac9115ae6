// `as: json`: one object a line. Its numbers, booleans and strings are values, the names of nested objects are joined
// by dots. Types are the sender's: a string stays text, whatever it looks like. null and arrays are no values.
import { createFieldStreams } from "./field-streams.js";
import { createLineAccount } from "./line-account.js";
import type { Parser, ParserHost } from "./line-parser.js";

/** Objects within objects: deeper than any sensor's, and the joined name would be past FIELD_NAME_MAX soon after. */
const DEPTH_MAX = 8;

/** Half a surrogate pair, which only an escape can bring: it has no UTF-8. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

export function createJsonParser(host: ParserHost): Parser {
	const account = createLineAccount(host);
	const streamOf = createFieldStreams(host);

	function walk(object: Readonly<Record<string, unknown>>, prefix: string, depth: number, capturedMs: number): void {
		for (const key of Object.keys(object)) {
			const value = object[key];
			if (isObject(value)) {
				if (depth < DEPTH_MAX) walk(value, `${prefix}${key}.`, depth + 1, capturedMs);
				else account.miss("value");
			} else if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") {
				const stream = streamOf(prefix + key);
				if (stream === undefined) account.miss("stream");
				else if (typeof value === "string" && LONE_SURROGATE.test(value)) account.miss("encoding");
				else account.take(stream, value, capturedMs);
			} else account.miss("value");
		}
	}

	return {
		parse(line, capturedMs) {
			const top = parseJson(line);
			if (!isObject(top)) return host.reject("syntax");
			walk(top, "", 1, capturedMs);
			account.settle("unsupported");
		},
	};
}

/** undefined where the line is not JSON, which no JSON is. */
function parseJson(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		return undefined;
	}
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
