// A gateway: one process of the agent after another, on a machine that may be stopped, suspended or lose its power.
import { runOf } from "../../src/run/black-box-record.js";
import { createFrameEncoder } from "../../src/wire/frame.js";
import type { PreviousRun } from "../../src/wire/status.js";
import type { Broker } from "./broker.js";
import type { Clocks } from "./clocks.js";
import { type Box, createProcess, DEATH, type DeviceSpec, type Machine, type Place, type Process } from "./process.js";
import type { Random } from "./random.js";
import type { RunRecord } from "./run-record.js";
import type { LinkWeather } from "./tcp.js";
import type { SimulatedUplink } from "./uplink.js";
import { fail } from "./violation.js";
import type { WatchedAgent } from "./watched-agent.js";
import { reach, type World } from "./world.js";

export type Death = "kill" | "power cut";

export interface Device {
	readonly id: string;
	readonly clocks: Clocks;
	readonly weather: LinkWeather;
	readonly runs: RunRecord[];
	/** How many it has. */
	readonly sources: number;
	/** Its clock said that it was good when it was not. */
	hasLied: boolean;
	start(): void;
	isRunning(): boolean;
	/** The process dies now; after `downMs` another starts. */
	die(how: Death, downMs: number): void;
	/** The process dies at the `boundaries`th effect from now. */
	dieAt(boundaries: number, downMs: number): void;
	/** SIGTERM; starts again after `downMs`, or not at Infinity. */
	stop(downMs: number): void;
	/** SIGSTOP for `ms`; when the machine is suspended its monotonic clock stands still meanwhile. */
	freeze(ms: number, isSuspended: boolean): void;
	/** A source says `readings` of each of its streams at once. */
	burst(source: number, readings: number): void;
	/** A source falls silent until `untilMs`, true time. */
	silence(source: number, untilMs: number): void;
	/** A source sends `readings` texts that are too long for anything. */
	misbehave(source: number, readings: number): void;
	stopSources(): void;
	/** The clock is right, and no death is under way. */
	heal(trueMs: number): void;
	/** What the agent holds, for faults that wait for a moment and for the end. */
	agent(): WatchedAgent | null;
	uplink(): SimulatedUplink | null;
	audit(): void;
}

export interface DeviceOptions {
	readonly world: World;
	readonly random: Random;
	readonly spec: DeviceSpec;
	readonly clocks: Clocks;
	readonly weather: LinkWeather;
	readonly broker: Broker;
	readonly runs: Map<string, RunRecord>;
}

const AUDIT_MS = 30_000;
/** A barrier unanswered for longer ends its link. */
const BARRIER_MS = 10_000;
const GRACE_MS = 30_000;
const MARK_LEAD_MS = 5;
const MARK_NEAR_MS = 10_000_000;
const UPTIME_MARKS = [
	[2 ** 31, "2^31 ms of uptime with readings waiting"],
	[2 ** 32, "2^32 ms of uptime with readings waiting"],
] as const;

