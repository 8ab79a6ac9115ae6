// What a serial source is told: schema.json as a type, with the defaults filled in.
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

export interface SerialSettings extends SourceSettings {
	/** Exactly one of `path` and `usb`. */
	readonly path?: string;
	readonly usb?: UsbMatch;
	readonly baud: number;
	readonly dataBits: 5 | 6 | 7 | 8;
	readonly stopBits: 1 | 2;
	readonly parity: "none" | "even" | "odd";
	readonly rtscts: boolean;
	readonly parse: ParseSettings;
	/** Bytes of a line without its end. */
	readonly maxLine: number;
	/** Throw away what comes first after each opening, up to a line's end: it may be the rest of a line. */
	readonly skipFirst: boolean;
	/** Reopen a port on which nothing has come for this long. */
	readonly silenceMs?: number;
}
