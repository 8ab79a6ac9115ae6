// The source `serial`: lines of text from a UART, a USB adapter or a pseudo terminal. The states are in serial-reader.ts,
// the port itself in binding.ts, the formats in ../parse.
import { checkParseSettings } from "../parse/parser.js";
import type { CreateSource } from "../source.js";
import { openPort } from "./binding.js";
import { locatePath, locatePort } from "./locate.js";
import { createSerialReader } from "./serial-reader.js";
import type { SerialSettings } from "./settings.js";

/** Throws all that is wrong with the settings, one `path: message` a line. */
export const createSerialSource: CreateSource<SerialSettings> = (settings, host, machine) => {
	const problems = checkSerialSettings(settings);
	if (problems.length > 0) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
	return createSerialReader(settings, host, {
		locate: () => locatePort(settings, machine),
		look: locatePath,
		open: openPort,
		setTimer: (callback, delayMs) => ({ timer: setTimeout(callback, delayMs) }),
		clearTimer: ({ timer }) => clearTimeout(timer as NodeJS.Timeout),
		random: Math.random,
	});
};

export interface SerialProblem {
	/** Below the source, as written in the configuration: `parse.pattern`. */
	readonly path: string;
	readonly message: string;
}

/** Everything that is wrong with the settings beyond what a schema can say. */
export function checkSerialSettings(settings: SerialSettings): readonly SerialProblem[] {
	const problems: SerialProblem[] = [];
	if (settings.path === undefined && settings.usb === undefined) {
		problems.push({ path: "path", message: "a serial source needs `path` (/dev/ttyUSB0) or `usb` (vendor, product)" });
	}
	if (settings.path !== undefined && settings.usb !== undefined) {
		problems.push({ path: "usb", message: "either `path` or `usb`, not both" });
	}
	for (const problem of checkParseSettings(settings.parse)) {
		problems.push({ path: `parse.${problem.path}`, message: problem.message });
	}
	return problems;
}
