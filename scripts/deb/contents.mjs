// What is in the Debian package of an architecture: every file with its mode and bytes, the control files too.
// This list is the whole of it; nothing is taken because it lies in a folder.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bashCompletion } from "./completion.mjs";
import { manPage } from "./man-page.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");

/** Debian's name of an architecture, and Node's. Debian's armhf is ARMv7: there is no Node.js for ARMv6. */
export const ARCHITECTURES = { amd64: "x64", arm64: "arm64", armhf: "arm" };

const CONFFILE = "/etc/tallywire/config.yaml";

/** What is said of this version, newest first, as dpkg wants it. */
export const changelog = readText(join(here, "files/changelog"));

/** When this version was made, which is the time stamp of everything in the package. */
export const sourceDateEpoch = Date.parse(/^ -- .*> {2}(.*)$/m.exec(changelog)[1]) / 1_000;

/** The files of the package, by their absolute path. `usages` is what each command says with --help. */
export function packageFiles(arch, dist, usages) {
	const program = "/usr/lib/tallywire";
	const doc = "/usr/share/doc/tallywire";
	const addon = `native/serialport-linux-${ARCHITECTURES[arch]}.node`;
	if (!existsSync(join(dist, addon))) {
		throw new Error(`${join(dist, addon)} is missing: install serialport (npm ci) and build again`);
	}
	const files = {
		"/usr/bin/tallywire": link("../lib/tallywire/tallywire.mjs"),
		[`${program}/tallywire.mjs`]: file(readFileSync(join(dist, "tallywire.mjs")), 0o755),
		[`${program}/${addon}`]: file(readFileSync(join(dist, addon))),
		...boardFiles(`${program}/boards`),
		"/usr/lib/systemd/system/tallywire.service": ours("tallywire.service"),
		"/usr/lib/udev/rules.d/60-tallywire.rules": ours("60-tallywire.rules"),
		"/usr/lib/sysusers.d/tallywire.conf": ours("tallywire.sysusers"),
		[CONFFILE]: ours("config.yaml"),
		"/usr/share/bash-completion/completions/tallywire": file(bashCompletion(usages)),
		"/usr/share/man/man1/tallywire.1.gz": file(gzip(manPage(usages, new Date(sourceDateEpoch * 1_000)))),
		[`${doc}/changelog.gz`]: file(gzip(changelog)),
		[`${doc}/copyright`]: file(copyright(dist)),
		[`${doc}/tallywire.cdx.json`]: file(readFileSync(join(dist, "tallywire.cdx.json"))),
	};
	return files;
}

/** The control files, by name. */
export function controlFiles(arch, version, files) {
	if (!changelog.startsWith(`tallywire (${version}) `)) {
		throw new Error(`scripts/deb/files/changelog has no entry for ${version} at its top`);
	}
	const sums = Object.entries(files).filter(([path, { bytes }]) => bytes !== undefined && path !== CONFFILE);
	return {
		control: file(control(arch, version, files)),
		conffiles: file(`${CONFFILE}\n`),
		md5sums: file(sums.map(([path, { bytes }]) => `${md5(bytes)}  ${path.slice(1)}\n`).join("")),
		preinst: ours("preinst", 0o755),
		postinst: ours("postinst", 0o755),
		prerm: ours("prerm", 0o755),
		postrm: ours("postrm", 0o755),
	};
}

function control(arch, version, files) {
	const sizes = Object.values(files).map(({ bytes }) => Math.ceil((bytes?.length ?? 0) / 1024));
	return `Package: tallywire
Version: ${version}
Architecture: ${arch}
Maintainer: ${/^ -- (.*>) {2}/m.exec(changelog)[1]}
Installed-Size: ${sizes.reduce((sum, size) => sum + size, 0)}
Depends: nodejs (>= 20.19), libc6 (>= 2.31), libgcc-s1, libstdc++6 (>= 9), systemd | systemd-standalone-sysusers
Recommends: gpiod
Suggests: mosquitto
Breaks: systemd (<< 254)
Section: net
Priority: optional
Description: telemetry agent that counts and explains every lost reading
 Reads sensors over serial lines, GPIO and the kernel's own interfaces, stamps
 every reading with device, run and sequence number, keeps a bounded buffer with
 a time to live, and publishes with MQTT QoS 0: at most once, never twice, never
 late, and always knowing what was lost.
`;
}

function boardFiles(folder) {
	const names = readdirSync(join(root, "boards"), { recursive: true, encoding: "utf8" });
	const json = names.filter((name) => name.endsWith(".json")).sort();
	return Object.fromEntries(json.map((name) => [`${folder}/${name}`, file(readFileSync(join(root, "boards", name)))]));
}

function copyright(dist) {
	return `${readText(join(root, "LICENSE"))}\n${"-".repeat(80)}\n\n${readText(join(dist, "THIRD-PARTY-NOTICES.txt"))}`;
}

function ours(name, mode) {
	return file(readFileSync(join(here, "files", name)), mode);
}

function file(content, mode = 0o644) {
	return { bytes: Buffer.from(content), mode };
}

function link(target) {
	return { target };
}

function readText(path) {
	return readFileSync(path, "utf8");
}

/** Without the time and the system that zlib writes into the header. */
function gzip(text) {
	const bytes = gzipSync(text, { level: 9 });
	bytes[9] = 3; // Unix, whatever this machine is
	return bytes;
}

function md5(bytes) {
	return createHash("md5").update(bytes).digest("hex");
}
