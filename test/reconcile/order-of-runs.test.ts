// Which of two runs came first, where clocks that are not synchronised, late arrival and our own absence say otherwise.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Account, createAccount } from "../../src/reconcile/account.js";
import { GRACE_MS } from "../../src/reconcile/limits.js";
import { frame, run, status, T0 } from "./messages.js";

const NO_DROPS = { overflow: 0, expired: 0, oversize: 0, shutdown: 0 };
const NEVER_SET = { timeMs: 0, clockSynchronised: false };

function listening(): Account {
	const account = createAccount();
	account.observing(T0 - 60_000);
	return account;
}

function tick(account: Account, fromMs: number, toMs: number): void {
	for (let atMs = fromMs + 1_000; atMs < toMs; atMs += 1_000) account.tick(atMs);
}

test("a run that waited long ago does not displace one known by its retained status alone", () => {
	const account = listening();
	account.status(status("pi", "a", 0), "pi", T0, false);
	account.status(status("pi", "b", 0), "pi", T0 + 2_000, false);
	account.absent();
	account.observing(T0 + 10_000);
	account.status(status("pi", "c", 4_000), "pi", T0 + 10_000, true);
	account.absent();
	const backMs = T0 + 50 * GRACE_MS;
	account.observing(backMs);
	account.status(status("pi", "d", 300, {}, {}, NEVER_SET), "pi", backMs, true);
	tick(account, backMs, backMs + 15_000);
	account.frame(frame("pi", "d", 0, 5, 0, 0, false), "pi", backMs + 15_000);
	tick(account, backMs + 15_000, backMs + 4 * GRACE_MS);
	account.frame(frame("pi", "d", 5, 5, 5, 0, false), "pi", backMs + 4 * GRACE_MS);
	const [device] = account.report(backMs + 6 * GRACE_MS).devices;
	assert.equal([device?.tally.received, device?.odd.replayed], [10, 0]);
});

test("a run that names the one before it is the newer one, whatever their starts seem to be", () => {
	const account = listening();
	// Its clock is not set and its status comes late: it seems to have begun when that came.
	account.status(status("pi", "a", 0, {}, {}, NEVER_SET), "pi", T0 + 10_000, false);
	const previous = { run: run("a"), stamped: 0, sent: 0, confirmed: 0, uncertain: 0, dropped: NO_DROPS };
	for (const atMs of [5_000, 5_000 + 3 * GRACE_MS, 5_000 + 6 * GRACE_MS]) {
		account.status(status("pi", "b", atMs, {}, {}, { previous }), "pi", T0 + 10_000 + atMs, false);
		tick(account, T0 + 10_000 + atMs, T0 + 10_000 + atMs + 3 * GRACE_MS);
	}
	const [device] = account.report(T0 + 10 * GRACE_MS).devices;
	assert.is(device?.odd.replayed, 0);
});

test("a run that nobody heard does not end the one that tells of it, though that was heard before it told", () => {
	const account = listening();
	account.status(status("pi", "a", 0, {}, {}, { state: "offline" }), "pi", T0, false);
	tick(account, T0, T0 + 3 * GRACE_MS);
	account.frame(frame("pi", "c", 0, 5, 0), "pi", T0 + 3 * GRACE_MS);
	const previous = { run: run("b"), stamped: 7, sent: 0, confirmed: 0, uncertain: 0, dropped: NO_DROPS };
	for (const graces of [5, 10]) {
		account.status(status("pi", "c", graces * GRACE_MS, {}, {}, { previous }), "pi", T0 + graces * GRACE_MS, false);
		tick(account, T0 + graces * GRACE_MS, T0 + (graces + 4) * GRACE_MS);
	}
	const [device] = account.report(T0 + 15 * GRACE_MS).devices;
	assert.equal([device?.tally.crash, device?.odd.replayed], [7, 0]);
});

test.run();
