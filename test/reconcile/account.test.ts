import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Account, createAccount } from "../../src/reconcile/account.js";
import { FORGET_MS, GRACE_MS, INTERVALS_PER_RUN_MAX, STALE_MS } from "../../src/reconcile/limits.js";
import type { ObservedStatus } from "../../src/reconcile/observed.js";
import { CAUSES, type Tally } from "../../src/reconcile/verdict.js";
import { createRandom, seed } from "../support/seed.js";
import { playHistory } from "./history.js";
import { frame, run, status, T0 } from "./messages.js";

const LATER = T0 + 3 * GRACE_MS;

/** An account that has listened for a minute. */
function listening(): Account {
	const account = createAccount();
	account.observing(T0 - 60_000);
	return account;
}

/** What is not zero in a tally. */
function told(tally: Tally): Partial<Tally> {
	return Object.fromEntries(Object.entries(tally).filter(([, count]) => count !== 0));
}

function tell(account: Account, ...statuses: ObservedStatus[]): void {
	for (const each of statuses) account.status(each, each.device, each.timeMs, false);
}

test("a gap is split from its two frames alone, at once", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	account.frame(frame("pi", "a", 30, 10, 14), "pi", T0);
	const { tally } = account.report(T0 + 1);
	assert.equal(told(tally), { stamped: 40, received: 20, unknown: 16, pending: 4 });
	assert.equal(told(account.report(LATER).tally), { stamped: 40, received: 20, unknown: 16, uncertain: 4 });
});

test("what is missing while its device goes on talking is decided after one grace to two, and one interval", () => {
	const intervalMs = 10_000;
	for (let lostAfterMs = 0; lostAfterMs < 2 * GRACE_MS; lostAfterMs += intervalMs) {
		const account = listening();
		tell(account, status("pi", "a", 0));
		let decidedMs = 0;
		for (let ms = 0; decidedMs === 0; ms += intervalMs) {
			const [seq, shift] = [ms / intervalMs, ms > lostAfterMs ? 1 : 0];
			account.frame(frame("pi", "a", seq + shift, 1, seq + shift), "pi", T0 + ms);
			const { uncertain, pending } = account.report(T0 + ms).tally;
			assert.is(uncertain + pending, shift);
			if (uncertain > 0) decidedMs = ms;
		}
		const waitedMs = decidedMs - lostAfterMs - intervalMs;
		assert.ok(waitedMs >= GRACE_MS && waitedMs <= 2 * GRACE_MS + intervalMs, `${waitedMs} ms`);
	}
});

test("the head of a run that began under our eyes is accounted", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 8, 2, 3), "pi", T0 + 1);
	assert.equal(told(account.report(LATER).tally), { stamped: 10, received: 2, unknown: 5, uncertain: 3 });
});

test("the head of a run that began before us is nobody's", () => {
	const account = createAccount();
	account.observing(T0);
	account.status(status("pi", "a", 3_600_000, { stamped: 900, sent: 900, confirmed: 900 }), "pi", T0 + 1, true);
	account.frame(frame("pi", "a", 1_000, 5, 990), "pi", T0 + 100);
	tell(account, status("pi", "a", 3_601_000, { stamped: 1_005, sent: 995, confirmed: 995 }, { expired: 10 }));
	assert.equal(told(account.report(LATER).tally), { stamped: 1_005, received: 5, unobserved: 1_000 });
});

test("confirmed and not received is downstream, and the ranges tell it from uncertain", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	account.frame(frame("pi", "a", 20, 10, 20), "pi", T0);
	const books = { stamped: 30, sent: 30, confirmed: 26, uncertain: 4 };
	tell(account, status("pi", "a", 10_000, books, {}, { losses: [[12, 15, "uncertain"]] }));
	assert.equal(told(account.report(LATER).tally), { stamped: 30, received: 20, uncertain: 4, downstream: 6 });
});

