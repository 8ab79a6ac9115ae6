import { test } from "uvu";
import * as assert from "uvu/assert";
import {
	addRange,
	checkBooks,
	checkHistory,
	countWithin,
	createRunAccount,
	enterFrame,
	type FrameArrival,
	missingBelow,
	type RunAccount,
	type StatusBooks,
} from "./account.js";

test("joins ranges that touch or overlap, and says how many numbers are new", () => {
	const ranges: (readonly [number, number])[] = [];
	assert.is(addRange(ranges, 10, 19), 10);
	assert.is(addRange(ranges, 30, 39), 10);
	assert.is(addRange(ranges, 0, 4), 5);
	assert.equal(ranges, [
		[0, 4],
		[10, 19],
		[30, 39],
	]);
	assert.is(addRange(ranges, 20, 29), 10);
	assert.is(addRange(ranges, 3, 12), 5);
	assert.equal(ranges, [[0, 39]]);
	assert.is(addRange(ranges, 5, 6), 0);
});

test("agrees with a set of numbers on random ranges", () => {
	let seed = 7;
	const random = (limit: number): number => {
		seed = (seed * 48_271) % 2_147_483_647;
		return seed % limit;
	};
	for (let round = 0; round < 200; round += 1) {
		const ranges: (readonly [number, number])[] = [];
		const model = new Set<number>();
		for (let step = 0; step < 30; step += 1) {
			const from = random(80);
			const to = from + random(10);
			const before = model.size;
			for (let seq = from; seq <= to; seq += 1) model.add(seq);
			assert.is(addRange(ranges, from, to), model.size - before, `round ${round} step ${step}`);
			assert.is(countWithin(ranges, 0, 200), model.size);
		}
		const missing = missingBelow(ranges, 90);
		assert.is(countWithin(missing, 0, 200) + model.size, 90 + [...model].filter((seq) => seq >= 90).length);
	}
});

function frame(seq: number, count: number, sent: number): FrameArrival {
	return {
		device: "d",
		run: "r",
		seq,
		count,
		sent,
		time: 0,
		clockSynchronised: true,
		payloadBytes: 0,
		isRetained: false,
		contentType: "",
		expiryS: null,
		body: {},
	};
}

function accountOf(...frames: readonly FrameArrival[]): RunAccount {
	const account = createRunAccount("d", "r");
	for (const arrival of frames) enterFrame(account, arrival);
	return account;
}

const QUIET: StatusBooks = {
	run: "r",
	stamped: 0,
	buffered: 0,
	sent: 0,
	confirmed: 0,
	in_flight: 0,
	uncertain: 0,
	dropped: { overflow: 0, expired: 0, oversize: 0, shutdown: 0 },
	losses: [],
};

test("splits a gap into what was dropped and what was lost on the way", () => {
	// 10..14 dropped, 15..19 sent and lost, 25..29 waiting.
	const account = accountOf(frame(0, 10, 0), frame(20, 5, 15));
	assert.equal(account.gaps, [{ from: 10, to: 19, dropped: 5, lost: 5 }]);
	const status: StatusBooks = {
		...QUIET,
		stamped: 30,
		buffered: 5,
		sent: 20,
		confirmed: 15,
		uncertain: 5,
		dropped: { ...QUIET.dropped, overflow: 5 },
		losses: [
			[10, 14, "overflow"],
			[15, 19, "uncertain"],
		],
	};
	assert.equal(checkBooks(account, status), []);
});

test("accepts uncertain readings that arrived after all", () => {
	const account = accountOf(frame(0, 10, 0), frame(10, 10, 10));
	const status: StatusBooks = {
		...QUIET,
		stamped: 20,
		sent: 20,
		confirmed: 10,
		uncertain: 10,
		losses: [[10, 19, "uncertain"]],
	};
	assert.equal(checkBooks(account, status), []);
});

