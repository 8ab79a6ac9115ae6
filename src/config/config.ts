// The configuration in force: validated, defaults filled in, durations in ms, secrets read. What loads it is load.ts.
import type { SourceSettings } from "../sources/source.js";

/** A secret: prints as `***` wherever it is printed; only `reveal` gives it. */
export interface Secret {
	reveal(): string;
	toString(): string;
	toJSON(): string;
}

export interface MqttConfig {
	/** mqtt: mqtts: ws: wss:, without credentials. */
	readonly url: string;
	/** MQTT 5, or 4 for 3.1.1. 5 falls back to 4 where the broker refuses it. */
	readonly version: 4 | 5;
	readonly username?: string;
	/** From the environment. Never together with passwordFile. */
	readonly password?: Secret;
	/** Read by the uplink at each connect, so that a new password needs no restart and a missing file no exit. */
	readonly passwordFile?: string;
	readonly caFile?: string;
	readonly certFile?: string;
	readonly keyFile?: string;
	readonly clientId: string;
	readonly prefix: string;
	readonly keepaliveMs: number;
	readonly reconnect: { readonly minMs: number; readonly maxMs: number };
}

export interface Config {
	/** Where it came from, for messages. */
	readonly file: string;
	readonly device: string;
	/** The board profile's id, `auto` already resolved. */
	readonly board: string;
	readonly mqtt: MqttConfig;
	readonly buffer: {
		readonly capacity: number;
		readonly ttlMs: number;
		readonly policy: "drop-oldest" | "drop-newest";
	};
	readonly publish: {
		readonly format: "cbor" | "json";
		readonly lingerMs: number;
		readonly maxReadings: number;
		readonly maxBytes: number;
		/** Readings per second; 0 is no limit. */
		readonly maxRate: number;
		readonly confirmMs: number;
		readonly atRisk: number;
	};
	readonly status: { readonly intervalMs: number };
	readonly http: { readonly host: string; readonly port: number } | false;
	readonly shutdownTimeoutMs: number;
	readonly log: { readonly level: LogLevel };
	readonly sources: readonly SourceSettings[];
}

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
