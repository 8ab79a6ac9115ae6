// The streams of field names that come from the sensor itself. Owns the bound on them: a sensor that invents names
// gets STREAMS_PER_SOURCE_MAX of them and no more, and what is kept of a name never holds the line it came in.

import { Buffer } from "node:buffer";
import { FIELD_NAME_MAX, STREAMS_PER_SOURCE_MAX } from "../../core/limits.js";
import { UNPRINTABLE } from "../../core/unprintable.js";
import type { StreamId } from "../source.js";
import type { ParserHost } from "./line-parser.js";

/** The stream of a field name, or undefined where it is no name or one too many (reason `stream`). */
export type FieldStreams = (field: string) => StreamId | undefined;

/** Makes the table of one parser. */
export function createFieldStreams(host: Pick<ParserHost, "stream">): FieldStreams {
	const streams = new Map<string, StreamId>();
	return (field) => {
		const known = streams.get(field);
		if (known !== undefined) return known;
		if (streams.size >= STREAMS_PER_SOURCE_MAX || field === "" || field.length > FIELD_NAME_MAX) return undefined;
		const bytes = Buffer.from(field, "utf8");
		// A copy: a piece cut out of a line keeps the whole line in memory.
		const name = bytes.toString("utf8");
		// Unequal: half of a surrogate pair, which an escape in JSON can bring.
		if (bytes.length > FIELD_NAME_MAX || name !== field || UNPRINTABLE.test(name)) return undefined;
		const stream = host.stream(name);
		streams.set(name, stream);
		return stream;
	};
}