export function createDevice(options: DeviceOptions): Device {
	const { world, spec, clocks } = options;
	const { queue } = world;
	const random = options.random.split(spec.id);
	const silentUntil = spec.sources.map(() => 0);
	const runs: RunRecord[] = [];
	let current: Process | null = null;
	let box: Box | null = null;
	let isFrozen = false;
	let fuse = 0;
	let fuseDownMs = 0;
	let restartMs = Number.POSITIVE_INFINITY;
	let areSourcesStopped = false;

	const machine: Machine = {
		...{ world, random, spec, clocks, encode: createFrameEncoder(spec.link.format) },
		dial: (client) => options.broker.dial(client, options.weather),
		isFrozen: () => isFrozen,
		boundary(process, place) {
			if (fuse === 0) return;
			fuse -= 1;
			if (fuse > 0) return;
			noteBoundary(world, process, place);
			throw DEATH;
		},
		died: (process) => perish(process, "kill", fuseDownMs),
		ended(process) {
			const { record } = process;
			if (record.taken < record.truth.logLength() - 4) reach(world, "last status lost");
			box = null;
			process.isAlive = false;
			record.end = "clean";
			current = null;
			if (restartMs < Number.POSITIVE_INFINITY) queue.after(restartMs, start);
		},
	};

	function start(): void {
		if (current !== null) return;
		const previous = box === null ? null : readBox(box);
		const process = createProcess(machine, runs.length === 0 ? spec.past : 0, previous);
		const { record } = process;
		[current, box] = [process, process.box];
		runs.push(record);
		options.runs.set(record.truth.run, record);
		world.totals.runs += 1;
		const third = runs[runs.length - 3];
		if (third && queue.nowMs() - third.truth.startedMs < GRACE_MS) reach(world, "three runs within one grace");
		process.enter(() => process.uplink.start(process.driver));
		openSources(process);
		watchUptime(process);
		watch(process);
	}

	function perish(process: Process, how: Death, downMs: number): void {
		const { record, watched, uplink } = process;
		noteDeath(world, process, how);
		process.isAlive = false;
		record.end = how === "kill" ? "killed" : "power cut";
		uplink.die(how === "kill" ? "kill" : "vanish");
		if (how === "power cut") {
			box = null;
			if (watched.buffered() > 0) reach(world, "power cut with readings waiting");
		}
		isFrozen = false;
		fuse = 0;
		current = null;
		queue.after(downMs, start);
	}

	function openSources(process: Process): void {
		spec.sources.forEach(({ periodMs, batch }, index) => {
			const tick = (): void => {
				if (!process.isAlive || !process.isOpen || areSourcesStopped) return;
				if (queue.nowMs() >= (silentUntil[index] as number)) process.say(index, batch);
				queue.after(periodMs * random.between(0.9, 1.1), tick);
			};
			queue.after(random.between(0, periodMs), tick);
		});
	}

	/** Where counters of ms in 31 or 32 bits end, with a reading said just before. */
	function watchUptime(process: Process): void {
		for (const [mark, state] of UPTIME_MARKS) {
			const leftMs = mark - clocks.monotonicMs();
			if (leftMs < MARK_LEAD_MS || leftMs > MARK_NEAR_MS) continue;
			queue.after(leftMs - MARK_LEAD_MS, () => process.say(0, 1));
			queue.after(leftMs, () => {
				if (process.isAlive && process.watched.buffered() > 0) reach(world, state);
			});
		}
	}

	/** Looks regularly for what should have happened. */
	function watch(process: Process): void {
		queue.after(AUDIT_MS, () => {
			if (!process.isAlive) return;
			if (!isFrozen) process.watched.audit(!process.isEnding);
			watch(process);
		});
	}

	function noteFreeze({ watched }: Process, ms: number, isSuspended: boolean): void {
		const { ttlMs } = spec.agent;
		if (isSuspended && watched.inFlight() > 0) reach(world, "machine suspended with readings in flight");
		if (isSuspended) return;
		if (ms > BARRIER_MS && watched.barriers() > 0) reach(world, "process stopped for longer than a barrier may take");
		if (ms > ttlMs && watched.buffered() > 0) reach(world, "process stopped for longer than the TTL");
	}

	return {
		...{ id: spec.id, clocks, weather: options.weather, runs, sources: spec.sources.length, hasLied: false, start },
		isRunning: () => current !== null,
		die(how, downMs) {
			if (current !== null) perish(current, how, downMs);
		},
		dieAt(boundaries, downMs) {
			[fuse, fuseDownMs] = [boundaries, downMs];
		},
		stop(downMs) {
			const process = current;
			if (process === null || process.isEnding) return;
			restartMs = downMs;
			process.enter(() => {
				const isSecond = !process.isOpen;
				process.isOpen = false;
				process.driver.stop(isSecond ? 0 : spec.shutdownTimeoutMs);
			});
			// A callback of a source that was under way, with what it had read already.
			if (random.chance(0.3)) queue.after(random.between(0, 500), () => process.say(0, 3, true));
		},
		freeze(ms, isSuspended) {
			const process = current;
			if (process === null || isFrozen) return;
			isFrozen = true;
			process.uplink.setReading(false);
			noteFreeze(process, ms, isSuspended);
			queue.after(ms, () => {
				if (process !== current) return;
				if (isSuspended) clocks.missed(ms);
				isFrozen = false;
				process.goOn();
			});
		},
		burst: (source, readings) => current?.say(source, readings, true),
		silence(source, untilMs) {
			silentUntil[source] = untilMs;
		},
		misbehave: (source, readings) => current?.sayHuge(source, readings),
		heal(trueMs) {
			fuse = 0;
			clocks.setWall(trueMs, true);
		},
		stopSources() {
			areSourcesStopped = true;
		},
		agent: () => current?.watched ?? null,
		uplink: () => current?.uplink ?? null,
		audit() {
			if (current !== null && !isFrozen) current.watched.audit(!current.isEnding);
		},
	};
}

/** Reads back what the last process left; it has to be what that wrote. */
function readBox({ bytes, books, record }: Box): PreviousRun {
	const previous = runOf(bytes);
	const { stamped, sent, confirmed, uncertain, dropped } = books;
	const expected = { run: record.truth.run, stamped, sent, confirmed, uncertain, dropped };
	if (JSON.stringify(previous) !== JSON.stringify(expected)) fail("previous", `read back ${JSON.stringify(previous)}`);
	return previous;
}

function noteBoundary(world: World, process: Process, place: Place): void {
	if (place === "take") reach(world, "crash between take and write");
	if (place === "write") reach(world, "crash between record and write");
	if (place === "connect") reach(world, "crash while connecting");
	if (process.isEnding) reach(world, "crash after the last status");
}

function noteDeath(world: World, { record, watched, uplink }: Process, how: Death): void {
	if (watched.isDraining()) reach(world, "crash while draining");
	if (record.truth.stamped === record.truth.past && how === "kill") reach(world, "crash before anything was stamped");
	if (uplink.isUp() && uplink.unanswered() > 0) reach(world, "cut between PINGREQ and PINGRESP");
}
