// The simulation as two files that Node runs as they are: the command, and the thread that plays its share of the seeds.
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "esbuild";

/** CommonJS packages inside an ES module need this. */
const BANNER = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

/** Bundles the TypeScript under `root` into `folder`; `edit` may change the text of each file of src/ on its way. */
export async function bundleSimulation(root, folder, edit = (_file, text) => text) {
	const source = {
		name: "source",
		setup({ onLoad }) {
			onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
				const file = relative(root, path).replaceAll("\\", "/");
				return file.startsWith("src/") ? { contents: edit(file, readFileSync(path, "utf8")), loader: "ts" } : undefined;
			});
		},
	};
	await build({
		absWorkingDir: root,
		entryPoints: [join(root, "test/sim/cli.ts"), join(root, "test/sim/worker.ts")],
		outdir: folder,
		bundle: true,
		format: "esm",
		platform: "node",
		target: "node20.19",
		conditions: ["node"],
		mainFields: ["main", "module"],
		plugins: [source],
		sourcemap: true,
		banner: { js: BANNER },
		logLevel: "warning",
	});
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
}
