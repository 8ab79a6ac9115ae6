// A secret that cannot be printed by accident: string, JSON and inspection all give `***`; only `reveal` gives it.
import type { Secret } from "./config.js";

/** What stands wherever a secret would be printed. */
export const MASK = "***";

/** Wraps a secret. */
export function createSecret(text: string): Secret {
	return Object.freeze({
		reveal: () => text,
		toString: () => MASK,
		toJSON: () => MASK,
		[Symbol.toPrimitive]: () => MASK,
		[Symbol.for("nodejs.util.inspect.custom")]: () => MASK,
	});
}
