// Who may know whom. The rooms of src/ and the arrows between them; what core may name besides is the linter's to hold.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { projectDir } from "../support/process.js";

/** The contract that a kind of sensor implements stands for itself: more than the sources know its words. */
const CONTRACT = "sources/source.ts";

/** A file directly in src/ is a room of its own. Missing from a list means never. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
	core: [],
	[CONTRACT]: ["core"],
	wire: ["core"],
	boards: ["core"],
	config: ["core", "boards", CONTRACT],
	"log.ts": ["core", "config"],
	"version.ts": [],
	// These four never know each other.
	sources: ["core", "wire", "boards", "log.ts", CONTRACT],
	uplink: ["core", "wire", "config", "log.ts"],
	serve: ["core", "wire", "log.ts"],
	reconcile: ["core", "wire", "log.ts"],
	decode: ["core", "wire"],
	// A consumer opens the same streams to the same brokers as the agent does.
	consume: ["core", "wire", "config", "log.ts", "uplink"],
	// What a person reads on a terminal, of an agent and of a fleet.
	screen: ["core", "wire", "serve", "reconcile"],
	// The reconciler at work.
	observe: ["core", "wire", "consume", "reconcile", "serve", "screen"],
	// The agent as systemd sees it.
	service: ["core", "wire", "config", "log.ts", CONTRACT, "sources"],
	// These put them together.
	run: ["core", "wire", "boards", "config", "log.ts", "version.ts", CONTRACT, "sources", "uplink", "serve"],
	demo: [
		...["core", "wire", "config", "log.ts", "version.ts", CONTRACT],
		...["serve", "reconcile", "screen", "observe", "run"],
	],
	commands: [
		...["core", "wire", "boards", "config", "log.ts", "version.ts", CONTRACT],
		...["sources", "uplink", "serve", "reconcile", "decode", "consume", "screen", "observe", "service", "run", "demo"],
	],
	"main.ts": ["commands", "version.ts"],
};

/** The only rooms that may import a package, and which. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
	wire: ["cbor-x"],
	config: ["yaml"],
	sources: ["onoff", "serialport", "@serialport/bindings-cpp"],
	uplink: ["mqtt"],
	reconcile: ["cbor-x", "mqtt"],
	consume: ["mqtt"],
	demo: ["aedes"],
	commands: ["cbor-x", "mqtt", "onoff", "yaml"],
};

interface Import {
	readonly file: string;
	readonly target: string;
}

function roomOf(file: string): string {
	return file === CONTRACT ? CONTRACT : (file.split("/")[0] ?? "");
}

const sourceFolder = join(projectDir, "src");
const files = readdirSync(sourceFolder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

function importsOf(file: string): readonly Import[] {
	const text = readFileSync(join(sourceFolder, file), "utf8");
	const statements = text.matchAll(/^\s*(?:import|export)\s(?:[^;"]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm);
	return [...statements].map((match) => ({ file, target: match[1] ?? match[2] ?? "" }));
}

const imports = files.flatMap(importsOf);

test("every room is in the table", () => {
	const unknown = [...new Set(files.map(roomOf))].filter((room) => !(room in ARROWS));
	assert.equal(unknown, []);
	assert.ok(imports.length > 50, `only ${imports.length} imports were found`);
});

test("a room knows only the rooms it may know", () => {
	const forbidden = imports.filter(({ file, target }) => {
		if (!target.startsWith(".")) return false;
		const [from, to] = [roomOf(file), roomOf(normalize(join(dirname(file), target)).replace(/\.js$/, ".ts"))];
		return from !== to && !ARROWS[from]?.includes(to);
	});
	assert.equal(forbidden, []);
});

test("a package is imported only where it belongs, and core imports nothing", () => {
	const forbidden = imports.filter(({ file, target }) => {
		if (target.startsWith(".")) return false;
		const room = roomOf(file);
		if (target.startsWith("node:")) return room === "core";
		const name = target.split("/", target.startsWith("@") ? 2 : 1).join("/");
		return !PACKAGES[room]?.includes(name);
	});
	assert.equal(forbidden, []);
});

test.run();
