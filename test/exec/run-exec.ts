// Exec sources on real programs, stopped after each test.
import { createExecSource, type ExecSettings, type ExecWorld } from "../../src/sources/exec/exec.js";
import type { Source } from "../../src/sources/source.js";
import { createRecording, type Recording } from "../parse/recording-host.js";

export const SETTINGS: ExecSettings = {
	name: "radio",
	type: "exec",
	command: ["true"],
	parse: { as: "line" },
	maxLine: 1_024,
	restart: { minMs: 20, maxMs: 200 },
};

export interface Running extends Recording {
	readonly source: Source;
	values(): unknown[];
	/** `up`, or why not. */
	state(): string | undefined;
}

const MACHINE = { sysRoot: "/sys", devRoot: "/dev", board: "generic-linux" };
const running = new Set<Source>();

/** Makes a source and starts it. */
export function run(settings: Partial<ExecSettings>, now = () => performance.now(), world?: ExecWorld): Running {
	const recording = createRecording(now);
	const source = createExecSource({ ...SETTINGS, ...settings }, recording.host, MACHINE, world);
	running.add(source);
	source.start();
	return {
		...recording,
		source,
		values: () => recording.readings.map(([, value]) => value),
		state: () => recording.states.at(-1),
	};
}

/** A program of the shell's, which the configuration names: the agent itself uses none. */
export function shell(script: string, ...args: readonly string[]): Pick<ExecSettings, "command"> {
	return { command: ["sh", "-c", script, "sh", ...args] };
}

/** Stops all that was started; for `after.each`. */
export async function stopAll(): Promise<void> {
	await Promise.all([...running].map((source) => source.stop()));
	running.clear();
}
