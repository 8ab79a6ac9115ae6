// What is told of a sensor's binary frames: its part of ../serial/schema.json as a type. Bytes are written in hex, positions
// count from the first byte of the header.
import type { ChecksumName } from "./checksum.js";
import type { NumberType, Scaling } from "./number.js";

/** The sensors of presets.ts. */
export type PresetName = "pms5003" | "pms7003" | "sds011" | "mh-z19";

export interface FieldSettings extends Scaling {
	readonly at: number;
	readonly type: NumberType;
}

/** A field that says how long the frame is: its value and `adds`. */
export interface LengthField {
	readonly at: number;
	readonly type: "u8" | "u16be" | "u16le";
	readonly adds?: number;
}

export interface ChecksumSettings {
	readonly as: ChecksumName;
	/** Where it begins to count; it ends before itself. */
	readonly from?: number;
}

export interface RequestSettings {
	readonly bytes?: string;
	readonly everyMs: number;
}

export interface BinarySettings {
	readonly as: "binary";
	/** A sensor that is known; then neither header, length, checksum nor trailer. */
	readonly preset?: PresetName;
	readonly header?: string;
	/** Bytes of a frame from header to trailer. */
	readonly length?: number | LengthField;
	/** With a preset: which of its fields, all unless given. */
	readonly fields?: Readonly<Record<string, FieldSettings>> | readonly string[];
	/** The last bytes of the frame, before the trailer. */
	readonly checksum?: ChecksumSettings;
	readonly trailer?: string;
	/** Written to the port, for a sensor that speaks only when it is asked. */
	readonly request?: RequestSettings;
}
