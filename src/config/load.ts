// One file to the configuration in force, or to all that is wrong with it at once. Nothing is opened but the file itself,
// and no message shows a secret. The steps: text, variables, schema (compiled), durations, rules between settings.
import { parseListen } from "./address.js";
import type { Config, MqttConfig } from "./config.js";
import { configWarnings, crossCheck } from "./cross-check.js";
import { defaultDevice, type Identity } from "./device.js";
import { joinPointer, keysOf, parseDocument } from "./document.js";
import { explain, found, oneOf, type Problem } from "./explain.js";
import { nearest } from "./nearest.js";
import { durationProblems, fillDefaults, fillEmpty, toSettings, toShown } from "./resolve.js";
import { isMapping, type Mapping, own, type Rule } from "./schema.js";
import { substitute } from "./substitute.js";
import { schemas, validateCommon, validateSource, validateTop } from "./validator.js";

/** What is wrong, and where. */
export interface ConfigError {
	readonly file: string;
	readonly line: number;
	readonly column: number;
	/** Such as `sources[1].baud`; empty where it is about the file as a whole. */
	readonly path: string;
	readonly message: string;
}

/** What loading needs to know of the machine. */
export interface LoadEnvironment {
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly identity: Identity;
	/** The id of the board that this machine is. Asked only for `board: auto`. */
	readonly detectBoard: () => string;
	/** The ids of all boards; empty where they are not known, and then any is taken. */
	readonly boardIds: () => readonly string[];
	/** A board's own default for `buffer.capacity`, or null. */
	readonly boardDefaults: (board: string) => { readonly capacity: number } | null;
}

export interface LoadedConfig {
	readonly ok: true;
	readonly config: Config;
	/** What is no error, but deserves a word. */
	readonly warnings: readonly string[];
	/** The configuration in force as it would be written: defaults included, secrets as ***. */
	readonly shown: Mapping;
	/** Whether the file names the board, rather than leaving it to detection. */
	readonly boardGiven: boolean;
	/** An error at source `index`, for what its factory throws: a message `rate: ...` is about its key `rate`. */
	sourceError(index: number, message: string): ConfigError;
}

export interface FailedConfig {
	readonly ok: false;
	readonly errors: readonly ConfigError[];
}

export type LoadResult = LoadedConfig | FailedConfig;

/** Errors told at once; a file that is wrong all over is not the better understood for more. */
const ERRORS_MAX = 100;

const top: Rule = { schema: schemas.top, root: schemas.top };

/** Loads a configuration from its text. `file` is its name in messages. */
export function loadConfig(text: string, file: string, environment: LoadEnvironment): LoadResult {
	const document = parseDocument(text);
	const problems: Problem[] = [];
	const told = new Set(document.problems.map(({ pointer }) => pointer));
	const locate = (value: unknown, { pointer, at, message }: Problem): ConfigError => {
		const { line, column } = document.place(pointer, at);
		return { file, line, column, path: pathOf(pointer, value), message };
	};
	const textErrors = document.problems.map(({ pointer, line, column, message }) => ({
		file,
		line,
		column,
		path: pathOf(pointer, document.value),
		message,
	}));
	if (!document.readable) return { ok: false, errors: textErrors };
	if (!isMapping(document.value)) {
		const what = document.value === null ? "the file is empty" : "this is no mapping of settings";
		const message = `${what}; allowed: ${Object.keys(schemas.top.properties ?? {}).join(", ")}`;
		return { ok: false, errors: [...textErrors, locate(null, { pointer: "", at: "value", message })] };
	}
	const { value: expanded, templates, problems: variables } = substitute(document.value, environment.env);
	for (const { pointer, message } of variables) problems.push({ pointer, at: "value", message });
	const given = withSources(fillEmpty(expanded, [top]) as Mapping, (source) => fillEmpty(source, [sourceRule(source)]));
	addProblems(problems, schemaProblems(given, templates));
	const filled = withSources(fillDefaults(given, [top]) as Mapping, (source) =>
		fillDefaults(source, [sourceRule(source)]),
	) as Record<string, unknown>;
	const check = {
		given,
		filled,
		templates,
		isBad: (pointer: string) => problems.some((problem) => overlaps(problem.pointer, pointer)),
		line: (pointer: string) => document.place(pointer, "value").line,
	};
	addProblems(problems, [...boardProblems(given, templates, environment), ...crossCheck(check)]);
	const errors = [
		...textErrors,
		...problems.filter(({ pointer }) => !told.has(pointer)).map((problem) => locate(given, problem)),
	];
	if (errors.length > 0) {
		errors.sort((left, right) => left.line - right.line || left.column - right.column);
		return { ok: false, errors: errors.slice(0, ERRORS_MAX) };
	}
	return inForce({ file, given, filled, templates, environment, locate });
}

/** `file:line:column: path: message`. */
export function formatConfigError({ file, line, column, path, message }: ConfigError): string {
	return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
}

interface Sound {
	readonly file: string;
	readonly given: Mapping;
	readonly filled: Record<string, unknown>;
	readonly templates: ReadonlyMap<string, string>;
	readonly environment: LoadEnvironment;
	readonly locate: (value: unknown, problem: Problem) => ConfigError;
}

