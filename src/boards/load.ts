// The board profiles: boards/<id>.json, read once at the door and checked so far that the rest can trust them.
// The whole shape is board.schema.json, which a test holds against every file; here is what a damaged or hand-made file
// needs to be told plainly. The same code runs from the compiled tree and from one bundled file, so the folder is looked
// for upwards from this module.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface BoardChip {
	/** The chip's label in the kernel. */
	readonly label: string;
	/** The device behind the chip; where it is given, it decides instead of the label. */
	readonly device: string | null;
	/** Line name to offset in the chip. */
	readonly lines: ReadonlyMap<string, number>;
}

export interface Uart {
	readonly path: string;
	/** Lines it takes: TX, then RX. Empty: it is not on the header. */
	readonly pins: readonly string[];
	readonly hint: string;
}

export interface Board {
	readonly id: string;
	readonly name: string;
	/** Strings of the device tree's `compatible` that mean this board. */
	readonly compatible: readonly string[];
	/** What the device tree's `model` begins with on this board. */
	readonly models: readonly string[];
	readonly chips: readonly BoardChip[];
	/** Header pin (`11`, `P9_12`) to the name of a line, or to what else is on it (`ground`). */
	readonly pins: ReadonlyMap<string, string>;
	/** Lines that are refused, by name, and why. */
	readonly reserved: ReadonlyMap<string, string>;
	/** Lines that work under a condition, by name, and which. */
	readonly cautions: ReadonlyMap<string, string>;
	readonly uarts: readonly Uart[];
	/** Memory of the smallest variant, MiB. */
	readonly memoryMb: number;
	/** The default of `buffer.capacity`. */
	readonly bufferCapacity: number;
	readonly note: string | null;
}

export type LoadedBoard =
	| { readonly ok: true; readonly board: Board }
	| { readonly ok: false; readonly message: string };

/** The profile that every installation has, and the board of a machine that nobody described. */
export const GENERIC_BOARD = "generic-linux";

/** From build/src/boards it is three steps up to the project, from dist/ one; more would search a stranger's folders. */
const LEVELS_MAX = 4;
/** Names that one `NAME{a-b}` may stand for: the kernel's largest chips have 256 lines. */
const RANGE_MAX = 1_024;

/** The folder of the profiles, or null where the installation lacks it. */
export function boardsFolder(from = import.meta.dirname): string | null {
	let folder = from;
	for (let level = 0; level < LEVELS_MAX; level += 1) {
		// Asked by a file: the compiled tree has a folder src/boards of its own.
		if (existsSync(join(folder, "boards", `${GENERIC_BOARD}.json`))) return join(folder, "boards");
		folder = dirname(folder);
	}
	return null;
}

/** The ids of all profiles, in order; empty where the installation has none. */
export function boardIds(folder = boardsFolder()): readonly string[] {
	if (folder === null) return [];
	return readdirSync(folder)
		.filter((name) => name.endsWith(".json"))
		.map((name) => name.slice(0, -".json".length))
		.sort();
}

/** The profile of an id. What is wrong with a file is said with the file's name. */
export function loadBoard(id: string, folder = boardsFolder()): LoadedBoard {
	if (folder === null)
		return { ok: false, message: "the folder boards is missing beside the program: install it again" };
	if (!boardIds(folder).includes(id)) {
		return { ok: false, message: `no board "${id}"; there are: ${boardIds(folder).join(", ")}` };
	}
	const file = readJson(join(folder, `${id}.json`));
	if (!file.ok) return { ok: false, message: `boards/${id}.json: ${file.message}` };
	const problems: string[] = [];
	const board = readBoard(id, file.json, folder, problems);
	if (problems.length > 0) return { ok: false, message: `boards/${id}.json: ${problems.join("; ")}` };
	return { ok: true, board };
}

/** The names that `GPIO{0-27}` stands for, in order; a name without a range is itself. */
export function expandNames(pattern: string): readonly string[] {
	const range = /^(.*)\{(\d+)-(\d+)\}$/.exec(pattern);
	if (range === null) return [pattern];
	const [, stem = "", first = "", last = ""] = range;
	const count = Math.min(Number(last) - Number(first) + 1, RANGE_MAX);
	return Array.from({ length: Math.max(0, count) }, (_, index) => `${stem}${Number(first) + index}`);
}

type Json = Readonly<Record<string, unknown>>;

function readJson(path: string): { ok: true; json: unknown } | { ok: false; message: string } {
	try {
		return { ok: true, json: JSON.parse(readFileSync(path, "utf8")) };
	} catch (error) {
		return { ok: false, message: error instanceof Error ? error.message : String(error) };
	}
}

