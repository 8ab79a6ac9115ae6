// Characters that a name or a log line from outside must not carry: controls, format characters (which can reorder what
// a person reads), line separators, and halves of surrogate pairs. Unicode's categories Cc, Cf and Cs, written out:
// a regular expression with \p{...} makes V8 load ICU's tables, 4 MB of resident memory.

const RANGES = [
	"\\u0000-\\u001f\\u007f-\\u009f", // Cc
	"\\u00ad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890-\\u0891\\u08e2\\u180e", // Cf, to the end
	"\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb",
	"\\u{110bd}\\u{110cd}\\u{13430}-\\u{1343f}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0001}\\u{e0020}-\\u{e007f}",
	"\\u2028\\u2029", // Zl, Zp
	"\\ud800-\\udfff", // Cs: with the u flag only those that are not part of a pair
].join("");

/** Matches one such character. */
export const UNPRINTABLE = new RegExp(`[${RANGES}]`, "u");

const EACH = new RegExp(UNPRINTABLE, "gu");

/** The text with each of them replaced. */
export function printable(text: string, replacement = "\ufffd"): string {
	return text.replace(EACH, replacement);
}
