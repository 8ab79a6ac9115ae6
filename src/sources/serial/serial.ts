// The source `serial`: lines of text, or binary frames, from a UART, a USB adapter or a pseudo terminal. The port's states
// are in kept-port.ts, the port itself in binding.ts, the formats of lines in ../parse, those of frames in ../binary.
import { checkBinarySettings } from "../binary/frame-format.js";
import type { ParseProblem } from "../parse/line-parser.js";
import { checkParseSettings } from "../parse/parser.js";
import type { CreateSource } from "../source.js";
import { checkPlace, type SerialProblem } from "./locate.js";
import { createSerialReader } from "./serial-reader.js";
import type { SerialSettings } from "./settings.js";
import { createSerialWorld } from "./world.js";

/** Throws all that is wrong with the settings, one `path: message` a line. */
export const createSerialSource: CreateSource<SerialSettings> = (settings, host, machine) => {
	const problems = checkSerialSettings(settings);
	if (problems.length > 0) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
	return createSerialReader(settings, host, createSerialWorld(settings, machine));
};

/** Everything that is wrong with the settings beyond what a schema can say. */
export function checkSerialSettings(settings: SerialSettings): readonly SerialProblem[] {
	const below = checkParse(settings).map(({ path, message }) => ({ path: `parse.${path}`, message }));
	const problems = [...checkPlace("serial", settings), ...below];
	if (settings.parse.as === "binary" && settings.skipFirst) {
		problems.push({ path: "skip_first", message: "only for lines; a frame is found wherever it begins" });
	}
	return problems;
}

/** What only frames have. */
const FRAME_KEYS = ["preset", "header", "length", "checksum", "trailer", "request"] as const;

function checkParse({ parse, maxLine }: SerialSettings): readonly ParseProblem[] {
	const strange = (keys: readonly string[], as: string): ParseProblem[] =>
		keys.filter((key) => key in parse).map((key) => ({ path: key, message: `only with \`as: ${as}\`` }));
	if (parse.as === "binary") {
		return [...strange(["separator"], "csv"), ...strange(["pattern"], "regex"), ...checkBinarySettings(parse, maxLine)];
	}
	const problems = strange(FRAME_KEYS, "binary");
	if (parse.fields !== undefined && !Array.isArray(parse.fields)) {
		return [...problems, { path: "fields", message: "a list of names; at and type go with `as: binary`" }];
	}
	return [...problems, ...checkParseSettings(parse)];
}