test("the tail of a killed run is exact by the word of the run after it", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	const dropped = { overflow: 2, expired: 0, oversize: 0, shutdown: 0 };
	const previous = { run: run("a"), stamped: 40, sent: 25, confirmed: 20, uncertain: 0, dropped };
	account.status(status("pi", "b", 0, {}, {}, { previous }), "pi", T0 + 9_000, false);
	const expected = { stamped: 40, received: 10, overflow: 2, crash: 13, downstream: 10, uncertain: 5 };
	assert.equal(told(account.report(LATER).tally), expected);
	account.tick(LATER);
	account.frame(frame("pi", "a", 0, 10, 0), "pi", LATER);
	assert.equal(told(account.report(LATER).tally), expected, "closed: the same for ever");
	assert.is(account.report(LATER).odd.replayed, 1);
});

test("the last counters of a run are taken, however long the run after it talked without a status", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	for (let i = 0; i < 40; i++) {
		account.frame(frame("pi", "b", i * 10, 10, i * 10), "pi", T0 + 1_000 + i * 5_000);
		account.tick(T0 + 1_000 + i * 5_000);
	}
	const dropped = { overflow: 2, expired: 0, oversize: 0, shutdown: 0 };
	const previous = { run: run("a"), stamped: 40, sent: 25, confirmed: 20, uncertain: 0, dropped };
	const books = { stamped: 400, sent: 400, confirmed: 400 };
	tell(account, status("pi", "b", 200_000, books, {}, { previous }));
	const expected = { stamped: 440, received: 410, overflow: 2, crash: 13, downstream: 10, uncertain: 5 };
	assert.equal(told(account.report(T0 + 200_000 + GRACE_MS).tally), expected);
	account.tick(T0 + 200_000 + GRACE_MS);
	assert.is(account.fleet.devices.get("pi")?.ended, null, "nothing holds it open any more");
});

test("what became uncertain after the last ranges is told from what was lost behind the broker before them", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	for (const [seq, readings] of [
		[0, 10],
		[13, 1],
		[15, 5],
	] as const) {
		account.frame(frame("pi", "a", seq, readings, seq), "pi", T0);
	}
	const books = { stamped: 20, sent: 20, confirmed: 15, uncertain: 5 };
	const losses: ObservedStatus["losses"] = [
		[4, 5, "mixed"],
		[10, 12, "uncertain"],
	];
	tell(account, status("pi", "a", 5_000, books, {}, { losses }));
	const dropped = { overflow: 0, expired: 0, oversize: 0, shutdown: 0 };
	const previous = { run: run("a"), stamped: 40, sent: 30, confirmed: 15, uncertain: 15, dropped };
	account.status(status("pi", "b", 0, {}, {}, { previous }), "pi", T0 + 9_000, false);
	const expected = { stamped: 40, received: 16, uncertain: 13, downstream: 1, crash: 10 };
	assert.equal(told(account.report(LATER).tally), expected);
});

test("runs that are taken in by the word of the one after them are taken in once", () => {
	const account = listening();
	const dropped = { overflow: 0, expired: 0, oversize: 0, shutdown: 0 };
	const previous = { run: run("z"), stamped: 5, sent: 5, confirmed: 5, uncertain: 0, dropped };
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "z", 0, 5, 0), "pi", T0 + 1_000);
	tell(account, status("pi", "b", 2_000, {}, {}, { previous }));
	for (const [at, name] of [..."cde"].entries()) {
		account.status(status("pi", name, 0), "pi", T0 + 3_000 + at, false);
		account.frame(frame("pi", name, 0, 10, 0), "pi", T0 + 3_000 + at);
	}
	account.tick(LATER);
	assert.equal(told(account.report(LATER).tally), { stamped: 35, received: 35 });
});

