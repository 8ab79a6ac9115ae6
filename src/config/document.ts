// A YAML document (1.2, JSON included) as plain values, with the place of every key and value in its file.
// All is bounded before it costs anything: the parser would recurse into any depth, and its own check for keys given twice is quadratic.
// Messages are our own: the parser's may quote the file, and what stands there may be a secret.
import { Composer, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, Parser } from "yaml";

export interface Place {
	readonly line: number;
	readonly column: number;
}

/** Something wrong with the text: where, and what. */
export interface TextProblem extends Place {
	/** JSON pointer of the value it is about; empty for the text as a whole. */
	readonly pointer: string;
	/** Whether nothing can be said of the rest. */
	readonly fatal: boolean;
	readonly message: string;
}

export interface ParsedDocument {
	/** Mappings have no prototype, so a key such as `__proto__` is a key like any other. */
	readonly value: unknown;
	readonly problems: readonly TextProblem[];
	/** Whether it can be read at all; if not, `value` says nothing. */
	readonly readable: boolean;
	/** Where a key (or else the value) at a JSON pointer stands; of what is not there, where its parent stands. */
	place(pointer: string, at: "key" | "value"): Place;
}

/** Bytes of a configuration: 64 sources with all their streams fit many times; parsing takes some 50 times its size. */
export const FILE_BYTES_MAX = 262_144;
/** Mappings and lists inside each other. The configuration needs 6. */
const DEPTH_MAX = 32;
/** Values, those that aliases repeat included: ten aliases of ten aliases of ... end here. */
const VALUES_MAX = 50_000;
const PROBLEMS_MAX = 20;

type Offsets = Map<string, { readonly key: number; readonly value: number }>;

/** Reads one document out of `text`. */
export function parseDocument(text: string): ParsedDocument {
	const body = text.startsWith("\ufeff") ? text.slice(1) : text;
	const lines = new LineCounter();
	const problems: TextProblem[] = [];
	const offsets: Offsets = new Map();
	const placeAt = (offset: number): Place => {
		const { line, col } = lines.linePos(Math.min(offset, body.length));
		return { line: Math.max(line, 1), column: Math.max(col, 1) };
	};
	const report: Report = (offset, message, pointer) => {
		const place = placeAt(offset);
		const fatal = pointer === undefined;
		// One slip makes the parser complain about all the rest of its line.
		if (problems.length >= PROBLEMS_MAX || (fatal && problems.some(({ line }) => line === place.line))) return;
		problems.push({ ...place, pointer: pointer ?? "", fatal, message });
	};
	const contents = compose(body, lines, report);
	const readable = problems.length === 0;
	const value = readable && contents !== null ? toValues(contents, offsets, report, placeAt) : null;
	const place: ParsedDocument["place"] = (pointer, at) => {
		const found = offsets.get(pointer);
		if (found !== undefined) return placeAt(at === "key" ? found.key : found.value);
		return pointer === "" ? placeAt(0) : place(parentOf(pointer), "value");
	};
	return { value, problems, readable: readable && !problems.some(({ fatal }) => fatal), place };
}

