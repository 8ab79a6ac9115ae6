// Which form an input has, by its first byte that is no white space: a CBOR map's head is above ASCII and JSON begins
// with a brace, so all else is a line of hexadecimal digits or a topic.
import type { DecodedFrame } from "../wire/decoded.js";
import type { FrameInput, OnProblem } from "./frame-input.js";
import { createFrameStream, isSpace } from "./frame-stream.js";
import { createHexLines } from "./hex-lines.js";

export const INPUT_FORMATS = ["auto", "hex", "raw"] as const;
export type InputFormatName = (typeof INPUT_FORMATS)[number];

/** Makes the splitter of one input. */
export function createFrameInput(format: InputFormatName, problem: OnProblem): FrameInput {
	switch (format) {
		case "hex":
			return createHexLines(problem);
		case "raw":
			return createFrameStream(problem);
		case "auto":
			return createDetector(problem);
		default:
			return format satisfies never;
	}
}

function createDetector(problem: OnProblem): FrameInput {
	let input: FrameInput | null = null;
	return {
		push(chunk): Iterable<DecodedFrame> {
			const first = chunk.find((byte) => !isSpace(byte));
			if (first === undefined && input === null) return [];
			input ??= createFrameInput(first === 0x7b || (first ?? 0) >= 0x80 ? "raw" : "hex", problem);
			return input.push(chunk);
		},
		end: () => input?.end() ?? [],
	};
}
