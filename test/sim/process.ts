// One life of the agent: the real core, encoder, driver and status, put together as src/run/agent-process.ts does it, with
// the simulated uplink, black box and event loop. It may die at each of its effects.
import { type AgentOptions, createAgent } from "../../src/core/agent.js";
import type { Books } from "../../src/core/snapshot.js";
import { createRecord, writeCounters } from "../../src/run/black-box-record.js";
import { createDriver, type Driver } from "../../src/run/driver.js";
import { statusPayload } from "../../src/run/status-payload.js";
import type { FrameEncoder } from "../../src/wire/frame.js";
import { type PreviousRun, toStatus } from "../../src/wire/status.js";
import type { Link } from "./broker.js";
import type { Clocks } from "./clocks.js";
import type { HandedStatus } from "./messages.js";
import type { Random } from "./random.js";
import { createRunRecord, type RunRecord } from "./run-record.js";
import { createRunTruth } from "./run-truth.js";
import { readingOf, type SourceSpec, type ValueKind } from "./sources.js";
import type { Ends } from "./tcp.js";
import { createSimulatedUplink, type LinkSettings, type SimulatedUplink } from "./uplink.js";
import { createWatchedAgent, type WatchedAgent } from "./watched-agent.js";
import { reach, type World } from "./world.js";

export interface DeviceSpec {
	readonly id: string;
	readonly agent: Omit<AgentOptions, "device" | "run" | "encode" | "past">;
	readonly link: Omit<LinkSettings, "device">;
	readonly sources: readonly SourceSpec[];
	/** Of the first run. */
	readonly past: number;
	readonly shutdownTimeoutMs: number;
	/** Bytes of the texts that a misbehaving sensor sends. */
	readonly hugeBytes: number;
}

/** What a process leaves on tmpfs. */
export interface Box {
	readonly bytes: Buffer;
	readonly record: RunRecord;
	/** What was written last. */
	books: Books;
}

export interface Process {
	readonly record: RunRecord;
	readonly watched: WatchedAgent;
	readonly driver: Driver;
	readonly uplink: SimulatedUplink;
	readonly box: Box;
	isAlive: boolean;
	/** Its sources are open. */
	isOpen: boolean;
	/** Its last status is out. */
	isEnding: boolean;
	/** Runs a callback, and what it asked to run right after; while the process is stopped it waits. */
	enter(task: () => void): void;
	/** A source says `batch` readings of each of its streams, while it is open or, `isLate`, after it should have been closed. */
	say(source: number, batch: number, isLate?: boolean): void;
	/** A source sends a text that is too long for anything. */
	sayHuge(source: number, readings: number): void;
	/** It was stopped and goes on: what was due meanwhile happens now. */
	goOn(): void;
}

export type Place = "take" | "record" | "write" | "status" | "connect" | "end";

/** What a process runs on. */
export interface Machine {
	readonly world: World;
	readonly random: Random;
	readonly spec: DeviceSpec;
	readonly clocks: Clocks;
	readonly encode: FrameEncoder;
	readonly dial: (client: Ends) => Link | null;
	isFrozen(): boolean;
	/** An instant at which the process may die: throws DEATH. */
	boundary(process: Process, place: Place): void;
	died(process: Process): void;
	ended(process: Process): void;
}

/** What is thrown through the driver when its process dies. */
export const DEATH = Symbol("death");

const WRITER = { pid: 1, startTicks: 1, bootId: "simulated" };
const ID_CHARS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];
/** Callbacks of sources that wait for a stopped process: beyond that the kernel's buffers are full, and it drops. */
const WAITING_MAX = 40;
/** A run with a past has been up for long enough to have had it. */
const PAST_PER_MS = 500;

