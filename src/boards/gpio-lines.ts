// Which line is that pin? From a name as it stands on the board to the number that sysfs wants.
// The kernel's numbers are base + offset, and the base differs by kernel and board (0, 399, 458, 512, 569, 571 for the
// Pis alone), so it is looked up by the chip's label each time. Nothing is guessed: none or two chips that fit are refused.
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import type { Board, BoardChip } from "./load.js";

/** A line as the board's profile knows it, before any kernel is asked. */
export interface BoardLine {
	/** Which chip: by label, or by the device behind it; both null where only the kernel knows the name. */
	readonly label: string | null;
	readonly device: string | null;
	/** Offset in the chip; -1 where only the kernel knows the name. */
	readonly offset: number;
	/** The name on the board, else `{label}:{offset}`. */
	readonly name: string;
	/** Under which condition it works; null: none. */
	readonly caution: string | null;
}

export type FoundLine = { readonly ok: true; readonly line: BoardLine } | Refused;

/** A line of this kernel. */
export interface ResolvedLine {
	readonly ok: true;
	/** The number for /sys/class/gpio/export; where the chips are not sysfs's, the offset. */
	readonly number: number;
	/** The chip's label in the kernel. */
	readonly label: string;
	/** The chip's device file (`gpiochip0`), where the chips come from there. */
	readonly node: string | null;
	readonly offset: number;
	readonly lineName: string;
	readonly caution: string | null;
}

export interface Refused {
	readonly ok: false;
	readonly message: string;
}

/** A GPIO chip as the kernel shows it, in sysfs or by its device file. */
export interface GpioChip {
	readonly label: string;
	/** The number of its first line in sysfs; 0 where the chips are not sysfs's. */
	readonly base: number;
	/** Its device file (`gpiochip0`); null where sysfs tells of it. */
	readonly node: string | null;
	/** How many lines it has. */
	readonly count: number;
	/** The device behind it (`44e07000.gpio`), or null. */
	readonly device: string | null;
	/** Line names from the device tree, by offset; empty where it gives none. */
	readonly names: readonly string[];
}

/** What the profile alone can say about a pin: everything that is wrong on any kernel is refused here. */
export function findLine(board: Board, pinName: string): FoundLine {
	const pin = pinName.trim();
	const byNumber = /^pin\s+(\S+)$/i.exec(pin);
	if (byNumber?.[1] !== undefined) return findPin(board, byNumber[1].toUpperCase(), `pin ${byNumber[1]}`);
	if (/^\d+$/.test(pin)) {
		return refuse(
			`"${pin}" may be a line or a pin: write GPIO${pin} for the line, or "pin ${pin}" for the header's pin`,
		);
	}
	const colon = pin.lastIndexOf(":");
	if (colon > 0) return findOffset(board, pin.slice(0, colon), pin.slice(colon + 1), pin);
	if (board.pins.has(pin.toUpperCase())) return findPin(board, pin.toUpperCase(), pin);
	const line = findName(board, pin);
	if (line !== null) return unlessReserved(board, line);
	// Without a profile the kernel's own names are all there is; with one, an unknown name is a mistake.
	if (board.chips.length === 0 && pin.length > 0) {
		return { ok: true, line: { label: null, device: null, offset: -1, name: pin, caution: null } };
	}
	return refuse(`"${pin}" is no line of ${board.name}: ${waysToSay(board)}`);
}

/** The line of this kernel that a pin is. `sysRoot` is the root of sysfs, `/sys`. */
export function resolveLine(board: Board, pinName: string, sysRoot: string): ResolvedLine | Refused {
	const chips = listChips(sysRoot);
	if (chips === null) {
		const found = findLine(board, pinName);
		return found.ok ? refuse(NO_SYSFS) : found;
	}
	return resolveOn(board, pinName, chips);
}

/** The line that a pin is among these chips. */
export function resolveOn(board: Board, pinName: string, chips: readonly GpioChip[]): ResolvedLine | Refused {
	const found = findLine(board, pinName);
	if (!found.ok) return found;
	return found.line.offset < 0 ? byKernelName(found.line.name, chips) : onChip(board, found.line, chips);
}

/** What a kernel without GPIO in sysfs is told. */
export const NO_SYSFS =
	"this kernel has no GPIO in sysfs (/sys/class/gpio is missing): CONFIG_GPIO_SYSFS is off, there is no GPIO chip, or a container hides it";

/** All GPIO chips, lowest base first; null where sysfs has no GPIO at all. */
export function listChips(sysRoot: string): readonly GpioChip[] | null {
	const root = join(sysRoot, "class/gpio");
	let entries: string[];
	try {
		entries = readdirSync(root);
	} catch {
		return null; // missing or hidden: to the caller it is the same
	}
	return entries
		.filter((name) => /^gpiochip\d+$/.test(name))
		.map((name) => readChip(join(root, name)))
		.filter((chip) => chip !== null)
		.sort((a, b) => a.base - b.base);
}

function findPin(board: Board, pin: string, said: string): FoundLine {
	const wired = board.pins.get(pin);
	if (wired === undefined) {
		const known =
			board.pins.size === 0
				? `${board.name} has no header that is known here`
				: `pins of ${board.name}: ${range(board)}`;
		return refuse(`there is no ${said}: ${known}`);
	}
	const line = findName(board, wired);
	if (line === null) return refuse(`${said} is ${wired}, not a GPIO line`);
	return unlessReserved(board, line, said);
}

function findName(board: Board, name: string): BoardLine | null {
	const wanted = name.toUpperCase();
	for (const chip of board.chips) {
		for (const [own, offset] of chip.lines) if (own.toUpperCase() === wanted) return lineOf(board, chip, own, offset);
	}
	return null;
}