test("a run that nobody heard is told by the run after it", () => {
	const account = listening();
	tell(account, status("pi", "a", 0, {}, {}, { state: "offline" }));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	const dropped = { overflow: 0, expired: 7, oversize: 0, shutdown: 0 };
	const previous = { run: run("b"), stamped: 20, sent: 0, confirmed: 0, uncertain: 0, dropped };
	account.status(status("pi", "c", 0, {}, {}, { previous }), "pi", T0 + 9_000, false);
	assert.equal(told(account.report(LATER).tally), { stamped: 30, received: 10, expired: 7, crash: 13 });
});

test("a run that nobody heard is told by the run after it, however long the one before has been closed", () => {
	const account = listening();
	tell(account, status("pi", "a", 0, {}, {}, { state: "offline" }));
	account.tick(LATER);
	const dropped = { overflow: 0, expired: 0, oversize: 0, shutdown: 0 };
	const previous = { run: run("b"), stamped: 28, sent: 0, confirmed: 0, uncertain: 0, dropped };
	const next = status("pi", "c", 0, {}, {}, { previous, timeMs: LATER + 1_000 });
	account.status(next, "pi", LATER + 1_000, false);
	assert.equal(told(account.report(LATER + 3 * GRACE_MS).tally), { stamped: 28, crash: 28 });
});

test("what still waits in a device that is alive is pending, however long", () => {
	const account = listening();
	tell(account, status("pi", "a", 0, { stamped: 50, buffered: 50 }));
	account.state("pi", "offline", T0 + 10, false);
	assert.equal(told(account.report(LATER).tally), { stamped: 50, pending: 50 });
});

test("a clean end leaves nothing open", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	const books = { stamped: 25, sent: 20, confirmed: 10, inFlight: 10 };
	tell(account, status("pi", "a", 5_000, books, { shutdown: 5 }, { state: "offline" }));
	assert.equal(told(account.report(LATER).tally), { stamped: 25, received: 10, uncertain: 10, shutdown: 5 });
});

test("topic and payload must name the same device", () => {
	const account = listening();
	tell(account, status("pi", "a", 0), status("other", "b", 0));
	account.frame(frame("other", "b", 0, 10, 0), "pi", T0);
	account.status(status("other", "b", 1, { stamped: 9, buffered: 9 }), "pi", T0 + 1, false);
	const report = account.report(LATER);
	assert.equal([report.tally.stamped, report.quarantine.mismatched], [0, 2]);
});

test("a retained data frame is counted and not accounted", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0, true);
	account.frame(frame("unheard", "a", 0, 10, 0), "unheard", T0, true);
	const report = account.report(LATER);
	assert.equal([report.tally.stamped, report.odd.retained, report.quarantine.retained], [0, 1, 1]);
});

test("a jump that no time explains is not believed, one that time explains is", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	account.frame(frame("pi", "a", 10 ** 15, 1, 10), "pi", T0 + 1_000);
	account.frame(frame("pi", "a", Number.MAX_SAFE_INTEGER, 1, 10), "pi", T0 + 1_000);
	tell(account, status("pi", "a", 1_000, { stamped: 10 ** 15, sent: 10, confirmed: 10, buffered: 10 ** 15 - 10 }));
	assert.equal([account.report(T0 + 1_000).odd.jumps, account.report(T0 + 1_000).tally.stamped], [3, 10]);
	account.frame(frame("pi", "a", 3_600_000, 1, 10), "pi", T0 + 3_600_000);
	assert.is(account.report(T0 + 3_600_000).tally.unknown, 3_599_990);
});

test("a jump is believed where more time passed at the device than here: a broker that stood still", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0, T0), "pi", T0 + 60_000);
	account.frame(frame("pi", "a", 3_000_000, 10, 10, T0 + 60_000), "pi", T0 + 60_001);
	assert.is(account.report(T0 + 60_001).tally.received, 20);
	assert.is(account.report(T0 + 60_001).odd.jumps, 0);
});

test("frames that somebody else sent under a run before its first status are taken back", () => {
	const account = listening();
	account.frame(frame("pi", "a", 10 ** 12, 1, 5), "pi", T0);
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0 + 1);
	const report = account.report(LATER);
	assert.equal(told(report.tally), { stamped: 10, received: 10 });
	assert.is(report.quarantine.implausible, 1);
});

