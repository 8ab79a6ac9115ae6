// Types of validator.js, which scripts/compile-config.mjs makes from schema.json and the sources' schemas.
import type { Schema } from "./schema.js";

export interface ValidationError {
	readonly instancePath: string;
	readonly schemaPath: string;
	readonly keyword: string;
	readonly params: Readonly<Record<string, unknown>>;
	/** On errors of a key, inside `propertyNames`. */
	readonly propertyName?: string;
}

export interface Validate {
	(value: unknown): boolean;
	errors?: readonly ValidationError[] | null;
}

/** The whole configuration, of each source only its type. */
export declare const validateTop: Validate;
/** What every source has, whatever its type. */
export declare const validateCommon: Validate;
/** One source, by its type. */
export declare const validateSource: Readonly<Record<string, Validate>>;
export declare const schemas: {
	readonly top: Schema;
	readonly common: Schema;
	readonly sources: Readonly<Record<string, Schema>>;
};
