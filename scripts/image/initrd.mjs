// The initrd: busybox, the modules that find the card, and the scripts. Made here in a second, where initramfs-tools takes
// minutes under emulation and writes 36 MB.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { archive, device, file, folder, link } from "./cpio.mjs";
import { INITRD_MODULES, moduleName, parseDependencies, selectModules } from "./modules.mjs";
import { sh } from "./workshop.mjs";

const SCRIPTS = join(import.meta.dirname, "initrd");

/** Bytes of the initrd; `kernel` is a folder with usr/lib/modules/<version>, `busybox` a static one for the board. */
export function makeInitrd(kernel, version, busybox) {
	return gzipSync(archive(initrdEntries(kernel, version, busybox)), { level: 9 });
}

/** What is in it, in order. */
export function initrdEntries(kernel, version, busybox) {
	const modules = join(kernel, "usr/lib/modules", version);
	const dependencies = parseDependencies(readFileSync(join(modules, "modules.dep"), "utf8"));
	const { paths } = selectModules(dependencies, { names: INITRD_MODULES });
	const contents = paths.map((path) => file(`modules/${moduleName(path)}.ko`, uncompressed(join(modules, path))));
	return [
		...["bin", "dev", "proc", "sys", "run", "card", "newroot", "modules"].map((name) => folder(name)),
		device("dev/console", 5, 1),
		file("bin/busybox", readFileSync(busybox), 0o755),
		link("bin/sh", "busybox"),
		...["init", "read-card", "network", "board-number", "identify"].map((name) => script(name)),
		// insmod in this order needs no modules.dep and no modprobe.
		file("modules/order", `${paths.map(moduleName).join("\n")}\n`),
		...contents,
	];
}

function script(name) {
	return file(name, readFileSync(join(SCRIPTS, name)), 0o755);
}

/** A module as insmod takes it. */
export function uncompressed(path) {
	if (!existsSync(path)) throw new Error(`${path} is in modules.dep of ${dirname(path)}, but not there`);
	if (path.endsWith(".xz")) return sh("xz", ["-dc", path]);
	if (path.endsWith(".zst")) return sh("zstd", ["-dcq", path]);
	return readFileSync(path);
}
