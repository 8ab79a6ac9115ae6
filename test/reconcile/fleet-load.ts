// Loads for an account of many devices, and what each costs it: shared by the tests, which hold the bounds, and by the
// benchmark, which prints the figures. Each makes sure that it measured what it says.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Account, createAccount } from "../../src/reconcile/account.js";
import { GRACE_MS } from "../../src/reconcile/limits.js";
import type { DecodedFrame } from "../../src/wire/decoded.js";
import { frame, run, status, T0 } from "./messages.js";

/** Devices of a quiet fleet. */
export const QUIET_DEVICES = 10_000;
const QUIET_READINGS = 400;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes of the heap that are in use, nothing that could be collected among them. */
export function heapBytes(): number {
	collect();
	return process.memoryUsage().heapUsed;
}

/** 10,000 devices, each with a status and frames without a gap, all made anew as if decoded from the wire. */
export function quietFleet(): Account {
	const account = createAccount();
	account.observing(T0 - 60_000);
	const column = Array.from({ length: 100 }, () => 0);
	for (let i = 0; i < QUIET_DEVICES; i++) {
		const device = `gateway-${String(i).padStart(6, "0")}`;
		const books = { stamped: QUIET_READINGS, sent: QUIET_READINGS, confirmed: QUIET_READINGS };
		const mine = JSON.parse(JSON.stringify(status(device, i.toString(36), 60_000, books))) as ReturnType<typeof status>;
		account.status(mine, device, T0 + 60_000 + i, false);
		const frames = JSON.parse(JSON.stringify(frame(device, i.toString(36), 0, 10, 0))) as DecodedFrame;
		for (let seq = 0; seq < QUIET_READINGS; seq += column.length) {
			account.frame({ ...frames, seq, sent: seq, stream: column, dt: column }, device, T0 + 60_000 + i + seq * 120);
		}
	}
	return account;
}

/** Heap bytes of one device of a quiet fleet. */
export function quietDeviceBytes(): number {
	const before = heapBytes();
	const { devices, bounds } = quietFleet().fleet;
	const bytes = (heapBytes() - before) / QUIET_DEVICES;
	if (devices.size !== QUIET_DEVICES || bounds.detail !== 0) throw new Error("a quiet fleet holds devices and no gap");
	return bytes;
}

/** Frames of ten readings that a quiet fleet's account takes per second, `rounds` of one frame of each device. */
export function framesPerSecond(rounds: number): number {
	const account = quietFleet();
	const readings = 10;
	const column = Array.from({ length: readings }, () => 0);
	const frames: DecodedFrame[] = [...account.fleet.devices.values()].map(({ id, current }) => ({
		...frame(id, "", 0, 0, 0),
		run: current?.id ?? "",
		...{ stream: column, dt: column, value: column },
	}));
	const startMs = performance.now();
	for (let round = 0; round < rounds; round++) {
		const nowMs = T0 + 200_000 + round * 1_000;
		const seq = QUIET_READINGS + round * readings;
		for (const each of frames) account.frame({ ...each, seq, sent: seq, timeMs: nowMs - 40 }, each.device, nowMs);
	}
	const seconds = (performance.now() - startMs) / 1_000;
	const { received } = account.report(T0 + 300_000).tally;
	if (received !== QUIET_DEVICES * (QUIET_READINGS + rounds * readings))
		throw new Error(`${received} readings received`);
	return (rounds * frames.length) / seconds;
}

const REAL_DEVICES = 20;

/** An account with some real devices that have talked for a minute, each of them with losses. */
function settledAccount(): Account {
	const account = createAccount();
	account.observing(T0 - 60_000);
	for (let i = 0; i < REAL_DEVICES; i++) {
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

export interface Flooded {
	readonly account: Account;
	readonly nowMs: number;
	/** By how much the heap grew. */
	readonly grownBytes: number;
	/** The reports on the real devices before it and after it. */
	readonly before: unknown;
	readonly after: unknown;
}

/** Messages of as many devices and runs as there are messages, all invented, at an account of real devices. */
export function floodWithNames(random: () => number, invented: number): Flooded {
	const account = settledAccount();
	const nowMs = T0 + 2 * GRACE_MS + 1_000;
	const realReports = () => account.report(nowMs).devices.filter(({ device }) => device.startsWith("real-"));
	const before = realReports();
	const bytesBefore = heapBytes();
	const frames = frame("x", "x", 10 ** 12, 3, 5, nowMs);
	const statuses = status("x", "x", 1_000, { stamped: 60_000 }, { overflow: 60_000 });
	for (let i = 0; i < invented; i++) {
		const name = Math.floor(random() * 2 ** 52).toString(36);
		const [device, runName] = i % 2 === 0 ? [`new-${name}`, name] : [`real-${i % REAL_DEVICES}`, name];
		if (i % 5 < 3) account.frame({ ...frames, device, run: run(runName) }, device, nowMs);
		else account.status({ ...statuses, device, run: run(runName) }, device, nowMs, i % 7 === 0);
		if (i % 100_000 === 0) account.tick(nowMs);
	}
	account.tick(nowMs);
	const grownBytes = heapBytes() - bytesBefore;
	const after = realReports();
	// The real ones are still heard.
	for (let i = 0; i < REAL_DEVICES; i++) talk(account, `real-${i}`, 210 + i, nowMs + 1_000);
	return { account, nowMs, grownBytes, before, after };
}
