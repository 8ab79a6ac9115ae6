// Debian packages that are unpacked and never installed: kernel, firmware of the boards, firmware of their radios. A root
// that is read-only upgrades none of them, so their maintainer scripts (initramfs-tools, under emulation) have no work here.
// Fetched by apt, with its own lists and Debian's signatures, into the cache.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, SUITE, say, sh } from "./workshop.mjs";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const FIRMWARE = ["raspi-firmware", "firmware-brcm80211"];

/** Lines of a sources.list: Debian's own suites and their security updates. */
export function sources(mirror, suites) {
	return suites.map((suite) => {
		const archive = suite.endsWith("-security") ? mirror.replace(/\/debian\/?$/, "/debian-security") : mirror;
		return `deb [signed-by=${KEYRING}] ${archive} ${suite} main non-free-firmware`;
	});
}

/** Fetches the kernel (of the suite, or of its backports) and the firmware; gives the paths of the packages. */
export function fetchPackages(mirror, isBackports) {
	const suite = isBackports ? `${SUITE}-backports` : `${SUITE}-security`;
	const apt = privateApt(sources(mirror, [SUITE, `${SUITE}-security`, ...(isBackports ? [suite] : [])]), suite);
	say("looking for the kernel and the firmware");
	apt.get("update");
	const meta = isBackports ? `linux-image-arm64/${suite}` : "linux-image-arm64";
	return download(apt, [...kernelPackages(apt, meta), ...FIRMWARE]);
}

/**
 * Fetches the suite's kernel, what its modules and addons for the suite's Node.js are made from, and other packages; gives
 * the paths of the packages.
 */
export function fetchForBoard(mirror, names) {
	const apt = privateApt(sources(mirror, [SUITE, `${SUITE}-security`]), `${SUITE}-security`);
	apt.get("update");
	const kernel = kernelPackages(apt, "linux-image-arm64");
	const version = kernel[0].replace("linux-image-", "");
	const headers = download(apt, [`linux-headers-${version}`, "libnode-dev", "libuv1-dev"]);
	const [source] = download(apt, [`linux-source-${/^\d+\.\d+/.exec(version)[0]}`]);
	return { kernel: download(apt, kernel), headers, source, others: download(apt, names) };
}

/** The paths of the packages, newest versions, in the order of their names. */
function download(apt, names) {
	apt.get("download", ...names);
	const files = readdirSync(apt.debs);
	return names.map((name) => {
		const version = /^Version: (?:\d+:)?(.*)$/m.exec(apt.show(name))?.[1];
		const file = files.find((candidate) => candidate.startsWith(`${name}_`) && candidate.includes(version));
		if (file === undefined) throw new Error(`${name} ${version} was not fetched`);
		return join(apt.debs, file);
	});
}

/** The packages that hold a kernel's files: one until 6.12; later its parts, which the first only names. */
function kernelPackages(apt, meta) {
	const image = /^Depends:.*\b(linux-image-\d[^ ,]+)/m.exec(apt.show(meta))?.[1];
	if (image === undefined) throw new Error(`${meta} names no kernel`);
	const parts = apt.show(image).matchAll(/\b(linux-(?:base|binary|modules)-\d[^ ,]+) \(/g);
	return [image, ...new Set([...parts].map(([, name]) => name))];
}

/** An apt of its own: nothing of this machine's lists, settings or architecture. */
function privateApt(lines, name) {
	const folder = join(CACHE, `apt-${name}`);
	for (const part of ["etc", "state/lists/partial", "cache/archives/partial", "debs"])
		mkdirSync(join(folder, part), { recursive: true });
	writeFileSync(join(folder, "etc/sources.list"), `${lines.join("\n")}\n`);
	writeFileSync(join(folder, "state/status"), "");
	const options = {
		"APT::Architecture": "arm64",
		"APT::Architectures": "arm64",
		"APT::Sandbox::User": "root",
		"Acquire::Languages": "none",
		"Dir::Etc": join(folder, "etc"),
		"Dir::Etc::SourceList": join(folder, "etc/sources.list"),
		"Dir::Etc::SourceParts": "/dev/null",
		"Dir::State": join(folder, "state"),
		"Dir::State::status": join(folder, "state/status"),
		"Dir::Cache": join(folder, "cache"),
	};
	const args = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
	const debs = join(folder, "debs");
	return {
		debs,
		get: (...words) => sh("apt-get", [...args, "-qq", ...words], { cwd: debs }),
		show: (name) => sh("apt-cache", [...args, "--no-all-versions", "show", name]).toString(),
	};
}
