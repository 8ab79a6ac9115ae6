// The system on the card's second partition: a copy of the root tree with the modules and the firmware of this class of board,
// the agent's package, and the overlay; without what only an installation needs.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseDependencies, ROOT_MODULES, selectModules } from "./modules.mjs";
import { CACHE, say, sh } from "./workshop.mjs";

const HERE = import.meta.dirname;

/** Firmware of the radios on these boards; all else in the package is for other machines. */
const RADIO_FILES = /^brcmfmac434(30|36|36s|55|56)-sdio\.(bin|clm_blob|txt|raspberrypi,.*)$/;

/** Of no use where nothing is ever installed. */
const TRIMMED = [
	...["var", "boot", "etc/apt", "etc/cron.daily", "etc/kernel", "etc/initramfs-tools", "usr/include", "usr/lib/apt"],
	...["usr/lib/dpkg", "usr/lib/node_modules", "usr/lib/udev/hwdb.d", "usr/lib/aarch64-linux-gnu/perl-base"],
	...["usr/lib/aarch64-linux-gnu/gconv", "usr/bin/perl", "usr/bin/openssl", "usr/bin/busybox", "usr/share/perl5"],
	...["usr/share/doc-base", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/zoneinfo"],
	...["usr/share/bash-completion", "usr/share/lintian", "usr/share/bug", "usr/share/debconf", "usr/share/factory"],
	// Units are made of nothing here but the card, and the initrd has read it; each of these is a process at every start.
	"usr/lib/systemd/system-generators",
];

/** Nothing to do on a root that never changes, or nobody to do it for. */
const MASKED = [
	...["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"],
	...["getty.target", "getty@tty1.service", "serial-getty@.service", "console-getty.service", "systemd-logind.service"],
	...["systemd-user-sessions.service", "systemd-ask-password-console.path", "systemd-ask-password-wall.path"],
	...["systemd-firstboot.service", "systemd-sysusers.service", "systemd-machine-id-commit.service", "ldconfig.service"],
	...["systemd-update-done.service", "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service"],
	...["systemd-hwdb-update.service", "systemd-journal-catalog-update.service", "systemd-journal-flush.service"],
	...["systemd-remount-fs.service", "systemd-random-seed.service", "systemd-pstore.service", "systemd-initctl.socket"],
	...["systemd-networkd-wait-online.service", "systemd-networkd-persistent-storage.service"],
	...["systemd-network-generator.service", "systemd-udev-load-credentials.service", "systemd-hibernate-clear.service"],
	...["systemd-creds.socket", "systemd-sysext.socket", "systemd-hostnamed.socket", "systemd-pcrextend.socket"],
	...[
		"systemd-pcrlock.socket",
		"systemd-tpm2-setup.service",
		"systemd-tpm2-setup-early.service",
		"wpa_supplicant.service",
	],
	...["proc-sys-fs-binfmt_misc.automount", "systemd-binfmt.service", "dev-mqueue.mount", "dev-hugepages.mount"],
	...["sys-kernel-config.mount", "sys-fs-fuse-connections.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"],
	...["modprobe@configfs.service", "modprobe@drm.service", "modprobe@fuse.service", "modprobe@efi_pstore.service"],
	...[
		"tmp.mount",
		"run-lock.mount",
		"systemd-rfkill.socket",
		"systemd-rfkill.service",
		"kmod-static-nodes.service",
		"systemd-tmpfiles-setup-dev-early.service",
	],
];

const ENABLED = [
	...["systemd-networkd.service", "systemd-resolved.service", "systemd-timesyncd.service", "tallywire.service"],
	...["tallywire-screen.path", "tallywire-page.socket", "tallywire-ssh.service", "tallywire-wifi.service"],
];

/** A kernel's files, unpacked once for each version: folder and version. */
export function unpackKernel(packages) {
	const folder = join(CACHE, basename(packages[0], ".deb"));
	const isUnpacked = existsSync(join(folder, "complete"));
	if (!isUnpacked) {
		say(`unpacking ${basename(folder)}`);
		mkdirSync(join(folder, "usr/lib"), { recursive: true });
		for (const deb of packages) sh("dpkg-deb", ["-x", deb, folder]);
	}
	const [version] = readdirSync(join(folder, "usr/lib/modules"));
	if (!isUnpacked) {
		sh("depmod", ["-b", join(folder, "usr"), version]);
		writeFileSync(join(folder, "complete"), "");
	}
	return { folder, version };
}

/** Makes the system in `folder`, which must not be there yet. */
export function makeSystem({ folder, tree, kernel, radioPackage, agentPackage, epochS }) {
	say("putting the system together");
	sh("cp", ["-a", "--reflink=auto", tree, folder]);
	installAgent(folder, agentPackage);
	const packages = sh("chroot", [folder, "dpkg-query", "-W"]).toString();
	for (const path of TRIMMED) rmSync(join(folder, path), { recursive: true, force: true });
	for (const path of ["var", "boot"]) mkdirSync(join(folder, path));
	copyModules(folder, kernel);
	copyRadioFirmware(folder, radioPackage);
	cpSync(join(HERE, "overlay"), folder, { recursive: true, verbatimSymlinks: true });
	sh("chown", ["-R", "0:0", ...readdirSync(join(HERE, "overlay")).map((name) => join(folder, name))]);
	writeFileSync(join(folder, "usr/share/doc/tallywire/image-packages.txt"), packages);
	finish(folder, epochS);
}

function installAgent(folder, agentPackage) {
	cpSync(agentPackage, join(folder, "agent.deb"));
	sh("chroot", [folder, "dpkg", "-i", "/agent.deb"], { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
	rmSync(join(folder, "agent.deb"));
}

function copyModules(folder, kernel) {
	const from = join(kernel.folder, "usr/lib/modules", kernel.version);
	const to = join(folder, "usr/lib/modules", kernel.version);
	const dependencies = parseDependencies(readFileSync(join(from, "modules.dep"), "utf8"));
	const lists = ["modules.order", "modules.builtin", "modules.builtin.modinfo"];
	const { paths, absent } = selectModules(dependencies, ROOT_MODULES);
	if (absent.length > 0) say(`not modules of this kernel: ${absent.join(", ")}`);
	for (const path of [...paths, ...lists]) {
		mkdirSync(dirname(join(to, path)), { recursive: true });
		cpSync(join(from, path), join(to, path));
	}
	sh("depmod", ["-b", join(folder, "usr"), kernel.version]);
}

function copyRadioFirmware(folder, radioPackage) {
	const unpacked = `${folder}.radio`;
	sh("dpkg-deb", ["-x", radioPackage, unpacked]);
	const [from, to] = [join(unpacked, "usr/lib/firmware/brcm"), join(folder, "usr/lib/firmware/brcm")];
	mkdirSync(to, { recursive: true });
	for (const name of readdirSync(from).filter((file) => RADIO_FILES.test(file)))
		cpSync(join(from, name), join(to, name), { dereference: true });
	const notice = "usr/share/doc/firmware-brcm80211/copyright";
	cpSync(join(unpacked, notice), join(folder, notice));
	rmSync(unpacked, { recursive: true });
}

function finish(folder, epochS) {
	const etc = join(folder, "etc");
	for (const name of ["machine-id", "hostname", "resolv.conf", "motd", "issue", "issue.net"])
		rmSync(join(etc, name), { force: true });
	writeFileSync(join(etc, "machine-id"), ""); // the initrd lays the board's over it
	symlinkSync("../run/systemd/resolve/stub-resolv.conf", join(etc, "resolv.conf"));
	rmSync(join(etc, "tallywire/config.yaml"));
	symlinkSync("/run/tallywire-card/tallywire.yaml", join(etc, "tallywire/config.yaml"));
	const units = join(etc, "systemd/system");
	for (const unit of MASKED) {
		rmSync(join(units, unit), { force: true });
		symlinkSync("/dev/null", join(units, unit));
	}
	sh("chroot", [folder, "systemctl", "enable", ...ENABLED], { stdio: "ignore" });
	sh("chroot", [folder, "systemctl", "set-default", "multi-user.target"], { stdio: "ignore" });
	// No board of the list has a clock that outlives a power cut: systemd starts at this time, not in 1970.
	const clock = join(folder, "usr/lib/clock-epoch");
	writeFileSync(clock, "");
	sh("touch", ["-d", `@${epochS}`, clock]);
}
