// Compiles the configuration's schema into validator.js: functions that check, and the schema as plain values for defaults,
// durations and messages. At run time there is no schema compiler: it would cost memory and start-up time on every device.
// Each source type's own part is src/sources/<type>/schema.json; what all sources have comes from src/config/schema.json.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Ajv from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const USAGE = `usage: node scripts/compile-config.mjs [--out DIR]
  --out DIR  where validator.js goes (default: build/src/config)`;

/** Keywords of our own. They check nothing here: src/config/resolve.ts and explain.ts read them. */
const OWN_KEYWORDS = ["duration", "secret", "allowed"];

async function main() {
	const { values } = parseArgs({
		options: { out: { type: "string", default: "build/src/config" }, help: { type: "boolean" } },
	});
	if (values.help) return console.log(USAGE);
	const schemas = composeSchemas();
	const out = resolve(root, values.out);
	mkdirSync(out, { recursive: true });
	writeFileSync(join(out, "validator.js"), await bundle(validatorCode(schemas)));
}

/** The schema of the whole, of what all sources have, and of each source type. */
function composeSchemas() {
	const { $defs, ...rest } = readJson("src/config/schema.json");
	const { source, ...defs } = $defs;
	const folders = readdirSync(join(root, "src/sources"), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map((entry) => entry.name)
		.sort();
	const sources = {};
	for (const type of folders) {
		const own = readJson(`src/sources/${type}/schema.json`);
		if (own !== undefined) sources[type] = withCommon(own, source, type);
	}
	const top = structuredClone({ ...rest, $defs: defs });
	top.properties.sources.items.properties.type.enum = Object.keys(sources);
	return { top, common: source, sources };
}

/** A source's own schema with what all sources have, and nothing else allowed. */
function withCommon(own, common, type) {
	for (const key of Object.keys(common.properties)) {
		if (key in (own.properties ?? {})) throw new Error(`src/sources/${type}/schema.json: ${key} is for all sources`);
	}
	return {
		...own,
		type: "object",
		additionalProperties: false,
		// Names that only a branch has (allOf, if, ...) are named here too, or additionalProperties would refuse them.
		properties: {
			...common.properties,
			type: { const: type },
			...Object.fromEntries(branchKeys(own).map((key) => [key, {}])),
			...own.properties,
		},
		required: [...common.required, ...(own.required ?? [])],
	};
}

function branchKeys(schema) {
	const branches = ["allOf", "anyOf", "oneOf", "then", "else"].flatMap((keyword) => schema[keyword] ?? []);
	return branches.flatMap((branch) => [...Object.keys(branch.properties ?? {}), ...branchKeys(branch)]);
}

function validatorCode({ top, common, sources }) {
	const ajv = new Ajv({
		allErrors: true,
		strict: true,
		strictTypes: false,
		strictRequired: false,
		allowUnionTypes: true,
		discriminator: true,
		messages: false,
		inlineRefs: true,
		keywords: OWN_KEYWORDS,
		code: { source: true, esm: true, lines: false, optimize: 2 },
	});
	const names = { validateTop: "top", validateCommon: "common" };
	ajv.addSchema(checked(top), "top");
	ajv.addSchema(checked(common), "common");
	for (const type of Object.keys(sources)) {
		names[`validate_${type.replace(/\W/g, "_")}`] = `source:${type}`;
		ajv.addSchema(checked(sources[type]), `source:${type}`);
	}
	const byType = Object.keys(sources).map((type) => `${JSON.stringify(type)}: validate_${type.replace(/\W/g, "_")}`);
	const plain = {
		top: lean(top),
		common: lean(common),
		sources: Object.fromEntries(Object.entries(sources).map(([type, schema]) => [type, lean(schema)])),
	};
	return `${standaloneCode(ajv, names)}
export const validateSource = { ${byType.join(", ")} };
export const schemas = JSON.parse(${JSON.stringify(JSON.stringify(plain))});`;
}

/** A schema without what checks nothing: the generated code holds a copy of it. */
function checked(schema) {
	return withoutWords(schema, ["$schema", "title", "description", "examples", "default", ...OWN_KEYWORDS]);
}

/** A schema without what only people read; a pattern's description stays, since messages say it. */
function lean(schema) {
	return withoutWords(schema, ["$schema", "title", "examples"], (node) =>
		node.pattern !== undefined && node.allowed === undefined ? node : { ...node, description: undefined },
	);
}

/** Leaves keywords out of a schema and all inside it, but never a property that happens to have such a name. */
function withoutWords(schema, words, change = (node) => node) {
	const node = Object.fromEntries(Object.entries(change(schema)).filter(([keyword]) => !words.includes(keyword)));
	for (const [keyword, value] of Object.entries(node)) {
		if (["properties", "patternProperties", "$defs"].includes(keyword)) {
			const parts = Object.entries(value).map(([name, part]) => [name, withoutWords(part, words, change)]);
			node[keyword] = Object.fromEntries(parts);
		} else if (["allOf", "anyOf", "oneOf"].includes(keyword)) {
			node[keyword] = value.map((part) => withoutWords(part, words, change));
		} else if (["items", "additionalProperties", "propertyNames", "not", "if", "then", "else"].includes(keyword)) {
			if (typeof value === "object") node[keyword] = withoutWords(value, words, change);
		}
	}
	return node;
}

/** What the generated code asks of ajv's run time, in our own words: nothing of the package ships. */
const RUNTIME = {
	"ajv/dist/runtime/ucs2length": "exports.default = (text) => { let n = 0; for (const _ of text) n += 1; return n; };",
	"ajv/dist/runtime/equal": "exports.default = (left, right) => JSON.stringify(left) === JSON.stringify(right);",
};

const runtime = {
	name: "runtime",
	setup({ onLoad, onResolve }) {
		onResolve({ filter: /^ajv\// }, ({ path }) => ({ path, namespace: "runtime" }));
		onLoad({ filter: /.*/, namespace: "runtime" }, ({ path }) => {
			if (RUNTIME[path] === undefined) throw new Error(`a keyword needs ${path}, which RUNTIME does not have`);
			return { contents: RUNTIME[path], loader: "js" };
		});
	},
};

/** One self-contained file without white space. */
async function bundle(code) {
	const { outputFiles } = await build({
		stdin: { contents: code, resolveDir: root, loader: "js" },
		bundle: true,
		format: "esm",
		platform: "neutral",
		target: "node20.19",
		minify: true,
		charset: "utf8",
		write: false,
		plugins: [runtime],
		logLevel: "warning",
	});
	return `// Made by scripts/compile-config.mjs from schema.json and src/sources/*/schema.json.\n${outputFiles[0].text}`;
}

function readJson(path) {
	let text;
	try {
		text = readFileSync(join(root, path), "utf8");
	} catch (error) {
		if (error.code === "ENOENT") return undefined;
		throw error;
	}
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new Error(`${path}: ${error.message}`, { cause: error });
	}
}

await main();
