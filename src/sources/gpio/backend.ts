// What a way to a GPIO line has to give: the seam between the gpio source and the kernel. One back end is one file.
// A back end deals in what the wire does: inverting for `active_low`, debouncing and counting are the source's.
import type { BoardLine, GpioChip, ResolvedLine } from "../../boards/gpio-lines.js";

export type Edge = "rising" | "falling" | "both";
export type Bias = "pull-up" | "pull-down" | "disabled";
export type BackendName = "sysfs" | "chardev";

export interface LineRequest {
	readonly line: ResolvedLine;
	/** Edges that are to be reported. */
	readonly edge: Edge;
	/** Resistor inside the chip; null: as it is. */
	readonly bias: Bias | null;
	/** The kernel passes on a level only once it has lasted this long; 0: every edge. */
	readonly kernelDebounceMs: number;
}

export interface LineHandlers {
	/**
	 * At least one edge of the requested kind took place.
	 * @param isHigh the wire's level after it, as far as the kernel tells; two in a row may be the same
	 * @param atMs when, on the monotonic clock of `host.now()`, never in the future
	 */
	edge(isHigh: boolean, atMs: number): void;
	/** So many edges of the requested kind took place that `edge` was never called for. */
	lost(edges: number): void;
	/** The line is gone. Called at most once, and nothing follows it; the source closes the line and opens it anew. */
	failed(message: string): void;
}

export interface OpenLine {
	/** The wire's level, as last known. */
	isHigh(): boolean;
	/** Looks after the line: the level now. What was lost is told by `lost`, and a line that is gone by `failed`. */
	probe(): boolean;
	/** Gives the line back. May be called after `failed`; never rejects, and no handler is called after it. */
	close(): Promise<void>;
}

export interface Refusal {
	readonly ok: false;
	readonly message: string;
}

export type OpenedLine = { readonly ok: true; readonly line: OpenLine } | Refusal;
export type FoundChips = { readonly ok: true; readonly chips: readonly GpioChip[] } | Refusal;

export interface GpioBackend {
	/** For the configuration, the status and `doctor`. */
	readonly name: BackendName;
	/** Why this machine has not got it, and what mends it; null where it has. */
	missing(): Promise<string | null>;
	/** The GPIO chips that there are now. */
	chips(): Promise<FoundChips>;
	/** Opens a line as input. Never rejects and never blocks; no handler is called before it resolves. */
	open(request: LineRequest, handlers: LineHandlers): Promise<OpenedLine>;
}

/** What tells one line from another whatever it is called. */
export function lineKey(line: Pick<BoardLine, "label" | "device" | "offset" | "name">): string {
	return line.offset < 0 ? line.name : `${line.device ?? line.label}:${line.offset}`;
}
