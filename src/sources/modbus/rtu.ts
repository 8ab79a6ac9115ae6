// Modbus RTU on the line: the request to read registers, and the answer to it among whatever else comes ("MODBUS over serial
// line", V1.02; "MODBUS application protocol", V1.1b3, 6.3, 6.4 and 7). Written here, not taken from a package: those bring
// a serial port of their own, which spins when it is unplugged, and answers are found by time, which a USB adapter bends.
//
// Where an answer begins is not known from silence but from what it must be: the slave, the function and the length that
// were asked for, with a CRC that fits. So noise before it, and an answer of another slave that comes late, do no harm.
import type { RejectReason } from "../../core/value.js";
import { CHECKSUMS } from "../binary/checksum.js";

export interface ReadRequest {
	readonly slave: number;
	readonly fn: 3 | 4;
	/** The first register. */
	readonly at: number;
	readonly count: number;
}

export type Answer =
	/** The registers are from `dataAt` on, two bytes each, the high one first. */
	| { readonly is: "registers"; readonly dataAt: number; readonly from: number; readonly to: number }
	| { readonly is: "exception"; readonly code: number; readonly from: number; readonly to: number }
	/** Not there yet; `reason` is what it comes to if nothing else comes. */
	| { readonly is: "missing"; readonly reason: RejectReason };

export const REQUEST_BYTES = 8;
/** Registers of one answer: 6.3 and 6.4 of the protocol. */
export const REGISTERS_MAX = 125;

/** Slave, function and number of bytes before the registers; a CRC behind them. */
const HEAD_BYTES = 3;
const CRC_BYTES = 2;
/** Slave, function with its highest bit set, code, CRC. */
const EXCEPTION_BYTES = 5;
const EXCEPTION_BIT = 0x80;

export function answerBytes(count: number): number {
	return HEAD_BYTES + 2 * count + CRC_BYTES;
}

/** The bytes of a request. */
export function encodeRequest({ slave, fn, at, count }: ReadRequest): Uint8Array {
	const bytes = Uint8Array.of(slave, fn, at >> 8, at & 0xff, count >> 8, count & 0xff, 0, 0);
	const crc = crcOf(bytes, 0, REQUEST_BYTES - CRC_BYTES);
	bytes[REQUEST_BYTES - 2] = crc & 0xff;
	bytes[REQUEST_BYTES - 1] = crc >> 8;
	return bytes;
}

/** The answer to a request in the first `length` bytes. */
export function findAnswer(bytes: Uint8Array, length: number, request: ReadRequest): Answer {
	let reason: RejectReason = length === 0 ? "empty" : "syntax";
	for (let from = 0; from < length; from += 1) {
		const size = sizeOf(bytes, from, length, request);
		const to = from + size;
		if (size === 0) continue;
		if (to > length) {
			if (reason === "syntax") reason = "partial";
		} else if (crcOf(bytes, from, to - CRC_BYTES) !== wordLow(bytes, to - CRC_BYTES)) {
			reason = "checksum";
		} else if (size === EXCEPTION_BYTES) {
			return { is: "exception", code: bytes[from + 2] as number, from, to };
		} else return { is: "registers", dataAt: from + HEAD_BYTES, from, to };
	}
	return { is: "missing", reason };
}

/** Bytes of the answer that begins at `from`, as far as it has come; 0 where none does. */
function sizeOf(bytes: Uint8Array, from: number, length: number, { slave, fn, count }: ReadRequest): number {
	const expected = (offset: number, value: number): boolean =>
		from + offset >= length || bytes[from + offset] === value;
	if (!expected(0, slave)) return 0;
	if (from + 1 < length && bytes[from + 1] === (fn | EXCEPTION_BIT)) return EXCEPTION_BYTES;
	return expected(1, fn) && expected(2, 2 * count) ? answerBytes(count) : 0;
}

function crcOf(bytes: Uint8Array, from: number, to: number): number {
	return CHECKSUMS["crc16-modbus"].over(bytes, from, to);
}

function wordLow(bytes: Uint8Array, at: number): number {
	return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

/** Section 7 of the protocol. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
	1: "illegal function",
	2: "illegal data address",
	3: "illegal data value",
	4: "device failure",
	5: "acknowledge",
	6: "device busy",
	8: "memory parity error",
	10: "gateway path unavailable",
	11: "gateway target device failed to respond",
};

/** An exception in words. */
export function exceptionText(code: number): string {
	return EXCEPTIONS[code] ?? `exception ${code}`;
}
