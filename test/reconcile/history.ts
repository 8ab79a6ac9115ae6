// A device, the way to its broker and the broker, reading by reading, from a seed: what a reconciler gets to see, and what
// it ought to make of it. It knows each reading's true fate, and writes nothing with the agent's or the account's code.
import type { LossRange, LossReason } from "../../src/core/value.js";
import type { ObservedPrevious, ObservedStatus } from "../../src/reconcile/observed.js";
import { CAUSES, type Cause } from "../../src/reconcile/verdict.js";
import type { DecodedFrame } from "../../src/wire/decoded.js";

export type Message =
	| { readonly atMs: number; readonly kind: "frame"; readonly frame: DecodedFrame }
	| { readonly atMs: number; readonly kind: "status"; readonly status: ObservedStatus };

/** What a verdict should come to. */
export interface Expected extends Record<Cause, number> {
	stamped: number;
	received: number;
	pending: number;
}

export interface History {
	readonly device: string;
	/** In the order in which the broker handed them on. */
	readonly messages: readonly Message[];
	readonly expected: Expected;
	/** Every run had a status that came, so every run can be believed. */
	readonly isAllVouched: boolean;
	/**
	 * Uncertain readings that arrived, and that no range named (`previous` has none, and a status may be lost). Nobody can
	 * tell for certain that they did: as many that were lost behind the broker may be taken for them.
	 */
	readonly mistakable: number;
	readonly endMs: number;
}

export interface HistoryOptions {
	readonly device?: string;
	readonly runs?: number;
	readonly steps?: number;
	/** Every run ends with its last status, or is named by the run after it. */
	readonly isProven?: boolean;
	/** Ranges in a status. */
	readonly rangesMax?: number;
}

type Random = () => number;
type Fate = "buffered" | "flight" | "confirmed" | "uncertain" | "overflow" | "expired" | "oversize" | "shutdown";
const DROPS: readonly Fate[] = ["overflow", "expired", "oversize", "shutdown"];

interface Sim {
	readonly id: string;
	readonly fates: Fate[];
	readonly received: Set<number>;
	/** Fates as the newest status that came told them; with the end of the run known for certain or not. */
	known: Fate[] | null;
	/** Readings that a range of reason `uncertain` named, in a status that came. */
	readonly named: Set<number>;
	isLast: boolean;
	sent: number;
	buffer: number[];
	flight: number[][];
	losses: [number, number, LossReason][];
	readonly startMs: number;
	readonly rangesMax: number;
}

interface Packet {
	readonly reach: (atMs: number) => void;
}

interface World {
	readonly device: string;
	readonly random: Random;
	readonly messages: Message[];
	readonly pipe: Packet[];
	nowMs: number;
	isUp: boolean;
	readonly brokerDrops: number;
	readonly capacity: number;
	readonly dropNewest: boolean;
	readonly atRisk: number;
	readonly maxReadings: number;
}

const START_MS = 1_790_000_000_000;

/** Plays a history. Its messages begin at about 1,790,000,000,000 ms; a reconciler should listen a minute earlier. */
export function playHistory(random: Random, options: HistoryOptions = {}): History {
	const world: World = {
		device: options.device ?? "pi-1",
		random,
		messages: [],
		pipe: [],
		nowMs: START_MS,
		isUp: false,
		brokerDrops: random() < 0.5 ? 0 : random() * 0.4,
		capacity: 3 + below(random, 20),
		dropNewest: random() < 0.4,
		atRisk: 4 + below(random, 24),
		maxReadings: 1 + below(random, 8),
	};
	const runs: Sim[] = [];
	let previous: ObservedPrevious | null = null;
	let before: Sim | null = null;
	const count = options.runs ?? 1 + below(random, 4);
	for (let i = 0; i < count; i++) {
		const run: Sim = {
			...{
				id: runId(random),
				fates: [],
				received: new Set<number>(),
				named: new Set<number>(),
				known: null,
				isLast: false,
				sent: 0,
			},
			...{ buffer: [], flight: [], losses: [], startMs: world.nowMs, rangesMax: options.rangesMax ?? 64 },
		};
		runs.push(run);
		const steps = options.steps ?? 20 + below(random, 60);
		for (let step = 0; step < steps; step++) act(world, run, previous, before);
		const isOver = i < count - 1 || random() < 0.5;
		const isClean = random() < 0.5;
		if (isOver && isClean) stop(world, run, previous, before, options.isProven ?? false);
		const died = isOver && !isClean ? crash(world, run, options.isProven === true || random() < 0.7) : null;
		[previous, before] = died ?? [null, null];
		world.nowMs += 200 + below(random, 2_000);
	}
	return {
		device: world.device,
		messages: world.messages,
		expected: expect(runs),
		isAllVouched: runs.every((run) => run.known !== null && world.messages.some(isStatusOf(run.id))),
		mistakable: runs.reduce((sum, run) => sum + mistakableOf(run), 0),
		endMs: world.nowMs,
	};
}

