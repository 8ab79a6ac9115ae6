// The default device id: the same at every start, another on every board, and nothing that should stay private.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Where a machine says who it is. */
export interface Identity {
	/** A file's text, undefined where it cannot be read. */
	readonly read: (path: string) => string | undefined;
	readonly hostname: () => string;
}

/** This machine. */
export const thisMachine: Identity = {
	read(path) {
		try {
			return readFileSync(path, "utf8");
		} catch {
			return undefined; // most machines have no device tree
		}
	},
	hostname,
};

/** In order: a cloned card brings its machine id along, but not the serial number of the board it is in. */
const IDENTITY_FILES = [
	"/proc/device-tree/serial-number",
	"/sys/firmware/devicetree/base/serial-number",
	"/etc/machine-id",
] as const;

/**
 * `tw-` and 12 hex digits of a hash of the board's serial number, else of the machine id (which systemd asks to keep
 * private), else the host's name made to fit. 48 bits: among 10,000 devices two meet with a chance of 1 in 5 million.
 */
export function defaultDevice(identity: Identity): string {
	for (const path of IDENTITY_FILES) {
		const id = identity.read(path)?.replaceAll("\0", "").trim();
		if (id === undefined || id.length < 4 || /^0*$/.test(id) || id === "uninitialized") continue;
		return `tw-${createHash("sha256").update(`tallywire device\0${id}`).digest("hex").slice(0, 12)}`;
	}
	const name = identity.hostname().replace(/[^A-Za-z0-9_-]+/g, "-");
	return name.slice(0, 64) || "device";
}
