// What the arm64 board boots: Debian's own kernel, as it is, and what Debian does not ship with it. The simulated devices
// are compiled as modules for exactly this kernel from Debian's source of it, onoff's addon for Debian's Node.js, with Debian
// 13's own cross compiler in a tree of its own. Made once, in two minutes, and kept in the cache under the hash of its recipe.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { uncompressed } from "../image/initrd.mjs";
import { moduleName, parseDependencies, selectModules } from "../image/modules.mjs";
import { fetchForBoard } from "../image/packages.mjs";
import { unpackKernel } from "../image/system.mjs";
import { CACHE, SUITE, say, sh } from "../image/workshop.mjs";

const packages = resolve(import.meta.dirname, "../../node_modules");

/** Debian's modules for the board: where its files are, its network, and the hardware that needs no simulation of our own. */
const DEBIAN_MODULES = [
	...["9p", "9pnet_virtio", "overlay", "virtio_net", "configfs"],
	...["dummy_hcd", "usb_f_acm", "cdc_acm", "wire", "industrialio", "industrialio_configfs"],
];

/** In none of Debian's kernels: files of its source, and the modules they become, in the order of their loading. */
const SOURCES = [
	"kernel/irq/irq_sim.c",
	"drivers/gpio/gpio-sim.c",
	"drivers/iio/industrialio-sw-device.c",
	"drivers/iio/dummy/iio_simple_dummy.c",
	"drivers/iio/dummy/iio_simple_dummy.h",
	"drivers/power/supply/test_power.c",
];
export const MODULES = ["irq_sim", "gpio-sim", "industrialio-sw-device", "iio_dummy", "test_power"];

const MAKEFILE = `ccflags-y := -DCONFIG_IIO_SW_DEVICE
obj-m := ${MODULES.map((name) => `${name}.o`).join(" ")}
iio_dummy-y := iio_simple_dummy.o
`;

const TOOLS = ["base-files", "coreutils", "dash", "findutils", "grep", "mawk", "sed", "make", "g++-aarch64-linux-gnu"];

/** As node-gyp would have them, which needs python3. */
const ADDON_FLAGS = [
	...["-shared", "-fPIC", "-O2", "-std=gnu++20", "-w", "-I/usr/include/node", "-I/build/nan"],
	...["-DNODE_GYP_MODULE_NAME=epoll", "-DBUILDING_NODE_EXTENSION"],
];

/** What the tests start, and the image has not: mosquitto_pub, with its libraries. */
const PROGRAMS = ["mosquitto-clients", "libmosquitto1", "libcjson1"];

/**
 * The folder with `vmlinuz`, `version`, `modules/` with their order of loading, and `programs/` to lay over the root, with
 * `epoll.node` where onoff is installed.
 */
export function arm64Kernel(mirror) {
	const addon = join(packages, "epoll/package.json");
	const epoll = existsSync(addon) ? JSON.parse(readFileSync(addon, "utf8")).version : null;
	const recipe = JSON.stringify({ SUITE, DEBIAN_MODULES, SOURCES, MAKEFILE, TOOLS, ADDON_FLAGS, PROGRAMS, epoll });
	const folder = join(CACHE, `board-arm64-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`);
	if (existsSync(folder)) return folder;
	if (process.getuid?.() !== 0) throw new Error("it is not made yet, and only root can make it (a tree to compile in)");
	const work = `${folder}.unfinished`;
	rmSync(work, { recursive: true, force: true });
	mkdirSync(work, { recursive: true });
	const result = join(work, "result");
	make(mirror, result, join(work, "tree"), epoll !== null);
	renameSync(result, folder);
	rmSync(work, { recursive: true });
	return folder;
}