/** A key or index behind a JSON pointer. */
export function joinPointer(pointer: string, key: string | number): string {
	return `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

export function parentOf(pointer: string): string {
	return pointer.slice(0, Math.max(0, pointer.lastIndexOf("/")));
}

/** The keys of a JSON pointer. */
export function keysOf(pointer: string): string[] {
	return pointer
		.split("/")
		.slice(1)
		.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

type Report = (offset: number, message: string, pointer?: string) => void;

function compose(body: string, lines: LineCounter, report: Report): Node | null {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(body);
	const tokens = [...new Parser(lines.addNewLine).parse(body)];
	if (control !== null) {
		report(control.index, "a control character; allowed: plain text in UTF-8");
		return null;
	}
	const deep = offsetBelow(tokens, DEPTH_MAX);
	if (deep !== undefined) {
		report(deep, `nested too deeply; allowed: ${DEPTH_MAX} levels`);
		return null;
	}
	const documents = [...new Composer({ prettyErrors: false, uniqueKeys: false }).compose(tokens, true, body.length)];
	const [document, second] = documents as Document.Parsed[];
	if (document === undefined) return null;
	for (const { code, pos } of [...document.errors, ...document.warnings]) report(pos[0], explain(code, body, pos[0]));
	if (document.directives.yaml.version !== "1.2") report(0, "a %YAML directive; allowed: YAML 1.2");
	if (second !== undefined) {
		const separator = body.indexOf("\n---", document.range[1] - 1);
		const offset = separator < 0 ? second.range[0] : separator + 1;
		report(offset, "a second document begins here; allowed: one document in a file");
	}
	return document.contents;
}

/** Where the first token deeper than `depthMax` stands. Iterative: depth is what it is about. */
function offsetBelow(tokens: readonly unknown[], depthMax: number): number | undefined {
	interface Token {
		readonly offset?: number;
		readonly key?: unknown;
		readonly value?: unknown;
		readonly items?: readonly Token[];
	}
	const waiting = tokens.map((token) => ({ token: token as Token, depth: 0 }));
	for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
		const { token, depth } = next;
		if (depth > depthMax) return token.offset ?? 0;
		const below = [token.value, ...(token.items ?? []).flatMap((item) => [item.key, item.value])];
		for (const child of below) {
			if (typeof child === "object" && child !== null) waiting.push({ token: child as Token, depth: depth + 1 });
		}
	}
	return undefined;
}

/** The parser's errors in words that quote nothing. */
function explain(code: string, body: string, offset: number): string {
	const line = body.slice(body.lastIndexOf("\n", Math.max(0, offset - 1)) + 1).split("\n", 1)[0] ?? "";
	if (/:\s*\[[0-9a-fA-F:.]+\]:\d+\s*$/.test(line)) {
		return 'an address in brackets reads as a list; write it in quotes, such as "[::1]:9464"';
	}
	if (line.includes("${") && /[{[,]/.test(line.replaceAll("${", ""))) {
		return `this is no YAML; inside { } or [ ] a \${VARIABLE} needs quotes`;
	}
	switch (code) {
		case "TAB_AS_INDENT":
			return "a tab in the indentation; allowed: spaces";
		case "BAD_INDENT":
			return "the indentation does not fit, or a bracket is not closed; keys of one mapping begin in the same column";
		case "BLOCK_AS_IMPLICIT_KEY":
		case "BLOCK_IN_FLOW":
			return "a mapping or list where it cannot begin; a value with ': ' inside needs quotes, and a nested mapping a line of its own";
		case "MULTILINE_IMPLICIT_KEY":
		case "KEY_OVER_1024_CHARS":
			return "a key has to be on one line, and short; is a ':' missing?";
		case "MISSING_CHAR":
			return "something is not closed: a quote, a bracket, or a key without ':'";
		case "BAD_DQ_ESCAPE":
			return 'an unknown escape after \\; allowed in double quotes: \\\\ \\" \\n \\t \\uHHHH; single quotes take \\ as it is';
		case "BAD_SCALAR_START":
			return "a value cannot begin with this character; write it in quotes";
		case "TAG_RESOLVE_FAILED":
			return "a tag (!name); allowed: plain values without tags";
		case "BAD_ALIAS":
		case "ALIAS_PROPS":
			return "an alias (*name) that cannot stand here; a value that begins with * needs quotes";
		case "BAD_DIRECTIVE":
			return "a directive (%name); allowed: none but %YAML 1.2";
		case "MULTIPLE_DOCS":
			return "a second document begins here; allowed: one document in a file";
		default:
			return "this is no YAML; is a quote, a ':' or the indentation wrong?";
	}
}

/** Nodes to plain values, with the places of all, aliases resolved. */
function toValues(contents: Node, offsets: Offsets, report: Report, placeAt: (offset: number) => Place): unknown {
	const anchors = new Map<string, Node>();
	let values = 0;
	let stopped = false;

	function stop(offset: number, message: string): null {
		if (!stopped) report(offset, message);
		stopped = true;
		return null;
	}

	function toValue(node: unknown, pointer: string, keyOffset: number, fallback: number, depth: number): unknown {
		const source = node as Node | null;
		const offset = source?.range?.[0] ?? fallback;
		values += 1;
		if (stopped) return null;
		if (values > VALUES_MAX) return stop(offset, `too many values, aliases repeated; allowed: ${VALUES_MAX}`);
		if (depth > DEPTH_MAX) return stop(offset, "nested too deeply, or an alias inside what it stands for");
		offsets.set(pointer, { key: keyOffset, value: offset });
		if (isAlias(source)) {
			const target = anchors.get(source.source);
			if (target !== undefined) return toValue(target, pointer, keyOffset, offset, depth + 1);
			report(offset, "an alias (*name) without its anchor (&name); a value that begins with * needs quotes", pointer);
			return null;
		}
		const anchor = (source as { anchor?: string } | null)?.anchor;
		if (source !== null && anchor !== undefined) anchors.set(anchor, source);
		if (isSeq(source)) {
			return source.items.map((item, index) => {
				const child = joinPointer(pointer, index);
				return toValue(item, child, (item as Node | null)?.range?.[0] ?? offset, offset, depth + 1);
			});
		}
		if (isMap(source)) return toMapping(source.items, pointer, offset, depth);
		return isScalar(source) ? source.value : null;
	}

	function toMapping(
		pairs: readonly { readonly key: unknown; readonly value: unknown }[],
		pointer: string,
		mappingOffset: number,
		depth: number,
	): Record<string, unknown> {
		const mapping: Record<string, unknown> = Object.create(null);
		for (const { key, value } of pairs) {
			const offset = (key as Node | null)?.range?.[0] ?? mappingOffset;
			const name = isScalar(key) && key.value !== null ? (key.source ?? String(key.value)) : undefined;
			if (name === undefined) {
				report(offset, "a key that is no text; allowed: a name in front of ':'", pointer);
				continue;
			}
			const child = joinPointer(pointer, name);
			const first = Object.hasOwn(mapping, name) ? offsets.get(child) : undefined;
			if (first !== undefined) {
				const { line } = placeAt(first.key);
				report(offset, `this key is given twice in one mapping, first in line ${line}; allowed: once`, child);
			}
			const end = (key as Node | null)?.range?.[1] ?? offset;
			mapping[name] = toValue(value, child, offset, end, depth + 1);
		}
		return mapping;
	}

	return toValue(contents, "", 0, 0, 0);
}
