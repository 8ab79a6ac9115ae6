// The root tree: Debian's userland for arm64, made once by mmdebstrap and kept in the cache under the hash of its recipe.
// Only here are foreign programs run (maintainer scripts under qemu-user), which takes minutes; so nothing of the
// agent, the kernel or the card is in it, and what changes often is put on top of a copy.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE, SUITE, say, sh } from "./workshop.mjs";

/** What is installed beside Debian's essential packages. */
const PACKAGES = [
	"systemd",
	"systemd-sysv",
	"systemd-resolved",
	"systemd-timesyncd",
	"udev",
	"dbus", // timedatectl, which the agent asks whether the clock is synchronised
	"kmod",
	"iproute2",
	"ca-certificates",
	"nodejs",
	"gpiod",
	"wpasupplicant",
	"wireless-regdb",
	"dropbear-bin", // started only where a key was given
	"busybox-static", // for the initrd
];

/** Never unpacked: what nobody reads on a gateway, and hwdb.d, whose compilation takes longer than all the rest. */
const LEFT_OUT = [
	"/usr/share/man/*",
	"/usr/share/info/*",
	"/usr/share/locale/*",
	"/usr/share/doc/*",
	"/usr/share/lintian/*",
	"/usr/share/bash-completion/*",
	"/usr/share/zoneinfo/right/*",
	"/usr/share/nodejs/corepack/*",
	"/usr/lib/udev/hwdb.d/*",
];

const KEPT = ["/usr/share/doc/*/copyright"];

/** The folder of the tree, made if it is not there yet. */
export function rootTree(mirror) {
	const recipe = JSON.stringify({ SUITE, PACKAGES, LEFT_OUT, KEPT });
	const folder = join(CACHE, `root-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`);
	if (existsSync(folder)) return folder;
	say(`making the root tree ${folder} (10 to 30 minutes)`);
	mkdirSync(CACHE, { recursive: true });
	const unfinished = `${folder}.unfinished`;
	rmSync(unfinished, { recursive: true, force: true });
	sh("mmdebstrap", [
		"--arch=arm64",
		"--variant=essential",
		"--format=directory",
		"--components=main",
		"--dpkgopt=force-unsafe-io",
		...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
		...KEPT.map((path) => `--dpkgopt=path-include=${path}`),
		`--include=${PACKAGES.join(",")}`,
		SUITE,
		unfinished,
		mirror,
		mirror
			.replace(/\/debian$/, "/debian-security")
			.replace(/^/, `deb `)
			.concat(` ${SUITE}-security main`),
	]);
	renameSync(unfinished, folder);
	return folder;
}
