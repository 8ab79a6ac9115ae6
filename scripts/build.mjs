// Builds the agent: type check, the configuration's validator, one bundled file for the device, its native addons, notices.
// The same inputs give the same bytes: nothing here reads a clock, a path outside the project, or the network.
// A package or an addon that is not named below stops the build: what ships is a decision, not an accident.
import { spawnSync } from "node:child_process";
import {
	chmodSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, transform } from "esbuild";
import { minify } from "terser";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = join(root, "node_modules");

const USAGE = `usage: node scripts/build.mjs [--out DIR] [--dist DIR] [--bundle-only]
  --out DIR      where the compiled files go, a name that begins with "build" (default: build)
  --dist DIR     where the bundle goes, a name that begins with "dist" (default: DIR with "dist" for "build")
  --bundle-only  take the compiled files in DIR as they are`;

/** Whose code may be inside the bundle. */
const BUNDLED = new Set([
	"bl",
	"cbor-x",
	"inherits",
	"mqtt",
	"mqtt-packet",
	"process-nextick-args",
	"rfdc",
	"ws",
	"yaml",
	// With serialport.
	"@serialport/binding-mock",
	"@serialport/bindings-cpp",
	"@serialport/bindings-interface",
	"@serialport/parser-byte-length",
	"@serialport/parser-cctalk",
	"@serialport/parser-delimiter",
	"@serialport/parser-inter-byte-timeout",
	"@serialport/parser-packet-length",
	"@serialport/parser-readline",
	"@serialport/parser-ready",
	"@serialport/parser-regex",
	"@serialport/parser-slip-encoder",
	"@serialport/parser-spacepacket",
	"@serialport/stream",
	"serialport",
	// With onoff.
	"epoll",
	"lodash.debounce",
	"onoff",
]);

/** Bundled where they are installed; where they are not, the import fails when a configuration asks for them. */
const OPTIONAL = ["onoff", "serialport", "@serialport/bindings-cpp", "@serialport/stream", "epoll"];

/** Never bundled: the embedded broker is for laptops, and is found in node_modules when the demo asks for it. */
const EXTERNAL = ["aedes"];

/** Addons by the name they have beside the bundle. N-API: one file serves every Node version. */
const PREBUILT = {
	"serialport-linux-x64.node": "linux-x64/@serialport+bindings-cpp.glibc.node",
	"serialport-linux-x64-musl.node": "linux-x64/@serialport+bindings-cpp.musl.node",
	"serialport-linux-arm64.node": "linux-arm64/@serialport+bindings-cpp.armv8.glibc.node",
	"serialport-linux-arm64-musl.node": "linux-arm64/@serialport+bindings-cpp.armv8.musl.node",
	"serialport-linux-arm.node": "linux-arm/@serialport+bindings-cpp.armv7.glibc.node",
	"serialport-linux-arm-musl.node": "linux-arm/@serialport+bindings-cpp.armv7.musl.node",
};

/** CommonJS inside an ES module needs these three; the names are too long for the minifier to choose. */
const BANNER = `import { createRequire as tallywireCreateRequire } from "node:module";
const require = tallywireCreateRequire(import.meta.url);
const __filename = import.meta.filename, __dirname = import.meta.dirname;`;

async function main() {
	try {
		const { values } = parseArgs({
			options: {
				out: { type: "string", default: "build" },
				dist: { type: "string" },
				"bundle-only": { type: "boolean" },
				help: { type: "boolean" },
			},
		});
		if (values.help) return console.log(USAGE);
		const out = ownFolder(values.out, "build");
		const dist = ownFolder(values.dist ?? basename(values.out).replace(/^build/, "dist"), "dist");
		if (!values["bundle-only"]) compile(out);
		await bundle(out, dist);
	} catch (error) {
		console.error(`build: ${error instanceof Error ? error.message : error}`);
		process.exitCode = 1;
	}
}

/** Both folders are emptied first, so nothing but a folder of ours may be named. */
function ownFolder(name, prefix) {
	const folder = resolve(root, name);
	if (dirname(folder) === root && basename(folder).startsWith(prefix)) return folder;
	throw new Error(`${name}: must be a folder of this project whose name begins with "${prefix}"\n${USAGE}`);
}

function compile(out) {
	rmSync(out, { recursive: true, force: true });
	typeCheck(out);
	run("configuration validator", [join(root, "scripts/compile-config.mjs"), "--out", join(out, "src/config")]);
}

