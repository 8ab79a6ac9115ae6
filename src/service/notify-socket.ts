// The way to the service manager (sd_notify(3)). Node.js opens no unix datagram sockets, so systemd has to hand one over
// that is connected already: `OpenFile=/run/systemd/notify:notify` in the unit (systemd 253). A message is then one write
// from this very process: no program is started for it, and the manager knows whom it is from.
import { fstatSync, write } from "node:fs";

/** The first descriptor that is handed over (sd_listen_fds(3)). */
const FIRST_DESCRIPTOR = 3;
const NAME = "notify";

export interface NotifySocket {
	/** Sends `KEY=value` lines as one message. Never waits, never throws. */
	tell(...lines: readonly string[]): void;
	/** How often it has to hear `WATCHDOG=1`, ms; null: not at all. */
	readonly watchdogMs: number | null;
}

/** The socket that this process was given, null where it was given none. */
export function openNotifySocket(env: Readonly<Record<string, string | undefined>>): NotifySocket | null {
	const descriptor = descriptorOf(env);
	if (descriptor === null) return null;
	return {
		// Through the thread pool: a manager that is busy holds up no reading. What cannot be told is told at the next beat.
		tell: (...lines) => write(descriptor, lines.join("\n"), () => undefined),
		watchdogMs: watchdogOf(env),
	};
}

function descriptorOf(env: Readonly<Record<string, string | undefined>>): number | null {
	// They are for the process that was started with them, not for what it starts in turn.
	if (env["LISTEN_PID"] !== String(process.pid)) return null;
	const index = (env["LISTEN_FDNAMES"] ?? "").split(":").indexOf(NAME);
	if (index < 0) return null;
	return fstatSync(FIRST_DESCRIPTOR + index).isSocket() ? FIRST_DESCRIPTOR + index : null;
}

function watchdogOf(env: Readonly<Record<string, string | undefined>>): number | null {
	const micros = Number(env["WATCHDOG_USEC"]);
	const isMeant = env["WATCHDOG_PID"] === undefined || env["WATCHDOG_PID"] === String(process.pid);
	return isMeant && Number.isSafeInteger(micros) && micros > 0 ? micros / 1_000 : null;
}
