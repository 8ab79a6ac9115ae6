// What a serial source is told: schema.json as a type, with the defaults filled in.
import type { BinarySettings } from "../binary/settings.js";
import type { ParseSettings } from "../parse/parser.js";
import type { SourceSettings } from "../source.js";

/** A USB port by what is written into the adapter; the kernel's name for it may change. */
export interface UsbMatch {
	/** Four hex digits. */
	readonly vendor: string;
	/** Four hex digits. */
	readonly product: string;
	readonly serial?: string;
	/** Which port of an adapter that has several: its interface number, from 0. */
	readonly interface?: number;
}

/** Which port, and how it is set: the same for every source on a port. */
export interface PortSettings {
	/** Exactly one of `path` and `usb`. */
	readonly path?: string;
	readonly usb?: UsbMatch;
	readonly baud: number;
	readonly dataBits: 5 | 6 | 7 | 8;
	readonly stopBits: 1 | 2;
	readonly parity: "none" | "even" | "odd";
	readonly rtscts: boolean;
	/** Reopen a port on which nothing has come for this long. */
	readonly silenceMs?: number;
}

export interface SerialSettings extends SourceSettings, PortSettings {
	readonly parse: ParseSettings | BinarySettings;
	/** Bytes of a line without its end, or of a frame. */
	readonly maxLine: number;
	/** Throw away what comes first after each opening, up to a line's end: it may be the rest of a line. */
	readonly skipFirst: boolean;
}