export function createProcess(machine: Machine, past: number, previous: PreviousRun | null): Process {
	const { world, random, spec, clocks } = machine;
	const { monotonicMs, wallMs, isSynchronised } = clocks;
	const run = Array.from({ length: 11 }, () => random.pick(ID_CHARS)).join("");
	const streams = streamsOf(spec);
	const truth = createRunTruth({
		...{ device: spec.id, run, past, startedMs: world.queue.nowMs() },
		nameOf: (stream) => (streams[stream] as Stream).name,
		readingOf: (stream, seq) => readingOf((streams[stream] as Stream).kind, seq, (streams[stream] as Stream).textBytes),
	});
	const record = createRunRecord(truth);
	const settings: AgentOptions = { ...spec.agent, device: spec.id, run, encode: machine.encode, past };
	const agent = createAgent(settings);
	const watched = createWatchedAgent({ world, agent, settings, truth, monotonicMs, wallMs, isSynchronised });
	const box: Box = { bytes: createRecord(WRITER, run), record, books: agent.books() };
	const startedMs = monotonicMs() - past / PAST_PER_MS;
	/** Callbacks that are due and cannot run while the process is stopped. */
	const waiting: (() => void)[] = [];
	/** What runs when the callback that is running is done. */
	const soon: (() => void)[] = [];
	let isBusy = false;
	let status: HandedStatus | undefined;

	function enter(task: () => void): void {
		if (!process.isAlive) return;
		if (machine.isFrozen()) {
			waiting.push(task);
			return;
		}
		if (isBusy) {
			task();
			return;
		}
		isBusy = true;
		try {
			task();
			for (let next = soon.shift(); next !== undefined; next = soon.shift()) next();
		} catch (error) {
			if (error !== DEATH) throw error;
			machine.died(process);
		}
		isBusy = false;
		if (process.isAlive) watched.audit(false);
	}

	/** A timer: never early, often a little late, and not running while the machine sleeps. */
	function after(ms: number, task: () => void): () => void {
		const dueMs = monotonicMs() + ms;
		let isCancelled = false;
		const run = (): void => {
			if (!isCancelled) task();
		};
		const fire = (): void => {
			const earlyMs = dueMs - monotonicMs();
			if (earlyMs > 0.001 && process.isAlive) event = world.queue.after(earlyMs, fire);
			else enter(run);
		};
		let event = world.queue.after(ms + (random.chance(0.01) ? random.between(1, 60) : random.next()), fire);
		return () => {
			isCancelled = true;
			event.task = null;
		};
	}

	function writeBox(): void {
		box.books = agent.books();
		writeCounters(box.bytes, box.books);
		record.recorded = truth.logLength();
		truth.recordedSent = box.books.sent;
	}

	function makeStatus(bytesMax: number): Uint8Array {
		const books = agent.snapshot(monotonicMs());
		watched.checkLosses(books.losses);
		const counts = { stamped: truth.stamped, sent: truth.sent, fates: truth.counts.slice() };
		status = { run: record, logLength: truth.logLength(), isLast: process.isEnding, counts, previous };
		const report = {
			facts: factsOf(spec, run, previous),
			state: process.isEnding ? ("offline" as const) : ("online" as const),
			...{ timeMs: Math.max(0, wallMs()), clockSynchronised: isSynchronised(), uptimeMs: monotonicMs() - startedMs },
			...{ books, sources: [], link: uplink.report() },
		};
		return statusPayload(toStatus(report), bytesMax);
	}

	const uplink = createSimulatedUplink({
		...{ world, random: random.split(run), settings: { ...spec.link, device: spec.id }, dial: machine.dial },
		host: {
			...{ after, enter, monotonicMs, takeHanded: watched.takeHanded, takeStatus: () => status },
			boundary: (place) => machine.boundary(process, place),
		},
	});
	const driver = createDriver({
		...{ agent: watched.agent, uplink, nowMs: monotonicMs, wallMs, clockSynchronised: isSynchronised },
		blackBox: {
			previous,
			record() {
				machine.boundary(process, "record");
				writeBox();
			},
			close() {},
		},
		status: makeStatus,
		finished: () => soon.push(end),
		scheduler: { soon: (task) => soon.push(task), after },
	});
	streams.forEach(({ name, source }) => {
		watched.agent.stream(name, source);
	});

	function end(): void {
		if (watched.buffered() === 0 && watched.inFlight() === 0) reach(world, "stop that drains everything");
		process.isEnding = true;
		driver.publishStatus();
		machine.boundary(process, "end");
		uplink.end(() => machine.ended(process));
	}

	function offer(stream: number): void {
		const { kind, textBytes, isStamped } = streams[stream] as Stream;
		const capturedMs = monotonicMs() - (isStamped ? random.between(0, 5) : 0);
		world.totals.stamped += 1;
		driver.offer(stream, readingOf(kind, truth.stamped, textBytes), capturedMs);
	}

	/** Says `times` readings of each of these streams of a source. */
	function say(source: number, times: number, isLate: boolean, isWanted: (stream: Stream) => boolean): void {
		if (waiting.length >= WAITING_MAX) return;
		enter(() => {
			for (let i = 0; (process.isOpen || isLate) && i < times; i++) {
				for (let k = 0; k < streams.length; k++) {
					const stream = streams[k] as Stream;
					if (stream.source === source && isWanted(stream)) offer(k);
				}
			}
		});
	}

	const process: Process = {
		...{ record, watched, driver, uplink, box, isAlive: true, isOpen: true, isEnding: false, enter },
		say: (source, batch, isLate = false) => say(source, batch, isLate, ({ isHuge }) => !isHuge),
		sayHuge: (source, readings) => say(source, readings, false, ({ isHuge }) => isHuge),
		goOn() {
			for (const task of waiting.splice(0)) enter(task);
			if (process.isAlive) uplink.setReading(true);
		},
	};
	writeBox(); // one that is killed before its first reading is reported too
	return process;
}

interface Stream {
	readonly name: string;
	readonly source: number;
	readonly kind: ValueKind;
	readonly textBytes: number;
	readonly isStamped: boolean;
	readonly isHuge: boolean;
}

/** All streams of a device in the order of their indexes: those of each source, and one for what it should not send. */
function streamsOf({ sources, hugeBytes }: DeviceSpec): Stream[] {
	return sources.flatMap(({ name, kinds, textBytes, isStamped }, source) => [
		...kinds.map((kind, i) => ({ name: `${name}.${kind}${i}`, source, kind, textBytes, isStamped, isHuge: false })),
		{ name: `${name}.huge`, source, kind: "text" as const, textBytes: hugeBytes, isStamped, isHuge: true },
	]);
}

function factsOf({ id, agent }: DeviceSpec, run: string, previous: PreviousRun | null) {
	const buffer = { capacity: agent.capacity, ttlMs: agent.ttlMs, policy: agent.policy };
	return { device: id, run, version: "0", board: "simulated", units: {}, buffer, previous, delivery: "d" };
}
