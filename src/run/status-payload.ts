// The status as it travels: JSON, cut to what fits where it has to be. The counters always fit; what is left out first
// is what a consumer can do without. Loss ranges that are left out are told as `mixed`, so that no reading of them passes
// for one that was with the broker.
import type { LossRange } from "../core/value.js";
import type { Status } from "../wire/status.js";

/** A status is never larger than this: it waits for its barrier outside the window's bytes. */
export const STATUS_BYTES_MAX = 65_536;

/** Loss ranges that remain in a status that is too large with all of them. */
const LOSSES_KEPT = 8;

/** The payload of at most `bytesMax` bytes, if the counters alone fit in that. */
export function statusPayload(status: Status, bytesMax: number): Uint8Array {
	const limit = Math.min(bytesMax, STATUS_BYTES_MAX);
	const forms: readonly (() => Status)[] = [
		() => status,
		() => ({ ...status, units: {} }),
		() => ({ ...status, units: {}, losses: newest(status.losses, LOSSES_KEPT) }),
		() => ({ ...status, units: {}, losses: newest(status.losses, 1), sources: [] }),
	];
	let payload = Buffer.alloc(0);
	for (const form of forms) {
		payload = Buffer.from(JSON.stringify(form()));
		if (payload.length <= limit) break;
	}
	return payload;
}

/** At most `count` ranges, the older ones as one of reason `mixed`: as the ledger itself does when it is full. */
function newest(losses: readonly LossRange[], count: number): readonly LossRange[] {
	const merged = losses.slice(0, losses.length - count + 1);
	if (merged.length < 2) return losses;
	const to = merged.reduce((end, [, last]) => Math.max(end, last), 0);
	return [[(merged[0] as LossRange)[0], to, "mixed"], ...losses.slice(merged.length)];
}
