import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Account, createAccount } from "../../src/reconcile/account.js";
import { GRACE_MS } from "../../src/reconcile/limits.js";
import { CAUSES, type Tally } from "../../src/reconcile/verdict.js";
import { createRandom, seed } from "../support/seed.js";
import { type Expected, type History, type Message, playHistory } from "./history.js";

const HISTORIES = 10_000;
const LISTEN_EARLIER_MS = 60_000;

function deliver(account: Account, message: Message, device: string, nowMs = message.atMs): void {
	if (message.kind === "frame") account.frame(message.frame, device, nowMs);
	else account.status(message.status, device, nowMs, false);
}

function settle(account: Account, nowMs: number): Tally {
	for (let i = 1; i <= 6; i++) account.tick(nowMs + i * GRACE_MS);
	return account.report(nowMs + 6 * GRACE_MS).tally;
}

/** A tally in the words of `expected`; where nobody can know the split of what was sent and lost, only its sum counts. */
function inWords(tally: Readonly<Record<keyof Expected, number>>, { isSplitKnown }: History): Expected {
	const words = Object.fromEntries(["stamped", "received", "pending", ...CAUSES].map((key) => [key, 0]));
	const result = words as unknown as Expected;
	for (const key of Object.keys(result) as (keyof Expected)[]) result[key] = tally[key];
	if (!isSplitKnown) [result.uncertain, result.downstream] = [result.uncertain + result.downstream, 0];
	return result;
}

function listeningAccount(history: History): Account {
	const account = createAccount();
	account.observing((history.messages[0]?.atMs ?? 0) - LISTEN_EARLIER_MS);
	return account;
}

test(`over ${HISTORIES} histories: each reading has the fate that it truly had`, () => {
	let readings = 0;
	let exact = 0;
	let played = 0;
	const seen: Partial<Record<string, number>> = {};
	for (; exact < HISTORIES; played++) {
		const history = playHistory(createRandom(seed + played));
		if (!history.isAllVouched) continue;
		if (history.isSplitKnown) exact += 1;
		const where = `seed ${seed + played}`;
		const account = listeningAccount(history);
		for (const message of history.messages) deliver(account, message, history.device);
		const tally = settle(account, history.endMs);
		assert.equal(inWords(tally, history), inWords(history.expected, history), where);
		assert.is(tally.unobserved, 0, where);
		const { odd } = account.report(history.endMs + 6 * GRACE_MS);
		assert.equal([odd.discrepancies, odd.duplicates, odd.jumps, odd.replayed], [0, 0, 0, 0], where);
		readings += history.expected.stamped;
		for (const cause of CAUSES) seen[cause] = (seen[cause] ?? 0) + history.expected[cause];
	}
	console.log(`${readings} readings in ${exact} histories of ${played}; lost ${JSON.stringify(seen)}`);
	for (const cause of CAUSES) assert.ok((seen[cause] ?? 0) > 0, `${cause} never happened`);
});

/** A history whose runs each end by a word that came, so that no order of arrival can leave open which came first. */
function provenHistory(from: number): History {
	for (let round = 0; ; round++) {
		const history = playHistory(createRandom(from + round * 7_919), { isProven: true });
		if (history.isAllVouched && history.messages.length > 0) return history;
	}
}

/** The verdict when all messages come within one grace, in the given order. */
function verdictOf(history: History, messages: readonly Message[], tickEvery = 0): Tally {
	const account = listeningAccount(history);
	messages.forEach((message, i) => {
		deliver(account, message, history.device, history.endMs + i);
		if (tickEvery > 0 && i % tickEvery === 0) account.tick(history.endMs + i);
	});
	return settle(account, history.endMs + messages.length);
}

test("the verdict is the same in any order of arrival", () => {
	fc.assert(
		fc.property(fc.nat(2 ** 30), fc.nat(2 ** 30), (from, shuffle) => {
			const history = provenHistory(from);
			const random = createRandom(shuffle);
			const messages = history.messages
				.map((message) => ({ message, key: random() }))
				.sort((a, b) => a.key - b.key)
				.map(({ message }) => message);
			assert.equal(verdictOf(history, messages), verdictOf(history, history.messages));
			assert.equal(inWords(verdictOf(history, messages), history), inWords(history.expected, history));
		}),
		{ seed, numRuns: 500 },
	);
});

test("the verdict is the same however often a message comes, and however they are split into batches", () => {
	fc.assert(
		fc.property(fc.nat(2 ** 30), fc.nat(2 ** 30), fc.integer({ min: 1, max: 9 }), (from, repeat, tickEvery) => {
			const history = provenHistory(from);
			const random = createRandom(repeat);
			const messages = history.messages.flatMap((message, i) => {
				const earlier = history.messages[Math.floor(random() * (i + 1))] ?? message;
				return random() < 0.3 ? [message, earlier] : [message];
			});
			assert.equal(verdictOf(history, messages, tickEvery), verdictOf(history, history.messages));
		}),
		{ seed, numRuns: 300 },
	);
});

test.run();