const SOUND: StatusBooks = { ...QUIET, stamped: 20, sent: 20, confirmed: 20 };
const lies: readonly (readonly [string, RunAccount, StatusBooks, RegExp])[] = [
	["confirms what did not arrive", accountOf(frame(0, 10, 0)), SOUND, /received 10 >= confirmed 20/],
	["sends a reading twice", accountOf(frame(0, 20, 0), frame(10, 10, 10)), SOUND, /no reading twice, but 10 were/],
	["goes back", accountOf(frame(10, 10, 10), frame(0, 10, 0)), SOUND, /seq only rises, but 1 frames/],
	["retains a frame", accountOf({ ...frame(0, 20, 0), isRetained: true }), SOUND, /no frame is retained/],
	["is another run", accountOf(frame(0, 20, 0)), { ...SOUND, run: "x" }, /the status is of x/],
	["forgets what it stamped", accountOf(frame(0, 20, 0)), { ...SOUND, stamped: 21 }, /stamped 21 = buffered 0/],
	["forgets what it sent", accountOf(frame(0, 20, 0)), { ...SOUND, confirmed: 19 }, /sent 20 = confirmed 19/],
	[
		"counts sent before it was",
		accountOf(frame(0, 10, 0), frame(10, 10, 12)),
		SOUND,
		/gap 10\.\.9: dropped -2, lost 2/,
	],
	[
		"gives the wrong range",
		accountOf(frame(0, 10, 0), frame(15, 5, 10)),
		{ ...SOUND, sent: 15, confirmed: 15, dropped: { overflow: 5 }, losses: [[9, 13, "overflow"]] },
		/9\.\.13 was dropped \(overflow\), but 1 of it arrived/,
	],
	[
		"keeps a loss to itself",
		accountOf(frame(0, 10, 0), frame(15, 5, 10)),
		{ ...SOUND, sent: 15, confirmed: 15, dropped: { overflow: 5 } },
		/missing without a reason: 5/,
	],
	[
		"calls a drop a loss",
		accountOf(frame(0, 10, 0), frame(15, 5, 10)),
		{ ...SOUND, sent: 20, confirmed: 15, uncertain: 5, losses: [[10, 14, "uncertain"]] },
		/after the last frame: dropped -5/,
	],
];
for (const [name, account, status, problem] of lies) {
	test(`finds out an agent that ${name}`, () => assert.match(checkBooks(account, status).join("\n"), problem));
}

test("takes a mixed range for what it is: wide, but with exact totals", () => {
	const account = accountOf(frame(0, 10, 0), frame(15, 5, 10), frame(25, 5, 20));
	const status: StatusBooks = {
		...QUIET,
		stamped: 30,
		sent: 25,
		confirmed: 20,
		uncertain: 5,
		dropped: { overflow: 5 },
		losses: [[10, 24, "mixed"]],
	};
	assert.equal(checkBooks(account, status), []);
});

test("statuses balance, never fall back, and pay at most at_risk for each lost connection", () => {
	const status = (sent: number, uncertain: number, disconnects: number) => ({
		...{ run: "r", stamped: sent, buffered: 0, sent, confirmed: sent - uncertain, in_flight: 0, uncertain },
		...{ dropped: { overflow: 0 }, losses: [], mqtt: { disconnects } },
	});
	assert.equal(checkHistory([status(10, 0, 0), status(30, 8, 1), status(50, 16, 2)], 8), []);
	assert.match(checkHistory([status(10, 0, 0), status(30, 9, 1)], 8).join(), /1 lost connections cost 9 readings/);
	assert.match(checkHistory([status(10, 0, 0), status(9, 0, 0)], 8).join(), /stamped fell from 10 to 9/);
	assert.match(checkHistory([{ ...status(10, 0, 0), buffered: 1 }], 8).join(), /does not balance/);
	assert.match(
		checkHistory([{ ...status(10, 0, 0), confirmed: 1, in_flight: 9 }], 8).join(),
		/in_flight 9 <= at_risk 8/,
	);
});

test.run();
