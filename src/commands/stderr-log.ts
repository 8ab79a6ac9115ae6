// The log of a command that runs for long: on stderr, in the form that its reader can take.
import type { LogLevel } from "../config/config.js";
import { createLog, type Log } from "../log.js";
import type { RunIo } from "./command.js";

/** What it needs of the process. */
export type LogIo = Pick<RunIo, "stderr" | "isJournal" | "stderrBacklog">;

export function createStderrLog(io: LogIo, level: LogLevel): Log {
	return createLog({
		level,
		json: io.isJournal,
		write(line) {
			io.stderr(line);
			return io.stderrBacklog();
		},
		nowMs: () => performance.now(),
	});
}
