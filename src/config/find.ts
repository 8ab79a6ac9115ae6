// Which file is the configuration: the one that is named, else the one in this folder, else the system's.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The name of the configuration in the current folder. */
export const LOCAL_FILE = "tallywire.yaml";
export const SYSTEM_FILE = "/etc/tallywire/config.yaml";

export type FoundConfig =
	| { readonly ok: true; readonly file: string }
	| { readonly ok: false; readonly message: string };

/** The configuration file: `named` as it is, whether it exists or not. */
export function findConfig(named: string | undefined, cwd: string, systemFile = SYSTEM_FILE): FoundConfig {
	if (named !== undefined) return { ok: true, file: resolve(cwd, named) };
	for (const file of [join(cwd, LOCAL_FILE), systemFile]) if (existsSync(file)) return { ok: true, file };
	return {
		ok: false,
		message: `no configuration: neither ${LOCAL_FILE} in this folder nor ${systemFile}; name one with -c FILE`,
	};
}
