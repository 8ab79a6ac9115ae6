// A history played into an account: what the account says of it, in the words of what truly happened (history.ts).
// Shared by the tests and by the benchmark.
import { type Account, createAccount } from "../../src/reconcile/account.js";
import { GRACE_MS } from "../../src/reconcile/limits.js";
import { CAUSES, type Tally } from "../../src/reconcile/verdict.js";
import { createRandom } from "../support/seed.js";
import { type Expected, type History, type Message, playHistory } from "./history.js";

const LISTEN_EARLIER_MS = 60_000;

/** An account that listened before the history began. */
export function listeningAccount(history: History): Account {
	const account = createAccount();
	account.observing((history.messages[0]?.atMs ?? 0) - LISTEN_EARLIER_MS);
	return account;
}

export function deliver(account: Account, message: Message, device: string, nowMs = message.atMs): void {
	if (message.kind === "frame") account.frame(message.frame, device, nowMs);
	else account.status(message.status, device, nowMs, false);
}

/** The tally once nothing can be pending any more. */
export function settle(account: Account, nowMs: number): Tally {
	for (let i = 1; i <= 6; i++) account.tick(nowMs + i * GRACE_MS);
	return account.report(nowMs + 6 * GRACE_MS).tally;
}

/** A tally in the words of `expected`; where nobody can know the split of what was sent and lost, only its sum counts. */
export function inWords(tally: Readonly<Record<keyof Expected, number>>, { mistakable }: History): Expected {
	const words = Object.fromEntries(["stamped", "received", "pending", ...CAUSES].map((key) => [key, 0]));
	const result = words as unknown as Expected;
	for (const key of Object.keys(result) as (keyof Expected)[]) result[key] = tally[key];
	if (mistakable > 0) [result.uncertain, result.downstream] = [result.uncertain + result.downstream, 0];
	return result;
}

export interface Judged {
	readonly account: Account;
	/** What became of every reading as the account has it, and in truth. */
	readonly said: Expected;
	readonly truth: Expected;
}

/** Plays all of a history into an account of its own. */
export function judgeHistory(history: History): Judged {
	const account = listeningAccount(history);
	for (const message of history.messages) deliver(account, message, history.device);
	const said = inWords(settle(account, history.endMs), history);
	return { account, said, truth: inWords(history.expected, history) };
}

/** Of `wanted` histories whose truth can be known to the reading, the number of verdicts that are equal to it. */
export function equalVerdicts(seed: number, wanted: number): number {
	let equal = 0;
	for (let judged = 0, played = 0; judged < wanted; played++) {
		const history = playHistory(createRandom(seed + played));
		if (!history.isAllVouched || history.mistakable > 0) continue;
		judged += 1;
		const { said, truth } = judgeHistory(history);
		if (Object.entries(truth).every(([key, readings]) => said[key as keyof Expected] === readings)) equal += 1;
	}
	return equal;
}
