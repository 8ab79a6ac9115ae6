// `npm run sim -- [options]`: the simulation in test/sim/, bundled from the TypeScript as it is now, so that nothing has to
// be built first. `npm run sim -- --help` says what it takes.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleSimulation } from "./sim/bundle.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "tallywire-sim-"));
try {
	await bundleSimulation(root, folder);
	const args = ["--enable-source-maps", join(folder, "cli.js"), ...process.argv.slice(2)];
	process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
} finally {
	rmSync(folder, { recursive: true, force: true });
}
