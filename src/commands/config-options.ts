// The options of the commands that look at a configuration without running it: `check` and `doctor`.
import { parseArgs } from "node:util";

export interface ConfigOptions {
	readonly config?: string | undefined;
	readonly json: boolean;
	readonly help: boolean;
}

export interface CheckOptions extends ConfigOptions {
	readonly devices: boolean;
}

export interface DoctorOptions extends ConfigOptions {
	readonly suggest: boolean;
}

const OPTIONS = {
	config: { type: "string", short: "c" },
	json: { type: "boolean", default: false },
	help: { type: "boolean", short: "h", default: false },
} as const;

/** The options of `check`, or what is wrong with the command line in one sentence. */
export function readCheckOptions(args: readonly string[]): CheckOptions | string {
	try {
		const devices = { type: "boolean", default: false } as const;
		const { values } = parseArgs({ args: [...args], options: { ...OPTIONS, devices } });
		return values.devices && values.json ? "--devices prints a drop-in for systemd, which is no JSON" : values;
	} catch (error) {
		return (error as Error).message;
	}
}

/** The options of `doctor`, or what is wrong with the command line. */
export function readDoctorOptions(args: readonly string[]): DoctorOptions | string {
	try {
		const suggest = { type: "boolean", default: false } as const;
		const { values } = parseArgs({ args: [...args], options: { ...OPTIONS, suggest } });
		if (values.suggest && (values.json || values.config !== undefined)) {
			return "--suggest prints a configuration and looks at none: it stands alone";
		}
		return values;
	} catch (error) {
		return (error as Error).message;
	}
}
