// One screen of lines on a terminal, without flicker: only lines that changed are written, at most 4 times a second.
// Uses the alternate screen, and gives the user's own one back however the program ends.

/** Between two drawings: faster is not read, and costs a slow line (ssh, a serial console) its bandwidth. */
export const REDRAW_MS = 250;

/** Alternate screen on, cursor hidden, no wrapping at the right edge; and back. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const LEAVE = "\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Before a line is written: after one that fills the screen's width the cursor stands on its last character. */
const CLEAR_TO_END_OF_LINE = "\u001b[K";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface TerminalOptions {
	/** Normally `process.stdout`. */
	readonly out: Pick<NodeJS.WriteStream, "write" | "columns" | "rows" | "writableNeedDrain">;
	/** Normally `process`: its end, by itself or by a signal, restores the screen. */
	readonly events: Pick<NodeJS.Process, "on" | "off" | "kill" | "pid" | "listenerCount">;
	readonly nowMs: () => number;
}

export interface Terminal {
	enter(): void;
	/** The size to draw for. */
	size(): { readonly columns: number; readonly rows: number };
	/** Draws, unless the last drawing is less than REDRAW_MS ago or the terminal has not taken it yet; says whether. */
	draw(lines: readonly string[]): boolean;
	/** Back to the user's screen; does nothing the second time. */
	leave(): void;
}

/** Makes the screen; nothing is written before `enter`. */
export function createTerminal({ out, events, nowMs }: TerminalOptions): Terminal {
	let isEntered = false;
	let drawnAtMs = Number.NEGATIVE_INFINITY;
	let drawn: readonly string[] = [];
	let drawnSize = "";

	function leave(): void {
		if (!isEntered) return;
		isEntered = false;
		events.off("exit", leave);
		for (const signal of SIGNALS) events.off(signal, onSignal);
		out.write(LEAVE);
	}

	/** Having a listener takes a signal's own effect away; where nobody else listens it is sent again. */
	function onSignal(signal: NodeJS.Signals): void {
		const others = events.listenerCount(signal) - 1;
		leave();
		if (others <= 0) events.kill(events.pid, signal);
	}

	function size(): { columns: number; rows: number } {
		return { columns: out.columns || 80, rows: out.rows || 24 };
	}

	function draw(lines: readonly string[]): boolean {
		const now = nowMs();
		if (!isEntered || now - drawnAtMs < REDRAW_MS || out.writableNeedDrain) return false;
		const { columns, rows } = size();
		// After a change of size a terminal may have moved everything.
		if (drawnSize !== `${columns}x${rows}`) drawn = [];
		let text = drawn.length === 0 ? "\u001b[2J" : "";
		for (let row = 0; row < Math.min(rows, Math.max(lines.length, drawn.length)); row += 1) {
			const line = lines[row] ?? "";
			if (line !== drawn[row]) text += `\u001b[${row + 1};1H${CLEAR_TO_END_OF_LINE}${line}`;
		}
		if (text !== "") out.write(text);
		drawn = [...lines];
		drawnSize = `${columns}x${rows}`;
		drawnAtMs = now;
		return true;
	}

	return {
		enter() {
			if (isEntered) return;
			isEntered = true;
			drawn = [];
			events.on("exit", leave);
			for (const signal of SIGNALS) events.on(signal, onSignal);
			out.write(ENTER);
		},
		size,
		draw,
		leave,
	};
}
