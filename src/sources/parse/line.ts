// `as: line`: the whole line as text, in the field `line`. Always text, also where it looks like a number: 007 stays 007.
import type { Parser, ParserHost } from "./line-parser.js";

export function createTextParser(host: ParserHost): Parser {
	const stream = host.stream("line");
	return {
		parse(line, capturedMs) {
			host.offer(stream, line, capturedMs);
		},
	};
}