function findOffset(board: Board, label: string, offsetText: string, pin: string): FoundLine {
	if (!/^\d{1,4}$/.test(offsetText))
		return refuse(`"${pin}": after the chip's label and a colon stands the offset, a number`);
	const offset = Number(offsetText);
	// By device where a profile has devices: there a label is the kernel's, and what it means is only known with the kernel.
	const chip = board.chips.find((own) => own.device === label || (own.device === null && own.label === label));
	const own = chip === undefined ? undefined : [...chip.lines].find(([, at]) => at === offset)?.[0];
	if (chip === undefined || own === undefined) {
		return { ok: true, line: { label, device: null, offset, name: `${label}:${offset}`, caution: null } };
	}
	return unlessReserved(board, lineOf(board, chip, own, offset));
}

function lineOf(board: Board, chip: BoardChip, name: string, offset: number): BoardLine {
	const label = chip.device === null ? chip.label : null;
	return { label, device: chip.device, offset, name, caution: board.cautions.get(name) ?? null };
}

function unlessReserved(board: Board, line: BoardLine, said = line.name): FoundLine {
	const reason = board.reserved.get(line.name);
	if (reason === undefined) return { ok: true, line };
	const name = said === line.name ? line.name : `${said} (${line.name})`;
	return refuse(`${name} is reserved on ${board.name}: ${reason}`);
}

function onChip(board: Board, line: BoardLine, chips: readonly GpioChip[]): ResolvedLine | Refused {
	const matches = chips.filter((chip) =>
		line.device === null ? chip.label === line.label : chip.device === line.device,
	);
	const [chip] = matches;
	const wanted = line.device === null ? `labelled "${line.label}"` : `of device "${line.device}"`;
	if (chip === undefined) return refuse(`${line.name}: no GPIO chip ${wanted}; there are: ${listed(chips)}`);
	if (matches.length > 1) return refuse(`${line.name}: ${matches.length} GPIO chips ${wanted}: ${listed(matches)}`);
	if (line.offset >= chip.count) {
		return refuse(`${line.name}: ${chip.label} has ${chip.count} lines, offsets 0 to ${chip.count - 1}`);
	}
	// A line given by the kernel's label may be one that the profile reserves under its own name.
	const known = board.chips.find((own) =>
		own.device === null ? own.label === chip.label : own.device === chip.device,
	);
	const name = known === undefined ? undefined : [...known.lines].find(([, offset]) => offset === line.offset)?.[0];
	const reason = name === undefined ? undefined : board.reserved.get(name);
	if (reason !== undefined) return refuse(`${line.name} (${name}) is reserved on ${board.name}: ${reason}`);
	const caution = name === undefined ? line.caution : (board.cautions.get(name) ?? null);
	return resolved(chip, line.offset, name ?? line.name, caution);
}

function byKernelName(name: string, chips: readonly GpioChip[]): ResolvedLine | Refused {
	const hits = chips.flatMap((chip) =>
		chip.names.flatMap((own, offset) => (own === name && offset < chip.count ? [{ chip, offset }] : [])),
	);
	const [hit] = hits;
	if (hit === undefined) {
		return refuse(`no GPIO line is called "${name}" here; write {chip label}:{offset}. Chips: ${listed(chips)}`);
	}
	if (hits.length > 1) {
		const where = hits.map(({ chip, offset }) => `${chip.label}:${offset}`).join(", ");
		return refuse(`${hits.length} GPIO lines are called "${name}": ${where}`);
	}
	return resolved(hit.chip, hit.offset, name, null);
}

function resolved(chip: GpioChip, offset: number, lineName: string, caution: string | null): ResolvedLine {
	const { base, label, node } = chip;
	return { ok: true, number: base + offset, label, node, offset, lineName, caution };
}

function readChip(folder: string): GpioChip | null {
	try {
		const read = (name: string) => readFileSync(join(folder, name), "utf8").trim();
		const [base, count] = [Number(read("base")), Number(read("ngpio"))];
		if (!Number.isSafeInteger(base) || !Number.isSafeInteger(count)) return null;
		const names = lineNames(join(folder, "device/of_node"));
		return { label: read("label"), base, node: null, count, device: deviceOf(folder), names };
	} catch {
		return null; // a chip that went away while it was read is no chip
	}
}

function deviceOf(folder: string): string | null {
	try {
		return basename(realpathSync(join(folder, "device")));
	} catch {
		return null; // chips without a parent have no link
	}
}

/** Line names that a chip has from its node in the device tree, by offset. */
export function lineNames(treeNode: string): readonly string[] {
	try {
		return readFileSync(join(treeNode, "gpio-line-names"), "utf8").split("\0").slice(0, -1);
	} catch {
		return []; // not from a device tree, or its tree names no lines
	}
}

function waysToSay(board: Board): string {
	const names = board.chips.flatMap(({ lines }) => [...lines.keys()]).filter((name) => !board.reserved.has(name));
	const pin = [...board.pins].find(([, wired]) => names.includes(wired))?.[0];
	const label = board.chips[0]?.label ?? "label";
	return `say it like ${names[0] ?? "a line's name"}, "pin ${pin ?? 11}" or ${label}:5`;
}

function range(board: Board): string {
	const pins = [...board.pins.keys()];
	return `${pins[0]} to ${pins.at(-1)}`;
}

function listed(chips: readonly GpioChip[]): string {
	return chips.length === 0
		? "none"
		: chips.map(({ label, base, count }) => `${label} (${base} to ${base + count - 1})`).join(", ");
}

function refuse(message: string): Refused {
	return { ok: false, message };
}
