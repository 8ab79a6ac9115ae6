// What the program says of itself with --help, taken apart: the man page and the completion are made from nothing else,
// so neither can know an option that the program does not have, or miss one.
import { execFileSync } from "node:child_process";

/** `{ about, commands: [{ name, does, text, options }] }` of the program in `file`. */
export function readUsages(file) {
	const help = (...args) => execFileSync(process.execPath, [file, ...args], { encoding: "utf8" });
	const top = help("--help");
	const about = /^tallywire [^:]*: (.*)$/m.exec(top)[1];
	const commands = [...top.matchAll(/^ {2}(\w+) +(.*)$/gm)].map(([, name, does]) => {
		const text = help(name, "--help");
		return { name, does, text, options: optionsOf(text) };
	});
	if (commands.length === 0) throw new Error("the program names no command with --help");
	return { about, version: help("--version").trim(), commands };
}

/** The options in a help text: `  -c, --config FILE  words`. */
function optionsOf(text) {
	return [...text.matchAll(/^ {2}(?:-(\w), | {4})--([\w-]+)(?: ([A-Z][A-Z/]*))? {2,}(.*)$/gm)].map(
		([, short, long, value, words]) => ({ short, long, value, words }),
	);
}
