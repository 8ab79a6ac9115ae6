// `as: kv`: `T=21.5 H=50`, `temp: 21.5; hum: 50`. Pairs are separated by blanks, commas or semicolons, a name from its
// value by = or :, with blanks around it if need be. What is no pair counts as `syntax`, a name alone as `empty`.
import { createFieldStreams } from "./field-streams.js";
import { createLineAccount } from "./line-account.js";
import type { Parser, ParserHost } from "./line-parser.js";

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

export function createKvParser(host: ParserHost): Parser {
	const account = createLineAccount(host);
	const streamOf = createFieldStreams(host);

	/** The value that begins at `from`; says where it ends. */
	function takeValue(line: string, name: string, from: number, capturedMs: number): number {
		const isQuoted = line.charCodeAt(from) === QUOTE;
		const close = isQuoted ? line.indexOf('"', from + 1) : -1;
		const start = close === -1 ? from : from + 1;
		const end = close === -1 ? skipWord(line, from) : close;
		const stream = streamOf(name);
		if (stream === undefined) account.miss("stream");
		else account.takeText(stream, line, start, end, capturedMs);
		return close === -1 ? end : close + 1;
	}

	return {
		parse(line, capturedMs) {
			let at = 0;
			for (;;) {
				while (isGap(line.charCodeAt(at))) at += 1;
				if (at >= line.length) break;
				const nameEnd = skipName(line, at);
				const sign = skipBlanks(line, nameEnd);
				if (nameEnd === at || !isAssign(line.charCodeAt(sign))) {
					account.miss("syntax");
					at = skipWord(line, at);
					continue;
				}
				const name = line.slice(at, nameEnd);
				at = skipBlanks(line, sign + 1);
				// `T= H=50`: what follows the blank is the next pair, and T is empty.
				if (at > sign + 1 && isPairAt(line, at)) account.miss("empty");
				else at = takeValue(line, name, at, capturedMs);
			}
			account.settle("empty");
		},
	};
}

function isPairAt(line: string, from: number): boolean {
	const nameEnd = skipName(line, from);
	return nameEnd > from && isAssign(line.charCodeAt(nameEnd));
}

function skipName(line: string, from: number): number {
	let at = from;
	while (at < line.length && !isGap(line.charCodeAt(at)) && !isAssign(line.charCodeAt(at))) at += 1;
	return at;
}

function skipWord(line: string, from: number): number {
	let at = from;
	while (at < line.length && !isGap(line.charCodeAt(at))) at += 1;
	return at;
}

function skipBlanks(line: string, from: number): number {
	let at = from;
	while (isBlank(line.charCodeAt(at))) at += 1;
	return at;
}

function isAssign(code: number): boolean {
	return code === EQUALS || code === COLON;
}

function isBlank(code: number): boolean {
	return code === SPACE || code === TAB;
}

function isGap(code: number): boolean {
	return isBlank(code) || code === COMMA || code === SEMICOLON;
}
