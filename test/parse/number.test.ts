import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isNotFiniteToken, parseNumber } from "../../src/sources/parse/number.js";
import "../support/seed.js";

const test = suite("number");

const parse = (text: string): number => parseNumber(text, 0, text.length);

test("reads decimal and exponent forms to the very double that they spell", () => {
	const texts = [
		"0",
		"7",
		"21.37",
		"-21.37",
		"+5",
		".5",
		"5.",
		"1e3",
		"1E+3",
		"1.5e-3",
		"007",
		"0.1",
		"123456789012345",
	];
	const long = [
		"9007199254740993",
		"0.1234567890123456789",
		"1e23",
		"1e-23",
		"2.2250738585072011e-308",
		"1.7976931348623157e308",
	];
	for (const text of [...texts, ...long]) assert.is(parse(text), Number(text), text);
});

test("gives NaN for what is no decimal number", () => {
	const texts = [
		"abc",
		"1a",
		"1.2.3",
		"1,5",
		"0x10",
		"1e",
		"1e+",
		"e5",
		".",
		"-",
		"+",
		"--1",
		"1 ",
		" 1",
		"1_000",
		"nan",
		"inf",
		"Infinity",
		"1e5x",
	];
	for (const text of texts) assert.ok(Number.isNaN(parse(text)), text);
});

test("gives an infinity beyond a double, and never -0", () => {
	assert.is(parse("1e309"), Number.POSITIVE_INFINITY);
	assert.is(parse("-1e999999999999999999999"), Number.NEGATIVE_INFINITY);
	assert.is(parse("1".repeat(400)), Number.POSITIVE_INFINITY);
	for (const text of ["-0", "-0.0", "-0e5", "-1e-400", "-0.00000000000000000000"])
		assert.ok(Object.is(parse(text), 0), text);
});

test("knows the ways to write no number", () => {
	for (const text of ["nan", "NaN", "-NAN", "inf", "+Inf", "-infinity", "INFINITY"]) {
		assert.ok(isNotFiniteToken(text, 0, text.length), text);
	}
	for (const text of ["nano", "info", "n", "", "infinityy", "1nan"]) {
		assert.not(isNotFiniteToken(text, 0, text.length), text);
	}
});

test("agrees with the engine's own parser on any decimal text, anywhere in a line", () => {
	const digits = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 }).map((list) => list.join(""));
	const exponent = fc.option(fc.tuple(fc.constantFrom("e", "E", "e+", "e-"), fc.integer({ min: 0, max: 330 })));
	const decimal = fc
		.tuple(fc.constantFrom("", "+", "-"), digits, fc.option(digits), exponent)
		.filter(([, whole, fraction]) => whole !== "" || (fraction ?? "") !== "")
		.map(
			([sign, whole, fraction, exp]) =>
				`${sign}${whole}${fraction === null ? "" : `.${fraction}`}${exp?.join("") ?? ""}`,
		);
	fc.assert(
		fc.property(decimal, fc.string(), fc.string(), (text, before, after) => {
			assert.is(parseNumber(`${before}${text}${after}`, before.length, before.length + text.length), Number(text) + 0);
		}),
		{ numRuns: 3_000 },
	);
});

test("never takes a text for a number that the engine would not", () => {
	fc.assert(
		fc.property(fc.string({ unit: fc.constantFrom(..."0123456789+-.eEx _nai") }), (text) => {
			const number = text === "" ? Number.NaN : parse(text);
			if (!Number.isNaN(number)) assert.is(number, Number(text) + 0);
		}),
		{ numRuns: 5_000 },
	);
});

test.run();
