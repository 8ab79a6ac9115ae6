// Text measured in terminal cells: pieces of a line with a style each, clipped by what they take on the screen.
// Whatever a sensor or a broker said is shown without its control characters, so that it cannot steer the terminal.
import { printable } from "../core/unprintable.js";

export type Style = "plain" | "bold" | "soft" | "good" | "warn" | "bad" | "accent";

/** A piece of a line. */
export interface Piece {
	readonly text: string;
	readonly style: Style;
}

export type Line = readonly Piece[];

/** Select Graphic Rendition (ECMA-48 8.3.117): only the eight colours that every terminal theme has chosen for itself. */
const SGR: Readonly<Record<Style, string>> = {
	plain: "",
	bold: "\u001b[1m",
	soft: "\u001b[2m",
	good: "\u001b[32m",
	warn: "\u001b[33m",
	bad: "\u001b[31m",
	accent: "\u001b[36m",
};
const SGR_RESET = "\u001b[0m";

/** One piece, safe to show. */
export function piece(text: string, style: Style = "plain"): Piece {
	return { text: visible(text), style };
}

/** Control characters, invisible ones and halves of pairs become U+FFFD. */
export function visible(text: string): string {
	return printable(text);
}

/** The line as text, no wider than `columns`; what is cut off is shown as an ellipsis. */
export function render(line: Line, columns: number, colour: boolean): string {
	const width = line.reduce((sum, { text }) => sum + textCells(text), 0);
	const isCut = width > columns;
	let room = isCut ? columns - 1 : columns;
	let out = "";
	for (const { text, style } of line) {
		const shown = clip(text, room);
		room -= textCells(shown);
		if (shown !== "") out += colour && style !== "plain" ? `${SGR[style]}${shown}${SGR_RESET}` : shown;
		if (shown.length < text.length) break;
	}
	return isCut && columns > 0 ? `${out}…` : out;
}

/** Cut or filled with spaces to exactly this many cells. */
export function fit(text: string, cells: number): string {
	const safe = visible(text);
	const taken = textCells(safe);
	if (taken <= cells) return safe + " ".repeat(cells - taken);
	const cut = `${clip(safe, cells - 1)}…`;
	return cut + " ".repeat(Math.max(0, cells - textCells(cut)));
}

/** Filled with spaces on the left. */
export function fitRight(text: string, cells: number): string {
	const taken = textCells(text);
	return taken <= cells ? " ".repeat(cells - taken) + text : fit(text, cells);
}

/** Cells that a text takes. */
export function textCells(text: string): number {
	let cells = 0;
	for (const character of text) cells += characterCells(character.codePointAt(0) ?? 0);
	return cells;
}

function clip(text: string, cells: number): string {
	let room = cells;
	let end = 0;
	for (const character of text) {
		room -= characterCells(character.codePointAt(0) ?? 0);
		if (room < 0) break;
		end += character.length;
	}
	return text.slice(0, end);
}

/** Two for East Asian wide characters and emoji (UAX #11), else one. Combining marks count too: a line is rather short. */
function characterCells(codePoint: number): number {
	if (codePoint < 0x1100) return 1;
	const isWide =
		codePoint <= 0x115f ||
		(codePoint >= 0x2e80 && codePoint <= 0xa4cf) ||
		(codePoint >= 0xac00 && codePoint <= 0xd7a3) ||
		(codePoint >= 0xf900 && codePoint <= 0xfaff) ||
		(codePoint >= 0xfe30 && codePoint <= 0xfe6f) ||
		(codePoint >= 0xff00 && codePoint <= 0xff60) ||
		(codePoint >= 0xffe0 && codePoint <= 0xffe6) ||
		(codePoint >= 0x1f300 && codePoint <= 0x1faff) ||
		(codePoint >= 0x20000 && codePoint <= 0x3fffd);
	return isWide ? 2 : 1;
}
