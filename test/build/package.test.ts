// What the package is made of: its run-time packages, its lock file, its top level.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { projectDir, runOrThrow, runProcess } from "../support/process.js";

interface Manifest {
	readonly dependencies: Readonly<Record<string, string>>;
	readonly optionalDependencies: Readonly<Record<string, string>>;
	readonly devDependencies: Readonly<Record<string, string>>;
	readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface Lock {
	readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly hasInstallScript?: boolean }>>;
}

function readJson<T>(name: string): T {
	return JSON.parse(readFileSync(join(projectDir, name), "utf8"));
}

const manifest = readJson<Manifest>("package.json");
const lock = readJson<Lock>("package-lock.json");

test("the run-time packages are these and no others, each of one exact version", () => {
	assert.equal(Object.keys(manifest.dependencies).sort(), ["cbor-x", "mqtt", "yaml"]);
	assert.equal(Object.keys(manifest.optionalDependencies).sort(), ["aedes", "onoff", "serialport"]);
	const versions = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
	for (const [name, version] of Object.entries(versions)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
});

test("the lock file names no registry", () => {
	const named = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
	assert.equal(named, []);
	assert.not.match(readFileSync(join(projectDir, "package-lock.json"), "utf8"), /"https?:\/\/[^"]*\.tgz"/);
});

test("every package with an install script has a decision in allowScripts", () => {
	const names = Object.entries(lock.packages)
		.filter(([, { hasInstallScript }]) => hasInstallScript === true)
		.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
	assert.equal([...new Set(names)].filter((name) => !(name in manifest.allowScripts)).sort(), []);
});

test("the top level holds what it should and nothing else", () => {
	const allowed = [
		"LICENSE",
		"README.md",
		"boards",
		"package-lock.json",
		"package.json",
		"scripts",
		"src",
		"test",
		"tsconfig.json",
	];
	const made = /^(node_modules|build.*|dist.*)$|\.tgz$/;
	const others = readdirSync(projectDir).filter(
		(name) => !name.startsWith(".") && !made.test(name) && !allowed.includes(name),
	);
	assert.equal(others, []);
});

test("git ignores no file of the project", async () => {
	if (!existsSync(join(projectDir, ".git"))) return;
	if ((await runProcess("git", ["--version"])).code !== 0) return;
	const ignored = ["ls-files", "--others", "--ignored", "--exclude-standard", "--", "src", "test", "scripts", "boards"];
	assert.is(await runOrThrow("git", ignored), "");
});

test.run();
