// Whether readings are getting through, for /healthz, the page and the screen.
// It is the health of delivery, not of the process: a supervisor that restarted the agent for it would throw away the
// buffer that bridges the outage. One source of several that is down is shown in the status and is not a 503.
export interface Health {
	readonly ok: boolean;
	/** One line each for a person; empty when ok. */
	readonly reasons: readonly string[];
}

/** What it takes to tell. */
export interface Vitals {
	readonly state: "online" | "offline";
	readonly link: { readonly connected: boolean; readonly error: string | null };
	readonly books: { readonly balanced: boolean };
	readonly sources: readonly { readonly name: string; readonly up: boolean; readonly error: string | null }[];
}

/** Ok while the link is up, the books balance, and at least one source works or none is configured. */
export function health({ state, link, books, sources }: Vitals): Health {
	const reasons: string[] = [];
	if (!books.balanced) {
		reasons.push("the books do not balance: a bug of this program, please report it with the status");
	}
	if (state === "offline") reasons.push("the agent is stopping");
	else if (!link.connected) reasons.push(`not connected to the broker: ${link.error ?? "connecting"}`);
	if (sources.length > 0 && !sources.some((source) => source.up)) {
		const errors = sources.map((source) => `${source.name}: ${source.error ?? "starting"}`);
		reasons.push(`no source works: ${errors.join("; ")}`);
	}
	return { ok: reasons.length === 0, reasons };
}
