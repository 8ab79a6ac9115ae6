// A number of JSON in place: where it ends, and what has to be known of it before any number is made. So a payload of ten
// thousand good numbers and a bad one is refused for the price of reading it.

export interface JsonNumber {
	/** Offset behind it; where it is none, of the first byte that cannot stand there. */
	to: number;
	isNegative: boolean;
	/** Whether it has no fraction: 7, 7.0 and 1.5e3 have none. */
	isWhole: boolean;
	/** Its size without the sign. Exact for what is whole and at most 2^53 - 1. */
	magnitude: number;
	/** Whether it is beyond every double. What has more than 308 digits counts as that, whatever its exponent. */
	isInfinite: boolean;
}

const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const LETTER_E = 0x65;
const LOWER_CASE = 0x20;

/** Doubles end at 2^1024 - 2^970, which rounds up; in decimal it begins with these digits (IEEE 754-2008, 4.3.1). */
const LIMIT = "17976931348623158079";
/** What is below or above these, LIMIT_PLACES decimal places smaller, needs no look at its digits. */
const NEAR_LIMIT_BELOW = 1.7976931348623e298;
const NEAR_LIMIT_ABOVE = 1.7976931348624e298;
const LIMIT_PLACES = 10;

/** Makes the place that scanJsonNumber fills. */
export function createJsonNumber(): JsonNumber {
	return { to: 0, isNegative: false, isWhole: false, magnitude: 0, isInfinite: false };
}

/** Reads `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?` at `from` into `number`; false where it is none. */
export function scanJsonNumber(bytes: Uint8Array, from: number, number: JsonNumber): boolean {
	number.isNegative = bytes[from] === MINUS;
	const whole = number.isNegative ? from + 1 : from;
	const point = endOfDigits(bytes, whole);
	number.to = point;
	if (point === whole || (point > whole + 1 && bytes[whole] === ZERO)) return false;
	let end = point;
	if (bytes[point] === POINT) {
		end = endOfDigits(bytes, point + 1);
		number.to = end;
		if (end === point + 1) return false;
	}
	let exponent = 0;
	if (((bytes[end] ?? 0) | LOWER_CASE) === LETTER_E) {
		const sign = bytes[end + 1];
		const digits = sign === PLUS || sign === MINUS ? end + 2 : end + 1;
		number.to = endOfDigits(bytes, digits);
		if (number.to === digits) return false;
		exponent = appendDigits(0, bytes, digits, number.to) * (sign === MINUS ? -1 : 1);
	}
	measure(bytes, whole, point, end, exponent, number);
	return true;
}

/** What the digits [whole, point), those of a fraction up to `end`, and an exponent come to. */
function measure(
	bytes: Uint8Array,
	whole: number,
	point: number,
	end: number,
	exponent: number,
	number: JsonNumber,
): void {
	let places = Math.max(0, end - point - 1);
	while (places > 0 && bytes[point + places] === ZERO) places -= 1;
	const digits = appendDigits(appendDigits(0, bytes, whole, point), bytes, point + 1, point + 1 + places);
	number.isWhole = digits === 0 || places <= exponent;
	number.magnitude = digits === 0 ? 0 : digits * 10 ** (exponent - places);
	number.isInfinite = digits > 0 && isBeyond(bytes, whole, digits * 10 ** (exponent - places - LIMIT_PLACES));
}

/** Whether a number is beyond every double; `scaled` is, about, so many places smaller. */
function isBeyond(bytes: Uint8Array, from: number, scaled: number): boolean {
	if (scaled < NEAR_LIMIT_BELOW) return false;
	if (!(scaled <= NEAR_LIMIT_ABOVE)) return true;
	// Too near for a double to tell: its digits do.
	let i = 0;
	for (let at = from; i < LIMIT.length; at++) {
		if (bytes[at] === POINT || (bytes[at] === ZERO && i === 0)) continue;
		if (endOfDigits(bytes, at) === at) return false;
		const limit = LIMIT.charCodeAt(i);
		if (bytes[at] !== limit) return (bytes[at] as number) > limit;
		i += 1;
	}
	return true;
}

function endOfDigits(bytes: Uint8Array, from: number): number {
	let at = from;
	while ((bytes[at] as number) >= ZERO && (bytes[at] as number) <= ZERO + 9) at += 1;
	return at;
}

/** A number with the digits [from, to) behind it; Infinity where that is beyond a double. */
function appendDigits(number: number, bytes: Uint8Array, from: number, to: number): number {
	let longer = number;
	for (let at = from; at < to; at++) longer = longer * 10 + ((bytes[at] as number) - ZERO);
	return longer;
}
