// Where the image is made: the cache, and one way to run a program.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const SUITE = "trixie";

/** Outside the tree: what was fetched or takes long to make. */
export const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tallywire", "image");

export function say(text) {
	console.error(`image: ${text}`);
}

/** Runs a program to its end and gives back what it wrote to stdout; one that fails ends the build. */
export function sh(command, args, options = {}) {
	const result = spawnSync(command, args, {
		stdio: ["ignore", "pipe", "inherit"],
		maxBuffer: 1 << 28,
		...options,
	});
	if (result.error) throw new Error(`${command} could not be started`, { cause: result.error });
	if (result.status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${result.signal ?? result.status}`);
	return result.stdout;
}

/** program -> Debian package. */
const PROGRAMS = {
	mmdebstrap: "mmdebstrap",
	"qemu-aarch64-static": "qemu-user-static",
	"mkfs.vfat": "dosfstools",
	mcopy: "mtools",
	mke2fs: "e2fsprogs",
	depmod: "kmod",
	xz: "xz-utils",
	zstd: "zstd",
};

/** Whether programs for arm64 run here, as the maintainer scripts of the packages must. */
export function runsForeignPrograms() {
	return process.arch === "arm64" || existsSync("/proc/sys/fs/binfmt_misc/qemu-aarch64");
}

/** Packages that must be installed first: before an image can be made, if no programs are named. */
export function missingPrograms(programs = PROGRAMS) {
	const found = (program) => spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0;
	return Object.keys(programs)
		.filter((program) => !found(program))
		.map((program) => programs[program]);
}
