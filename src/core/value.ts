// What a reading can hold, and the closed sets of reasons for which there is none. Numbers are finite doubles; whoever offers a value has already rejected the rest.

export type Value = number | boolean | string | Uint8Array;

/** Why the device dropped a stamped reading (CONTRACT, Guarantees: terms of G2). */
export const DROP_REASONS = ["overflow", "expired", "oversize", "shutdown"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Why something a sensor sent never became a reading. A closed set, so that metric labels stay bounded. */
export const REJECT_REASONS = [
	"too_long", // a line beyond max_line, thrown away up to its end
	"encoding", // not UTF-8, or control characters inside a line
	"syntax", // the line does not parse as what `parse.as` says
	"checksum", // an NMEA sentence with a wrong or missing checksum
	"unsupported", // well formed, but nothing in it is a reading
	"value", // not a finite number, or of a type that is no value
	"empty", // a field with nothing in it
	"stream", // a field name that is no name, or beyond the bound of streams per source
	"partial", // a line cut off by an unplug, a reopen or the end of the run
	"missed", // a read that was due while the one before was not done; an edge that the kernel could not keep
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** Why a range of seq never reached the broker for certain; `mixed` is two old ranges made one. */
export type LossReason = DropReason | "uncertain" | "mixed";

/** An inclusive range of seq and what became of it: `[from, to, reason]`. */
export type LossRange = readonly [from: number, to: number, reason: LossReason];
