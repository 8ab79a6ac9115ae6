// Whether the wall clock is synchronised. Node has no adjtimex(2), so: the flag file of systemd-timesyncd; else what
// timedatectl says (it reads the kernel's STA_UNSYNC, so chrony and ntpd count too); else, on a system without systemd,
// a clock that is plausible is taken as good: a machine without a battery starts in 1970 or at its last shutdown.
import { existsSync } from "node:fs";

const TIMESYNCD_FLAG = "/run/systemd/timesync/synchronized";
const SYSTEMD_FLAG = "/run/systemd/system";

/** No clock is right before this program was written. */
const PLAUSIBLE_FROM_MS = Date.UTC(2026, 0, 1);

/** How often to look again: often while it is not synchronised, since readings wait for that moment. */
const RECHECK_UNSYNCHRONISED_MS = 10_000;
const RECHECK_SYNCHRONISED_MS = 600_000;

const TIMEDATECTL_TIMEOUT_MS = 5_000;

/** Looks once. */
export async function readClockSynchronised(): Promise<boolean> {
	if (existsSync(TIMESYNCD_FLAG)) return true;
	if (!existsSync(SYSTEMD_FLAG)) return Date.now() >= PLAUSIBLE_FROM_MS;
	const { execFile } = await import("node:child_process");
	return new Promise((resolve) => {
		const args = ["show", "--property=NTPSynchronized", "--value"];
		execFile("timedatectl", args, { timeout: TIMEDATECTL_TIMEOUT_MS }, (_, stdout) => {
			resolve(isSynchronised(stdout, Date.now()));
		});
	});
}

/**
 * What timedatectl's answer means at this wall clock. None is no `no`: it failed, or had ended while this process was busy,
 * which Node calls a success without output.
 */
export function isSynchronised(answer: string, wallMs: number): boolean {
	const word = answer.trim();
	return word === "yes" || (word !== "no" && wallMs >= PLAUSIBLE_FROM_MS);
}

export interface ClockSync {
	synchronised(): boolean;
	stop(): void;
}

/** Keeps looking until stopped. Before the first answer the clock counts as not synchronised. */
export function watchClockSync(read: () => Promise<boolean> = readClockSynchronised): ClockSync {
	let synchronised = false;
	let stopped = false;
	let timer: NodeJS.Timeout | undefined;
	async function look(): Promise<void> {
		synchronised = await read();
		if (stopped) return;
		timer = setTimeout(look, synchronised ? RECHECK_SYNCHRONISED_MS : RECHECK_UNSYNCHRONISED_MS);
		timer.unref();
	}
	void look();
	return {
		synchronised: () => synchronised,
		stop() {
			stopped = true;
			clearTimeout(timer);
		},
	};
}
