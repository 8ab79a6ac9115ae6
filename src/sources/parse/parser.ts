// The contract of the line formats (CONTRACT, `parse.as`), and which file makes which. A parser takes one line at a time
// and answers with host.offer and host.reject; it keeps nothing of a line but the names of its fields.
import { checkCsv, createCsvParser } from "./csv.js";
import { createJsonParser } from "./json.js";
import { createKvParser } from "./kv.js";
import { createTextParser } from "./line.js";
import type { ParseProblem, Parser, ParserHost } from "./line-parser.js";
import { createNmeaParser } from "./nmea.js";
import { checkPattern, createRegexParser } from "./regex.js";

/** How the lines of a sensor are read. */
export interface ParseSettings {
	readonly as: "json" | "csv" | "kv" | "regex" | "nmea" | "line";
	/** csv: a name for each column, "" for one that is to be left out. */
	readonly fields?: readonly string[];
	/** csv: one character; a space stands for any run of spaces and tabs. */
	readonly separator?: string;
	/** regex: with at least one named group. */
	readonly pattern?: string;
}

/** Makes a parser. Settings with a problem (see checkParseSettings) throw. */
export function createParser(settings: ParseSettings, host: ParserHost): Parser {
	switch (settings.as) {
		case "json":
			return createJsonParser(host);
		case "csv":
			return createCsvParser(settings.fields ?? [], settings.separator ?? ",", host);
		case "kv":
			return createKvParser(host);
		case "regex":
			return createRegexParser(settings.pattern ?? "", host);
		case "nmea":
			return createNmeaParser(host);
		case "line":
			return createTextParser(host);
	}
}

/** Everything that is wrong with the settings beyond what a schema can say. */
export function checkParseSettings(settings: ParseSettings): readonly ParseProblem[] {
	const problems: ParseProblem[] = [];
	if (settings.as === "csv") problems.push(...checkCsv(settings.fields, settings.separator));
	else {
		for (const key of ["fields", "separator"] as const) {
			if (settings[key] !== undefined) problems.push({ path: key, message: `only with \`as: csv\`` });
		}
	}
	if (settings.as === "regex") {
		const message = checkPattern(settings.pattern);
		if (message !== null) problems.push({ path: "pattern", message });
	} else if (settings.pattern !== undefined) problems.push({ path: "pattern", message: "only with `as: regex`" });
	return problems;
}
