// Which MQTT version the next attempt speaks. MQTT.js has no fall-back of its own, and a broker of 3.1.1 only answers
// MQTT 5 with return code 1 or just closes the connection.
import type { ConnectionEnd } from "./connection-end.js";

/** Attempts of one version that may end in silence before the other is tried. */
export const SILENT_ATTEMPTS_MAX = 2;

export interface VersionChoice {
	current(): 4 | 5;
	/** As people write it: 5 or 3.1.1. */
	name(): string;
	/** An attempt ended before its CONNACK. True when the next one speaks the other version. */
	refused(end: ConnectionEnd): boolean;
	/** A CONNACK said yes. */
	accepted(): void;
}

/** Starts with `configured`; 4 (3.1.1) never changes. */
export function createVersionChoice(configured: 4 | 5): VersionChoice {
	let version = configured;
	let silentAttempts = 0;
	return {
		current: () => version,
		name: () => (version === 5 ? "5" : "3.1.1"),
		refused(end) {
			if (configured === 4) return false;
			silentAttempts = end.silent ? silentAttempts + 1 : 0;
			if (!end.versionRefused && silentAttempts < SILENT_ATTEMPTS_MAX) return false;
			silentAttempts = 0;
			version = version === 5 ? 4 : 5;
			return true;
		},
		accepted() {
			silentAttempts = 0;
		},
	};
}
