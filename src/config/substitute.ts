// `${NAME}` inside a value's text stands for an environment variable; `$${` is a plain `${`. Keys are left as they are.
// What a variable gave is remembered by its place, so that messages and `check` show `${NAME}` and never its content.
import { joinPointer } from "./document.js";
import { isMapping } from "./schema.js";

export interface Substituted {
	readonly value: unknown;
	/** What stood in the file, by JSON pointer, for each text that a variable went into. */
	readonly templates: ReadonlyMap<string, string>;
	readonly problems: readonly { readonly pointer: string; readonly message: string }[];
}

/** Puts the variables of `env` into all text of `value`. */
export function substitute(value: unknown, env: Readonly<Record<string, string | undefined>>): Substituted {
	const templates = new Map<string, string>();
	const problems: { pointer: string; message: string }[] = [];

	function expand(text: string, pointer: string): string {
		return text.replace(/\$\$\{|\$\{([^}]*)(\})?/g, (whole, name: string | undefined, close: string | undefined) => {
			if (whole === "$${") return "${";
			templates.set(pointer, text);
			if (name === undefined || close === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
				const message = `no variable's name inside \${}; allowed: \${NAME} with letters, digits and _, or $\${ for a plain \${`;
				problems.push({ pointer, message });
				return "";
			}
			const content = Object.hasOwn(env, name) ? env[name] : undefined;
			if (content === undefined) problems.push({ pointer, message: `the environment variable ${name} is not set` });
			return content ?? "";
		});
	}

	function visit(part: unknown, pointer: string): unknown {
		if (typeof part === "string") return expand(part, pointer);
		if (Array.isArray(part)) return part.map((item, index) => visit(item, joinPointer(pointer, index)));
		if (!isMapping(part)) return part;
		const mapping: Record<string, unknown> = Object.create(null);
		for (const [key, child] of Object.entries(part)) mapping[key] = visit(child, joinPointer(pointer, key));
		return mapping;
	}

	return { value: visit(value, ""), templates, problems };
}
