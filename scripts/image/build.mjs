// Makes the image for a card: root tree, kernel, firmware, agent, settings, one file; then its .xz and what Imager reads.
// As root, since the tree belongs to root and its device nodes are made; no loop device, no mount.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { makeCard, makeSettings } from "./card.mjs";
import { imagerList, measure } from "./imager.mjs";
import { fetchPackages } from "./packages.mjs";
import { rootTree } from "./root-tree.mjs";
import { makeSystem, unpackKernel } from "./system.mjs";
import { missingPrograms, runsForeignPrograms, say, sh } from "./workshop.mjs";

const root = resolve(import.meta.dirname, "../..");

const USAGE = `usage: node scripts/image/build.mjs [--out DIR] [--deb FILE | --dist DIR] [--kernel trixie|backports]
                                    [--url URL] [--mirror URL] [--raw]
  --out DIR     where the image goes (default: dist.image)
  --deb FILE    the agent's package for arm64 (default: made now)
  --dist DIR    the bundle to make it of (default: dist)
  --kernel WHAT trixie: Pi 3, 4, Zero 2 W; backports: the Pi 5 too (default: trixie)
  --url URL     folder on the web where the image will be, for Imager (default: where it is now)
  --mirror URL  of Debian (default: http://deb.debian.org/debian)
  --raw         no .xz, no list for Imager
Takes 10 to 30 minutes the first time, 4 later; root, 3 GB in ~/.cache/tallywire, and 2 GB where the image goes.`;

async function main() {
	const options = readOptions();
	if (options === null) return;
	if (process.getuid?.() !== 0) throw new Error("must be root: the files on the card belong to root");
	const missing = missingPrograms();
	if (missing.length > 0) throw new Error(`to be installed first: apt-get install ${missing.join(" ")}`);
	if (!runsForeignPrograms())
		throw new Error(
			"arm64 programs do not run here: mount -t binfmt_misc none /proc/sys/fs/binfmt_misc; update-binfmts --enable",
		);
	const { out, kernel: kernelName } = options;
	mkdirSync(out, { recursive: true });
	const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	const epochS = sourceDate();
	const agentPackage = options.deb ?? makeAgentPackage(options, version);
	const tree = rootTree(options.mirror);
	const packages = fetchPackages(options.mirror, kernelName === "backports");
	const [boardPackage, radioPackage] = packages.slice(-2);
	const kernel = unpackKernel(packages.slice(0, -2));
	const name = `tallywire-${version}-arm64${kernelName === "backports" ? "-pi5" : ""}.img`;
	const [image, system, settings] = [join(out, name), join(out, "system"), join(out, "settings")];
	for (const path of [image, `${image}.xz`, system, settings]) rmSync(path, { recursive: true, force: true });
	makeSystem({ folder: system, tree, kernel, radioPackage, agentPackage, epochS });
	makeSettings(settings, { kernel, boardPackage, tree });
	const bytes = makeCard(image, settings, system, epochS);
	rmSync(system, { recursive: true });
	rmSync(settings, { recursive: true });
	say(`${image}: ${Math.round(bytes / 1e6)} MB`);
	if (!options.raw) await publish(image, { options, version, epochS });
}

/** The compressed image, and the list that names it. */
async function publish(image, { options, version, epochS }) {
	say("compressing");
	sh("xz", ["-6", "-T0", "-k", "-f", image]);
	const [raw, compressed] = [await measure(image), await measure(`${image}.xz`)];
	const url = options.url ? `${options.url.replace(/\/$/, "")}/` : pathToFileURL(`${options.out}/`).href;
	const list = imagerList({
		url: `${url}${image.replace(/^.*\//, "")}.xz`,
		version,
		kernel: options.kernel,
		releaseDate: new Date(epochS * 1_000).toISOString().slice(0, 10),
		image: raw,
		compressed,
	});
	writeFileSync(join(options.out, "os_list.json"), `${JSON.stringify(list, null, "\t")}\n`);
	say(`${image}.xz: ${(compressed.bytes / 1e6).toFixed(1)} MB`);
}

function readOptions() {
	const { values } = parseArgs({
		options: {
			out: { type: "string", default: "dist.image" },
			deb: { type: "string" },
			dist: { type: "string", default: "dist" },
			kernel: { type: "string", default: "trixie" },
			url: { type: "string" },
			mirror: { type: "string", default: "http://deb.debian.org/debian" },
			raw: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		console.log(USAGE);
		return null;
	}
	if (!["trixie", "backports"].includes(values.kernel)) throw new Error(`--kernel ${values.kernel}?\n${USAGE}`);
	return { ...values, out: resolve(values.out), deb: values.deb && resolve(values.deb) };
}

/** The time of what is built, not of the building. */
function sourceDate() {
	const given = Number(process.env.SOURCE_DATE_EPOCH);
	return given > 0 ? given : Number(sh("git", ["-C", root, "log", "-1", "--format=%ct"]).toString());
}

/** The agent's package, from the bundle that is there. */
function makeAgentPackage({ out, dist }, version) {
	sh(process.execPath, [join(root, "scripts/deb/build.mjs"), "--arch", "arm64", "--dist", dist, "--out", out]);
	return join(out, `tallywire_${version}_arm64.deb`);
}

try {
	await main();
} catch (error) {
	console.error(`image: ${error.message}`);
	process.exitCode = 1;
}