test("a frame of long ago under an unknown run is a replay", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "old", 0, 10, 0, T0 - STALE_MS - 1), "pi", T0);
	const report = account.report(LATER);
	assert.equal([report.quarantine.stale, report.candidates.runs], [1, 0]);
});

test("an invented run beside one that talks displaces nothing; the silence of that one makes room", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	tell(account, status("pi", "b", 1_000, { stamped: 1_000 }, { overflow: 1_000 }));
	account.frame(frame("pi", "b", 1_000, 10, 0), "pi", T0 + 1_000);
	account.frame(frame("pi", "a", 10, 10, 10), "pi", T0 + 2_000);
	account.tick(T0 + 2_000);
	assert.equal(told(account.report(T0 + 2_000).tally), { stamped: 20, received: 20 });
	assert.equal(account.report(T0 + 2_000).candidates, { runs: 1, readings: 10 });
	account.frame(frame("pi", "b", 1_010, 10, 10), "pi", T0 + 2_000 + GRACE_MS);
	assert.is(account.report(LATER).devices[0]?.run, run("b"));
});

test("a run without any status is believed once its frames span a grace", () => {
	const account = listening();
	for (let i = 0; i < 10; i++) account.frame(frame("pi", "a", i * 10, 10, i * 10), "pi", T0 + i * 5_000);
	assert.equal(told(account.report(LATER).tally), { stamped: 100, received: 100 });
});

test("contradictions are counted: unbalanced books, drops that arrived, counters that fall, frames that disagree", () => {
	const cases: [string, (account: Account) => void, number][] = [
		["unbalanced", (account) => tell(account, status("pi", "a", 1_000, { stamped: 5 })), 1],
		[
			"dropped, but received",
			(account) => {
				const books = { stamped: 10, sent: 7, confirmed: 7 };
				tell(account, status("pi", "a", 1_000, books, { expired: 3 }, { losses: [[4, 6, "expired"]] }));
			},
			3,
		],
		[
			"counters that fall",
			(account) => {
				tell(account, status("pi", "a", 1_000, { stamped: 10, sent: 10, confirmed: 10 }));
				tell(account, status("pi", "a", 2_000, { stamped: 10, sent: 10, inFlight: 10 }));
			},
			1,
		],
		["more sent than stamped", (account) => account.frame(frame("pi", "a", 10, 1, 11), "pi", T0), 1],
		["drops that fall", (account) => account.frame(frame("pi", "a", 5, 5, 4), "pi", T0), 1],
	];
	for (const [what, act, expected] of cases) {
		const account = listening();
		tell(account, status("pi", "a", 0));
		account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
		act(account);
		assert.is(account.report(LATER).odd.discrepancies, expected, what);
	}
});

test("duplicates and reordered frames are counted, and change nothing else", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	for (const seq of [0, 10, 30, 20, 10]) account.frame(frame("pi", "a", seq, 10, seq), "pi", T0);
	const report = account.report(LATER);
	assert.equal(told(report.tally), { stamped: 40, received: 40 });
	assert.equal([report.odd.duplicates, report.odd.reordered], [10, 1]);
	assert.is(report.duplicateRate, 10 / 50);
});

test("our own absence is unobserved, and what was lost before and after it is not", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	account.frame(frame("pi", "a", 12, 8, 10), "pi", T0 + 1_000);
	account.absent();
	assert.equal(told(account.report(T0 + 2_000).tally), { stamped: 20, received: 18, unknown: 2 });
	account.observing(T0 + 60_000);
	account.frame(frame("pi", "a", 620, 10, 598), "pi", T0 + 61_000);
	account.frame(frame("pi", "a", 633, 7, 608), "pi", T0 + 62_000);
	const dropped = { overflow: 20, expired: 5 };
	const losses: ObservedStatus["losses"] = [
		[10, 11, "expired"],
		[100, 119, "overflow"],
		[630, 632, "expired"],
	];
	tell(account, status("pi", "a", 62_000, { stamped: 640, sent: 615, confirmed: 615 }, dropped, { losses }));
	const { tally } = account.report(T0 + 200_000);
	assert.equal(told(tally), { stamped: 640, received: 35, unobserved: 600, expired: 5 });
});

