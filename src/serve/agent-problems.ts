// What is wrong with an agent, the worst first, in sentences that say what to do. What keeps readings from the broker is
// `bad`; what a person should look at although they are delivered, or what may mend itself at the start, is `warn`.
// Whenever /healthz is a 503 there is something here.
import { DROP_REASONS } from "../core/value.js";
import type { AgentView, LossCounts } from "../wire/agent-view.js";
import { type AgentReport, rejectedTotal, type SourceReport } from "../wire/status.js";
import { count, counted, duration, type Problem } from "./problem.js";

/** A loss is news for the minute in which it happened and the one after. */
const RECENT_MINUTES = 2;
/** A sensor may take this long to its first reading before the page asks whether it sends. */
const FIRST_READING_MS = 15_000;
/** The first look at the clock takes a moment, when systemd is asked. */
const CLOCK_LOOK_MS = 6_000;
/** Sources named in a sentence; the table has the others. */
const NAMED_MAX = 3;

type Finding = (view: AgentView) => Problem | undefined;

/** What is wrong, the worst first; nothing when all is well. */
export function agentProblems(view: AgentView): readonly Problem[] {
	const found = FINDINGS.map((find) => find(view)).filter((problem) => problem !== undefined);
	return [...found.filter(({ level }) => level === "bad"), ...found.filter(({ level }) => level === "warn")];
}

/** In the order of weight. */
const FINDINGS: readonly Finding[] = [
	booksOff,
	linkDown,
	sourcesDown,
	notHandedOn,
	losing,
	unreadable,
	silent,
	clockOff,
];

function booksOff({ report: { books } }: AgentView): Problem | undefined {
	if (books.balanced) return undefined;
	return {
		level: "bad",
		title: "The books do not balance",
		detail: `Of ${counted(books.stamped, "reading")} not every one is accounted for exactly once.`,
		advice: "This is a bug of this program. Please report it with /status.",
	};
}

function linkDown({ report }: AgentView): Problem | undefined {
	const { state, books, link } = report;
	if (state === "offline") {
		return {
			level: "bad",
			title: "The agent is stopping",
			detail: `${counted(books.buffered, "reading")} still to be sent.`,
			advice: "Nothing to do: it ends by itself.",
		};
	}
	if (link.connected) return undefined;
	if (link.events.length === 0) {
		return {
			level: "warn",
			title: "Connecting to the broker",
			detail: `${link.url}, for ${duration(link.stateAgeMs)}. ${waiting(report)}`,
			advice: "Nothing to do yet: an answer may take 10 s.",
		};
	}
	const since = `No connection to ${link.url} for ${duration(link.stateAgeMs)}`;
	const detail = `${since}: ${link.error ?? "connecting"}. ${waiting(report)}`;
	if (link.events.at(-1)?.kind === "refused") {
		return {
			level: "bad",
			title: "The broker refuses the login",
			detail,
			advice:
				"Check mqtt.username and mqtt.password_file, or the client certificate. The file is read again at each attempt, so a new password needs no restart.",
		};
	}
	return {
		level: "bad",
		title: "The broker cannot be reached, so readings wait in the buffer",
		detail,
		advice:
			"Check that the broker runs and that this machine reaches it: tallywire doctor looks, and says what mends it. The agent tries again by itself; a restart would throw away what waits.",
	};
}

/** What waits, and when the first of it is lost if nothing changes. */
function waiting({ books, facts }: AgentReport): string {
	const { capacity, ttlMs, policy } = facts.buffer;
	if (books.buffered === 0) return "Nothing waits in the buffer.";
	const waits = `${count(books.buffered)} of ${counted(capacity, "reading")} wait, the oldest for ${duration(books.oldestAgeMs)} of ${duration(ttlMs)}.`;
	if (books.buffered === capacity) {
		const gives = policy === "drop-oldest" ? "the oldest give way to new ones" : "new ones are dropped";
		return `${waits} The buffer is full: ${gives}.`;
	}
	const fullInMs = (books.oldestAgeMs * (capacity - books.buffered)) / books.buffered;
	const lossInMs = Math.min(ttlMs - books.oldestAgeMs, fullInMs);
	return lossInMs < 1_000 ? waits : `${waits} The first are lost in about ${duration(lossInMs)}.`;
}

