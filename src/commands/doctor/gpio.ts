// GPIO: is it there, which back end serves each configured pin, may this user use it, and is every pin a line of this board?
// Where no pin is configured, a machine without GPIO is in order.
import { constants, readdirSync } from "node:fs";
import { join } from "node:path";
import { findLine, listChips, NO_SYSFS, resolveOn } from "../../boards/gpio-lines.js";
import type { Board } from "../../boards/load.js";
import type { Config } from "../../config/config.js";
import type { BackendName } from "../../sources/gpio/backend.js";
import {
	type Backends,
	type BackendWishes,
	chooseBackend,
	suitableBackends,
} from "../../sources/gpio/choose-backend.js";
import { ONOFF_MISSING } from "../../sources/gpio/onoff-backend.js";
import { findSharedLine } from "../../sources/gpio/shared-lines.js";
import type { SourceSettings } from "../../sources/source.js";
import { type Check, fail, ok, warn } from "./check.js";
import { accessError, type DoctorMachine, joinGroup, readGroups } from "./machine.js";

/** What mends a back end that is missing. */
const INSTALL: Readonly<Record<BackendName, readonly string[]>> = {
	sysfs: ["sudo apt install python3 make g++", "npm install onoff   # in tallywire's folder"],
	chardev: ["sudo apt install gpiod"],
};
const THROUGH: Readonly<Record<BackendName, string>> = {
	sysfs: "through sysfs",
	chardev: "through the character device (gpiomon)",
};

interface PinCheck {
	readonly check: Check;
	/** The back end that serves it; null where none does. */
	readonly backend: BackendName | null;
}

/** All that is to say about GPIO. */
export async function checkGpio(
	machine: DoctorMachine,
	config: Config | null,
	board: Board | null,
	backends: Backends,
): Promise<Check[]> {
	const sources = (config?.sources ?? []).filter(({ type }) => type === "gpio");
	const pins = board === null ? [] : await Promise.all(sources.map((source) => checkPin(board, source, backends)));
	const used = new Set(pins.flatMap(({ backend }) => (backend === null ? [] : [backend])));
	const shared = board === null ? null : findSharedLine(board, sources);
	const named = pins.map(({ check }) => check);
	if (shared !== null) named.push(fail(shared.message, "pin: …   # give one of them another line"));
	const listed = listChips(machine.sysRoot);
	const found = listed === null ? await backends.chardev.chips() : { ok: true as const, chips: listed };
	if (!found.ok || found.chips.length === 0) return [checkMissing(board, sources.length > 0), ...named];
	const text = `GPIO chips: ${found.chips.map(({ label, count }) => `${label} (${count} lines)`).join(", ")}`;
	const isNeeded = sources.length > 0;
	return [
		ok(text),
		...(listed !== null && (used.has("sysfs") || used.size === 0) ? [checkAccess(machine, isNeeded)] : []),
		...(used.has("chardev") ? checkDevices(machine) : []),
		...(listed !== null ? await checkOnoff(backends, isNeeded && pins.some(({ backend }) => backend === null)) : []),
		...named,
	];
}

function checkMissing(board: Board | null, isNeeded: boolean): Check {
	if (isNeeded)
		return fail(
			NO_SYSFS,
			"sudo apt install gpiod   # where there is a /dev/gpiochip0, that will do",
			"zgrep CONFIG_GPIO_SYSFS /proc/config.gz /boot/config-$(uname -r)   # else it must say y: take such a kernel",
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

/** The device files, where gpiomon is to open them. */
function checkDevices(machine: DoctorMachine): Check[] {
	const nodes = readdirSync(machine.devRoot).filter((name) => /^gpiochip\d+$/.test(name));
	const closed = nodes.filter(
		(name) => accessError(join(machine.devRoot, name), constants.R_OK | constants.W_OK) !== null,
	);
	if (closed.length === 0) return [];
	const text = `${closed.map((name) => `/dev/${name}`).join(", ")}: not open to ${machine.user.name}`;
	const hasGroup = [...readGroups(machine.etcRoot).values()].includes("gpio");
	if (hasGroup) return [fail(text, joinGroup(machine, "gpio"))];
	return [
		fail(
			`${text}, and this system has no group gpio`,
			"sudo groupadd --system gpio",
			`echo 'SUBSYSTEM=="gpio", KERNEL=="gpiochip*", GROUP="gpio", MODE="0660"' | sudo tee /etc/udev/rules.d/99-gpiochip.rules`,
			`sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=gpio && ${joinGroup(machine, "gpio")}`,
		),
	];
}

async function checkOnoff(backends: Backends, isNeeded: boolean): Promise<Check[]> {
	const reason = await backends.sysfs.missing();
	if (reason === null) return [ok("the package onoff is installed")];
	if (!reason.startsWith(ONOFF_MISSING)) return []; // no sysfs: said elsewhere
	const text = `${ONOFF_MISSING.split(". ")[0]} (${reason.slice(ONOFF_MISSING.length + 2)})`;
	const [mend = "", ...more] = INSTALL.sysfs;
	return [isNeeded ? fail(text, mend, ...more) : warn(text, mend, ...more)];
}

/** A configured pin: which line it is, and of which back end, or why it is none. */
async function checkPin(board: Board, source: SourceSettings, backends: Backends): Promise<PinCheck> {
	const pin = "pin" in source && typeof source.pin === "string" ? source.pin : "";
	const about = `source ${source.name}`;
	const named = findLine(board, pin);
	if (!named.ok)
		return { check: fail(`${about}: ${named.message}`, `pin: …   # ${freeLinesText(board)}`), backend: null };
	const wishes = source as SourceSettings & BackendWishes;
	const chosen = await chooseBackend(wishes, backends);
	if (!chosen.ok) {
		const [mend = "", ...more] = suitableBackends(wishes).flatMap((name) => INSTALL[name]);
		return { check: fail(`${about}: ${named.line.name}: ${chosen.message}`, mend, ...more), backend: null };
	}
	const backend = chosen.backend.name;
	const chips = await chosen.backend.chips();
	if (!chips.ok) {
		return { check: warn(`${about}: ${named.line.name} cannot be looked up: ${chips.message}`), backend };
	}
	const line = resolveOn(board, pin, chips.chips);
	if (!line.ok) {
		return { check: fail(`${about}: ${line.message}`, "gpioinfo   # lists the lines; then correct `pin`"), backend };
	}
	const place = `${line.label} offset ${line.offset}`;
	const where =
		line.node === null ? `line ${line.number} (${place})` : `offset ${line.offset} of ${line.label} (${line.node})`;
	const text = `${about}: ${pin} is ${where}, ${THROUGH[backend]}`;
	if (line.caution !== null) return { check: warn(`${text}; caution: ${line.caution}`), backend };
	if (wishes.mode === "counter" && backend === "sysfs") {
		const isLess = `${text}; a count through sysfs is a lower bound: pulses a few ms apart may become one`;
		const mend = wishes.backend === "sysfs" ? "backend: auto" : INSTALL.chardev.join();
		return { check: warn(isLess, mend), backend };
	}
	return { check: ok(text), backend };
}

/** Lines of the header that nothing else wants. */
export function freeLines(board: Board): readonly string[] {
	const free = [...board.pins.values()].filter(
		(name) => findLine(board, name).ok && !board.cautions.has(name) && !board.reserved.has(name),
	);
	return [...new Set(free)];
}

function freeLinesText(board: Board): string {
	const free = freeLines(board);
	if (free.length === 0) return "gpioinfo lists the lines: {chip label}:{offset}";
	return `free on the header: ${free.slice(0, 12).join(", ")}`;
}
