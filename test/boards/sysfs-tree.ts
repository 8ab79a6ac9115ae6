// A sysfs of our own in a temporary folder: GPIO chips as a kernel shows them, and other small files by path.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface ChipFixture {
	readonly label: string;
	readonly base: number;
	readonly count: number;
	readonly device?: string;
	/** Line names of the device tree, by offset. */
	readonly names?: readonly string[];
}

const made: string[] = [];

/** A folder with these files. Removed at the end of the process. */
export function makeTree(files: Readonly<Record<string, string>>): string {
	const root = mkdtempSync(join(tmpdir(), "tallywire-tree-"));
	made.push(root);
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
	}
	return root;
}

/** A sysfs with these chips. */
export function makeSysfs(chips: readonly ChipFixture[], files: Readonly<Record<string, string>> = {}): string {
	const root = makeTree({ "class/gpio/export": "", "class/gpio/unexport": "", ...files });
	for (const chip of chips) {
		const folder = join(root, `class/gpio/gpiochip${chip.base}`);
		mkdirSync(folder);
		writeFileSync(join(folder, "label"), `${chip.label}\n`);
		writeFileSync(join(folder, "base"), `${chip.base}\n`);
		writeFileSync(join(folder, "ngpio"), `${chip.count}\n`);
		const device = join(root, "devices/platform", chip.device ?? `${chip.label}.${chip.base}`);
		mkdirSync(join(device, "of_node"), { recursive: true });
		if (chip.names !== undefined) writeFileSync(join(device, "of_node/gpio-line-names"), `${chip.names.join("\0")}\0`);
		symlinkSync(device, join(folder, "device"));
	}
	return root;
}

process.on("exit", () => {
	for (const root of made) rmSync(root, { recursive: true, force: true });
});
