// Which kernel the virtual board runs: the one that is given, the one that was built before, or one built now.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

const builder = join(import.meta.dirname, "build-kernel");

/**
 * The kernel's path, or null and why there is none. Building one takes minutes: `limitS` at most, 0 builds none.
 * TALLYWIRE_BOARD_KERNEL names a kernel that is taken as it is.
 */
export function findKernel(limitS = 3_600) {
	const given = process.env.TALLYWIRE_BOARD_KERNEL;
	if (given) return isProgram(given) ? { path: given } : { path: null, why: `${given} is no program` };
	const { error, status, stdout } = spawnSync(builder, [String(limitS)], {
		encoding: "utf8",
		stdio: ["ignore", "pipe", "inherit"],
	});
	const answer = error?.message ?? stdout.trim();
	return status === 0 ? { path: answer } : { path: null, why: answer };
}

function isProgram(file) {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
