// Reading the configuration file itself: bounded, UTF-8, and with words for what can go wrong.
import { closeSync, openSync, readSync } from "node:fs";
import { FILE_BYTES_MAX } from "./document.js";
import { type ConfigError, type LoadEnvironment, type LoadResult, loadConfig } from "./load.js";

/** Loads the configuration from a file; one that cannot be read is an error like any other. */
export function loadConfigFile(file: string, environment: LoadEnvironment): LoadResult {
	const fail = (message: string, line = 1, column = 1): LoadResult => {
		const error: ConfigError = { file, line, column, path: "", message };
		return { ok: false, errors: [error] };
	};
	let bytes: Buffer;
	try {
		bytes = readBounded(file, FILE_BYTES_MAX + 1);
	} catch (error) {
		return fail(`cannot be read: ${reasonOf(error)}`);
	}
	if (bytes.length > FILE_BYTES_MAX) return fail(`the file is larger than ${FILE_BYTES_MAX} bytes`);
	if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
		return fail("the file is in UTF-16; allowed: UTF-8");
	}
	const text = bytes.toString("utf8");
	if (!Buffer.from(text, "utf8").equals(bytes)) {
		const lines = text.slice(0, text.indexOf("\ufffd")).split("\n");
		return fail("a character that is not UTF-8; allowed: UTF-8", lines.length, (lines.at(-1)?.length ?? 0) + 1);
	}
	return loadConfig(text, file, environment);
}

/** At most `bytesMax` bytes of a file, a pipe included. */
function readBounded(file: string, bytesMax: number): Buffer {
	const descriptor = openSync(file, "r");
	try {
		const buffer = Buffer.allocUnsafe(bytesMax);
		let length = 0;
		for (let read = -1; read !== 0 && length < bytesMax; length += read) {
			read = readSync(descriptor, buffer, length, bytesMax - length, null);
		}
		return buffer.subarray(0, length);
	} finally {
		closeSync(descriptor);
	}
}

function reasonOf(error: unknown): string {
	const code = (error as NodeJS.ErrnoException).code;
	switch (code) {
		case "ENOENT":
			return "there is no such file";
		case "EACCES":
			return "permission denied";
		case "EISDIR":
			return "it is a folder";
		default:
			return code ?? String(error);
	}
}
