// Decimal numbers out of a piece of a line, without cutting the piece out: the hot path of every text format.
// Owns what "looks like a number" means: an optional sign, digits with an optional point, an optional exponent. No hex,
// no separators, no spaces, no nan and no infinity.

/** 10^0 to 10^22 are exact doubles, so one multiplication or division by them rounds once (Clinger, PLDI 1990). */
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const EXACT_EXPONENT_MAX = 22;
/** 15 digits stay below 2^53, so the mantissa is exact; longer numbers go through the engine's own parser. */
const EXACT_DIGITS_MAX = 15;

const ZERO = 0x30;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const LOWER_CASE = 0x20;
const LETTER_E = 0x65;

/**
 * The number that `text` spells from `from` to before `to`, correctly rounded, never -0; NaN where it spells none,
 * an infinity where it is beyond a double.
 */
export function parseNumber(text: string, from: number, to: number): number {
	let at = from;
	const sign = text.charCodeAt(at);
	if (sign === MINUS || sign === PLUS) at += 1;

	let mantissa = 0;
	let digits = 0;
	for (; at < to; at += 1) {
		const digit = text.charCodeAt(at) - ZERO;
		if (digit < 0 || digit > 9) break;
		mantissa = mantissa * 10 + digit;
		digits += 1;
	}
	let exponent = 0;
	if (at < to && text.charCodeAt(at) === POINT) {
		const fraction = at + 1;
		for (at = fraction; at < to; at += 1) {
			const digit = text.charCodeAt(at) - ZERO;
			if (digit < 0 || digit > 9) break;
			mantissa = mantissa * 10 + digit;
		}
		exponent = fraction - at;
		digits -= exponent;
	}
	if (digits === 0) return Number.NaN;
	if (at < to) {
		if ((text.charCodeAt(at) | LOWER_CASE) !== LETTER_E) return Number.NaN;
		exponent += parseExponent(text, at + 1, to);
		if (Number.isNaN(exponent)) return Number.NaN;
	}
	if (digits > EXACT_DIGITS_MAX || exponent < -EXACT_EXPONENT_MAX || exponent > EXACT_EXPONENT_MAX) {
		return Number(text.slice(from, to)) + 0; // -0 + 0 is 0
	}
	const value =
		exponent < 0 ? mantissa / (POWERS_OF_TEN[-exponent] as number) : mantissa * (POWERS_OF_TEN[exponent] as number);
	return sign === MINUS ? 0 - value : value;
}

function parseExponent(text: string, from: number, to: number): number {
	let at = from;
	const sign = text.charCodeAt(at);
	if (sign === MINUS || sign === PLUS) at += 1;
	if (at >= to) return Number.NaN;
	let exponent = 0;
	for (; at < to; at += 1) {
		const digit = text.charCodeAt(at) - ZERO;
		if (!(digit >= 0 && digit <= 9)) return Number.NaN;
		exponent = exponent * 10 + digit;
	}
	return sign === MINUS ? 0 - exponent : exponent;
}

const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
/** `-infinity` */
const NOT_FINITE_CHARS_MAX = 9;

/** Whether a piece of a line is one of the ways to write "no number": nan, inf, infinity, any case, any sign. */
export function isNotFiniteToken(text: string, from: number, to: number): boolean {
	return to - from <= NOT_FINITE_CHARS_MAX && NOT_FINITE.test(text.slice(from, to));
}
