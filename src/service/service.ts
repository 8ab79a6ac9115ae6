// The agent as a service: says when it is ready, feeds the watchdog for as long as it lives, says what it is doing, and
// asks for the time that its end may take. Where no service manager listens, all of it is nothing.
import type { Config } from "../config/config.js";
import type { Log } from "../log.js";
import type { AgentReport } from "../wire/status.js";
import type { NotifySocket } from "./notify-socket.js";
import { createVitalSigns } from "./vital-signs.js";

/** Feedings in the time of the watchdog: one may be late, and one more. */
const FEEDINGS = 3;
/** Without a watchdog the status is told now and then. */
const STATUS_MS = 30_000;
/** What an end takes beside its drain: sources, the last status, the goodbye. */
const END_MS = 10_000;

export interface ServiceOptions {
	readonly socket: NotifySocket | null;
	readonly config: Config;
	readonly report: () => AgentReport;
	readonly log: Log;
	readonly nowMs: () => number;
}

export interface Service {
	/** The configuration holds and every source was tried. */
	ready(): void;
	/** The end has begun. */
	stopping(): void;
}

/** Makes the service's side of an agent; it says nothing before `ready`. */
export function createService({ socket, config, report, log, nowMs }: ServiceOptions): Service {
	if (socket === null) return { ready() {}, stopping() {} };
	const signs = createVitalSigns(config);
	let dead: string | null = null;
	let timer: NodeJS.Timeout | undefined;

	function beat(): void {
		const now = report();
		const cause = signs.cause(now, nowMs());
		if (cause !== null && cause !== dead) log.error("watchdog_unfed", { why: cause });
		dead = cause;
		const status = `STATUS=${cause ?? statusLine(now)}`;
		socket?.tell(...(cause === null ? ["WATCHDOG=1"] : []), status);
	}

	return {
		ready() {
			socket.tell("READY=1");
			beat();
			timer = setInterval(beat, socket.watchdogMs === null ? STATUS_MS : socket.watchdogMs / FEEDINGS);
			timer.unref();
		},
		stopping() {
			clearInterval(timer);
			const endMs = config.shutdownTimeoutMs + END_MS;
			socket.tell("STOPPING=1", `EXTEND_TIMEOUT_USEC=${endMs * 1_000}`, "STATUS=sending what waits");
		},
	};
}

/** What `systemctl status` shows. */
function statusLine({ books, link, sources }: AgentReport): string {
	const up = sources.filter((source) => source.up).length;
	const connection = link.connected ? "connected" : `not connected (${link.error ?? "connecting"})`;
	return `${connection}; ${up} of ${sources.length} sources work; ${books.confirmed} readings confirmed, ${books.buffered} wait`;
}
