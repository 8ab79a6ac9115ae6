// What is wrong with a fleet, the worst first, in sentences that say what to do: the runbook's, and the terminal's verdict.
// `bad` is what pages somebody; `warn` can wait for the morning.
import { DOOR_OF, DOOR_WORDS, mainCause } from "../reconcile/doors.js";
import { decidedTotal, worstFirst } from "../reconcile/indicators.js";
import { CAUSES, type Cause, lostTotal, type Tally } from "../reconcile/verdict.js";
import { percent } from "../screen/figures.js";
import { count, counted, duration, type Problem } from "../serve/problem.js";
import type { Observation } from "./observer.js";

/** Devices named in a sentence; the table has the others. */
const NAMED_MAX = 3;
/** More than this share of the devices silent: the broker or a network, seldom the devices. As in the alerts. */
const MANY_SILENT = 0.2;

/** What to say when nothing is wrong. */
export interface Wellness {
	readonly level: "good" | "wait";
	readonly title: string;
	readonly detail: string;
	readonly advice: string;
}

type Finding = (observation: Observation) => Problem | undefined;

/** What is wrong, the worst first, no advice twice; nothing when all is well. */
export function fleetProblems(observation: Observation): readonly Problem[] {
	const found = FINDINGS.map((find) => find(observation)).filter((problem) => problem !== undefined);
	const problems = [...found.filter(({ level }) => level === "bad"), ...found.filter(({ level }) => level === "warn")];
	const isSaid = (advice: string, before: number): boolean =>
		problems.slice(0, before).some((problem) => problem.advice === advice);
	return problems.map((problem, i) => (isSaid(problem.advice, i) ? { ...problem, advice: "" } : problem));
}

export function fleetWellness({ report, observedMs }: Observation): Wellness {
	if (report.devices.length === 0) {
		return {
			level: "wait",
			title: "Listening; no device was heard yet",
			detail: `Observed for ${duration(observedMs)}.`,
			advice:
				"Start an agent that publishes to this broker under the same prefix. tallywire doctor on the device says what keeps one from it.",
		};
	}
	const lost = lostTotal(report.tally);
	const none = "and none was lost";
	const some = `and ${counted(lost, "lost reading")} ${lost === 1 ? "is" : "are"} within the objective`;
	return {
		level: "good",
		title: "All is well",
		detail: `Every reading of every device is accounted for, ${lost === 0 ? none : some}.`,
		advice: "",
	};
}

/** In the order of weight. */
const FINDINGS: readonly Finding[] = [notObserving, burning, missed, below, silent, contradictory, repeated];

function notObserving({ trouble }: Observation): Problem | undefined {
	if (trouble === null) return undefined;
	return {
		level: "bad",
		title: "Nothing is observed",
		detail: `No subscription: ${trouble}. What is missed now is nobody's loss.`,
		advice:
			"Check that the broker runs, and takes this program's login. If the agents are not connected either, it is the broker. It tries again by itself.",
	};
}

/** What to do about a loss, by its cause. */
const ADVICE: Readonly<Record<Cause, string>> = {
	overflow: "Buffers are full: mend the link of the devices, or slow their sources with limits.",
	expired: "Readings grow older than buffer.ttl before they can be sent: mend the link of the devices.",
	oversize: "Readings do not fit a message: raise publish.max_bytes, or the broker's own limit.",
	shutdown: "Agents are stopped before their buffer is sent: raise shutdown_timeout.",
	unknown: "Wait for the next status of the devices: it says why they dropped them.",
	crash: "Agents die with readings in their buffer: journalctl -u tallywire on the device has their last words.",
	uncertain: "Connections end before the broker has confirmed: look for broker restarts and network cuts.",
	downstream:
		"The broker took them and did not hand them on: look for slow subscribers, max_queued_messages, and access rules (ACL).",
};

function burning({ objectives, report }: Observation): Problem | undefined {
	const alert = objectives.fleet.burn?.windows.find(({ isAlert }) => isAlert);
	if (alert === undefined) return undefined;
	const { rate, long, longMs, short, shortMs } = alert;
	const pace = `Loss was ${times(long)} what the objective allows over ${duration(longMs)}, and ${times(short)} over ${duration(shortMs)}.`;
	return {
		level: rate > 1 ? "bad" : "warn",
		title: rate > 1 ? "The error budget burns too fast" : "The error budget leaks",
		detail: objectives.fleet.isMissed ? pace : `${pace} ${mostly(report.tally)}`,
		advice: adviceFor(report.tally),
	};
}

