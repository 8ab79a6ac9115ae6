// From the validator's errors to words: what was found, what is allowed, and the nearest known word.
// No message shows a secret, the content of an environment variable, or text where a mapping or list was wanted.
import { joinPointer, keysOf } from "./document.js";
import { fold, nearest } from "./nearest.js";
import {
	isMapping,
	own,
	type Rule,
	rulesFor,
	rulesOfItems,
	rulesOfKey,
	type Schema,
	schemaAt,
	takesType,
} from "./schema.js";
import type { ValidationError } from "./validator.js";

export interface Problem {
	/** JSON pointer of the key or value that it is about. */
	readonly pointer: string;
	readonly at: "key" | "value";
	readonly message: string;
}

/** What messages are made from. */
export interface Context {
	/** The whole configuration after substitution. */
	readonly value: unknown;
	readonly templates: ReadonlyMap<string, string>;
	/** The schema of all, for keys that stand in the wrong place. */
	readonly top: Schema;
}

/** Errors explained of one validation, twice what is told: a file of 20,000 unknown keys takes no seconds. */
const ERRORS_MAX = 200;
/** Characters of a text that a message shows. */
const SHOWN_CHARS_MAX = 40;

/** Explains the errors of one validation. `base` is where the validated value stands, `root` the schema it was held against. */
export function explain(
	errors: readonly ValidationError[],
	root: Schema,
	base: string,
	value: unknown,
	context: Context,
): Problem[] {
	const problems: Problem[] = [];
	for (const error of chosenErrors(errors.slice(0, ERRORS_MAX))) {
		const problem = explainOne(error, root, base, value, context);
		if (problem !== undefined) problems.push(problem);
	}
	return problems;
}

/** The value at a JSON pointer. */
export function valueAt(value: unknown, pointer: string): unknown {
	let at = value;
	for (const key of keysOf(pointer)) {
		if (isMapping(at)) at = own(at, key);
		else if (Array.isArray(at)) at = at[Number(key)];
		else return undefined;
	}
	return at;
}

/** What stands at a place, as a message may show it. */
export function found(value: unknown, schema: Schema, template: string | undefined): string {
	if (template !== undefined && value === "") return `found ${cut(template)}, which is empty`;
	if (schema.secret === true) return "found a value (not shown)";
	if (template !== undefined) return `found the content of ${cut(template)} (not shown)`;
	if (value === null || value === undefined) return "found nothing";
	if (Array.isArray(value)) return `found a list of ${value.length}`;
	if (isMapping(value)) return `found a mapping of ${Object.keys(value).length}`;
	if (typeof value !== "string") return `found ${typeof value === "number" ? "the number " : ""}${String(value)}`;
	const scalar =
		schema.type === undefined || ![schema.type].flat().every((type) => type === "object" || type === "array");
	if (!scalar || /[@?]/.test(value)) return "found text (not shown)";
	return `found the text ${cut(value)}`;
}

