// The three ways readings are written. Each turns a frame into text, one line for each reading, and keeps nothing.
import type { DecodedFrame } from "../wire/decoded.js";
import { formatCsv } from "./csv.js";
import { formatLineProtocol } from "./line-protocol.js";
import { formatNdjson } from "./ndjson.js";

export const OUTPUT_FORMATS = ["ndjson", "csv", "line-protocol"] as const;
export type OutputFormatName = (typeof OUTPUT_FORMATS)[number];

export interface OutputFormat {
	/** Written once, before all else. */
	readonly header: string;
	/** The lines of a frame's readings, each with its line feed. */
	readonly format: (frame: DecodedFrame) => string;
}

/** The format of a name. */
export function outputFormat(name: OutputFormatName): OutputFormat {
	switch (name) {
		case "ndjson":
			return { header: "", format: formatNdjson };
		case "csv":
			return { header: "time,device,run,seq,stream,value\n", format: formatCsv };
		case "line-protocol":
			return { header: "", format: formatLineProtocol };
		default:
			return name satisfies never;
	}
}
