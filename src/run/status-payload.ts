// The status as it travels: JSON, cut to what fits where it has to be. The counters always fit; what is left out first
// is what a consumer can do without.
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
		() => ({ ...status, units: {}, losses: status.losses.slice(-LOSSES_KEPT) }),
		() => ({ ...status, units: {}, losses: [], sources: [] }),
	];
	let payload = Buffer.alloc(0);
	for (const form of forms) {
		payload = Buffer.from(JSON.stringify(form()));
		if (payload.length <= limit) break;
	}
	return payload;
}
