// The configuration of a command that runs the agent: options, file, errors, in one step.
import { parseArgs } from "node:util";
import type { Config } from "../config/config.js";
import { loadConfigFile } from "../config/file.js";
import { findConfig } from "../config/find.js";
import { formatConfigError } from "../config/load.js";
import { type CommandIo, EXIT_DONE, EXIT_WRONG_USE } from "./command.js";
import { loadEnvironment } from "./load-environment.js";
import { sourceProblems } from "./source-problems.js";

export type ConfigFor =
	| { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
	| { readonly ok: false; readonly exit: number };

/** Loads what `-c` names or the default file; what is wrong is written to stderr, `--help` to stdout. */
export async function configFor(help: string, args: readonly string[], io: CommandIo): Promise<ConfigFor> {
	let options: { readonly config?: string | undefined; readonly help?: boolean | undefined };
	try {
		options = parseArgs({
			args: [...args],
			options: { config: { type: "string", short: "c" }, help: { type: "boolean", short: "h" } },
		}).values;
	} catch (error) {
		io.stderr(`${(error as Error).message}\n\n${help}`);
		return { ok: false, exit: EXIT_WRONG_USE };
	}
	if (options.help) {
		io.stdout(help);
		return { ok: false, exit: EXIT_DONE };
	}
	const found = findConfig(options.config, io.cwd);
	if (!found.ok) {
		io.stderr(`${found.message}; or try it without one: tallywire demo\n`);
		return { ok: false, exit: EXIT_WRONG_USE };
	}
	const loaded = loadConfigFile(found.file, loadEnvironment(io.env));
	const problems = loaded.ok ? await sourceProblems(loaded) : { errors: loaded.errors, warnings: [] };
	for (const error of problems.errors) io.stderr(`${formatConfigError(error)}\n`);
	if (!loaded.ok || problems.errors.length > 0) return { ok: false, exit: EXIT_WRONG_USE };
	return { ok: true, config: loaded.config, warnings: [...loaded.warnings, ...problems.warnings] };
}
