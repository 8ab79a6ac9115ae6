// A configuration file that anything may have happened to: it loads, or it says where it is wrong, and no message tells
// the secret.
import * as assert from "uvu/assert";
import { formatConfigError, loadConfig } from "../../../src/config/load.js";
import { SECRET, testEnvironment } from "../../config/environment.js";
import type { Target } from "../fuzz.js";

const WORDS = [
	..."\n\t :-?*&!|>'\"%@`{}[],#$",
	...["\n  ", ": ", "- ", "---\n", "${", "PASSWORD}", "null", "true", "1e999", "10d", "<<: ", "__proto__: "],
	...[
		"*a",
		"&a ",
		"!!binary ",
		"\xc3\xa9",
		"\xef\xbb\xbf",
		"sources:",
		"type: gpio",
		"parse: { as: regex, pattern: '(",
	],
];

export const config: Target = {
	name: "config",
	words: WORDS,
	feed(input) {
		const text = input.toString();
		const loaded = loadConfig(text, "f", testEnvironment());
		if (loaded.ok) {
			assert.not.match(JSON.stringify([loaded.config, loaded.shown, loaded.warnings]), SECRET);
			return [`ok ${loaded.config.sources.map(({ type }) => type).slice(0, 4)} ${loaded.warnings.length}`];
		}
		assert.ok(loaded.errors.length > 0 && loaded.errors.length <= 100);
		const lines = text.split(/\r\n|\r|\n/).length;
		for (const error of loaded.errors) {
			const shown = formatConfigError(error);
			assert.ok(error.line >= 1 && error.line <= lines + 1 && error.column >= 1, shown);
			assert.ok(error.message.length > 0 && shown.length <= 2_000, shown);
			assert.not.match(shown, SECRET);
		}
		// Their kinds: the words of each without what was found.
		return loaded.errors.map(({ message }) => message.replace(/[^a-z ]/g, "").slice(0, 24));
	},
};
