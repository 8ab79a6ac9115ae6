// A number of JSON in place: where it ends, and what has to be known of it before any number is made. So a payload of ten
// thousand good numbers and a bad one is refused for the price of reading it.

export interface JsonNumber {
	/** Offset behind it; where it is none, of the first byte that cannot stand there. */
	to: number;
	isNegative: boolean;
	/** Whether it has no fraction: 7, 7.0 and 1.5e3 have none. */
	isWhole: boolean;
	/** The size of one that is whole, without its sign. Exact up to 2^53 - 1. */
	magnitude: number;
	/** Whether it is beyond every double. What has more than 308 digits counts as that, whatever its exponent. */
	isInfinite: boolean;
}

const ZERO = 0x30;
const NINE = 0x39;
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

/** A number of no more places before its point than this is below 10^308, and no double ends there. */
const SURE_PLACES = 308;

/** Powers of ten: to work one out takes longer than to read a number. */
const POWERS = Float64Array.from({ length: SURE_PLACES + 1 }, (_, exponent) => 10 ** exponent);

/** Makes the place that scanJsonNumber fills. */
export function createJsonNumber(): JsonNumber {
	return { to: 0, isNegative: false, isWhole: false, magnitude: 0, isInfinite: false };
}

/** Reads `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?` at `from` into `number`; false where it is none. */
export function scanJsonNumber(bytes: Uint8Array, from: number, number: JsonNumber): boolean {
	number.isNegative = bytes[from] === MINUS;
	const whole = number.isNegative ? from + 1 : from;
	let at = whole;
	let here = bytes[at] as number;
	const isZero = here === ZERO;
	let digits = 0;
	while (isDigit(here)) {
		digits = digits * 10 + (here - ZERO);
		here = bytes[++at] as number;
	}
	const point = at;
	number.to = point;
	if (point === whole || (isZero && point > whole + 1)) return false;
	/** Decimal places up to the last that is not 0. */
	let places = 0;
	if (here === POINT) {
		here = bytes[++at] as number;
		for (; isDigit(here); here = bytes[++at] as number) if (here !== ZERO) places = at - point;
		number.to = at;
		if (at === point + 1) return false;
	}
	const hasExponent = (here | LOWER_CASE) === LETTER_E;
	if (!hasExponent && at - whole <= SURE_PLACES) {
		number.isWhole = places === 0;
		number.magnitude = digits;
		number.isInfinite = false;
		return true;
	}
	const exponent = hasExponent ? scanExponent(bytes, at + 1, number) : 0;
	if (Number.isNaN(exponent)) return false;
	const isSure = at - whole <= SURE_PLACES && point - whole + exponent <= SURE_PLACES;
	// Of most fractions nobody has to know more than that they are none of these.
	if (places > 0 && (exponent > 0 || !isSure)) {
		for (let i = point + 1; i <= point + places; i++) digits = digits * 10 + ((bytes[i] as number) - ZERO);
	}
	number.isWhole = (digits === 0 && places === 0) || places <= exponent;
	number.magnitude = digits > 0 && places < exponent ? digits * (POWERS[exponent - places] ?? Infinity) : digits;
	number.isInfinite =
		!isSure && digits > 0 && isBeyond(bytes, whole, digits * 10 ** (exponent - places - LIMIT_PLACES));
	return true;
}

/** Reads `[+-]? digits`; NaN where it is none. */
function scanExponent(bytes: Uint8Array, from: number, number: JsonNumber): number {
	const isNegative = bytes[from] === MINUS;
	const first = isNegative || bytes[from] === PLUS ? from + 1 : from;
	let exponent = 0;
	let at = first;
	for (let here = bytes[at] as number; isDigit(here); here = bytes[++at] as number) {
		exponent = exponent * 10 + (here - ZERO);
	}
	number.to = at;
	if (at === first) return Number.NaN;
	return isNegative ? -exponent : exponent;
}

/** Whether a number is beyond every double; `scaled` is, about, so many places smaller. */
function isBeyond(bytes: Uint8Array, from: number, scaled: number): boolean {
	if (scaled < NEAR_LIMIT_BELOW) return false;
	if (!(scaled <= NEAR_LIMIT_ABOVE)) return true;
	// Too near for a double to tell: its digits do.
	let i = 0;
	for (let at = from; i < LIMIT.length; at++) {
		if (bytes[at] === POINT || (bytes[at] === ZERO && i === 0)) continue;
		if (!isDigit(bytes[at] as number)) return false;
		const limit = LIMIT.charCodeAt(i);
		if (bytes[at] !== limit) return (bytes[at] as number) > limit;
		i += 1;
	}
	return true;
}

function isDigit(here: number): boolean {
	return here >= ZERO && here <= NINE;
}
