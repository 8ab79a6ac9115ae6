import { test } from "uvu";
import * as assert from "uvu/assert";
import { printable, UNPRINTABLE } from "../../src/core/unprintable.js";

test("is Unicode's categories Cc, Cf and Cs and the line separators, to the character", () => {
	const unicode = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
	const different: string[] = [];
	for (let code = 0; code <= 0x10ffff; code++) {
		const character = String.fromCodePoint(code);
		if (UNPRINTABLE.test(character) !== unicode.test(character)) different.push(code.toString(16));
	}
	// A newer Unicode may name more format characters than this list: then it is the list that has to grow.
	assert.equal(different, []);
});

test("an escape sequence cannot reach a terminal, and a pair stays a pair", () => {
	assert.is(printable("a\u001b[31mb\u202ec\u{1f600}"), "a\ufffd[31mb\ufffdc\u{1f600}");
	assert.is(printable("half \ud83d", "?"), "half ?");
});

test.run();
