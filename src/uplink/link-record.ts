// What became of the link and when: the counters, why it is down, and the newest events, bounded. Attempts that fail
// alike, one after the other, are one event that counts, so that a day without a broker leaves what was before it in sight.
// Times are monotonic and told as ages: a wall clock that is set later moves none of them.
import { LINK_EVENTS_MAX } from "../core/limits.js";
import type { LinkEventKind, LinkReport } from "../wire/status.js";
import type { ConnectionEnd } from "./connection-end.js";

export interface LinkRecord {
	up(): void;
	/** A connection or an attempt ended. */
	ended(end: ConnectionEnd): void;
	report(): Omit<LinkReport, "url" | "loopback" | "framesSent" | "frameBytes">;
}

interface Entry {
	readonly kind: LinkEventKind;
	readonly reason: string;
	readonly firstMs: number;
	lastMs: number;
	times: number;
}

/** Makes the record of a link that is down. */
export function createLinkRecord(nowMs: () => number): LinkRecord {
	const counts = { connects: 0, disconnects: 0, authFailures: 0 };
	const entries: Entry[] = [];
	let connected = false;
	let changedMs = nowMs();
	let error: string | null = "not connected yet";

	function note(kind: LinkEventKind, reason: string): void {
		const lastMs = nowMs();
		const newest = entries.at(-1);
		if (newest?.kind === kind && newest.reason === reason) {
			newest.lastMs = lastMs;
			newest.times += 1;
			return;
		}
		entries.push({ kind, reason, firstMs: lastMs, lastMs, times: 1 });
		if (entries.length > LINK_EVENTS_MAX) entries.shift();
	}

	return {
		up() {
			counts.connects += 1;
			connected = true;
			changedMs = nowMs();
			error = null;
			note("up", "");
		},
		ended({ reason, authRefused }) {
			error = reason;
			if (authRefused) counts.authFailures += 1;
			if (connected) {
				counts.disconnects += 1;
				connected = false;
				changedMs = nowMs();
				note("down", reason);
			} else note(authRefused ? "refused" : "failed", reason);
		},
		report() {
			const now = nowMs();
			const events = entries.map(({ kind, reason, times, firstMs, lastMs }) => {
				return { kind, reason, times, firstAgeMs: now - firstMs, lastAgeMs: now - lastMs };
			});
			return { ...counts, connected, stateAgeMs: now - changedMs, error, events };
		},
	};
}
