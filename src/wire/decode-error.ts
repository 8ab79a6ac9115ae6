// What can be wrong with a payload from a broker. A closed list: each kind is fit to be the label of a metric.

export const DECODE_ERRORS = [
	/** No byte at all. */
	"empty",
	/** More bytes than a payload of this contract has. */
	"too_large",
	/** Neither a CBOR map nor a JSON object. */
	"not_a_map",
	/** An item, or what its length announces, goes beyond the last byte. */
	"truncated",
	/** Bytes behind the end. */
	"trailing",
	/** A CBOR item of indefinite length, or a break. */
	"indefinite",
	/** A head that RFC 8949 reserves. */
	"reserved",
	/** A CBOR tag, bignums included. */
	"tag",
	/** A value nested deeper than any of this contract. */
	"too_deep",
	/** More keys, elements or members than their bound. */
	"too_many",
	/** Text that is not UTF-8, or half of a surrogate pair. */
	"utf8",
	/** Not JSON. */
	"json",
	/** A key that is no text, or too long. */
	"key",
	"duplicate_key",
	"missing_key",
	/** `v` is not 1. */
	"version",
	/** A value that is not of its key's type. */
	"type",
	/** An integer beyond 2^53 - 1, or a negative one where there is none. */
	"range",
	/** NaN or an infinity. */
	"not_finite",
	/** `device` or `run` is none, or a name is empty or too long. */
	"name",
	/** Columns without a reading, or of unequal length. */
	"columns",
	/** An index behind the last of `streams`. */
	"stream_index",
	/** Places beyond 9, not one for each of `streams`, or in JSON, which has none. */
	"scale",
	/** A range of seq or its reason is none. */
	"losses",
	/** Neither online nor offline. */
	"state",
] as const;

export type DecodeErrorKind = (typeof DECODE_ERRORS)[number];

export interface DecodeFailure {
	readonly ok: false;
	readonly error: DecodeErrorKind;
	/** Offset of the byte where it was found. */
	readonly at: number;
}

/** A failure in bytes that go on behind it. */
export interface FirstFailure extends DecodeFailure {
	/** What it cost: bytes that were read, from the first on. */
	readonly looked: number;
}

/** Makes a failure. */
export function failure(error: DecodeErrorKind, at: number): DecodeFailure {
	return { ok: false, error, at };
}
