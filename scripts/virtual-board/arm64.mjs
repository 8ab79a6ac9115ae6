// The virtual board as an emulated machine: Debian's own arm64 kernel, unmodified, on two processors (QEMU, virt), with the
// image's root tree as its system, so with Debian's node for arm64. This project is in the same place there, read-only. Some
// twenty times slower than user-mode, and no time travel.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { archive, device, file, folder, link } from "../image/cpio.mjs";
import { rootTree } from "../image/root-tree.mjs";
import { missingPrograms } from "../image/workshop.mjs";
import { arm64Kernel, MODULES } from "./arm64-kernel.mjs";

const here = import.meta.dirname;
const project = resolve(here, "../..");

const MIRROR = "http://deb.debian.org/debian";
/** Of which some 230 are left, as in user-mode. */
const MEMORY_MIB = 288;

/** What takes a while in user-mode may take this many here. */
const SLOWNESS = 5;

/** program -> Debian package; all but the first are to make what is kept afterwards. */
const PROGRAMS = {
	"qemu-system-aarch64": "qemu-system-arm",
	"qemu-aarch64-static": "qemu-user-static",
	mmdebstrap: "mmdebstrap",
	depmod: "kmod",
	xz: "xz-utils",
};

/** The machine, or why there is none. Made once: the root tree in 10 to 30 minutes, the kernel's modules in two. */
export function findArm64() {
	const missing = missingPrograms(PROGRAMS);
	if (missing.length > 0) return { why: `to be installed first: apt-get install ${missing.join(" ")}` };
	try {
		const [kernel, tree] = [arm64Kernel(MIRROR), rootTree(MIRROR)];
		// Starting takes a quarter of a minute.
		const limits = { startS: 300, fileS: 3_600 };
		const command = (run) => commandFor({ ...run, kernel, tree });
		const version = readFileSync(join(kernel, "version"), "utf8").trim();
		const about = `Debian's kernel ${version}, unmodified; modules compiled from its source: ${MODULES.join(", ")}`;
		return { machine: { about, node: "/usr/bin/node", hasTimeTravel: false, slowness: SLOWNESS, limits, command } };
	} catch (error) {
		return { why: error.message };
	}
}

function commandFor({ kernel, tree, folder: run, adapters, network }) {
	const initrd = join(run, "initrd");
	writeFileSync(initrd, archive(initrdEntries(kernel, tree, adapters)));
	const words = [
		...["console=ttyAMA0", "quiet", "loglevel=1", `PROJECT=${project}`],
		// This board's own GPIO chip, which would be gpiochip0.
		"initcall_blacklist=pl061_gpio_driver_init",
	];
	const args = [
		...["-machine", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", String(MEMORY_MIB), "-accel", "tcg,thread=multi"],
		...["-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"],
		...["-kernel", join(kernel, "vmlinuz"), "-initrd", initrd, "-append", words.join(" ")],
		...[...shared("root", tree, true), ...shared("programs", join(kernel, "programs"), true)],
		...[...shared("project", project, true), ...shared("board", run, false)],
		...(network ? ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="] : []),
	];
	return { program: "qemu-system-aarch64", args, env: {} };
}

/** A folder of this machine, under its name there. */
function shared(name, path, isReadonly) {
	const options = `local,id=${name},path=${path},security_model=none,multidevs=remap,readonly=${isReadonly ? "on" : "off"}`;
	return ["-fsdev", options, "-device", `virtio-9p-pci,fsdev=${name},mount_tag=${name}`];
}

function initrdEntries(kernel, tree, adapters) {
	const names = readFileSync(join(kernel, "modules/order"), "utf8").trim().split("\n");
	const order = names.map((name) => (name === "dummy_hcd" ? `${name} num=${adapters}` : name));
	return [
		...["bin", "dev", "modules", "layer", "newroot", "programs", "root"].map((name) => folder(name)),
		device("dev/console", 5, 1),
		file("bin/busybox", readFileSync(join(tree, "usr/bin/busybox")), 0o755),
		link("bin/sh", "busybox"),
		file("init", readFileSync(join(here, "arm64-init.sh")), 0o755),
		file("modules/order", `${order.join("\n")}\n`),
		...names.map((name) => file(`modules/${name}.ko`, readFileSync(join(kernel, `modules/${name}.ko`)))),
	];
}
