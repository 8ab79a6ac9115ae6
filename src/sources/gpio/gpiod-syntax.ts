// The two languages of libgpiod's programs: 1.x (Debian 12) and 2.x (Debian 13) take other options and print other lines.
// Pure: command lines out of requests, and facts out of what the programs print.
import type { GpioChip } from "../../boards/gpio-lines.js";
import type { Bias, Edge } from "./backend.js";

/** A line as the programs are told of it. */
export interface GpiodLine {
	/** `gpiochip0`. */
	readonly node: string;
	readonly offset: number;
	readonly bias: Bias | null;
}

export interface WatchedLine extends GpiodLine {
	readonly edge: Edge;
	readonly kernelDebounceMs: number;
}

export interface GpiodSyntax {
	/** `2.2.1`. */
	readonly version: string;
	/** Whether the kernel can be asked to debounce. */
	readonly canDebounce: boolean;
	/** Prints one line for each edge, as `parseEdge` reads it. */
	monitor(line: WatchedLine): readonly string[];
	/** Prints the level, 0 or 1. */
	read(line: GpiodLine): readonly string[];
	/** Prints who has the chip's lines. */
	inspect(chip: Pick<GpiodLine, "node">): readonly string[];
	/** Under which name the kernel knows the one who watches the line. */
	consumer(line: GpiodLine): string;
}

export interface KernelEdge {
	readonly isHigh: boolean;
	/** On CLOCK_MONOTONIC. */
	readonly kernelMs: number;
}

const EDGE_OPTION_1: Readonly<Record<Edge, readonly string[]>> = {
	rising: ["--rising-edge"],
	falling: ["--falling-edge"],
	both: [],
};
const BIAS_1: Readonly<Record<Bias, string>> = { "pull-up": "pull-up", "pull-down": "pull-down", disabled: "disable" };

/** The language of the program that answered `--version` so; null where it is none that is known here. */
export function gpiodSyntax(versionText: string): GpiodSyntax | null {
	const version = /\(libgpiod\) v(\d+\.\d+\S*)/.exec(versionText)?.[1];
	if (version === undefined) return null;
	switch (version.split(".")[0]) {
		case "1":
			return syntax1(version);
		case "2":
			return syntax2(version);
		default:
			return null;
	}
}

function syntax1(version: string): GpiodSyntax {
	const bias = (line: GpiodLine) => (line.bias === null ? [] : [`--bias=${BIAS_1[line.bias]}`]);
	return {
		version,
		canDebounce: false,
		monitor: (line) => [
			...["gpiomon", "--line-buffered", "--format=%e %s %n", ...EDGE_OPTION_1[line.edge], ...bias(line)],
			...[line.node, String(line.offset)],
		],
		read: (line) => ["gpioget", ...bias(line), line.node, String(line.offset)],
		inspect: ({ node }) => ["gpioinfo", node],
		consumer: () => "gpiomon",
	};
}

function syntax2(version: string): GpiodSyntax {
	const bias = (line: GpiodLine) => (line.bias === null ? [] : ["--bias", line.bias]);
	const consumer = ({ node, offset }: GpiodLine) => `tallywire:${node}:${offset}`;
	return {
		version,
		canDebounce: true,
		monitor: (line) => [
			...["gpiomon", "--chip", line.node, "--consumer", consumer(line), "--format", "%e %S", "--edges", line.edge],
			...bias(line),
			...(line.kernelDebounceMs > 0 ? ["--debounce-period", `${Math.round(line.kernelDebounceMs * 1_000)}us`] : []),
			String(line.offset),
		],
		read: (line) => ["gpioget", "--numeric", "--chip", line.node, ...bias(line), String(line.offset)],
		inspect: ({ node }) => ["gpioinfo", "--chip", node],
		consumer,
	};
}

/**
 * One line of `monitor`: 1.x prints the event (1 rising, 0 falling), seconds and nanoseconds, the latter without leading
 * zeros; 2.x the event (1 rising, 2 falling) and seconds with nine decimals. Null where it is neither.
 */
export function parseEdge(line: string): KernelEdge | null {
	const [, event, seconds, nanoseconds] = /^([012]) (\d{1,10})[ .](\d{1,9})$/.exec(line) ?? [];
	if (seconds === undefined) return null;
	return { isHigh: event === "1", kernelMs: Number(seconds) * 1_000 + Number(nanoseconds) / 1e6 };
}

/** What `read` printed; null where it is no level. */
export function parseLevel(text: string): boolean | null {
	const level = text.trim();
	return level === "0" || level === "1" ? level === "1" : null;
}

/** The chips that `gpiodetect` printed; both generations say it alike: `gpiochip0 [pinctrl-rp1] (54 lines)`. */
export function parseChips(text: string): Pick<GpioChip, "label" | "count" | "node">[] {
	return text.split("\n").flatMap((line) => {
		const [, node, label, count] = /^(gpiochip\d+) \[(.*)\] \((\d+) lines?\)$/.exec(line.trim()) ?? [];
		return node === undefined || label === undefined ? [] : [{ node, label, count: Number(count) }];
	});
}

/** Who has the line, in what `inspect` printed: `"GPIO17" "gpiomon" input ... [used]`, or `... consumer="gpiomon"`. */
export function parseHolder(text: string, offset: number): string | null {
	const line = text.split("\n").find((candidate) => Number(/^\s*line\s+(\d+):/.exec(candidate)?.[1] ?? -1) === offset);
	const [, one] =
		/^\s*line\s+\d+:\s+(?:"[^"]*"|unnamed)\s+"?([^"]+?)"?\s+(?:in|out)put\b.*\[used/.exec(line ?? "") ?? [];
	const [, quoted, bare] = /\bconsumer=(?:"([^"]*)"|(\S+))/.exec(line ?? "") ?? [];
	return one ?? quoted ?? bare ?? null;
}
