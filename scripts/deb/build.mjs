// Builds the Debian packages from the bundle, with dpkg-deb alone: no root, no debhelper, no network, and the same bytes
// from the same bundle. What is in them is contents.mjs.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ARCHITECTURES, controlFiles, packageFiles, sourceDateEpoch } from "./contents.mjs";
import { testPackage } from "./test.mjs";
import { readUsages } from "./usages.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

const USAGE = `usage: node scripts/deb/build.mjs [--arch ARCH] [--dist DIR] [--out DIR] [--test]
  --arch ARCH  ${Object.keys(ARCHITECTURES).join(", ")}; without it, each of them
  --dist DIR   the bundle, as scripts/build.mjs made it (default: dist)
  --out DIR    where the packages go (default: dist.deb)
  --test       try the package of this machine's own architecture on a Debian 13 of its own; needs root and mmdebstrap`;

async function main() {
	process.umask(0o022); // or the folders would have the modes of whoever builds
	try {
		const { values } = parseArgs({
			options: {
				arch: { type: "string" },
				dist: { type: "string", default: "dist" },
				out: { type: "string", default: "dist.deb" },
				test: { type: "boolean" },
				help: { type: "boolean" },
			},
		});
		if (values.help) return console.log(USAGE);
		if (values.arch !== undefined && !(values.arch in ARCHITECTURES))
			throw new Error(`--arch ${values.arch}\n${USAGE}`);
		const [dist, out] = [resolve(root, values.dist), resolve(root, values.out)];
		mkdirSync(out, { recursive: true });
		const usages = readUsages(join(dist, "tallywire.mjs"));
		for (const arch of values.arch === undefined ? Object.keys(ARCHITECTURES) : [values.arch]) {
			const file = buildPackage(arch, dist, out, usages);
			console.log(`${file}: ${(statSync(file).size / 1_000).toFixed(1)} kB`);
			if (values.test && ARCHITECTURES[arch] === process.arch && !(await testPackage(file))) process.exitCode = 1;
		}
	} catch (error) {
		console.error(`deb: ${error instanceof Error ? error.message : error}`);
		process.exitCode = 1;
	}
}

/** The path of the package. */
function buildPackage(arch, dist, out, usages) {
	const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	const files = packageFiles(arch, dist, usages);
	const tree = mkdtempSync(join(tmpdir(), "tallywire-deb-"));
	try {
		chmodSync(tree, 0o755);
		for (const [path, entry] of Object.entries(files)) place(join(tree, path), entry);
		for (const [name, entry] of Object.entries(controlFiles(arch, version, files))) {
			place(join(tree, "DEBIAN", name), entry);
		}
		const file = join(out, `tallywire_${version}_${arch}.deb`);
		// One thread: the number of cores must not show in the bytes. Times are those of SOURCE_DATE_EPOCH.
		const args = ["--root-owner-group", "--threads-max=1", "-Zxz", "-z9", "-Sextreme", "--build", tree, file];
		const env = { ...process.env, SOURCE_DATE_EPOCH: String(sourceDateEpoch) };
		const { error, status, stderr } = spawnSync("dpkg-deb", args, { env, encoding: "utf8" });
		if (error || status !== 0) throw new Error(`dpkg-deb: ${error?.message ?? stderr.trim()}`);
		return file;
	} finally {
		rmSync(tree, { recursive: true, force: true });
	}
}

function place(path, { bytes, mode, target }) {
	mkdirSync(dirname(path), { recursive: true });
	if (target !== undefined) return symlinkSync(target, path);
	writeFileSync(path, bytes);
	chmodSync(path, mode);
}

await main();