/** The configuration of a file that has no problem. */
function inForce({ file, given, filled, templates, environment, locate }: Sound): LoadedConfig {
	const device = typeof given["device"] === "string" ? given["device"] : defaultDevice(environment.identity);
	const board =
		given["board"] === undefined || given["board"] === "auto" ? environment.detectBoard() : String(given["board"]);
	const capacity = own((given["buffer"] ?? {}) as Mapping, "capacity") ?? environment.boardDefaults(board)?.capacity;
	const mqtt = filled["mqtt"] as Mapping;
	const listen = filled["http"] === false ? false : (filled["http"] as Mapping)["listen"];
	const whole: Record<string, unknown> = { ...filled, device, board };
	whole["mqtt"] = { ...mqtt, client_id: mqtt["client_id"] ?? `tallywire-${device}` };
	if (capacity !== undefined) whole["buffer"] = { ...(filled["buffer"] as Mapping), capacity };
	const address = typeof listen === "string" ? parseListen(listen) : undefined;
	const sources = whole["sources"] as readonly Mapping[];
	const { sources: _, ...rest } = whole;
	// The schema has just said that these settings have the shape of a Config.
	const settings = toSettings(rest, [top]) as Omit<Config, "sources" | "http" | "file">;
	const config: Config = {
		...settings,
		file,
		mqtt: settings.mqtt as MqttConfig,
		http: address?.ok === true ? address.value : false,
		sources: sources.map((source) => toSettings(source, [sourceRule(source)])) as Config["sources"],
	};
	const order = ["device", ...Object.keys(schemas.top.properties ?? {})];
	const shown = toShown(Object.fromEntries(order.map((key) => [key, rest[key]])), [top], "", templates) as Record<
		string,
		unknown
	>;
	shown["sources"] = sources.map((source, index) =>
		toShown(source, [sourceRule(source)], `/sources/${index}`, templates),
	);
	if (listen === false) shown["http"] = false;
	return {
		ok: true,
		config,
		warnings: configWarnings(config),
		shown,
		boardGiven: given["board"] !== undefined && given["board"] !== "auto",
		sourceError(index, message) {
			const [, keys = "", rest = message] = /^([a-z_]\w*(?:\.[^:]+)?): (.*)$/s.exec(message) ?? [];
			const pointer = ["", "sources", String(index), ...keys.split(".").filter((key) => key !== "")].join("/");
			return locate(given, { pointer, at: "value", message: rest });
		},
	};
}

/** The schema of a source, by its type; of one without a known type, what all sources have. */
function sourceRule(source: unknown): Rule {
	const type = isMapping(source) ? source["type"] : undefined;
	const schema = (typeof type === "string" ? own(schemas.sources, type) : undefined) ?? schemas.common;
	return { schema, root: schema };
}

function withSources(whole: Mapping, change: (source: unknown) => unknown): Mapping {
	const sources = whole["sources"];
	return Array.isArray(sources) ? { ...whole, sources: sources.map(change) } : whole;
}

function schemaProblems(value: Mapping, templates: ReadonlyMap<string, string>): Problem[] {
	const context = { value, templates, top: schemas.top };
	const problems: Problem[] = [];
	if (!validateTop(value)) problems.push(...explain(validateTop.errors ?? [], schemas.top, "", value, context));
	problems.push(...durationProblems(value, [top], "", templates));
	const sources = value["sources"];
	for (const [index, source] of (Array.isArray(sources) ? sources : []).entries()) {
		if (!isMapping(source)) continue;
		const pointer = joinPointer("/sources", index);
		const type = source["type"];
		const validate = (typeof type === "string" ? own(validateSource, type) : undefined) ?? validateCommon;
		const rule = sourceRule(source);
		if (!validate(source)) problems.push(...explain(validate.errors ?? [], rule.root, pointer, source, context));
		problems.push(...durationProblems(source, [rule], pointer, templates));
	}
	return problems;
}

/** One problem a place: the first says most. */
function addProblems(problems: Problem[], more: readonly Problem[]): void {
	const places = new Set(problems.map(({ pointer }) => pointer));
	for (const problem of more) {
		if (places.has(problem.pointer)) continue;
		places.add(problem.pointer);
		problems.push(problem);
	}
}

function boardProblems(
	given: Mapping,
	templates: ReadonlyMap<string, string>,
	environment: LoadEnvironment,
): Problem[] {
	const board = given["board"];
	if (typeof board !== "string" || board === "auto") return [];
	const known = environment.boardIds();
	if (known.length === 0 || known.includes(board)) return [];
	const meant = templates.has("/board") ? undefined : nearest(board, known);
	const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
	const shown = found(board, {}, templates.get("/board"));
	const message = `${shown}; allowed: auto, ${oneOf(known)}${hint}`;
	return [{ pointer: "/board", at: "value", message }];
}

function overlaps(one: string, other: string): boolean {
	return one === other || one.startsWith(`${other}/`) || (one !== "" && other.startsWith(`${one}/`));
}

/** `/sources/1/baud` as `sources[1].baud`. */
function pathOf(pointer: string, value: unknown): string {
	let at = value;
	let path = "";
	for (const key of keysOf(pointer)) {
		if (Array.isArray(at)) path += `[${key}]`;
		else if (/^[\w-]{1,64}$/.test(key)) path += path === "" ? key : `.${key}`;
		else path += `[${JSON.stringify(key.includes(":") ? `${key.slice(0, key.indexOf(":"))}:…` : key.slice(0, 40))}]`;
		if (Array.isArray(at)) at = at[Number(key)];
		else at = isMapping(at) ? own(at, key) : undefined;
	}
	return path;
}
