// What a Raspberry Pi says of its supply, from whichever of two places this kernel has: the firmware's `get_throttled`
// (Raspberry Pi's kernels), or the alarm of the `rpi_volt` chip (all kernels). Other boards have neither.
import { join } from "node:path";
import { listFolder, type Round } from "../sampling/sampled-source.js";

/** Bits of `get_throttled`; 16 higher is whether it has happened since the start, or since somebody cleared it. */
const FLAGS = ["under_voltage", "frequency_capped", "throttled", "soft_temperature_limit"] as const;
const SEEN_SHIFT = 16;

export interface PowerFile {
	readonly path: string;
	readonly kind: "throttled" | "alarm";
}

/** Where this machine says it; null where it does not. */
export async function findPowerFile(round: Round, sysRoot: string): Promise<PowerFile | null> {
	const platform = join(sysRoot, "devices/platform");
	// soc/soc:firmware on most, one level of another name on a Pi 5.
	for (const soc of listFolder(platform, /^soc/)) {
		for (const firmware of listFolder(join(platform, soc), /firmware$/)) {
			const path = join(platform, soc, firmware, "get_throttled");
			if ((await round.lookUp(path)) !== null) return { path, kind: "throttled" };
		}
	}
	const chips = join(sysRoot, "class/hwmon");
	for (const chip of listFolder(chips, /^hwmon\d+$/)) {
		if ((await round.lookUp(join(chips, chip, "name"))) !== "rpi_volt") continue;
		return { path: join(chips, chip, "in0_lcrit_alarm"), kind: "alarm" };
	}
	return null;
}

/** Takes what the file says. */
export async function readPower(round: Round, { path, kind }: PowerFile): Promise<void> {
	const text = await round.read(path);
	if (text === null) return;
	const bits = kind === "alarm" ? parseAlarm(text) : parseThrottled(text);
	if (bits === null) return round.refuse("value", `${path} holds no flags: ${text.slice(0, 40)}`);
	if (kind === "alarm") return round.take("under_voltage", bits === 1);
	for (const [bit, flag] of FLAGS.entries()) {
		round.take(flag, (bits & (1 << bit)) !== 0);
		round.take(`${flag}_seen`, (bits & (1 << (bit + SEEN_SHIFT))) !== 0);
	}
}

/** Hexadecimal, with or without 0x. */
function parseThrottled(text: string): number | null {
	return /^(?:0x)?[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : null;
}

function parseAlarm(text: string): number | null {
	return text === "0" || text === "1" ? Number(text) : null;
}
