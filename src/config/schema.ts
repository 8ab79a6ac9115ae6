// The schema of the configuration as plain values, and which of its parts hold for a given value. The validation itself is
// compiled (validator.js); this serves what a validator does not do: defaults, durations, settings and messages.

/** The keywords in use. `duration`, `secret` and `allowed` are our own (scripts/compile-config.mjs). */
export interface Schema {
	readonly type?: string | readonly string[];
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly patternProperties?: Readonly<Record<string, Schema>>;
	readonly additionalProperties?: boolean | Schema;
	readonly required?: readonly string[];
	readonly items?: Schema;
	readonly enum?: readonly unknown[];
	readonly const?: unknown;
	readonly default?: unknown;
	readonly pattern?: string;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly exclusiveMinimum?: number;
	readonly exclusiveMaximum?: number;
	readonly multipleOf?: number;
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly minItems?: number;
	readonly maxItems?: number;
	readonly minProperties?: number;
	readonly maxProperties?: number;
	readonly allOf?: readonly Schema[];
	readonly anyOf?: readonly Schema[];
	readonly oneOf?: readonly Schema[];
	readonly not?: Schema;
	readonly if?: Schema;
	readonly then?: Schema;
	readonly else?: Schema;
	readonly $ref?: string;
	readonly $defs?: Readonly<Record<string, Schema>>;
	readonly duration?: { readonly min: string; readonly max: string; readonly step?: string };
	/** The value is never shown. */
	readonly secret?: boolean;
	/** What is allowed, in words, where the keywords would not read well. */
	readonly allowed?: string;
	readonly description?: string;
}

/** A schema and the root that its `$ref`s are of. */
export interface Rule {
	readonly schema: Schema;
	readonly root: Schema;
}

export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A property of its own, never one that every object inherits. */
export function own<Value>(record: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
	return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The rules that hold for `value`: the rule, all it refers to, and the branches whose tags fit the value. */
export function rulesFor(rule: Rule, value: unknown): Rule[] {
	const { schema, root } = follow(rule);
	const found: Rule[] = [{ schema, root }];
	const add = (part: Schema | undefined): void => {
		if (part !== undefined) found.push(...rulesFor({ schema: part, root }, value));
	};
	for (const part of schema.allOf ?? []) add(part);
	for (const part of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) {
		if (fits({ schema: part, root }, value)) add(part);
	}
	if (schema.if !== undefined) add(fits({ schema: schema.if, root }, value) ? schema.then : schema.else);
	return found;
}

/** The rules of one key of a mapping. `free` says that the key is the user's own, not one of the schema's. */
export function rulesOfKey(rules: readonly Rule[], key: string): { readonly rules: Rule[]; readonly free: boolean } {
	const named = rules.flatMap(({ schema, root }) => {
		const part = own(schema.properties, key);
		return part === undefined ? [] : [{ schema: part, root }];
	});
	if (named.length > 0) return { rules: named, free: false };
	const free = rules.flatMap(({ schema, root }) => {
		const part = schema.additionalProperties;
		return typeof part === "object" ? [{ schema: part, root }] : [];
	});
	return { rules: free, free: true };
}

/** The rules of a list's items. */
export function rulesOfItems(rules: readonly Rule[]): Rule[] {
	return rules.flatMap(({ schema, root }) => (schema.items === undefined ? [] : [{ schema: schema.items, root }]));
}

/** Whether a rule, or any branch of it, is of `type`. */
export function takesType(rule: Rule, type: string): boolean {
	return some(rule, (schema) => (schema.type === undefined ? false : [schema.type].flat().includes(type)));
}

/** Whether a rule, or any branch of it, is a duration. */
export function takesDuration(rule: Rule): boolean {
	return some(rule, (schema) => schema.duration !== undefined);
}

/** The rule behind `$ref`s (`#/...` only). */
export function follow(rule: Rule): Rule {
	let { schema } = rule;
	while (schema.$ref !== undefined) schema = schemaAt(rule.root, schema.$ref) ?? {};
	return { schema, root: rule.root };
}

/** The schema at a JSON pointer such as `#/properties/mqtt`; undefined where there is none. */
export function schemaAt(root: Schema, pointer: string): Schema | undefined {
	let at: unknown = root;
	for (const segment of pointer.split("/").slice(1)) {
		const key = decodeURIComponent(segment).replaceAll("~1", "/").replaceAll("~0", "~");
		if (isMapping(at)) at = own(at, key);
		else if (Array.isArray(at)) at = at[Number(key)];
		else return undefined;
	}
	return isMapping(at) ? (at as Schema) : undefined;
}

function some(rule: Rule, test: (schema: Schema) => boolean): boolean {
	const { schema, root } = follow(rule);
	if (test(schema)) return true;
	const parts = [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
	return parts.some((part) => some({ schema: part, root }, test));
}

/** Whether the tags fit: type, const, enum, and those of the properties that are there. Enough to choose a branch. */
function fits(rule: Rule, value: unknown): boolean {
	const { schema, root } = follow(rule);
	if (schema.type !== undefined && ![schema.type].flat().includes(typeName(value))) {
		const whole = Number.isInteger(value) && [schema.type].flat().includes("integer");
		if (!whole) return false;
	}
	if (schema.duration !== undefined && typeof value !== "string") return false;
	if (schema.const !== undefined && schema.const !== value) return false;
	if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
	if (schema.not !== undefined && fits({ schema: schema.not, root }, value)) return false;
	if (schema.allOf?.some((part) => !fits({ schema: part, root }, value)) === true) return false;
	const either = schema.anyOf ?? schema.oneOf;
	if (either !== undefined && !either.some((part) => fits({ schema: part, root }, value))) return false;
	if (!isMapping(value)) return true;
	if (schema.required?.some((key) => !Object.hasOwn(value, key)) === true) return false;
	return Object.entries(schema.properties ?? {}).every(
		([key, part]) => !Object.hasOwn(value, key) || fits({ schema: part, root }, value[key]),
	);
}

/** JSON Schema's name for the type of a value. */
export function typeName(value: unknown): string {
	if (value === null) return "null";
	if (Array.isArray(value)) return "array";
	return typeof value;
}