test("a run that ended while we were away leaves its tail unobserved, and so does the head of the next", () => {
	const account = listening();
	tell(account, status("pi", "a", 0, { stamped: 5, buffered: 5 }));
	account.frame(frame("pi", "a", 0, 3, 0), "pi", T0);
	account.absent();
	account.observing(T0 + 60_000);
	account.status(status("pi", "b", 10_000, { stamped: 9, buffered: 9 }), "pi", T0 + 60_001, true);
	account.frame(frame("pi", "b", 100, 10, 90), "pi", T0 + 61_000);
	assert.equal(told(account.report(T0 + 200_000).tally), { stamped: 115, received: 13, unobserved: 102 });
});

test("over random absences: all that is charged was lost while we listened", () => {
	for (let round = 0; round < 1_000; round++) {
		const history = playHistory(createRandom(seed + round), { runs: 1, steps: 120 });
		const random = createRandom(seed - round);
		const account = createAccount();
		account.observing((history.messages[0]?.atMs ?? 0) - 60_000);
		const arrived = new Set<number>();
		const unwatched: [from: number, to: number][] = [];
		let [newest, isHere, isBlind, isStartKnown, isAway] = [0, true, false, false, false];
		for (const message of history.messages) {
			if (random() < 0.06) {
				if (isHere) account.absent();
				else account.observing(message.atMs);
				isHere = !isHere;
				isBlind = true;
				isAway = true;
			}
			if (!isHere) continue;
			if (message.kind === "status") {
				account.status(message.status, history.device, message.atMs, false);
				isStartKnown ||= !isAway;
			} else {
				account.frame(message.frame, history.device, message.atMs);
				const { seq, stream } = message.frame;
				if (isBlind && newest < seq) unwatched.push([newest, seq]);
				isBlind = false;
				for (let i = 0; i < stream.length; i++) arrived.add(seq + i);
				newest = Math.max(newest, seq + stream.length);
			}
		}
		// Where no status came before the first absence, nothing says that the run began while we listened.
		const first = Math.min(...arrived);
		if (!isStartKnown && arrived.size > 0 && !unwatched.some(([from]) => from === 0)) unwatched.push([0, first]);
		for (let i = 1; i < 5; i++) account.tick(history.endMs + i * GRACE_MS);
		const { tally, devices } = account.report(history.endMs + 5 * GRACE_MS);
		if (devices.length === 0 || account.report(0).candidates.runs > 0) continue;
		const where = `seed ${seed + round}`;
		let sum = tally.received + tally.pending + tally.unobserved;
		for (const cause of CAUSES) sum += tally[cause];
		assert.is(sum, tally.stamped, where);
		assert.is(tally.received, arrived.size, where);
		if (isBlind) assert.is(tally.stamped - newest, tally.unobserved - missing(unwatched), `${where}: tail`);
		else assert.is(tally.unobserved, missing(unwatched), where);
	}
});

function missing(ranges: readonly (readonly [number, number])[]): number {
	return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}