function mistakableOf({ known, named, received }: Sim): number {
	return (known ?? []).filter((fate, seq) => fate === "uncertain" && received.has(seq) && !named.has(seq)).length;
}

function isStatusOf(id: string): (message: Message) => boolean {
	return (message) => message.kind === "status" && message.status.run === id;
}

function below(random: Random, limit: number): number {
	return Math.floor(random() * limit);
}

function runId(random: Random): string {
	return Math.floor(random() * 2 ** 52)
		.toString(36)
		.padStart(11, "_");
}

/** One thing happens. */
function act(world: World, run: Sim, previous: ObservedPrevious | null, before: Sim | null): void {
	const { random } = world;
	world.nowMs += below(random, 200);
	const dice = random();
	if (dice < 0.35) for (let i = below(random, 8); i >= 0; i--) stamp(world, run);
	else if (dice < 0.4 && run.buffer.length > 0) drop(run, "expired", 1 + below(random, run.buffer.length));
	else if (dice < 0.42 && run.buffer.length > 0) drop(run, "oversize", 1);
	else if (dice < 0.62) sendFrame(world, run);
	else if (dice < 0.76) flow(world, 1 + below(random, 3));
	else if (dice < 0.84) barrier(world, run);
	else if (dice < 0.92) sendStatus(world, run, "online", previous, before);
	else if (world.isUp && dice < 0.95) cut(world, run);
	else if (!world.isUp) {
		world.isUp = true;
		sendStatus(world, run, "online", previous, before);
	}
}

function stamp(world: World, run: Sim): void {
	const seq = run.fates.length;
	run.fates.push("buffered");
	if (run.buffer.length < world.capacity) {
		run.buffer.push(seq);
	} else if (world.dropNewest) {
		lose(run, seq, "overflow");
	} else {
		drop(run, "overflow", 1);
		run.buffer.push(seq);
	}
}

function drop(run: Sim, reason: "overflow" | "expired" | "oversize" | "shutdown", readings: number): void {
	for (const seq of run.buffer.splice(0, readings)) lose(run, seq, reason);
}

function lose(run: Sim, seq: number, reason: Exclude<LossReason, "mixed">): void {
	run.fates[seq] = reason;
	const at = run.losses.findIndex(([from]) => from > seq);
	const index = at < 0 ? run.losses.length : at;
	const [before, after] = [run.losses[index - 1], run.losses[index]];
	if (before?.[2] === "mixed" && seq <= before[1]) return;
	if (before?.[1] === seq - 1 && before[2] === reason) before[1] = seq;
	else if (after?.[0] === seq + 1 && after[2] === reason) after[0] = seq;
	else run.losses.splice(index, 0, [seq, seq, reason]);
	const [oldest, next] = run.losses;
	if (run.losses.length > run.rangesMax && oldest && next) {
		run.losses.splice(0, 2, [oldest[0], Math.max(oldest[1], next[1]), "mixed"]);
	}
}

function sendFrame(world: World, run: Sim): void {
	if (!world.isUp || run.buffer.length === 0) return;
	const seq = run.buffer[0] as number;
	let readings = 1 + below(world.random, world.maxReadings);
	readings = Math.min(readings, world.atRisk - run.flight.flat().length);
	while (readings > 1 && run.buffer[readings - 1] !== seq + readings - 1) readings -= 1;
	if (readings < 1) return;
	const seqs = run.buffer.splice(0, readings);
	for (const each of seqs) run.fates[each] = "flight";
	run.flight.push(seqs);
	const frame: DecodedFrame = {
		...{ device: world.device, run: run.id, seq, sent: run.sent, timeMs: world.nowMs - 20, clockSynchronised: true },
		...{ streams: ["a.b"], stream: seqs.map(() => 0), dt: seqs.map((_, i) => (i === 0 ? 0 : 1)), value: seqs },
	};
	run.sent += readings;
	world.pipe.push({
		reach(atMs) {
			if (world.random() < world.brokerDrops) return;
			for (const each of seqs) run.received.add(each);
			world.messages.push({ atMs, kind: "frame", frame });
		},
	});
}

/** The oldest packets reach the broker. */
function flow(world: World, packets: number): void {
	for (const packet of world.pipe.splice(0, packets)) packet.reach(world.nowMs);
}

