// The image's own parts, for its tests: modules of scripts/image, and the scripts that run in the initrd and on the gateway.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Finished, projectDir, runProcess } from "../support/process.js";

/** Where all of it lies. */
export const IMAGE_DIR: string = join(projectDir, "scripts/image");

/** A module of scripts/image. */
export function load<T>(name: string): Promise<T> {
	return import(pathToFileURL(join(IMAGE_DIR, name)).href);
}

/** Runs one of the shell scripts. */
export function runScript(
	path: string,
	args: readonly string[],
	options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
): Promise<Finished> {
	return runProcess("sh", [join(IMAGE_DIR, path), ...args], options);
}

/** Writes files into a folder, with the folders that they need. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): string {
	for (const [path, content] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), content);
	}
	return folder;
}
