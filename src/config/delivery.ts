// A short name for the settings that decide delivery: devices with the same settings show the same one in their status.
import { createHash } from "node:crypto";
import type { Config } from "./config.js";

/** What a reading's fate depends on. Where it goes, and who sends it, does not belong here. */
export function deliverySettings(config: Config) {
	return {
		mqtt: { version: config.mqtt.version, keepaliveMs: config.mqtt.keepaliveMs },
		buffer: config.buffer,
		publish: config.publish,
		shutdownTimeoutMs: config.shutdownTimeoutMs,
	};
}

/** The first 12 hex digits of the SHA-256 of the delivery settings as JSON with sorted keys. */
export function deliveryHash(config: Config): string {
	return createHash("sha256")
		.update(canonicalJson(deliverySettings(config)))
		.digest("hex")
		.slice(0, 12);
}

function canonicalJson(value: unknown): string {
	return JSON.stringify(value, (_key, part: unknown) =>
		typeof part === "object" && part !== null && !Array.isArray(part)
			? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
			: part,
	);
}
