// `as: regex`: each named group of the pattern is a value. The pattern is compiled once and tried once a line; a line is
// bounded by max_line, which bounds every pattern but those that take exponential time: checkPattern finds these by
// trying them under a time limit, before the agent starts.
import { Script } from "node:vm";
import type { StreamId } from "../source.js";
import { createLineAccount } from "./line-account.js";
import type { Parser, ParserHost } from "./line-parser.js";

export function createRegexParser(pattern: string, host: ParserHost): Parser {
	const problem = compile(pattern);
	if (typeof problem === "string") throw new Error(`pattern: ${problem}`);
	const { regex, names } = problem;
	const account = createLineAccount(host);
	const streams: readonly (readonly [string, StreamId])[] = names.map((name) => [name, host.stream(name)]);

	return {
		parse(line, capturedMs) {
			const groups = regex.exec(line)?.groups;
			if (groups === undefined) return host.reject("syntax");
			for (const [name, stream] of streams) {
				const text = groups[name];
				// A group that took no part in the match is an optional one: no value, and nothing missed.
				if (text !== undefined) account.takeText(stream, text, 0, text.length, capturedMs);
			}
			account.settle("unsupported");
		},
	};
}

/** What is wrong with a pattern, or null. */
export function checkPattern(pattern: string | undefined): string | null {
	if (pattern === undefined) return "regex needs a pattern with a named group, as in ^T=(?<temperature>[-.0-9]+)";
	const compiled = compile(pattern);
	if (typeof compiled === "string") return compiled;
	// A second try with more time, so that a machine that was busy just then condemns nobody.
	if (PROBE_LIMITS_MS.every((limitMs) => isExponential(pattern, limitMs))) {
		return "takes exponential time on some lines: no repetition of a group that itself repeats, such as (a+)+";
	}
	return null;
}

function compile(pattern: string): { readonly regex: RegExp; readonly names: readonly string[] } | string {
	let regex: RegExp;
	let names: readonly string[];
	try {
		regex = new RegExp(pattern);
		// With an empty alternative it matches anything, and the match knows every group's name.
		names = Object.keys(new RegExp(`${pattern}|`).exec("")?.groups ?? {});
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
	return names.length > 0 ? { regex, names } : "has no named group, as in (?<temperature>[-.0-9]+)";
}

/** 2^40 steps take minutes, 40^3 take less than a millisecond: nothing lies between that a busy machine could blur. */
const PROBE_CHARS = 40;
const PROBE_LIMITS_MS = [250, 1_000];
/** Characters of the pattern itself that are tried: a pattern's own letters are what it repeats. */
const PROBE_KINDS_MAX = 64;

function isExponential(pattern: string, limitMs: number): boolean {
	const kinds = [...new Set(`0a _-.,:=${pattern}`)].slice(0, PROBE_KINDS_MAX);
	// The NUL at the end, which no pattern expects, makes the match fail as late as it can.
	const probes = kinds.map((kind) => `${kind.repeat(PROBE_CHARS)}\0`);
	const script = new Script(
		`{ const regex = new RegExp(${JSON.stringify(pattern)}); for (const probe of ${JSON.stringify(probes)}) regex.test(probe); }`,
	);
	try {
		script.runInThisContext({ timeout: limitMs });
	} catch (error) {
		return error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
	}
	return false;
}