function make(mirror, result, tree, hasAddon) {
	say("making the arm64 board's kernel modules (170 MB are fetched)");
	const { kernel: kernelPackages, headers, source, others } = fetchForBoard(mirror, PROGRAMS);
	const kernel = unpackKernel(kernelPackages);
	makeTree(mirror, tree, kernel.version);
	for (const deb of headers) sh("dpkg-deb", ["-x", deb, tree]);
	for (const name of ["modules", "programs"]) mkdirSync(join(result, name), { recursive: true });
	cpSync(join(kernel.folder, "boot", `vmlinuz-${kernel.version}`), join(result, "vmlinuz"));
	writeFileSync(join(result, "version"), `${kernel.version}\n`);
	const names = [...copyModules(kernel, result), ...buildModules(source, tree, kernel.version, result)];
	writeFileSync(join(result, "modules/order"), `${names.join("\n")}\n`);
	for (const deb of others) sh("dpkg-deb", ["-x", deb, join(result, "programs")]);
	if (hasAddon) buildAddon(tree, join(result, "programs/epoll.node"));
	rmSync(source); // by far the largest, and of no further use
}

/** Only unpacked: no script of a package has to run, and nothing here is ever installed. */
function makeTree(mirror, tree, version) {
	const common = version.replace(/-[^-]+$/, "");
	sh("mmdebstrap", [
		"--quiet",
		"--variant=extract",
		"--format=directory",
		`--include=${[...TOOLS, `linux-kbuild-${common}`, `linux-headers-${common}-common`].join(",")}`,
		...[SUITE, tree, mirror],
		`deb ${mirror.replace(/\/debian$/, "/debian-security")} ${SUITE}-security main`,
	]);
	symlinkSync("mawk", join(tree, "usr/bin/awk"));
	mkdirSync(join(tree, "build"));
}

function copyModules({ folder, version }, result) {
	const from = join(folder, "usr/lib/modules", version);
	const dependencies = parseDependencies(readFileSync(join(from, "modules.dep"), "utf8"));
	const { paths, absent } = selectModules(dependencies, { names: DEBIAN_MODULES });
	if (absent.length > 0) throw new Error(`this kernel has no module ${absent.join(", ")}`);
	for (const path of paths)
		writeFileSync(join(result, "modules", `${moduleName(path)}.ko`), uncompressed(join(from, path)));
	return paths.map(moduleName);
}

function buildModules(source, tree, version, result) {
	const build = join(tree, "build");
	const name = basename(source).replace(/_.*/, "");
	sh("sh", [
		"-c",
		`dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$2.tar.xz" | xz -dc >"$3"`,
		"sh",
		source,
		name,
		`${build}/tar`,
	]);
	const paths = SOURCES.map((path) => `${name}/${path}`);
	sh("tar", ["-xf", join(build, "tar"), "-C", build, "--strip-components=1", ...paths]);
	rmSync(join(build, "tar"));
	for (const path of SOURCES) renameSync(join(build, path), join(build, basename(path)));
	makeModule(join(build, "irq_sim.c"));
	writeFileSync(join(build, "Makefile"), MAKEFILE);
	const options = ["ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-"];
	sh("chroot", [tree, "make", "-s", "-C", `/usr/src/linux-headers-${version}`, "M=/build", ...options, "modules"]);
	for (const module of MODULES) cpSync(join(build, `${module}.ko`), join(result, "modules", `${module}.ko`));
	return MODULES;
}

/** This one was never meant to be a module: it has no licence of its own, and one of its functions is the kernel's only. */
function makeModule(file) {
	const text = readFileSync(file, "utf8").replace(/\birq_to_desc\((\w+)\)/g, "irq_data_to_desc(irq_get_irq_data($1))");
	writeFileSync(file, `${text}\n#include <linux/module.h>\nMODULE_LICENSE("GPL");\n`);
}

function buildAddon(tree, file) {
	const build = join(tree, "build");
	for (const name of ["epoll/src", "nan"])
		cpSync(join(packages, name), join(build, basename(name)), { recursive: true });
	sh("chroot", [tree, "aarch64-linux-gnu-g++", ...ADDON_FLAGS, "-o", "/build/epoll.node", "/build/src/epoll.cc"]);
	cpSync(join(build, "epoll.node"), file);
}
