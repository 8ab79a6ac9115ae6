import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GRACE_MS } from "../../src/reconcile/limits.js";
import { CAUSES, type Tally } from "../../src/reconcile/verdict.js";
import { createRandom, seed } from "../support/seed.js";
import { type History, type Message, playHistory } from "./history.js";
import { deliver, inWords, judgeHistory, listeningAccount, settle } from "./judged-history.js";

const HISTORIES = 10_000;
const LOOPS = 3_000;

test(`over ${HISTORIES} histories: each reading has the fate that it truly had`, () => {
	let readings = 0;
	let exact = 0;
	let played = 0;
	const seen: Partial<Record<string, number>> = {};
	for (; exact < HISTORIES; played++) {
		const history = playHistory(createRandom(seed + played));
		if (!history.isAllVouched) continue;
		if (history.mistakable === 0) exact += 1;
		const where = `seed ${seed + played}`;
		const { account, said, truth } = judgeHistory(history);
		assert.equal(said, truth, where);
		const { odd, tally } = account.report(history.endMs + 6 * GRACE_MS);
		const more = tally.uncertain - history.expected.uncertain;
		assert.ok(more >= 0 && more <= history.mistakable, `${where}: ${more} of ${history.mistakable} more uncertain`);
		assert.is(tally.unobserved, 0, where);
		assert.equal([odd.discrepancies, odd.duplicates, odd.jumps, odd.replayed], [0, 0, 0, 0], where);
		readings += history.expected.stamped;
		for (const cause of CAUSES) seen[cause] = (seen[cause] ?? 0) + history.expected[cause];
	}
	console.log(`${readings} readings in ${exact} histories of ${played}; lost ${JSON.stringify(seen)}`);
	for (const cause of CAUSES) assert.ok((seen[cause] ?? 0) > 0, `${cause} never happened`);
});

test(`over ${LOOPS} crash loops, up to 14 starts in one grace: nothing is accounted twice, and all of it truly`, () => {
	let exact = 0;
	for (let round = 0; round < LOOPS; round++) {
		const history = playHistory(createRandom(seed - round), { runs: 3 + (round % 12), steps: 5 + (round % 20) });
		const { account, said, truth } = judgeHistory(history);
		const { candidates, odd } = account.report(history.endMs + 6 * GRACE_MS);
		const readings = (each: Message): number => (each.kind === "frame" ? each.frame.stream.length : 0);
		const came = history.messages.reduce((sum, each) => sum + readings(each), 0);
		const where = `seed ${seed - round}`;
		assert.is(said.received + candidates.readings, came, where);
		assert.equal([odd.discrepancies, odd.duplicates, odd.jumps, odd.replayed], [0, 0, 0, 0], where);
		if (!history.isAllVouched) continue;
		exact += 1;
		assert.equal(said, truth, where);
	}
	assert.ok(exact > 0);
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
