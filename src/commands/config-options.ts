// The options of the commands that look at a configuration without running it: `check` and `doctor`.
import { parseArgs } from "node:util";

export interface ConfigOptions {
	readonly config?: string | undefined;
	readonly json: boolean;
	readonly help: boolean;
}

/** The options, or what is wrong with the command line in one sentence. */
export function readConfigOptions(args: readonly string[]): ConfigOptions | string {
	try {
		return parseArgs({
			args: [...args],
			options: {
				config: { type: "string", short: "c" },
				json: { type: "boolean", default: false },
				help: { type: "boolean", short: "h", default: false },
			},
		}).values;
	} catch (error) {
		return (error as Error).message;
	}
}
