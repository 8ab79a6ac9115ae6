// What the sensors of a simulated device say: values that follow from their place in the run, so that whoever gets one can
// work out what it has to be.
import type { Value } from "../../src/core/value.js";

export const VALUE_KINDS = ["decimal", "integer", "boolean", "float", "text", "bytes"] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

export interface SourceSpec {
	readonly name: string;
	/** The kind of each of its streams. */
	readonly kinds: readonly ValueKind[];
	/** Between its readings of all streams, ms. */
	readonly periodMs: number;
	/** Readings of each stream at a time. */
	readonly batch: number;
	/** Bytes of its texts and byte values. */
	readonly textBytes: number;
	/** Whether it has time stamps of its own, which may run backwards by a little. */
	readonly isStamped: boolean;
}

/** The value of reading `seq` in a stream of this kind. */
export function readingOf(kind: ValueKind, seq: number, textBytes: number): Value {
	const mixed = Math.imul(seq % 0x7fffffff, 0x9e3779b1) >>> 0;
	switch (kind) {
		case "decimal":
			return (mixed % 200_000) / 100 - 1_000;
		case "integer":
			return mixed % 3 === 0 ? mixed * 1_000_003 : (mixed % 2_000) - 1_000;
		case "boolean":
			return mixed % 2 === 0;
		case "float":
			return Math.sqrt(mixed + 1) * 1e-7;
		case "text":
			return String.fromCharCode(97 + (mixed % 26)).repeat(textBytes);
		case "bytes":
			return new Uint8Array(textBytes).fill(mixed & 0xff);
	}
}

/** Bytes that a value takes in the arena; 0 for what is not kept there. */
export function storedBytes(value: Value): number {
	return typeof value === "string" || value instanceof Uint8Array ? value.length : 0;
}

/** Whether a value came as it was offered. JSON has bytes as base64url. */
export function isSame(came: Value, offered: Value): boolean {
	if (!(offered instanceof Uint8Array)) return Object.is(came, offered);
	if (typeof came === "string") return came === Buffer.from(offered).toString("base64url");
	return came instanceof Uint8Array && Buffer.compare(came, offered) === 0;
}
