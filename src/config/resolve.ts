// From what the file says to what is in force, driven by the schema alone: empty sections, defaults, durations, and the
// settings that the program reads (camel case, durations in ms, secrets wrapped).
import { joinPointer } from "./document.js";
import { parseDuration } from "./duration.js";
import { type Problem, wrongValue } from "./explain.js";
import {
	isMapping,
	type Mapping,
	type Rule,
	rulesFor,
	rulesOfItems,
	rulesOfKey,
	takesDuration,
	takesType,
} from "./schema.js";
import { createSecret, MASK } from "./secret.js";

/** A section whose every line is a comment reads as nothing: it stands for an empty one. */
export function fillEmpty(value: unknown, start: readonly Rule[]): unknown {
	if (value === null) {
		if (start.some((rule) => takesType(rule, "object"))) return Object.create(null);
		return start.some((rule) => takesType(rule, "array")) ? [] : null;
	}
	return mapParts(value, start, (part, rules) => fillEmpty(part, rules));
}

/** The value with the schema's defaults where nothing is given, in the schema's order. */
export function fillDefaults(value: unknown, start: readonly Rule[]): unknown {
	let whole = value;
	if (isMapping(value)) {
		const filled: Record<string, unknown> = Object.create(null);
		for (const { schema } of start.flatMap((rule) => rulesFor(rule, value))) {
			for (const [key, { default: preset }] of Object.entries(schema.properties ?? {})) {
				if (Object.hasOwn(value, key)) filled[key] = value[key];
				else if (preset !== undefined) filled[key] ??= structuredClone(preset);
			}
		}
		whole = Object.assign(filled, value);
	}
	return mapParts(whole, start, (part, rules) => fillDefaults(part, rules));
}

/** What is wrong with the durations of a value. */
export function durationProblems(
	value: unknown,
	start: readonly Rule[],
	pointer: string,
	templates: ReadonlyMap<string, string>,
): Problem[] {
	const problems: Problem[] = [];
	for (const rule of start.flatMap((given) => rulesFor(given, value))) {
		if (rule.schema.duration === undefined || inRange(value, rule.schema.duration)) continue;
		problems.push({ pointer, at: "value", message: wrongValue(value, rule, templates.get(pointer)) });
	}
	mapParts(value, start, (part, rules, key) => {
		problems.push(...durationProblems(part, rules, joinPointer(pointer, key), templates));
	});
	return problems;
}

function inRange(
	value: unknown,
	range: { readonly min: string; readonly max: string; readonly step?: string },
): boolean {
	const durationMs = typeof value === "string" ? parseDuration(value) : undefined;
	if (durationMs === undefined) return false;
	const stepMs = parseDuration(range.step ?? "1ms") ?? 1;
	return (
		durationMs >= (parseDuration(range.min) ?? 0) &&
		durationMs <= (parseDuration(range.max) ?? 0) &&
		durationMs % stepMs === 0
	);
}

/**
 * The settings of a valid value: fixed keys in camel case, with `Ms` behind where they are durations; free keys (units,
 * streams) as they are.
 */
export function toSettings(value: unknown, start: readonly Rule[]): unknown {
	const rules = start.flatMap((rule) => rulesFor(rule, value));
	if (typeof value === "string") {
		if (rules.some(({ schema }) => schema.secret === true)) return createSecret(value);
		if (rules.some(({ schema }) => schema.duration !== undefined)) return parseDuration(value);
		return value;
	}
	if (Array.isArray(value)) return value.map((item) => toSettings(item, rulesOfItems(rules)));
	if (!isMapping(value)) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, part]) => {
			const below = rulesOfKey(rules, key);
			const name = below.free ? key : settingName(key, below.rules.some(takesDuration));
			return [name, toSettings(part, below.rules)];
		}),
	);
}

/** The value as it may be shown: secrets as ***, and `${NAME}` where a variable's content stands. */
export function toShown(
	value: unknown,
	start: readonly Rule[],
	pointer: string,
	templates: ReadonlyMap<string, string>,
): unknown {
	if (value === undefined) return undefined;
	const rules = start.flatMap((rule) => rulesFor(rule, value));
	if (rules.some(({ schema }) => schema.secret === true)) return MASK;
	const template = templates.get(pointer);
	if (template !== undefined) return template;
	return mapParts(value, start, (part, below, key) => toShown(part, below, joinPointer(pointer, key), templates), {});
}

function settingName(key: string, isDuration: boolean): string {
	return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) + (isDuration ? "Ms" : "");
}

/** Each part of a mapping or list through `change`, with the rules that hold for it; other values as they are. */
function mapParts(
	value: unknown,
	start: readonly Rule[],
	change: (part: unknown, rules: Rule[], key: string | number) => unknown,
	target: Record<string, unknown> = Object.create(null),
): unknown {
	if (typeof value !== "object" || value === null) return value;
	const rules = start.flatMap((rule) => rulesFor(rule, value));
	if (Array.isArray(value)) return value.map((item, index) => change(item, rulesOfItems(rules), index));
	const mapping = value as Mapping;
	for (const key of Object.keys(mapping)) {
		const part = change(mapping[key], rulesOfKey(rules, key).rules, key);
		Object.defineProperty(target, key, { value: part, enumerable: true, configurable: true, writable: true });
	}
	return target;
}
