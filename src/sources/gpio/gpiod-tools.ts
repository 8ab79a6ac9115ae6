// libgpiod's programs on this machine: which generation they are, and short runs of them. No shell, a time limit, bounded
// output; what went wrong is one line for a person. The one that runs for as long as the line is open is gpiomon-backend.ts.
import { execFile } from "node:child_process";
import { type GpiodSyntax, gpiodSyntax } from "./gpiod-syntax.js";

export interface GpiodTools extends GpiodSyntax {
	/**
	 * What has to stand before a program that must not outlive the agent, however the agent ends: a quiet line's gpiomon
	 * would not notice that its pipe is closed, and hold the line for ever. Empty where util-linux' setpriv is missing, or is
	 * not let: it sets its capabilities too, which the filter of our own service forbids, and there the service manager
	 * ends whatever is left.
	 */
	readonly tether: readonly string[];
}

export type ToolResult =
	| { readonly ok: true; readonly stdout: string }
	| { readonly ok: false; readonly isMissing: boolean; readonly message: string };

/** What a machine without the programs is told. */
export const GPIOD_MISSING = "libgpiod's gpiomon is not installed. Mend it: sudo apt install gpiod";

/** A program has to answer in this time; with it a stop stays inside the two seconds that sources have. */
const TOOL_MS_MAX = 1_500;
/** gpioinfo prints 80 bytes a line of a chip, and the largest chips have some hundred lines. */
const OUTPUT_BYTES_MAX = 262_144;

const TETHER = ["setpriv", "--pdeathsig", "KILL"] as const;

/** Finds the programs; `path` is where they are looked for, as in $PATH. */
export async function findGpiodTools(path: string): Promise<GpiodTools | string> {
	const version = ["gpiomon", "--version"];
	const [said, tethered] = await Promise.all([runTool(version, path), runTool([...TETHER, ...version], path)]);
	if (!said.ok) return said.isMissing ? GPIOD_MISSING : said.message;
	const syntax = gpiodSyntax(said.stdout);
	if (syntax === null) {
		return `gpiomon says "${said.stdout.split("\n")[0]}", which is neither libgpiod 1 nor 2. Mend it: sudo apt install gpiod`;
	}
	return { ...syntax, tether: tethered.ok ? TETHER : [] };
}

/** Runs a program to its end. Never rejects. */
export function runTool([program = "", ...args]: readonly string[], path: string): Promise<ToolResult> {
	const options = { env: toolEnvironment(path), timeout: TOOL_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX } as const;
	return new Promise((resolve) => {
		const child = execFile(program, args, { ...options, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
			// To Node, one that had ended well before its time was over has succeeded; what nobody had read by then is gone.
			const isLate = error === null ? child.stdout?.readableEnded !== true : error.killed === true;
			if (error === null && !isLate) return resolve({ ok: true, stdout });
			const said = stderr.trim().split("\n").at(-1) ?? "";
			const why = isLate ? `${program} gave no answer in ${TOOL_MS_MAX} ms` : error?.message.split("\n")[0];
			resolve({ ok: false, isMissing: error?.code === "ENOENT", message: said === "" ? (why ?? program) : said });
		});
	});
}

/** Messages in English, whatever the machine speaks: they are read here. */
export function toolEnvironment(path: string): Record<string, string> {
	return { PATH: path, LC_ALL: "C" };
}
