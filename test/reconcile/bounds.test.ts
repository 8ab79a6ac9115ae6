import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Account, createAccount } from "../../src/reconcile/account.js";
import { CANDIDATES_MAX, DEVICES_MAX, GRACE_MS } from "../../src/reconcile/limits.js";
import type { DecodedFrame } from "../../src/wire/decoded.js";
import { createRandom, seed } from "../support/seed.js";
import { frame, run, status, T0 } from "./messages.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const INVENTED = 1_000_000;
/** 16,384 devices of 1 KiB, 1,024 candidates, and what a collector leaves: far below what 10^6 of anything would take. */
const GROWTH_BYTES_MAX = 32 * 1_048_576;
const QUIET_DEVICES = 10_000;
const QUIET_BYTES_MAX = 1_024;

function heapBytes(): number {
	collect();
	return process.memoryUsage().heapUsed;
}

/** An account with some real devices that have talked for a minute, one of them with losses. */
function settled(): Account {
	const account = createAccount();
	account.observing(T0 - 60_000);
	for (let i = 0; i < 20; i++) {
		const device = `real-${i}`;
		account.status(status(device, "run", 0), device, T0, false);
		talk(account, device, 0, T0);
		talk(account, device, 200 + i, T0 + 2 * GRACE_MS);
	}
	return account;
}

function talk(account: Account, device: string, seq: number, nowMs: number): void {
	account.frame(frame(device, "run", seq, 10, seq, nowMs), device, nowMs);
}

function realReports(account: Account, nowMs: number): unknown {
	return account.report(nowMs).devices.filter(({ device }) => device.startsWith("real-"));
}

test(`${INVENTED} invented devices and runs stay under their bound, and change no real device's account`, () => {
	const random = createRandom(seed);
	const account = settled();
	const nowMs = T0 + 2 * GRACE_MS + 1_000;
	const before = realReports(account, nowMs);
	const bytesBefore = heapBytes();
	const frames = frame("x", "x", 10 ** 12, 3, 5, nowMs);
	const statuses = status("x", "x", 1_000, { stamped: 60_000 }, { overflow: 60_000 });
	for (let i = 0; i < INVENTED; i++) {
		const name = Math.floor(random() * 2 ** 52).toString(36);
		const [device, runName] = i % 2 === 0 ? [`new-${name}`, name] : [`real-${i % 20}`, name];
		if (i % 5 < 3) account.frame({ ...frames, device, run: run(runName) }, device, nowMs);
		else {
			account.status({ ...statuses, device, run: run(runName) }, device, nowMs, i % 7 === 0);
		}
		if (i % 100_000 === 0) account.tick(nowMs);
	}
	account.tick(nowMs);
	const grown = heapBytes() - bytesBefore;
	console.log(`${INVENTED} invented names: the heap grew by ${(grown / 1_048_576).toFixed(1)} MiB`);
	assert.ok(grown < GROWTH_BYTES_MAX, `grew by ${grown}`);
	assert.equal(realReports(account, nowMs), before);
	const { candidates, quarantine, devices } = account.report(nowMs);
	assert.ok(devices.length <= DEVICES_MAX && candidates.runs <= CANDIDATES_MAX);
	assert.ok(quarantine.candidatesEvicted > INVENTED / 2 && quarantine.devicesEvicted > 0);
	for (let i = 0; i < 20; i++) talk(account, `real-${i}`, 210 + i, nowMs + 1_000);
	assert.is(account.report(nowMs + 1_000).devices.find(({ device }) => device === "real-0")?.tally.received, 30);
});

/** 10,000 devices, each with a frame and a status, decoded anew as from the wire. */
function quietFleet(): Account {
	const account = createAccount();
	account.observing(T0 - 60_000);
	const column = Array.from({ length: 100 }, () => 0);
	for (let i = 0; i < QUIET_DEVICES; i++) {
		const device = `gateway-${String(i).padStart(6, "0")}`;
		const books = { stamped: 400, sent: 400, confirmed: 400 };
		const mine = JSON.parse(JSON.stringify(status(device, i.toString(36), 60_000, books))) as ReturnType<typeof status>;
		account.status(mine, device, T0 + 60_000 + i, false);
		const frames = JSON.parse(JSON.stringify(frame(device, i.toString(36), 0, 10, 0))) as DecodedFrame;
		for (let seq = 0; seq < 400; seq += 100) {
			account.frame({ ...frames, seq, sent: seq, stream: column, dt: column }, device, T0 + 60_000 + i + seq * 120);
		}
	}
	return account;
}

test(`a quiet device without a gap takes at most ${QUIET_BYTES_MAX} bytes`, () => {
	const before = heapBytes();
	const account = quietFleet();
	const each = (heapBytes() - before) / QUIET_DEVICES;
	console.log(`a quiet device takes ${each.toFixed(0)} bytes, of ${QUIET_DEVICES}`);
	assert.is(account.fleet.devices.size, QUIET_DEVICES);
	assert.is(account.fleet.bounds.detail, 0);
	assert.ok(each <= QUIET_BYTES_MAX, `${each} bytes`);
});

test("frames accounted for per second, said and not judged", () => {
	const account = quietFleet();
	const rounds = 40;
	const readings = 10;
	const column = Array.from({ length: readings }, () => 0);
	const frames: DecodedFrame[] = [...account.fleet.devices.values()].map(({ id, current }) => ({
		...frame(id, "", 0, 0, 0),
		run: current?.id ?? "",
		...{ stream: column, dt: column, value: column },
	}));
	const started = performance.now();
	for (let round = 0; round < rounds; round++) {
		const nowMs = T0 + 200_000 + round * 1_000;
		const seq = 400 + round * readings;
		for (const each of frames) account.frame({ ...each, seq, sent: seq, timeMs: nowMs - 40 }, each.device, nowMs);
	}
	const seconds = (performance.now() - started) / 1_000;
	const rate = (rounds * frames.length) / seconds;
	console.log(`${Math.round(rate)} frames of ${readings} readings accounted for per second, ${frames.length} devices`);
	assert.is(account.report(T0 + 300_000).tally.received, QUIET_DEVICES * (400 + rounds * readings));
});

test.run();
