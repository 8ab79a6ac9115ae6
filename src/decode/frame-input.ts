// What the splitters of an input have in common: chunks of bytes in, frames out, what is no frame counted by its kind.
import type { DecodeErrorKind } from "../wire/decode-error.js";
import type { DecodedFrame } from "../wire/decoded.js";

/** Why something in the input gave no frame. */
export type InputProblem = DecodeErrorKind | "not_hex";

export interface FrameInput {
	/** The frames that are complete with this chunk. To be used up before the next call. */
	push(chunk: Uint8Array): Iterable<DecodedFrame>;
	/** What is left when the input has ended. */
	end(): Iterable<DecodedFrame>;
}

/** Called with each problem; `where` says where for a person: a line, or an offset. */
export type OnProblem = (problem: InputProblem, where: string) => void;
