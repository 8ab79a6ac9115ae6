// Readings' text on its way out: gathered into large pieces, and no faster than the reader takes them.
import type { Writable } from "node:stream";

/** Characters gathered before they are written: large enough that a write costs little, small beside a frame's bound. */
const PIECE_CHARS = 131_072;

export interface Output {
	/** Takes lines. A promise means: take no more before it is resolved. */
	add(text: string): Promise<void> | undefined;
	/** Writes what is gathered, so that a reader of a slow input sees it now. */
	flush(): Promise<void> | undefined;
	/** Resolves when all has been handed to the operating system. */
	end(): Promise<void>;
}

/** Makes the output of a stream. An error of the stream is its owner's. */
export function createOutput(stream: Writable): Output {
	let gathered = "";
	function flush(): Promise<void> | undefined {
		if (gathered === "") return undefined;
		const piece = gathered;
		gathered = "";
		return stream.write(piece) ? undefined : new Promise((resolve) => stream.once("drain", resolve));
	}
	return {
		add(text) {
			gathered += text;
			return gathered.length < PIECE_CHARS ? undefined : flush();
		},
		flush,
		async end() {
			const piece = gathered;
			gathered = "";
			await new Promise<void>((resolve) => stream.write(piece, () => resolve()));
		},
	};
}