/**
 * Compiles; a type error fails the build. Where an optional package is not installed, the files that import it cannot be
 * checked: their errors are passed over, everybody else's still count.
 */
function typeCheck(out) {
	const missing = [...EXTERNAL, ...OPTIONAL].filter((name) => !isInstalled(name));
	const args = [join(packages, "typescript/bin/tsc"), "--pretty", "false", "--outDir", out];
	const { error, status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
	if (error) throw error;
	if (missing.length > 0) console.log(`not installed, so not in the bundle: ${missing.join(", ")}`);
	if (status === 0) return;
	const messages = stdout.trimEnd().split(/\n(?! )/);
	const failures = messages.filter((message) => {
		const file = /^(\S+)\(\d+,\d+\): error /.exec(message)?.[1];
		const text = file === undefined ? "" : readFileSync(join(root, file), "utf8");
		return !missing.some((name) => text.includes(`"${name}"`) || text.includes(`"${name}/`));
	});
	if (failures.length > 0) throw new Error(`type check failed\n${failures.join("\n")}`);
}

function isInstalled(name) {
	return existsSync(join(packages, name, "package.json"));
}

function run(what, args) {
	const result = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
	if (result.error) throw result.error;
	if (result.status !== 0) throw new Error(`${what} failed`);
}

async function bundle(out, dist) {
	rmSync(dist, { recursive: true, force: true });
	mkdirSync(join(dist, "native"), { recursive: true });
	const entry = join(out, "src/main.js");
	const file = join(dist, "tallywire.mjs");
	const shebang = readFileSync(entry, "utf8").startsWith("#!") ? "" : "#!/usr/bin/env node\n";
	const { metafile } = await build({
		absWorkingDir: root,
		entryPoints: [entry],
		outfile: file,
		bundle: true,
		format: "esm",
		platform: "node",
		target: "node20.19",
		minify: true,
		alias: ALIASES,
		legalComments: "none", // they are in THIRD-PARTY-NOTICES.txt, whole
		conditions: ["node"],
		mainFields: ["main", "module"], // some packages' `module` is their build for browsers
		external: [...EXTERNAL, ...OPTIONAL.filter((name) => !isInstalled(name))],
		plugins: [replacements, trimmed, pageTexts, lazyBuiltins],
		banner: { js: `${shebang}${BANNER}` },
		metafile: true,
		logLevel: "warning",
	});
	writeFileSync(file, await packedSmaller(readFileSync(file, "utf8")));
	chmodSync(file, 0o755);
	const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
	const folders = packageFolders(output.inputs);
	copyAddons(join(dist, "native"));
	const packagesIn = [...new Set([...folders, ...addonFolders(join(dist, "native"))])].sort().map(readPackage);
	writeFileSync(join(dist, "THIRD-PARTY-NOTICES.txt"), notices(packagesIn));
	writeFileSync(join(dist, "tallywire.cdx.json"), billOfMaterials(packagesIn));
	console.log(`${relative(root, file)}: ${Math.round(output.bytes / 1000)} kB, ${folders.length} packages in it`);
}

/** What the bundle takes in place of a package's own file. */
const replacements = {
	name: "replacements",
	setup({ onLoad, onResolve }) {
		const sources = {
			// Node's own streams are what this package copies: 90 kB less to parse and to hold.
			"readable-stream": 'module.exports = require("node:stream");',
			// Timers of a browser's worker; under Node, MQTT.js takes the native ones and only loads these.
			"worker-timers": "module.exports = {};",
			// Its variable is taken out of the environment at the start (src/main.ts): it never prints anything.
			debug: "module.exports = () => Object.assign(() => undefined, { extend: () => () => undefined });",
			// For topic aliases of MQTT.js' own PUBLISH, which nobody sends here: PUBLISH is src/wire/publish-packet.ts.
			"lru-cache": "exports.LRUCache = class extends Map { constructor() { super(); } };",
			// Both find an addon by looking around on the disk, from a place that a bundle is not in.
			"node-gyp-build": addonLoader("serialport", "@serialport/bindings-cpp"),
			bindings: addonLoader("epoll", "epoll"),
		};
		for (const name of Object.keys(sources)) {
			onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: "replaced" }));
		}
		onLoad({ filter: /.*/, namespace: "replaced" }, ({ path }) => ({ contents: sources[path], resolveDir: root }));
	},
};

