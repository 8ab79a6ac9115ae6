// The generator's files and the code's lists that it makes them of, for the tests of both.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { buildDir, projectDir } from "../support/process.js";

/** Where all of it lies in the repository. */
export const FOLDER = "scripts/observability";

export interface Lists {
	readonly metrics: readonly { readonly name: string; readonly labels: readonly string[] }[];
	readonly causes: readonly string[];
}

export interface Rule {
	readonly record?: string;
	readonly alert?: string;
	readonly expr: string;
	readonly labels?: Readonly<Record<string, string>>;
	readonly annotations?: Readonly<Record<string, string>>;
}

interface Source {
	readonly datasource: { readonly uid: string };
}

export interface Panel extends Source {
	readonly id: number;
	readonly type: string;
	readonly title: string;
	readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
	readonly targets: readonly (Source & { readonly expr: string })[];
	readonly fieldConfig: { readonly defaults: { readonly unit: string } };
}

export interface Dashboard {
	readonly uid: string;
	readonly title: string;
	readonly schemaVersion: number;
	readonly panels: readonly Panel[];
	readonly templating: { readonly list: readonly { readonly type: string }[] };
}

const made = await import(pathToFileURL(join(projectDir, FOLDER, "files.mjs")).href);

/** The lists of the code under test. */
export const lists: Lists = await made.readLists(buildDir);

/** The text of each file by its name. */
export function createFiles(from: Lists): ReadonlyMap<string, string> {
	return new Map(made.createFiles(from));
}

export function yamlOf<T>(files: ReadonlyMap<string, string>, name: string): T {
	return parse(files.get(name) ?? "") as T;
}

export function rulesOf(files: ReadonlyMap<string, string>): readonly Rule[] {
	const { groups } = yamlOf<{ groups: readonly { rules: readonly Rule[] }[] }>(files, "rules.yaml");
	return groups.flatMap(({ rules }) => rules);
}
