// GPIO: is it there, may this user use it, can onoff be loaded, and is every configured pin a line of this board?
// Where no pin is configured, a machine without GPIO is in order.
import { constants } from "node:fs";
import { join } from "node:path";
import { findLine, listChips, NO_SYSFS, resolveLine } from "../../boards/gpio-lines.js";
import type { Board } from "../../boards/load.js";
import type { Config } from "../../config/config.js";
import { ONOFF_MISSING } from "../../sources/gpio/onoff-backend.js";
import { findSharedLine } from "../../sources/gpio/shared-lines.js";
import type { SourceSettings } from "../../sources/source.js";
import { type Check, fail, ok, warn } from "./check.js";
import { accessError, type DoctorMachine, joinGroup, readGroups } from "./machine.js";

/** All that is to say about GPIO. `loadOnoff` rejects where the package is missing. */
export async function checkGpio(
	machine: DoctorMachine,
	config: Config | null,
	board: Board | null,
	loadOnoff: () => Promise<unknown>,
): Promise<Check[]> {
	const sources = (config?.sources ?? []).filter(({ type }) => type === "gpio");
	const isNeeded = sources.length > 0;
	const chips = listChips(machine.sysRoot);
	const named = board === null ? [] : checkPins(machine, board, sources);
	if (chips === null || chips.length === 0) return [checkMissing(board, isNeeded), ...named];
	const text = `GPIO chips: ${chips.map(({ label, count }) => `${label} (${count} lines)`).join(", ")}`;
	return [ok(text), checkAccess(machine, isNeeded), await checkOnoff(loadOnoff, isNeeded), ...named];
}

function checkMissing(board: Board | null, isNeeded: boolean): Check {
	if (isNeeded)
		return fail(
			NO_SYSFS,
			"zgrep CONFIG_GPIO_SYSFS /proc/config.gz /boot/config-$(uname -r)   # must say y: take such a kernel",
		);
	if ((board?.chips.length ?? 0) > 0) return warn(NO_SYSFS);
	return ok("no GPIO here, and none configured");
}

function checkAccess(machine: DoctorMachine, isNeeded: boolean): Check {
	const file = join(machine.sysRoot, "class/gpio/export");
	const error = accessError(file, constants.W_OK);
	if (error === null) return ok(`GPIO is open to ${machine.user.name}`);
	const state = isNeeded ? fail : warn;
	if (error === "ENOENT") return state(NO_SYSFS, "zgrep CONFIG_GPIO_SYSFS /proc/config.gz");
	if (error === "EROFS")
		return state(
			"/sys is read-only here (a container?)",
			"docker run -v /sys:/sys …   # give it the host's /sys to write",
		);
	const hasGroup = [...readGroups(machine.etcRoot).values()].includes("gpio");
	const text = `GPIO is not open to ${machine.user.name}`;
	if (hasGroup) return state(text, joinGroup(machine, "gpio"));
	// Debian has neither the group nor the rule that Raspberry Pi OS has.
	return state(
		`${text}, and this system has no group gpio`,
		"sudo groupadd --system gpio",
		`echo 'SUBSYSTEM=="gpio", ACTION=="add|change", PROGRAM="/bin/sh -c \\'chgrp -R gpio /sys/class/gpio /sys/devices/platform/*/gpio /sys/devices/platform/*/*/gpio; chmod -R g+w /sys/class/gpio /sys/devices/platform/*/gpio /sys/devices/platform/*/*/gpio\\'"' | sudo tee /etc/udev/rules.d/99-gpio.rules`,
		`sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=gpio && ${joinGroup(machine, "gpio")}`,
	);
}

async function checkOnoff(loadOnoff: () => Promise<unknown>, isNeeded: boolean): Promise<Check> {
	try {
		await loadOnoff();
		return ok("the package onoff is installed");
	} catch (error) {
		const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0];
		const text = `${ONOFF_MISSING.split(". ")[0]} (${reason})`;
		return (isNeeded ? fail : warn)(
			text,
			"sudo apt install python3 make g++",
			"npm install onoff   # in tallywire's folder",
		);
	}
}

/** Every configured pin: which line it is, or why it is none. */
function checkPins(machine: DoctorMachine, board: Board, sources: readonly SourceSettings[]): Check[] {
	const checks = sources.map((source) => checkPin(machine, board, source));
	const shared = findSharedLine(board, sources);
	if (shared !== null) checks.push(fail(shared.message, "pin: …   # give one of them another line"));
	return checks;
}

function checkPin(machine: DoctorMachine, board: Board, source: SourceSettings): Check {
	const pin = "pin" in source && typeof source.pin === "string" ? source.pin : "";
	const found = findLine(board, pin);
	if (!found.ok) return fail(`source ${source.name}: ${found.message}`, `pin: …   # ${freeLines(board)}`);
	const line = resolveLine(board, pin, machine.sysRoot);
	if (!line.ok && line.message === NO_SYSFS)
		return warn(`source ${source.name}: ${found.line.name} cannot be looked up`);
	if (!line.ok)
		return fail(`source ${source.name}: ${line.message}`, "gpioinfo   # lists the lines; then correct `pin`");
	const text = `source ${source.name}: ${pin} is line ${line.number} (${line.label} offset ${line.offset})`;
	if (line.caution !== null) return warn(`${text}; caution: ${line.caution}`);
	const isCounter = "mode" in source && source.mode === "counter";
	return ok(isCounter ? `${text}; a count through sysfs is a lower bound: pulses a few ms apart may become one` : text);
}

/** Lines of the header that nothing else wants, some of them. */
function freeLines(board: Board): string {
	const free = [...board.pins.values()].filter(
		(name) => findLine(board, name).ok && !board.cautions.has(name) && !board.reserved.has(name),
	);
	if (free.length === 0) return "gpioinfo lists the lines: {chip label}:{offset}";
	return `free on the header: ${[...new Set(free)].slice(0, 12).join(", ")}`;
}