test("detail beyond its bound is given up, totals stay exact", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	const frames = 5 * INTERVALS_PER_RUN_MAX;
	const seen = new Set<string>();
	for (let i = 0; i < frames; i++) {
		// Of five readings one arrives, one was lost, three were dropped.
		account.frame(frame("pi", "a", i * 5 + 4, 1, i * 2 + 1), "pi", T0 + i);
		seen.add(String(account.fleet.newcomers.get("pi")?.current?.arrived.older?.length));
	}
	assert.ok(Math.max(...[...seen].map(Number).filter(Number.isFinite)) <= 3 * (INTERVALS_PER_RUN_MAX + 1));
	const books = { stamped: frames * 5, sent: frames * 2, confirmed: frames * 2 - 100, uncertain: 100 };
	tell(account, status("pi", "a", frames, books, { overflow: frames * 3 }));
	const { tally } = account.report(LATER);
	const expected = { received: frames, overflow: frames * 3, uncertain: 100, downstream: frames - 100 };
	assert.equal(told(tally), { stamped: frames * 5, ...expected });
	account.frame(frame("pi", "a", 3, 1, 0), "pi", T0 + frames);
	assert.is(account.report(LATER).odd.late, 1, "below the detail that is kept nothing enters");
});

test("latency only where both clocks are good; freshness always; drift and silence are seen", () => {
	const account = listening();
	for (const device of ["a", "b", "c"]) tell(account, status(device, "r", 0));
	tell(account, status("d", "r", 0, {}, {}, { delivery: "another" }));
	account.frame(frame("a", "r", 0, 100, 0, T0), "a", T0 + 200);
	account.frame(frame("b", "r", 0, 100, 0, T0 - 9_000_000, false), "b", T0 + 200);
	account.frame(frame("c", "r", 0, 100, 0, T0 + 9_000), "c", T0 + 200);
	const report = account.report(T0 + 1_200);
	assert.equal([report.latency.readings, report.latency.clockInvalid], [100, 100]);
	assert.ok(Math.abs((report.latency.p99 ?? 0) - 200) <= 2);
	assert.equal(
		report.devices.map(({ device, freshnessMs, isDrifted }) => [device, freshnessMs, isDrifted]),
		[
			["d", null, true],
			["a", 1_200, false],
			["b", 1_000, false],
			["c", 1_000, false],
		],
	);
	assert.equal(report.deliveries, [
		{ delivery: "hash", devices: 3 },
		{ delivery: "another", devices: 1 },
	]);
	account.setClock(false);
	account.frame(frame("a", "r", 100, 100, 100, T0), "a", T0 + 300);
	assert.is(account.report(T0 + 1_200).latency.readings, 100);
	assert.is(account.report(T0 + 3_600_000).silent, 4);
});

test("counters of all runs: rejected, refused, connected again, overflowed again", () => {
	const account = listening();
	const mqtt = (connects: number, authFailures: number) => ({ mqtt: { connects, authFailures } });
	const dropped = (overflow: number) => ({ overflow });
	tell(account, status("pi", "a", 0, {}, {}, mqtt(1, 2)));
	tell(account, status("pi", "a", 1_000, { stamped: 5 }, dropped(5), { rejected: 3, ...mqtt(3, 2) }));
	tell(account, status("pi", "a", 1_000, { stamped: 5 }, dropped(5), { rejected: 3, ...mqtt(3, 2) }));
	tell(account, status("pi", "a", 2_000, { stamped: 9 }, dropped(9), { rejected: 4, state: "offline", ...mqtt(3, 2) }));
	account.tick(LATER + GRACE_MS);
	account.status(status("pi", "b", 0, {}, {}, { rejected: 1, ...mqtt(2, 0) }), "pi", LATER + GRACE_MS, false);
	const { rejected, authFailures, reconnects, odd } = account.report(LATER + GRACE_MS);
	assert.equal([rejected, authFailures, reconnects, odd.overflowEvents], [5, 2, 3, 2]);
});

test("a device that was heard of long ago leaves the table, and its totals stay", () => {
	const account = listening();
	tell(account, status("pi", "a", 0));
	account.frame(frame("pi", "a", 0, 10, 0), "pi", T0);
	account.frame(frame("pi", "a", 15, 10, 10), "pi", T0 + 2 * GRACE_MS);
	account.tick(T0 + 2 * FORGET_MS);
	const report = account.report(T0 + 2 * FORGET_MS);
	assert.is(report.devices.length, 0);
	assert.equal(told(report.tally), { stamped: 25, received: 20, unknown: 5 });
});

test.run();
