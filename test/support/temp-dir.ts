// Temporary folders of a test process, removed when it ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

process.on("exit", () => {
	for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Makes a folder that only this user can read; returns its path. */
export function makeTempDir(label = "test"): string {
	const folder = mkdtempSync(join(tmpdir(), `tallywire-${label}-`));
	made.push(folder);
	return folder;
}
