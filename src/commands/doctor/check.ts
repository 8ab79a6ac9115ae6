// What one look of `doctor` finds: one line, and where something is wrong the commands that mend it.
// A failure (✗) stops something that this machine or its configuration needs; a warning (!) is worth knowing.

import { printable } from "../../core/unprintable.js";

export interface Check {
	readonly state: "ok" | "warn" | "fail";
	readonly text: string;
	/** Commands or settings, each ready to be used; always there on a failure. */
	readonly mend: readonly string[];
}

export function ok(text: string): Check {
	return { state: "ok", text, mend: [] };
}

export function warn(text: string, ...mend: readonly string[]): Check {
	return { state: "warn", text, mend };
}

export function fail(text: string, mend: string, ...more: readonly string[]): Check {
	return { state: "fail", text, mend: [mend, ...more] };
}

const SIGNS: Readonly<Record<Check["state"], string>> = { ok: "✓", warn: "!", fail: "✗" };

/** A check as lines of text: what was found, and below it what mends it. Devices and brokers may have named themselves. */
export function formatCheck({ state, text, mend }: Check): string {
	return [`${SIGNS[state]} ${printable(text)}\n`, ...mend.map((line) => `    ${printable(line)}\n`)].join("");
}
