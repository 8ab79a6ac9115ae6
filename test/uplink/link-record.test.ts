import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LINK_EVENTS_MAX } from "../../src/core/limits.js";
import { connectionEnd } from "../../src/uplink/connection-end.js";
import { createLinkRecord } from "../../src/uplink/link-record.js";

const test = suite("link record");

function createLink() {
	let nowMs = 1_000;
	const record = createLinkRecord(() => nowMs);
	return {
		...record,
		wait: (ms: number) => (nowMs += ms),
		fail: (reason: string) => record.ended(connectionEnd(reason)),
	};
}

test("tells since when, why, and what came before", () => {
	const { up, fail, report, wait } = createLink();
	wait(500);
	assert.equal(report(), {
		connects: 0,
		disconnects: 0,
		authFailures: 0,
		connected: false,
		stateAgeMs: 500,
		error: "not connected yet",
		events: [],
	});
	up();
	wait(60_000);
	fail("reset");
	wait(10);
	fail("refused");
	wait(10);
	const { events, ...now } = report();
	assert.equal(now, {
		connects: 1,
		disconnects: 1,
		authFailures: 0,
		connected: false,
		stateAgeMs: 20,
		error: "refused",
	});
	assert.equal(events, [
		{ kind: "up", reason: "", times: 1, firstAgeMs: 60_020, lastAgeMs: 60_020 },
		{ kind: "down", reason: "reset", times: 1, firstAgeMs: 20, lastAgeMs: 20 },
		{ kind: "failed", reason: "refused", times: 1, firstAgeMs: 10, lastAgeMs: 10 },
	]);
});

test("attempts that fail alike are one event that counts", () => {
	const { up, fail, report, wait } = createLink();
	up();
	fail("reset");
	for (let i = 0; i < 10_000; i++) {
		wait(1_000);
		fail("refused");
	}
	const { events, stateAgeMs, error } = report();
	assert.is(stateAgeMs, 10_000_000);
	assert.is(error, "refused");
	assert.is(events.length, 3);
	assert.equal(events.at(-1), {
		kind: "failed",
		reason: "refused",
		times: 10_000,
		firstAgeMs: 9_999_000,
		lastAgeMs: 0,
	});
});

test("a refused login is told from a broker that is away", () => {
	const { report, ended } = createLink();
	ended({ ...connectionEnd("bad user name or password"), authRefused: true });
	assert.is(report().authFailures, 1);
	assert.is(report().events.at(-1)?.kind, "refused");
});

test("holds the newest events and no more", () => {
	const { up, fail, report } = createLink();
	for (let i = 0; i < 100; i++) {
		up();
		fail(`end ${i}`);
	}
	assert.is(report().events.length, LINK_EVENTS_MAX);
	assert.is(report().events.at(-1)?.reason, "end 99");
	assert.is(report().connects, 100);
});

test.run();