/** What a schema allows, in words. */
export function allowed(rule: Rule): string {
	const { schema, root } = rule;
	if (schema.allowed !== undefined) return schema.allowed;
	if (schema.$ref !== undefined) return allowed({ schema: schemaAt(root, schema.$ref) ?? {}, root });
	if (schema.duration !== undefined) {
		const { min, max, step } = schema.duration;
		return `a duration from ${min} to ${max}${step === undefined ? "" : ` in steps of ${step}`}, written like 250ms, 10s, 5m or 1h`;
	}
	if (schema.enum !== undefined) return oneOf(schema.enum.map(String));
	if (schema.const !== undefined) return String(schema.const);
	const branches = schema.anyOf ?? schema.oneOf;
	if (branches !== undefined) return oneOf([...new Set(branches.map((branch) => allowed({ schema: branch, root })))]);
	return oneOf([schema.type ?? "any value"].flat().map((type) => typeWords(type, schema)));
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
	if (words.length < 2) return words.join("");
	return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function typeWords(type: string, schema: Schema): string {
	switch (type) {
		case "integer":
			return `a whole number${bounds(schema)}`;
		case "number":
			return `a number${bounds(schema)}`;
		case "boolean":
			return "true or false";
		case "null":
			return "nothing";
		case "array":
			return `a list${count(schema.minItems, schema.maxItems, "entries")}`;
		case "object": {
			const keys = Object.keys(schema.properties ?? {});
			const some = keys.length === 0 ? "" : ` of ${oneOf(keys)}`;
			return `a mapping${some}${count(schema.minProperties, schema.maxProperties, "entries")}`;
		}
		case "string": {
			if (schema.pattern !== undefined) return schema.description ?? `text that matches ${schema.pattern}`;
			return `text${count(schema.minLength, schema.maxLength, "characters")}`;
		}
		default:
			return type;
	}
}

function bounds(schema: Schema): string {
	const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
	const steps = multipleOf === undefined ? "" : ` in steps of ${multipleOf}`;
	if (exclusiveMinimum !== undefined || exclusiveMaximum !== undefined) {
		const above = exclusiveMinimum === undefined ? "" : ` above ${exclusiveMinimum}`;
		const least = minimum === undefined ? "" : ` from ${minimum}`;
		const below = exclusiveMaximum === undefined ? "" : ` below ${exclusiveMaximum}`;
		return `${above}${least}${below}${maximum === undefined ? "" : ` up to ${maximum}`}${steps}`;
	}
	if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}${steps}`;
	if (minimum !== undefined) return ` of at least ${minimum}${steps}`;
	return `${maximum === undefined ? "" : ` of at most ${maximum}`}${steps}`;
}

function count(least: number | undefined, most: number | undefined, things: string): string {
	if (least === undefined && most === undefined) return "";
	if (most === undefined)
		return ` with at least ${least} ${least === 1 ? things.replace(/ies$|s$/, (end) => (end === "s" ? "" : "y")) : things}`;
	if (least === undefined) return ` with at most ${most} ${things}`;
	return ` with ${least} to ${most} ${things}`;
}

/** Of `anyOf` and `oneOf`, only the errors of the one branch that was meant; where none was, only that none fits. */
function chosenErrors(errors: readonly ValidationError[]): ValidationError[] {
	const dropped = new Set<ValidationError>();
	const choices = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
	choices.sort((left, right) => right.schemaPath.length - left.schemaPath.length); // the inner ones first
	for (const choice of choices) {
		const branches = new Map<string, ValidationError[]>();
		for (const error of errors) {
			if (!isInside(error, choice) || dropped.has(error)) continue;
			const branch = error.schemaPath.slice(choice.schemaPath.length + 1).split("/", 1)[0] ?? "";
			branches.set(branch, [...(branches.get(branch) ?? []), error]);
		}
		const meant = [...branches.values()].filter((branch) => !branch.some((error) => isTag(error, choice)));
		for (const branch of branches.values()) {
			if (meant.length !== 1 || branch !== meant[0]) for (const error of branch) dropped.add(error);
		}
		if (meant.length === 1) dropped.add(choice);
	}
	return errors.filter((error) => !dropped.has(error));
}

function isInside(error: ValidationError, choice: ValidationError): boolean {
	const isBelow =
		error.instancePath === choice.instancePath || error.instancePath.startsWith(`${choice.instancePath}/`);
	return isBelow && error.schemaPath.startsWith(`${choice.schemaPath}/`);
}

/** Whether an error says that a branch was not meant: the type is another, or a tag right inside is. */
function isTag(error: ValidationError, choice: ValidationError): boolean {
	const below = error.instancePath.slice(choice.instancePath.length).split("/").length - 1;
	if (error.keyword === "const") return below <= 1;
	return below === 0 && (error.keyword === "type" || error.keyword === "enum");
}

function explainOne(
	error: ValidationError,
	root: Schema,
	base: string,
	value: unknown,
	context: Context,
): Problem | undefined {
	if (error.propertyName !== undefined || error.keyword === "if") return undefined;
	const pointer = base + error.instancePath;
	const schemaPointer = error.schemaPath.slice(0, error.schemaPath.lastIndexOf("/"));
	const rule: Rule = { schema: schemaAt(root, schemaPointer) ?? {}, root };
	const name = (parameter: string): string => String(error.params[parameter]);
	switch (error.keyword) {
		case "required":
		case "dependentRequired": {
			const missing = rulesOfKey(rulesAt(root, value, error.instancePath), name("missingProperty")).rules[0];
			const since = error.keyword === "required" ? "" : `, since ${name("property")} is given`;
			const what = missing === undefined ? "" : `; allowed: ${allowed(missing)}`;
			return {
				pointer: joinPointer(pointer, name("missingProperty")),
				at: "key",
				message: `is missing${since}${what}`,
			};
		}
		case "additionalProperties":
		case "unevaluatedProperties": {
			const key = name(error.keyword === "additionalProperties" ? "additionalProperty" : "unevaluatedProperty");
			const message = unknownKey(key, rulesAt(root, value, error.instancePath), context);
			return { pointer: joinPointer(pointer, key), at: "key", message };
		}
		case "propertyNames": {
			const key = name("propertyName");
			return {
				pointer: joinPointer(pointer, key),
				at: "key",
				message: "is no name; allowed: 1 to 64 characters, none of them a control character",
			};
		}
		case "uniqueItems":
			return {
				pointer: joinPointer(pointer, name("i")),
				at: "value",
				message: `is the same as entry ${name("j")}; allowed: each once`,
			};
		default:
			return {
				pointer,
				at: "value",
				message: wrongValue(valueAt(value, error.instancePath), rule, context.templates.get(pointer)),
			};
	}
}

/** What is wrong with a value, what is allowed, and what may have been meant. */
export function wrongValue(value: unknown, rule: Rule, template: string | undefined): string {
	const message = `${found(value, rule.schema, template)}; allowed: ${allowed(rule)}`;
	if (rule.schema.secret === true || template !== undefined) return message;
	const hint = hintFor(value, rule);
	return hint === undefined ? message : `${message}; ${hint}`;
}

function hintFor(value: unknown, rule: Rule): string | undefined {
	const { schema } = rule;
	if (schema.duration !== undefined) {
		const plain = typeof value === "number" || (typeof value === "string" && /^\d+(\.\d+)?$/.test(value));
		return plain ? `a unit is missing: ${value}ms, ${value}s, ${value}m or ${value}h` : undefined;
	}
	if (typeof value === "string") {
		if (schema.enum !== undefined) {
			const meant = nearest(
				value,
				schema.enum.filter((option) => typeof option === "string"),
			);
			if (meant !== undefined) return `did you mean ${meant}?`;
			return schema.enum.some((option) => String(option) === value) ? "write it without quotes" : undefined;
		}
		const takesNumber = takesType(rule, "number") || takesType(rule, "integer");
		if (takesNumber && /^-?\d[\d_,]*(\.\d+)?$/.test(value))
			return `write ${value.replace(/[_,]/g, "")} as it is, without quotes, _ or ,`;
		const word = value.toLowerCase();
		if (["yes", "on", "true", "y"].includes(word) && takesType(rule, "boolean")) return "write true";
		const takesFalse = takesType(rule, "boolean") || (schema.anyOf ?? []).some((branch) => branch.const === false);
		if (["no", "off", "false", "n"].includes(word) && takesFalse) return "write false";
	}
	const quotable = typeof value === "number" || typeof value === "boolean";
	return quotable && takesType(rule, "string") ? "write it in quotes" : undefined;
}

/** The rules at a place inside a validated value. */
function rulesAt(root: Schema, value: unknown, pointer: string): Rule[] {
	let at = value;
	let rules = rulesFor({ schema: root, root }, at);
	for (const key of keysOf(pointer)) {
		const below = Array.isArray(at) ? rulesOfItems(rules) : rulesOfKey(rules, key).rules;
		at = valueAt(at, joinPointer("", key));
		rules = below.flatMap((rule) => rulesFor(rule, at));
	}
	return rules;
}

function unknownKey(key: string, rules: readonly Rule[], context: Context): string {
	if (key.includes(":")) return "unknown key; a space is missing after ':'";
	const known = [...new Set(rules.flatMap(({ schema }) => Object.keys(schema.properties ?? {})))];
	if (key === "<<") return `unknown key; YAML 1.2 has no merge keys; allowed: ${known.join(", ")}`;
	const meant = nearest(key, known);
	if (meant !== undefined) return `unknown key; did you mean ${meant}? allowed: ${known.join(", ")}`;
	const home = homeOf(key, context.top);
	const hint = home === undefined ? "" : `did you mean ${home.slice(1).replaceAll("/", ".")}? `;
	return `unknown key; ${hint}allowed: ${known.join(", ")}`;
}

/** Where else in the configuration a key is known, as a JSON pointer. */
function homeOf(key: string, top: Schema): string | undefined {
	const waiting: { schema: Schema; pointer: string }[] = [{ schema: top, pointer: "" }];
	for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
		const { properties = {} } = next.schema;
		const name = Object.keys(properties).find((known) => fold(known) === fold(key));
		if (name !== undefined) return joinPointer(next.pointer, name);
		for (const [section, schema] of Object.entries(properties)) {
			if (section !== "sources") waiting.push({ schema, pointer: joinPointer(next.pointer, section) });
		}
	}
	return undefined;
}

function cut(text: string): string {
	return JSON.stringify(text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text);
}
