// A Raspberry Pi 4 that is in order, as `doctor` finds it in a tree of files.
import { join } from "node:path";
import type { DoctorMachine } from "../../src/commands/doctor/machine.js";
import { makeSysfs } from "../boards/sysfs-tree.js";

/** Its folders below `root`, with the board in the device tree. */
export const PI4_FILES = {
	"proc/device-tree/compatible": "raspberrypi,4-model-b\0brcm,bcm2711\0",
	"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0",
	"dev/null": "",
} as const;

const CHIP = { label: "pinctrl-bcm2711", base: 512, count: 58 };

/** Its sysfs, with `files` in it. */
export function pi4Sysfs(files: Readonly<Record<string, string>> = {}): string {
	return makeSysfs([CHIP], files);
}

export function pi4Machine(root: string, sysRoot = pi4Sysfs()): DoctorMachine {
	return {
		procRoot: join(root, "proc"),
		sysRoot,
		devRoot: join(root, "dev"),
		etcRoot: join(root, "etc"),
		temporaryFolder: root,
		nodeVersion: "v20.19.0",
		arch: "arm64",
		platform: "linux",
		armVersion: null,
		user: { name: "pi", uid: 1000, gids: [20, 997] },
		memoryBytes: 1_024 * 1_048_576,
	};
}