function sourcesDown({ report: { sources } }: AgentView): Problem | undefined {
	const down = sources.filter(({ up }) => !up);
	if (down.length === 0) return undefined;
	const named = down.slice(0, NAMED_MAX).map(describeDown).join(" ");
	const detail = down.length > NAMED_MAX ? `${named} The table has all ${down.length}.` : named;
	if (down.every(({ error }) => error === null)) {
		return { level: "warn", title: "Sources are starting", detail, advice: "Nothing to do yet." };
	}
	const which = down.length === 1 ? `Source ${down[0]?.name} does not work` : `${down.length} sources do not work`;
	const isAll = down.length === sources.length;
	return {
		level: isAll ? "bad" : "warn",
		title: isAll ? "No source works, so there are no readings" : which,
		detail,
		advice:
			"Check the cable, the port or pin, and who may open it: tallywire doctor looks, and says what mends it. The agent tries again by itself.",
	};
}

function describeDown({ name, error, stateAgeMs }: SourceReport): string {
	const why = error ?? "starting";
	return `${name}, for ${duration(stateAgeMs)}: ${why}${/[.?!]$/.test(why) ? "" : "."}`;
}

function notHandedOn({ report: { link } }: AgentView): Problem | undefined {
	if (!link.connected || link.loopback !== false) return undefined;
	return {
		level: "warn",
		title: "The broker takes messages, but may hand none on",
		detail: "A status of this run did not come back on its own topic.",
		advice: "Check the broker's access rules (ACL) for publishing on this device's topics.",
	};
}

/** What to do about a loss that goes on, by what is lost most. */
const LOSS_ADVICE: Readonly<Record<keyof Omit<LossCounts, "rejected">, string>> = {
	overflow:
		"Readings come faster than the link takes them: raise buffer.capacity, thin them out with limits, or use a faster link.",
	expired: "Readings are older than buffer.ttl before the link takes them: raise it, or use a faster link.",
	oversize: "A reading does not fit a message: raise publish.max_bytes, or the broker's own limit.",
	shutdown: "The run ended before its buffer was sent: raise shutdown_timeout.",
	uncertain:
		"The connection ended before the broker confirmed them; they may have arrived. If it happens often, look at the network; publish.at_risk bounds what one cut costs.",
};

/** Losses of the last minute or two. While the link is down, that is what the page speaks of. */
function losing({ report, lossMinutes }: AgentView): Problem | undefined {
	const recent = lossMinutes.slice(-RECENT_MINUTES);
	const lost = ([...DROP_REASONS, "uncertain"] as const)
		.map((reason) => ({ reason, readings: recent.reduce((sum, minute) => sum + minute[reason], 0) }))
		.filter(({ readings }) => readings > 0)
		.sort((a, b) => b.readings - a.readings);
	const [most] = lost;
	if (most === undefined || report.state === "offline") return undefined;
	return {
		level: "warn",
		title: most.reason === "uncertain" ? "Some readings may be lost" : "Readings are being lost",
		detail: `In the last minute or two: ${lost.map(({ reason, readings }) => `${count(readings)} ${reason}`).join(", ")}.`,
		advice: LOSS_ADVICE[most.reason],
	};
}

function unreadable({ report: { sources } }: AgentView): Problem | undefined {
	const found = sources.find((source) => source.up && source.readings === 0 && rejectedTotal(source) > 0);
	if (found === undefined) return undefined;
	const reasons = Object.entries(found.rejected).map(([reason, rejected]) => `${reason} ${count(rejected)}`);
	return {
		level: "warn",
		title: `Nothing that source ${found.name} sends can be read`,
		detail: `Rejected so far: ${reasons.join(", ")}.`,
		advice: "Check that baud and parse.as are what the sensor speaks.",
	};
}

function silent({ report: { books, sources, uptimeMs } }: AgentView): Problem | undefined {
	if (sources.length === 0) {
		return {
			level: "warn",
			title: "No source is configured",
			detail: "The agent runs, but has nothing to read.",
			advice: "Add a sensor under sources in the configuration; tallywire check says what would be in force.",
		};
	}
	const quiet = sources.some(({ up }) => up) && sources.every((source) => rejectedTotal(source) === 0);
	if (books.stamped > 0 || !quiet || uptimeMs < FIRST_READING_MS) return undefined;
	return {
		level: "warn",
		title: "No reading has come yet",
		detail: `The sources are open, but have sent nothing for ${duration(uptimeMs)}.`,
		advice: "Check that the sensors are powered and send, and that each path leads to the right one.",
	};
}

function clockOff({ report: { clockSynchronised, uptimeMs } }: AgentView): Problem | undefined {
	if (clockSynchronised || uptimeMs < CLOCK_LOOK_MS) return undefined;
	return {
		level: "warn",
		title: "The clock is not synchronised, so times may be wrong",
		detail: "Frames say so with clock: false. Readings that still wait are mended when it is set.",
		advice: "Check that systemd-timesyncd or chrony runs and reaches a time server: timedatectl says so.",
	};
}
