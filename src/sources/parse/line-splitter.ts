// Bytes in, lines out. Owns the one buffer in which a line that is spread over reads waits for its end, made once of
// max_line bytes, and the rules of a line: it ends with \n or \r\n, empty ones are nothing, one beyond max_line is
// thrown away up to its end and counted once, and only valid UTF-8 without control characters (tabs apart) is a line.
import { Buffer, isUtf8 } from "node:buffer";
import type { RejectReason } from "../../core/value.js";

const LF = 0x0a;
const CR = 0x0d;

const PLAIN = 0;
const HIGH = 1;
const CONTROL = 2;
const RETURN = 4;
/** What kind of byte each is, so that one pass over a read tells whether it takes the fast way. */
const BYTE_KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
	if (byte >= 0x80) return HIGH;
	if (byte === CR) return RETURN;
	if (byte === LF || byte === 0x09) return PLAIN;
	return byte < 0x20 || byte === 0x7f ? CONTROL : PLAIN;
});
/** U+0080 to U+009F: valid UTF-8, and control characters all the same. */
const HIGH_CONTROL = /[\u0080-\u009f]/;

export interface LineSplitterOptions {
	/** Bytes of a line without its end. */
	readonly maxLine: number;
	/** One line without its end, never empty; `capturedMs` is that of the read that brought its end. */
	readonly onLine: (line: string, capturedMs: number) => void;
	readonly onReject: (reason: RejectReason) => void;
}

export interface LineSplitter {
	/** The first `length` bytes of `bytes`, which may be overwritten afterwards. */
	push(bytes: Buffer, length: number, capturedMs: number): void;
	/**
	 * The connection ended: forgets what waits for its end (reason `partial`, if anything does).
	 * @param skipFirst also throw away what comes first on the next one, up to a line's end (reason `partial`)
	 */
	reset(skipFirst?: boolean): void;
}

/** Makes a splitter. */
export function createLineSplitter(options: LineSplitterOptions): LineSplitter {
	const { maxLine, onReject } = options;
	// One more than a line may have: the \r of \r\n, until the \n shows that it is no part of the line.
	const pending = Buffer.alloc(maxLine + 1);
	let pendingBytes = 0;
	/** Throwing away up to the next \n, already counted. */
	let discarding = false;
	let skipNext = false;

	/** Keeps bytes of a line whose end is still to come; false, and counted, if it is too long by now. */
	function keep(bytes: Buffer, from: number, to: number): boolean {
		const total = pendingBytes + to - from;
		if (total > maxLine + 1 || (total === maxLine + 1 && to > from && bytes[to - 1] !== CR)) {
			pendingBytes = 0;
			discarding = true;
			onReject("too_long");
			return false;
		}
		bytes.copy(pending, pendingBytes, from, to);
		pendingBytes = total;
		return true;
	}

	/** Brings the line that began in an earlier read to its end; says where the next one begins. */
	function finish(bytes: Buffer, length: number, capturedMs: number): number {
		const end = findLineEnd(bytes, 0, length);
		const to = end === -1 ? length : end;
		const kept = !discarding && keep(bytes, 0, to);
		if (end === -1) return length;
		discarding = false;
		if (kept) {
			const total = pendingBytes;
			pendingBytes = 0;
			emit(options, pending, 0, total, capturedMs);
		}
		return end + 1;
	}

	return {
		push(bytes, length, capturedMs) {
			if (length === 0) return;
			if (skipNext) {
				skipNext = false;
				discarding = bytes[0] !== LF;
				if (discarding) onReject("partial");
			}
			const from = discarding || pendingBytes > 0 ? finish(bytes, length, capturedMs) : 0;
			const rest = splitLines(options, bytes, from, length, capturedMs);
			if (rest < length) keep(bytes, rest, length);
		},
		reset(skipFirst = false) {
			if (pendingBytes > 0) onReject("partial");
			pendingBytes = 0;
			discarding = false;
			skipNext = skipFirst;
		},
	};
}

/** Hands on every line that is whole; says where the last, unfinished one begins. */
function splitLines(
	options: LineSplitterOptions,
	bytes: Buffer,
	from: number,
	length: number,
	capturedMs: number,
): number {
	const kinds = kindsOf(bytes, from, length);
	if ((kinds & (HIGH | CONTROL)) !== PLAIN) {
		let start = from;
		for (let end = findLineEnd(bytes, start, length); end !== -1; end = findLineEnd(bytes, start, length)) {
			emit(options, bytes, start, end, capturedMs);
			start = end + 1;
		}
		return start;
	}
	// Plain ASCII: one string for the whole read, cut at its line ends.
	const text = bytes.toString("latin1", from, length);
	let start = 0;
	for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
		const to = kinds === RETURN && end > start && text.charCodeAt(end - 1) === CR ? end - 1 : end;
		if (to - start > options.maxLine) options.onReject("too_long");
		else if (to > start) {
			const line = text.slice(start, to);
			if (kinds === RETURN && line.includes("\r")) options.onReject("encoding");
			else options.onLine(line, capturedMs);
		}
		start = end + 1;
	}
	return from + start;
}

/** One line of any bytes, its \r still on it. */
function emit(options: LineSplitterOptions, bytes: Buffer, from: number, end: number, capturedMs: number): void {
	const to = end > from && bytes[end - 1] === CR ? end - 1 : end;
	if (to === from) return;
	const isTooLong = to - from > options.maxLine;
	const line = isTooLong ? undefined : decodeLine(bytes, from, to);
	if (line !== undefined) options.onLine(line, capturedMs);
	else options.onReject(isTooLong ? "too_long" : "encoding");
}

/** The text of a line, or undefined if it is not valid UTF-8 or has control characters. */
function decodeLine(bytes: Buffer, from: number, to: number): string | undefined {
	const kinds = kindsOf(bytes, from, to);
	if (kinds === PLAIN) return bytes.toString("latin1", from, to);
	if (kinds !== HIGH || !isUtf8(bytes.subarray(from, to))) return undefined;
	const line = bytes.toString("utf8", from, to);
	return HIGH_CONTROL.test(line) ? undefined : line;
}

function kindsOf(bytes: Buffer, from: number, to: number): number {
	let kinds = PLAIN;
	for (let at = from; at < to; at += 1) kinds |= BYTE_KINDS[bytes[at] as number] as number;
	return kinds;
}

function findLineEnd(bytes: Buffer, from: number, length: number): number {
	const end = bytes.indexOf(LF, from);
	return end < length ? end : -1;
}
