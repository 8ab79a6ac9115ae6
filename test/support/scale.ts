// How often and for how long: the short form that every test run has time for, or the full one of `npm run faults`.

/** Set by scripts/faults.mjs; nothing else reads it. */
export const isFull: boolean = process.env["TALLYWIRE_FAULTS"] === "full";

export const scale = {
	/** SIGKILLs of an agent, all devices together. */
	agentKills: isFull ? 300 : 30,
	/** Deaths of a broker, all brokers together. */
	brokerDeaths: isFull ? 50 : 6,
	/** How long a reader stalls. Longer than a dead link takes to be given up (10 s), so that unanswered attempts are part of it. */
	stallMs: isFull ? 300_000 : 20_000,
	/** How long a program is suspended; always longer than the TTL of its readings. */
	suspendMs: isFull ? 60_000 : 4_000,
	/** How long each trouble of the line lasts. */
	toxicMs: isFull ? 30_000 : 2_000,
	/** How often a line comes and goes, ten times a second. */
	flaps: isFull ? 600 : 30,
	/** How long two agents of one client id throw each other out. */
	contestMs: isFull ? 60_000 : 2_000,
	/** How long a program goes without something it needs. */
	scarcityMs: isFull ? 60_000 : 2_000,
} as const;