/** The same code in other files, of which what nobody uses can be left out. */
const ALIASES = {
	yaml: join(packages, "yaml/browser/dist/index.js"), // in ES modules
	"cbor-x/encode": join(packages, "cbor-x/encode.js"), // without the decoder, and the accelerator in C++
};

/** Files of packages that are of no use here; each pattern ends a path below node_modules. */
const TRIMMED = {
	// The half of it that clients have; compression is off (src/uplink/transport.ts).
	"ws/lib/websocket-server.js": "module.exports = class {};",
	"ws/lib/permessage-deflate.js": 'module.exports = { extensionName: "permessage-deflate" };',
	// Only its version is asked for, and only to be logged.
	"mqtt/package.json": "{}",
	// A document of YAML 1.1 is refused, whatever its values would be (src/config/document.ts).
	"yaml/browser/dist/schema/yaml-1.1/schema.js": 'export { schema } from "../core/schema.js";',
	// What its encoder inherits and shares; frames are read by src/wire/decode-frame-cbor.ts.
	"cbor-x/decode.js": `
export class Decoder {
	mapsAsObjects = true;
	constructor(options) { Object.assign(this, options); }
	encodeKey(key) { return key; }
}
export class Tag { constructor(value, tag) { this.value = value; this.tag = tag; } }
export const typedArrays = [Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array, BigUint64Array, Int8Array,
	Int16Array, Int32Array, BigInt64Array, Float32Array, Float64Array];
export const mult10 = [], FLOAT32_OPTIONS = {}, addExtension = () => undefined;`,
};

const trimmed = {
	name: "trimmed",
	setup({ onLoad }) {
		for (const [file, contents] of Object.entries(TRIMMED)) {
			const filter = new RegExp(`node_modules/${file.replaceAll(".", "\\.")}$`);
			onLoad({ filter }, () => ({ contents, loader: file.endsWith(".json") ? "json" : "js" }));
		}
	},
};

/** The pages' scripts and styles are text to the bundler: made small here, each by itself, with the names that they share. */
const pageTexts = {
	name: "page-texts",
	setup({ onLoad }) {
		onLoad({ filter: /\/src\/(serve|observe)\/[\w-]+-(script|style)\.js$/ }, async ({ path }) => {
			const loader = path.endsWith("-style.js") ? "css" : "js";
			const texts = Object.entries(await import(path)).map(async ([name, text]) => {
				const { code } = await transform(text, { loader, minify: true });
				return `export const ${name} = ${JSON.stringify(code)};`;
			});
			return { contents: (await Promise.all(texts)).join("\n") };
		});
	},
};

/**
 * Node's own modules, loaded where they are first used. An import statement in the bundle would load all of them, http,
 * tls and child_process too, for a command that needs none: 2 MB and a good part of the start.
 */
const lazyBuiltins = {
	name: "lazy-builtins",
	setup({ onLoad, onResolve }) {
		onResolve({ filter: /^node:/ }, ({ path, namespace, kind }) =>
			namespace === "builtin" || kind !== "import-statement"
				? { path, external: true }
				: { path, namespace: "builtin" },
		);
		onLoad({ filter: /.*/, namespace: "builtin" }, async ({ path }) => {
			// Each file that imports it would get a copy, with a closure for each of its properties: half a megabyte in all.
			// Of an object that only inherits them there is nothing to be copied. `process` and the like need themselves as `this`.
			const isPlain = Object.getPrototypeOf((await import(path)).default) === Object.prototype;
			return { contents: `module.exports = ${isPlain ? "Object.create" : ""}(require("${path}"));` };
		});
	},
};

/**
 * A module that gives the addon beside the bundle, else the one of an installed package: an addon that is tied to one
 * version of Node, or a system that has no prebuilt one, is served by what npm built on that machine.
 */
function addonLoader(name, packageName) {
	return `
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const fromBundle = require("node:module").createRequire(__filename);
module.exports = () => {
	if (require("node:os").machine() === "armv6l") throw new Error("${packageName}: ARMv6 is not supported");
	const musl = existsSync("/etc/alpine-release") ? "-musl" : "";
	const file = join(__dirname, "native", "${name}-" + process.platform + "-" + process.arch + musl + ".node");
	const failures = [];
	for (const load of [() => fromBundle(file), () => installed(fromBundle)]) {
		try { return load(); } catch (error) { failures.push(error.message.split("\\n")[0]); }
	}
	throw new Error("no native addon of ${packageName} fits this machine (" + process.platform + " " + process.arch +
		", Node " + process.version + "): " + failures.join("; "));
};
function installed(require) {
	${
		name === "epoll"
			? 'return require("epoll/build/Release/epoll.node");'
			: `const folder = join(require.resolve("${packageName}"), "../..");
	return require(require.resolve("node-gyp-build", { paths: [folder] }))(folder);`
	}
}`;
}

