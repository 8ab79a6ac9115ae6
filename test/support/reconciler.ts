// `tallywire reconcile` beside the test's own subscriber, as a process of its own: two accounts of the same messages that
// share no code, and the judgement whether they agree to the last reading.
import { createRunAccount, type RunAccount } from "./account.js";
import { startTallywire } from "./process.js";
import type { DeviceAccount, StatusArrival } from "./subscriber.js";
import { delay, until } from "./wait.js";

/** What a report says of one device, as far as it is compared. */
export interface Verdict {
	readonly device: string;
	readonly tally: {
		readonly stamped: number;
		readonly received: number;
		readonly lost: Readonly<Record<string, number>>;
		readonly pending: number;
		readonly unobserved: number;
	};
	readonly odd: Readonly<Record<string, number>>;
}

export interface Reconciler {
	/** Resolves when it listens for the `times`th time. */
	observing(times: number): Promise<void>;
	/**
	 * Ends it, and holds its report against what the subscriber has of these devices. `wasAway`: its own connection broke
	 * too, so that what was lost on the way meanwhile is unobserved to it.
	 */
	agreesWith(accounts: readonly DeviceAccount[], wasAway?: boolean): Promise<void>;
	kill(): Promise<unknown>;
}

/** Messages that the subscriber has are on their way to the reconciler too, over a connection of its own. */
const UNDER_WAY_MS = 500;
/** Longer than anything but a connection attempt with its longest backoff (30 s). */
const OBSERVING_TIMEOUT_MS = 60_000;

/** Starts it; resolves when it listens. */
export async function startReconciler(broker: { readonly url: string }): Promise<Reconciler> {
	const running = startTallywire(["reconcile", "--json", "--broker", broker.url]);
	const observing = async (times: number): Promise<void> => {
		const seen = (): number => running.stderr().match(/ event=observing /g)?.length ?? 0;
		await until(
			() => `the reconciler:\n${running.stderr()}`,
			() => seen() >= times,
			OBSERVING_TIMEOUT_MS,
		);
	};
	await observing(1);
	return {
		observing,
		kill: running.kill,
		agreesWith: async (accounts, wasAway = false) => {
			await delay(UNDER_WAY_MS);
			running.signal("SIGINT");
			const { code } = await running.exited;
			if (code !== 0) throw new Error(`reconcile ended with ${code}:\n${running.stderr()}`);
			const report: { devices: readonly Verdict[] } = JSON.parse(running.stdout());
			const problems = accounts.flatMap((account) => {
				const verdict = report.devices.find(({ device }) => device === account.device);
				return verdict === undefined ? [`${account.device}: not in the report`] : compare(verdict, account, wasAway);
			});
			if (problems.length > 0) throw new Error(`the reconciler and the subscriber differ:\n- ${problems.join("\n- ")}`);
		},
	};
}

/** What the messages of a run say of it at the most: its last words came in any of them, or in the status of a later run. */
interface LastWords {
	readonly stamped: number;
	readonly sent: number;
	readonly dropped: Readonly<Record<string, number>>;
}

const REASONS = ["overflow", "expired", "oversize", "shutdown"] as const;

function lastWords({ run, nextSeq, nextSent }: RunAccount, statuses: readonly StatusArrival[]): LastWords {
	const previous = statuses.map((status) => status["previous"] as (LastWords & { run: string }) | null);
	const words = [...statuses, ...previous].filter((one) => one?.run === run) as LastWords[];
	const most = (start: number, of: (words: LastWords) => number): number => Math.max(start, ...words.map(of));
	return {
		stamped: most(nextSeq, ({ stamped }) => stamped),
		sent: most(nextSent, ({ sent }) => sent),
		dropped: Object.fromEntries(REASONS.map((reason) => [reason, most(0, ({ dropped }) => dropped[reason] ?? 0)])),
	};
}

/** Also those that never sent a frame, and that only a status, or that of the next run, tells of. */
function everyRun({ device, runs, statuses }: DeviceAccount): readonly RunAccount[] {
	const told = statuses.flatMap(({ run, previous }) => [run, (previous as { run: string } | null)?.run ?? run]);
	const ids = new Set([...runs.keys(), ...told]);
	return [...ids].map((id) => runs.get(id) ?? createRunAccount(device, id));
}

/** Every sentence that does not hold between the reconciler's verdict and what the subscriber knows. */
function compare({ device, tally, odd }: Verdict, account: DeviceAccount, wasAway: boolean): readonly string[] {
	const runs = everyRun(account);
	const words = runs.map((run) => lastWords(run, account.statuses));
	const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
	const received = sum(runs.map((run) => run.received));
	const stamped = sum(words.map((run) => run.stamped));
	const dropped = (reason: string): number => sum(words.map((run) => run.dropped[reason] ?? 0));
	const lostOnTheWay = sum(words.map((run) => run.sent)) - received;
	const waited = stamped - received - lostOnTheWay - sum(REASONS.map(dropped));
	const { lost } = tally;
	const lostToThem = (lost["uncertain"] ?? 0) + tally.pending + (wasAway ? tally.unobserved : 0);
	// A broker that dies may have served one of its consumers and not the other: with what it never confirmed.
	const difference = tally.received - received;
	const mayDiffer = wasAway && Math.abs(difference) <= (account.status()?.uncertain ?? 0);
	const onlyTheirs = mayDiffer ? difference : 0;
	const expected: readonly (readonly [what: string, theirs: number | undefined, ours: number])[] = [
		[wasAway ? "received, but for what is uncertain" : "received", tally.received - onlyTheirs, received],
		["stamped", tally.stamped, stamped],
		...REASONS.map((reason) => [reason, lost[reason], dropped(reason)] as const),
		["lost on the way", lostToThem + onlyTheirs, lostOnTheWay],
		["crash", lost["crash"], waited],
		["unknown", lost["unknown"], 0],
		["downstream", lost["downstream"], 0],
		["unobserved", wasAway ? 0 : tally.unobserved, 0],
		...["duplicates", "reordered", "discrepancies"].map((what) => [what, odd[what], 0] as const),
	];
	const details = JSON.stringify({ tally, odd });
	return expected
		.filter(([, theirs, ours]) => theirs !== ours)
		.map(([what, theirs, ours]) => `${device}: ${what} ${theirs}, the subscriber says ${ours}: ${details}`);
}