function missed({ objectives: { slo, fleet }, report: { tally } }: Observation): Problem | undefined {
	if (!fleet.isMissed) return undefined;
	return {
		level: "bad",
		title: "The objective is missed",
		detail: `${percent(fleet.success)} of ${count(decidedTotal(tally))} decided readings arrived, and ${percent(slo)} should. ${mostly(tally)}`,
		advice: adviceFor(tally),
	};
}

function below({ objectives, report }: Observation): Problem | undefined {
	const names = new Set(objectives.devices.filter(({ isMissed }) => isMissed).map(({ device }) => device));
	const worst = worstFirst(report.devices.filter(({ device }) => names.has(device))).slice(0, NAMED_MAX);
	const [first] = worst;
	if (first === undefined) return undefined;
	const named = worst.map(({ device, success, tally }) => `${device} ${percent(success)} (${causesOf(tally)})`);
	const isOne = names.size === 1;
	return {
		level: "warn",
		title: isOne ? `Device ${first.device} is below the objective` : "Devices are below the objective",
		detail: isOne
			? `${percent(first.success)} of its decided readings arrived; lost: ${causesOf(first.tally)}.`
			: `${listed(named, names.size)}.`,
		advice: adviceFor(first.tally),
	};
}

/** While nothing is observed, all of them would be. */
function silent({ report: { devices, silent }, trouble }: Observation): Problem | undefined {
	if (silent === 0 || trouble !== null) return undefined;
	const quiet = devices.filter(({ isSilent }) => isSilent);
	const isMany = silent > 1 && silent > devices.length * MANY_SILENT;
	const named = quiet.slice(0, NAMED_MAX).map(({ device }) => device);
	const which = silent === 1 ? `Device ${named[0]} is silent` : "Devices are silent";
	return {
		level: isMany ? "bad" : "warn",
		title: isMany ? "Many devices are silent" : which,
		detail: `Not heard for a minute and more, and not said to be offline: ${listed(named, silent)}, of ${counted(devices.length, "device")}.`,
		advice: isMany
			? "Look at what they have in common: the broker, a network, a site, the last change. What their buffers still hold comes by itself, as far as buffer.ttl reaches."
			: "Check power and network, and tallywire doctor on the device. For one that was taken away for good, publish offline, retained, on its state topic.",
	};
}

function contradictory({ report: { odd, devices } }: Observation): Problem | undefined {
	if (odd.discrepancies === 0) return undefined;
	const named = devices.filter((device) => device.odd.discrepancies > 0).map(({ device }) => device);
	return {
		level: "warn",
		title: "Messages contradict others or themselves",
		detail: `${count(odd.discrepancies)} so far, of ${listed(named.slice(0, NAMED_MAX), named.length)}.`,
		advice:
			"Look for two agents with one device name, or a broken bridge: each agent needs a device of its own. Else it is a bug: please report it with /report.",
	};
}

function repeated({ report: { odd, devices } }: Observation): Problem | undefined {
	if (odd.duplicates === 0) return undefined;
	const named = devices.filter((device) => device.odd.duplicates > 0).map(({ device }) => device);
	return {
		level: "warn",
		title: "Readings arrive more than once",
		detail: `${count(odd.duplicates)} so far, of ${listed(named.slice(0, NAMED_MAX), named.length)}. No agent sends one twice.`,
		advice: "Look for bridges in a loop, overlapping subscriptions, or a recording that is played back.",
	};
}

function adviceFor(tally: Tally): string {
	const cause = mainCause(tally);
	return cause === null ? "" : ADVICE[cause];
}

function mostly(tally: Tally): string {
	const cause = mainCause(tally);
	if (cause === null) return "";
	return `Most were lost ${DOOR_WORDS[DOOR_OF[cause]]}: ${cause}, ${count(tally[cause])} of ${count(lostTotal(tally))}.`;
}

function causesOf(tally: Tally): string {
	const lost = CAUSES.filter((cause) => tally[cause] > 0).sort((a, b) => tally[b] - tally[a]);
	return lost.map((cause) => `${cause} ${count(tally[cause])}`).join(", ");
}

function listed(named: readonly string[], total: number): string {
	return named.join(", ") + (total > named.length ? ` and ${count(total - named.length)} more` : "");
}

function times(rate: number): string {
	return Number.isFinite(rate) ? `${rate.toFixed(1)} times` : "far more than";
}
