// How fast `tallywire decode` turns a file of frames into readings on a pipe, the start of its process included. Shared by
// the test, which holds that no reading is missing, and by the benchmark, which prints the figure.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame } from "../../src/core/frame.js";
import { createFrameEncoder } from "../../src/wire/frame.js";
import { agentEntry, runOrThrow } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";

export const FRAME_READINGS = 256;

/** A frame of numbers, integers, booleans and texts. */
export function mixedFrame(seq: number, readings: number): Frame {
	return {
		device: "pi-7f3a",
		run: "AAAAAAAAAAA",
		seq,
		sent: seq,
		timeMs: 1_790_000_000_000 + seq,
		clockSynchronised: true,
		streams: ["env.temperature", "env.humidity", "door.open", "log.line"],
		stream: Array.from({ length: readings }, (_, i) => i % 4),
		dt: Array.from({ length: readings }, (_, i) => (i === 0 ? 0 : 1)),
		value: Array.from({ length: readings }, (_, i) => [21.37 + i, 48 + i, i % 8 === 2, `line ${i}`][i % 4] ?? 0),
	};
}

/** Writes frames of FRAME_READINGS readings, one behind the other; the file. */
export function writeFrames(frames: number): string {
	const file = join(makeTempDir("decode"), "frames");
	const encode = createFrameEncoder("cbor");
	const payloads = Array.from({ length: frames }, (_, i) =>
		Buffer.from(encode(mixedFrame(i * FRAME_READINGS, FRAME_READINGS))),
	);
	writeFileSync(file, Buffer.concat(payloads));
	return file;
}

/** Decodes a file to a pipe: lines on the pipe, and how long it took. `through` is a command that becomes the process. */
export async function decodeFile(file: string, as: string, through: readonly string[] = []) {
	const script = 'file=$0; "$@" < "$file" | wc -l';
	const command = [...through, process.execPath, agentEntry(), "decode", "--as", as];
	const startMs = performance.now();
	const lines = Number(await runOrThrow("bash", ["-c", script, file, ...command]));
	return { lines, seconds: (performance.now() - startMs) / 1_000 };
}
