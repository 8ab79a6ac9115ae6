import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Account, createAccount, limitsOf } from "../../src/reconcile/account.js";
import { GRACE_MS } from "../../src/reconcile/limits.js";
import { createObjectives, recordOutcomes } from "../../src/reconcile/objectives.js";
import { fromState, toState } from "../../src/reconcile/state.js";
import { loadState, saveState } from "../../src/reconcile/state-file.js";
import { lostTotal } from "../../src/reconcile/verdict.js";
import { createRandom, seed } from "../support/seed.js";
import { type History, type Message, playHistory } from "./history.js";
import { frame, status, T0 } from "./messages.js";

const LIMITS = limitsOf({});

function deliver(account: Account, message: Message, device: string): void {
	if (message.kind === "frame") account.frame(message.frame, device, message.atMs);
	else account.status(message.status, device, message.atMs, false);
}

function listening(history: History): Account {
	const account = createAccount();
	account.observing((history.messages[0]?.atMs ?? 0) - 60_000);
	return account;
}

/** The account saved, written as JSON, read and restored. */
function restarted(account: Account, nowMs: number): Account {
	const text = JSON.stringify(toState(account.fleet, createObjectives(0.995), nowMs));
	const restored = fromState(JSON.parse(text), LIMITS, 0.995);
	if (!restored.ok) throw new Error(restored.why);
	assert.is(restored.fleet.bounds.detail, account.fleet.bounds.detail);
	return createAccount({}, restored.fleet);
}

function settle(account: Account, nowMs: number) {
	for (let i = 1; i <= 6; i++) account.tick(nowMs + i * GRACE_MS);
	return account.report(nowMs + 6 * GRACE_MS);
}

test("a restart in the middle of a history is an absence of no message, and nothing else", () => {
	for (let round = 0; round < 500; round++) {
		const history = playHistory(createRandom(seed + round));
		const random = createRandom(seed - round);
		const whole = listening(history);
		let broken = listening(history);
		for (const message of history.messages) {
			if (random() < 0.05) {
				whole.absent();
				whole.observing(message.atMs);
				broken = restarted(broken, message.atMs);
				broken.observing(message.atMs);
			}
			deliver(whole, message, history.device);
			deliver(broken, message, history.device);
		}
		assert.equal(settle(broken, history.endMs), settle(whole, history.endMs), `seed ${seed + round}`);
	}
});

test("the objectives' rings survive", () => {
	const objectives = createObjectives(0.995);
	for (let minute = 0; minute < 100; minute++) {
		const outcome = { good: minute * 90, bad: minute * minute };
		recordOutcomes(objectives, outcome, [["pi", outcome]], T0 + minute * 60_000);
	}
	const restored = fromState(JSON.parse(JSON.stringify(toState(createAccount().fleet, objectives, T0))), LIMITS, 0.995);
	assert.ok(restored.ok);
	assert.equal(restored.objectives, objectives);
});

test("a state is small: some hundred bytes for a device with nothing to tell", () => {
	const account = createAccount();
	account.observing(T0 - 60_000);
	for (let i = 0; i < 1_000; i++) {
		account.status(status(`pi-${i}`, "run", 0), `pi-${i}`, T0, false);
		account.frame(frame(`pi-${i}`, "run", 0, 10, 0), `pi-${i}`, T0);
	}
	const bytes = JSON.stringify(toState(account.fleet, createObjectives(0.995), T0)).length / 1_000;
	assert.ok(bytes < 700, `${bytes} bytes`);
});

test("whatever is changed in a state, it is refused or gives an account that works", () => {
	const history = playHistory(createRandom(7), { runs: 3, isProven: true });
	const account = listening(history);
	for (const message of history.messages) deliver(account, message, history.device);
	const good = JSON.stringify(toState(account.fleet, createObjectives(0.995), history.endMs));
	const wrong = [null, -1, 0.5, "x", [], {}, true, 2 ** 60, "__proto__"];
	const random = createRandom(seed);
	let refused = 0;
	for (let round = 0; round < 3_000; round++) {
		const state = JSON.parse(good) as Record<string, unknown>;
		change(state, random, wrong);
		const restored = fromState(JSON.parse(JSON.stringify(state)), LIMITS, 0.995);
		if (!restored.ok) {
			assert.ok(restored.why.length > 0);
			refused += 1;
			continue;
		}
		const changed = createAccount({}, restored.fleet);
		changed.observing(history.endMs);
		for (const message of history.messages) deliver(changed, message, history.device);
		assert.ok(Number.isFinite(lostTotal(settle(changed, history.endMs).tally)));
	}
	assert.ok(refused > 1_500, `${refused} refused`);
	for (const each of [...wrong, { v: 2 }, { v: 1 }]) assert.not(fromState(each, LIMITS, 0.995).ok);
});

/** Puts something wrong in some place of a state. */
function change(state: Record<string, unknown>, random: () => number, wrong: readonly unknown[]): void {
	let at: Record<string, unknown> = state;
	for (;;) {
		const keys = Object.keys(at);
		const key = keys[Math.floor(random() * keys.length)];
		if (key === undefined) return;
		const inner = at[key];
		if (typeof inner === "object" && inner !== null && random() < 0.8) {
			at = inner as Record<string, unknown>;
			continue;
		}
		if (random() < 0.2) delete at[key];
		else at[key] = wrong[Math.floor(random() * wrong.length)];
		return;
	}
}

test("a state file is written whole or not at all, for its owner alone, and through no link", () => {
	const folder = mkdtempSync(join(tmpdir(), "tallywire-state-"));
	try {
		const file = join(folder, "state.json");
		assert.equal(loadState(file), { kind: "none" });
		saveState(file, { a: 1 });
		assert.is(statSync(file).mode & 0o777, 0o600);
		// A crash left half a file beside it; somebody put a link there.
		writeFileSync(`${file}.new`, "half");
		saveState(file, { a: 2 });
		const victim = join(folder, "victim");
		writeFileSync(victim, "untouched");
		symlinkSync(victim, `${file}.new`);
		saveState(file, { a: 3 });
		assert.is(readFileSync(victim, "utf8"), "untouched");
		assert.equal(loadState(file), { kind: "state", state: { a: 3 } });
		assert.equal(readdirSync(folder).sort(), ["state.json", "victim"]);
		writeFileSync(file, '{"a":');
		assert.is(loadState(file).kind, "unreadable");
		assert.throws(() => saveState(join(folder, "none", "state.json"), {}));
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test.run();
