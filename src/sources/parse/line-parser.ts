// What a line format is to the rest: the interface that each of the files beside this one implements.
import type { SourceHost } from "../source.js";

/** What a parser uses of the source's host. */
export type ParserHost = Pick<SourceHost, "stream" | "offer" | "reject">;

export interface Parser {
	/** One line: not empty, without its end and without control characters but tabs. Never throws. */
	parse(line: string, capturedMs: number): void;
}

/** What a schema cannot say about the settings; `path` is below `parse`. */
export interface ParseProblem {
	readonly path: string;
	readonly message: string;
}
