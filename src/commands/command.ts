// What a command of the CLI gets from main.ts, so that no command touches `process` and each can be tested.
import type { TerminalOptions } from "../screen/terminal.js";

export interface CommandIo {
	/** Results. */
	stdout(text: string): void;
	/** Errors and logs. */
	stderr(text: string): void;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly cwd: string;
}

/** What the commands that run until they are told to stop get besides. */
export interface RunIo extends CommandIo {
	/** The terminal that stdout is, or null where it is none. */
	readonly terminal: Pick<TerminalOptions, "out" | "events"> | null;
	/** Calls `listener` with each key typed, Ctrl-C among them; returns what gives the terminal back. Null where none is. */
	readonly onKey: ((listener: (key: string) => void) => () => void) | null;
	/** Called for each SIGTERM and SIGINT. */
	onStop(listener: () => void): void;
	/** Whether stderr is systemd's journal. */
	readonly isJournal: boolean;
	/** Bytes that stderr has not taken yet. */
	stderrBacklog(): number;
}

/** Exit statuses (CONTRACT, Command). */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_WRONG_USE = 2;
export const EXIT_OBJECTIVE_MISSED = 3;
