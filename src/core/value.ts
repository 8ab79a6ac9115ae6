// What a reading can hold. Numbers are finite doubles; whoever offers a value has already rejected the rest.

export type Value = number | boolean | string | Uint8Array;

/** Why the device dropped a stamped reading (CONTRACT, Guarantees: terms of G2). */
export const DROP_REASONS = ["overflow", "expired", "oversize", "shutdown"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Why a range of seq never reached the broker for certain; `mixed` is two old ranges made one. */
export type LossReason = DropReason | "uncertain" | "mixed";

/** An inclusive range of seq and what became of it: `[from, to, reason]`. */
export type LossRange = readonly [from: number, to: number, reason: LossReason];
