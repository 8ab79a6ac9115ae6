// What a way to a GPIO line has to give: the seam between the gpio source and the kernel. One back end is one file.
// A back end deals in what the wire does: inverting for `active_low`, debouncing and counting are the source's.
import type { BoardLine, ResolvedLine } from "../../boards/gpio-lines.js";

export type Edge = "rising" | "falling" | "both";

export interface LineRequest {
	readonly line: ResolvedLine;
	/** Edges that are to be reported. */
	readonly edge: Edge;
}

export interface LineHandlers {
	/**
	 * At least one edge of the requested kind took place.
	 * @param isHigh the wire's level after it, as far as the kernel tells; two in a row may be the same
	 * @param atMs when, on the monotonic clock of `host.now()`, never in the future
	 * @param missed edges before it that are known to have been lost; 0 where that cannot be known
	 */
	edge(isHigh: boolean, atMs: number, missed: number): void;
	/** The line is gone. Called at most once, and nothing follows it; the source closes the line and opens it anew. */
	failed(message: string): void;
}

export interface OpenLine {
	/** The wire's level now. Where it can no longer be read, `failed` is called and the last level returned. */
	isHigh(): boolean;
	/** Gives the line back. May be called after `failed`; never throws, and no handler is called after it. */
	close(): void;
}

export type OpenedLine =
	| { readonly ok: true; readonly line: OpenLine }
	| { readonly ok: false; readonly message: string };

export interface GpioBackend {
	/** For the status and `doctor`. */
	readonly name: string;
	/** Opens a line as input. Never rejects and never blocks; no handler is called before it resolves. */
	open(request: LineRequest, handlers: LineHandlers): Promise<OpenedLine>;
}

/** What tells one line from another whatever it is called. */
export function lineKey(line: Pick<BoardLine, "label" | "device" | "offset" | "name">): string {
	return line.offset < 0 ? line.name : `${line.device ?? line.label}:${line.offset}`;
}
