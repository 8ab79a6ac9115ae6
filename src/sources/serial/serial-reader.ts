// What a serial source does with the bytes of its port: the lines of a text sensor, or the frames of a binary one.
import { createBinaryIntake } from "../binary/binary-intake.js";
import { createLineSplitter } from "../parse/line-splitter.js";
import { createParser, type ParseSettings } from "../parse/parser.js";
import type { Source, SourceHost } from "../source.js";
import { createKeptPort, type Intake } from "./kept-port.js";
import type { SerialSettings } from "./settings.js";
import type { SerialWorld } from "./world.js";

/** Makes the source. Throws for settings that have a problem (see checkSerialSettings). */
export function createSerialReader(settings: SerialSettings, host: SourceHost, world: SerialWorld): Source {
	const { parse, maxLine, skipFirst } = settings;
	const intake =
		parse.as === "binary"
			? createBinaryIntake(parse, maxLine, host, world)
			: createLineIntake(parse, maxLine, skipFirst, host);
	return createKeptPort(settings, host, world, intake);
}

function createLineIntake(parse: ParseSettings, maxLine: number, skipFirst: boolean, host: SourceHost): Intake {
	const parser = createParser(parse, host);
	const splitter = createLineSplitter({
		maxLine,
		onLine: (line, capturedMs) => parser.parse(line, capturedMs),
		onReject: (reason) => host.reject(reason),
	});
	return {
		begin: () => splitter.reset(skipFirst),
		push: splitter.push,
		end: () => splitter.reset(),
	};
}
