// Bytes through the intake of binary frames to a host that writes down what it gets.
import type { Buffer } from "node:buffer";
import { createBinaryIntake } from "../../src/sources/binary/binary-intake.js";
import type { BinarySettings } from "../../src/sources/binary/settings.js";
import { createRecording, type Recording } from "../parse/recording-host.js";

/** Each read comes at the time of its index; at the end the port is lost, unless `isOpen`. */
export function readFrames(
	settings: BinarySettings,
	reads: readonly Buffer[],
	{ maxLine = 1_024, isOpen = false }: { maxLine?: number; isOpen?: boolean } = {},
): Recording {
	const recording = createRecording();
	const intake = createBinaryIntake(settings, maxLine, recording.host, {
		setTimer: () => ({ timer: null }),
		clearTimer: () => undefined,
	});
	intake.begin(() => true);
	for (const [index, read] of reads.entries()) intake.push(read, read.length, index);
	if (!isOpen) intake.end();
	return recording;
}