function readBoard(id: string, json: unknown, folder: string, problems: string[]): Board {
	const file = object(json, "the file", problems);
	const match = object(file["match"] ?? {}, "match", problems);
	const chips = array(file["chips"], "chips", problems).map((chip, index) =>
		readChip(chip, `chips[${index}]`, problems),
	);
	const names = new Set(chips.flatMap(({ lines }) => [...lines.keys()]));
	const reasons = (key: string) => readReasons(file[key], key, names, problems);
	if (file["id"] !== id) problems.push(`id is ${JSON.stringify(file["id"])}, the file's name says "${id}"`);
	return {
		id,
		name: text(file["name"], "name", problems),
		compatible: texts(match["compatible"] ?? [], "match.compatible", problems),
		models: texts(match["model"] ?? [], "match.model", problems),
		chips,
		pins: readPins(file["header"], folder, problems),
		reserved: reasons("reserved"),
		cautions: reasons("cautions"),
		uarts: array(file["uarts"], "uarts", problems).map((uart, index) => readUart(uart, `uarts[${index}]`, problems)),
		memoryMb: count(file["memoryMb"], "memoryMb", problems),
		bufferCapacity: count(file["bufferCapacity"], "bufferCapacity", problems),
		note: file["note"] === undefined ? null : text(file["note"], "note", problems),
	};
}

function readChip(json: unknown, where: string, problems: string[]): BoardChip {
	const chip = object(json, where, problems);
	const lines = new Map<string, number>();
	for (const [pattern, offset] of Object.entries(object(chip["lines"], `${where}.lines`, problems))) {
		const first = count(offset, `${where}.lines.${pattern}`, problems);
		for (const [index, name] of expandNames(pattern).entries()) {
			if (lines.has(name)) problems.push(`${where}.lines: ${name} is there twice`);
			lines.set(name, first + index);
		}
	}
	const device = chip["device"] === undefined ? null : text(chip["device"], `${where}.device`, problems);
	return { label: text(chip["label"], `${where}.label`, problems), device, lines };
}

function readReasons(
	json: unknown,
	where: string,
	names: ReadonlySet<string>,
	problems: string[],
): Map<string, string> {
	const reasons = new Map<string, string>();
	for (const [pattern, reason] of Object.entries(object(json, where, problems))) {
		for (const name of expandNames(pattern)) {
			if (!names.has(name)) problems.push(`${where}: no chip has a line ${name}`);
			reasons.set(name, text(reason, `${where}.${pattern}`, problems));
		}
	}
	return reasons;
}

/** Pins of the file itself, or of the header that it names in boards/headers. */
function readPins(json: unknown, folder: string, problems: string[]): Map<string, string> {
	if (typeof json !== "string") return pinsOf(json, "header", problems);
	const file = /^[a-z0-9-]+$/.test(json) ? readJson(join(folder, "headers", `${json}.json`)) : null;
	if (file === null || !file.ok) {
		problems.push(`header "${json}": ${file === null ? "no name of a file in boards/headers" : file.message}`);
		return new Map();
	}
	return pinsOf(object(file.json, `boards/headers/${json}.json`, problems)["pins"], `header "${json}"`, problems);
}

function pinsOf(json: unknown, where: string, problems: string[]): Map<string, string> {
	const pins = Object.entries(object(json, where, problems));
	return new Map(pins.map(([pin, line]) => [pin, text(line, `${where} pin ${pin}`, problems)]));
}

function readUart(json: unknown, where: string, problems: string[]): Uart {
	const uart = object(json, where, problems);
	return {
		path: text(uart["path"], `${where}.path`, problems),
		pins: texts(uart["pins"], `${where}.pins`, problems),
		hint: text(uart["hint"], `${where}.hint`, problems),
	};
}

function object(json: unknown, where: string, problems: string[]): Json {
	if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Json;
	problems.push(`${where} must be an object`);
	return {};
}

function array(json: unknown, where: string, problems: string[]): readonly unknown[] {
	if (Array.isArray(json)) return json;
	problems.push(`${where} must be a list`);
	return [];
}

function texts(json: unknown, where: string, problems: string[]): readonly string[] {
	return array(json, where, problems).map((entry, index) => text(entry, `${where}[${index}]`, problems));
}

function text(json: unknown, where: string, problems: string[]): string {
	if (typeof json === "string" && json.length > 0) return json;
	problems.push(`${where} must be a text`);
	return "";
}

function count(json: unknown, where: string, problems: string[]): number {
	if (typeof json === "number" && Number.isSafeInteger(json) && json >= 0) return json;
	problems.push(`${where} must be a whole number from 0 up`);
	return 0;
}
