// Which board is this? The device tree says it on every ARM board; a machine without one is a laptop or just a Linux.
// An unknown board is never guessed at: it becomes generic-linux with a note that says what was seen.
import { readdirSync, readFileSync } from "node:fs";
import { platform as thisPlatform } from "node:os";
import { join } from "node:path";
import { type Board, boardIds, boardsFolder, GENERIC_BOARD, loadBoard } from "./load.js";

export interface DetectOptions {
	/** Root of procfs, `/proc`. */
	readonly procRoot: string;
	/** Root of sysfs, `/sys`. */
	readonly sysRoot: string;
	/** As `os.platform()` says it. */
	readonly platform?: string;
	/** The folder of the profiles; found by itself when it is not given. */
	readonly boards?: string | null;
}

export interface DetectedBoard {
	readonly id: string;
	/** The device tree's or the firmware's own name for the machine, or null. */
	readonly model: string | null;
	/** One line for a person where there is something to know: no profile, ARMv6, a damaged profile. */
	readonly note: string | null;
}

const LAPTOP = "laptop";

/** The SoC of the Pi 1, Zero and Zero W: ARMv6, for which the Node project has built nothing since Node 11. */
const ARMV6_SOC = "brcm,bcm2835";

/** Chassis types of SMBIOS 3.7, table 17, that are carried around: portable, laptop, notebook, sub notebook, tablet, convertible, detachable. */
const CARRIED_CHASSIS = new Set(["8", "9", "10", "14", "30", "31", "32"]);

/** The board this machine is. Reads a few small files; never fails. */
export function detectBoard(options: DetectOptions): DetectedBoard {
	const platform = options.platform ?? thisPlatform();
	if (platform !== "linux") return { id: LAPTOP, model: null, note: null };
	const compatible = readTree(options, "compatible");
	if (compatible.length > 0) return fromDeviceTree(compatible, readTree(options, "model")[0] ?? null, options);
	const model = readLine(join(options.sysRoot, "class/dmi/id/product_name"));
	return { id: isCarried(options.sysRoot) ? LAPTOP : GENERIC_BOARD, model, note: null };
}

function fromDeviceTree(compatible: readonly string[], model: string | null, options: DetectOptions): DetectedBoard {
	const seen = model ?? compatible[0] ?? "this board";
	if (compatible.includes(ARMV6_SOC)) {
		const note = `${seen} has an ARMv6 processor, for which Node is not built: use a Pi Zero 2 W, a Pi 3 or a later one`;
		return { id: GENERIC_BOARD, model, note };
	}
	const { boards, damaged } = loadAll(options.boards === undefined ? boardsFolder() : options.boards);
	const match = byCompatible(boards, compatible) ?? byModel(boards, model);
	if (match !== null) return { id: match.id, model, note: match.note };
	const note = `no profile for ${seen} (${compatible.join(", ")}): GPIO lines by {chip label}:{offset} only`;
	return { id: GENERIC_BOARD, model, note: [note, ...damaged].join("; ") };
}

function loadAll(folder: string | null): { boards: Board[]; damaged: string[] } {
	const boards: Board[] = [];
	const damaged: string[] = [];
	for (const id of boardIds(folder)) {
		const loaded = loadBoard(id, folder);
		if (loaded.ok) boards.push(loaded.board);
		else damaged.push(loaded.message);
	}
	return { boards, damaged };
}

/** A device tree lists the most specific string first: the first one that a profile names decides. */
function byCompatible(boards: readonly Board[], compatible: readonly string[]): Board | null {
	for (const entry of compatible) {
		const match = boards.find((board) => board.compatible.includes(entry));
		if (match !== undefined) return match;
	}
	return null;
}

/** "Raspberry Pi 3 Model B Plus Rev 1.3" begins like two boards: the longest beginning wins. */
function byModel(boards: readonly Board[], model: string | null): Board | null {
	if (model === null) return null;
	let best: Board | null = null;
	let bestLength = 0;
	for (const board of boards) {
		for (const start of board.models) {
			if (model.startsWith(start) && start.length > bestLength) {
				best = board;
				bestLength = start.length;
			}
		}
	}
	return best;
}

/** A property of the tree's root: NUL-terminated strings. Containers often hide /proc/device-tree but not sysfs. */
function readTree(options: DetectOptions, property: string): readonly string[] {
	const paths = [
		join(options.procRoot, "device-tree", property),
		join(options.sysRoot, "firmware/devicetree/base", property),
	];
	for (const path of paths) {
		const strings = (readText(path) ?? "").split("\0").filter((entry) => entry.length > 0);
		if (strings.length > 0) return strings;
	}
	return [];
}

function isCarried(sysRoot: string): boolean {
	const chassis = readLine(join(sysRoot, "class/dmi/id/chassis_type"));
	if (chassis !== null && CARRIED_CHASSIS.has(chassis)) return true;
	return listFolder(join(sysRoot, "class/power_supply")).some((name) => /^BAT/.test(name));
}

function readLine(path: string): string | null {
	const line = readText(path)?.trim() ?? "";
	return line.length > 0 ? line : null;
}

/** What cannot be read says nothing about the machine, which is all that is asked here. */
function readText(path: string): string | null {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return null;
	}
}

function listFolder(path: string): readonly string[] {
	try {
		return readdirSync(path);
	} catch {
		return [];
	}
}