/**
 * Once more: names that are no shorter than esbuild's, but alike in all functions, and what esbuild leaves; it packs 5 %
 * smaller. All in ASCII: one other character, and V8 keeps the whole text at two bytes each, 0.8 MB more.
 */
async function packedSmaller(code) {
	const { code: text } = await minify(code, {
		module: true,
		compress: { sequences: false },
		mangle: true,
		format: { ascii_only: true, shebang: true },
	});
	return text;
}

/** The folders of the packages that have code in the bundle, in order of path. */
function packageFolders(inputs) {
	const folders = new Set();
	for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
		const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
		if (folder === undefined || bytesInOutput === 0) continue;
		const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
		if (!BUNDLED.has(name))
			throw new Error(`package ${name} got into the bundle, but is not on the list in scripts/build.mjs`);
		if (path.endsWith(".node")) throw new Error(`${path}: a native addon got into the bundle`);
		folders.add(folder);
	}
	return [...folders].sort();
}

/** What a package says of itself. */
function readPackage(folder) {
	const { name, version, license, author } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
	const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
	if (typeof license !== "string") throw new Error(`${name} ${version} does not say its licence`);
	const holder = typeof author === "string" ? author : (author?.name ?? "");
	const text = file === undefined ? holder : readFileSync(join(root, folder, file), "utf8");
	return { name, version, license, text: text.replaceAll("\r", "").trim() };
}

function notices(packagesIn) {
	const texts = new Set(
		packagesIn.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`),
	);
	return `Tallywire contains the following software.\n\n${[...texts].join(`\n${"-".repeat(80)}\n\n`)}`;
}

/**
 * CycloneDX 1.6: the packages whose code is in the bundle or beside it, and no others. Without a time and a serial number,
 * which are optional, and would make every build another one.
 */
function billOfMaterials(packagesIn) {
	const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	const component = ({ name, version, license, type = "library" }) => {
		const slash = name.lastIndexOf("/");
		const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
		return {
			type,
			"bom-ref": purl,
			...(slash < 0 ? {} : { group: name.slice(0, slash) }),
			name: name.slice(slash + 1),
			version,
			licenses: [/[ ()]/.test(license) ? { expression: license } : { license: { id: license } }],
			purl,
		};
	};
	const components = packagesIn.map(component);
	const main = component({ ...own, type: "application" });
	const bom = {
		bomFormat: "CycloneDX",
		specVersion: "1.6",
		version: 1,
		metadata: { component: main },
		components,
		dependencies: [{ ref: main.purl, dependsOn: components.map(({ purl }) => purl) }],
	};
	return `${JSON.stringify(bom, null, "\t")}\n`;
}

/** Packages that are beside the bundle as an addon only, or besides. */
function addonFolders(folder) {
	const addons = readdirSync(folder);
	return [
		...(addons.some((name) => name.startsWith("serialport-")) ? ["node_modules/@serialport/bindings-cpp"] : []),
		...(addons.some((name) => name.startsWith("epoll-")) ? ["node_modules/epoll"] : []),
	];
}

/** Native addons go beside the bundle: serialport's for every device, epoll's only if it was built on this machine. */
function copyAddons(folder) {
	const prebuilds = join(packages, "@serialport/bindings-cpp/prebuilds");
	for (const [name, source] of Object.entries(existsSync(prebuilds) ? PREBUILT : {})) {
		copyFileSync(join(prebuilds, source), join(folder, name));
	}
	const epoll = join(packages, "epoll/build/Release/epoll.node");
	const epollName = `epoll-${process.platform}-${process.arch}.node`;
	if (existsSync(epoll)) copyFileSync(epoll, join(folder, epollName));
	for (const name of readdirSync(folder)) {
		if (!(name in PREBUILT) && name !== epollName)
			throw new Error(`native/${name} is not on the list in scripts/build.mjs`);
	}
}

await main();