function barrier(world: World, run: Sim): void {
	if (!world.isUp) return;
	flow(world, world.pipe.length);
	for (const seq of run.flight.splice(0).flat()) run.fates[seq] = "confirmed";
}

/** The connection ends: some of what was on its way reaches the broker all the same. */
function cut(world: World, run: Sim): void {
	flow(world, below(world.random, world.pipe.length + 1));
	world.pipe.length = 0;
	world.isUp = false;
	for (const seq of run.flight.splice(0).flat()) lose(run, seq, "uncertain");
}

function countOf(fates: readonly Fate[], fate: Fate): number {
	return fates.reduce((count, each) => count + (each === fate ? 1 : 0), 0);
}

function booksOf(run: Sim): ObservedPrevious {
	const of = (fate: Fate): number => countOf(run.fates, fate);
	return {
		run: run.id,
		stamped: run.fates.length,
		sent: run.sent,
		confirmed: of("confirmed"),
		uncertain: of("uncertain"),
		dropped: { overflow: of("overflow"), expired: of("expired"), oversize: of("oversize"), shutdown: of("shutdown") },
	};
}

function sendStatus(
	world: World,
	run: Sim,
	state: "online" | "offline",
	previous: ObservedPrevious | null,
	before: Sim | null,
	isKept = false,
): void {
	if (!world.isUp) return;
	const status: ObservedStatus = {
		...booksOf(run),
		...{ device: world.device, run: run.id, state, timeMs: world.nowMs, clockSynchronised: true },
		uptimeMs: world.nowMs - run.startMs,
		buffered: countOf(run.fates, "buffered"),
		inFlight: countOf(run.fates, "flight"),
		...{ rejected: 0, mqtt: { connects: 1, authFailures: 0 }, delivery: "d", previous },
		losses: run.losses.map(([from, to, reason]) => [from, to, reason] as LossRange),
	};
	const known = [...run.fates];
	world.pipe.push({
		reach(atMs) {
			if (!isKept && world.random() < world.brokerDrops) return;
			world.messages.push({ atMs, kind: "status", status });
			for (const [from, to, reason] of status.losses) {
				if (reason === "uncertain") for (let seq = from; seq <= to; seq++) run.named.add(seq);
			}
			[run.known, run.isLast] = [known, state === "offline"];
			// What the run before it came to is known from now on.
			if (before !== null) before.known = [...before.fates];
		},
	});
}

function stop(world: World, run: Sim, previous: ObservedPrevious | null, before: Sim | null, isKept: boolean): void {
	const { random } = world;
	world.isUp ||= isKept;
	for (let i = below(random, 6); i > 0; i--) sendFrame(world, run);
	if (random() < 0.7) barrier(world, run);
	drop(run, "shutdown", run.buffer.length);
	sendStatus(world, run, "offline", previous, before, isKept);
	flow(world, isKept ? world.pipe.length : below(random, world.pipe.length * 2 + 1));
	world.pipe.length = 0;
	world.isUp = false;
}

function crash(world: World, run: Sim, isRecorded: boolean): [ObservedPrevious | null, Sim | null] {
	flow(world, below(world.random, world.pipe.length + 1));
	world.pipe.length = 0;
	world.isUp = false;
	run.flight.length = 0;
	return isRecorded ? [booksOf(run), run] : [null, null];
}

/** What follows from what came: nobody can know more. */
function expect(runs: readonly Sim[]): Expected {
	const expected = Object.fromEntries(["stamped", "received", "pending", ...CAUSES].map((key) => [key, 0]));
	const total = expected as unknown as Expected;
	runs.forEach((run, i) => {
		const end = [...run.received].reduce((max, seq) => Math.max(max, seq + 1), 0);
		const known = run.known ?? [];
		const stamped = Math.max(end, known.length);
		const isOver = i < runs.length - 1 || run.isLast;
		total.stamped += stamped;
		for (let seq = 0; seq < stamped; seq++) total[expectedOf(run, seq, known[seq], seq < end, isOver)] += 1;
	});
	return total;
}

function expectedOf(
	run: Sim,
	seq: number,
	known: Fate | undefined,
	isBeforeEnd: boolean,
	isOver: boolean,
): Cause | "received" | "pending" {
	if (run.received.has(seq)) return "received";
	if (known !== undefined && DROPS.includes(known)) return known as Cause;
	if (known === "confirmed") return "downstream";
	if (known === "uncertain" || known === "flight") return "uncertain";
	if (!isBeforeEnd) return isOver ? "crash" : "pending";
	return DROPS.includes(run.fates[seq] as Fate) ? "unknown" : "uncertain";
}
