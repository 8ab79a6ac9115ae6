// The real agent, and beside it a naive one that is told the same: what the buffer should give up, which frame may go, what
// a barrier confirms. They have to agree after each call, so a miscount is found in the instant it is made.
import type { Agent, AgentOptions, Effect } from "../../src/core/agent.js";
import { BARRIER_TIMEOUT_MS, WINDOW_BYTES_MAX } from "../../src/core/limits.js";
import type { LossRange } from "../../src/core/value.js";
import { createNaiveBuffer, type Life } from "./naive-buffer.js";
import { createNaiveWindow, type Handed } from "./naive-window.js";
import {
	BUFFERED,
	CONFIRMED,
	EXPIRED,
	FATE_OF,
	FLIGHT,
	OVERFLOW,
	OVERSIZE,
	type RunTruth,
	SHUTDOWN,
	UNCERTAIN,
} from "./run-truth.js";
import { fail } from "./violation.js";
import { reach, type World } from "./world.js";

export interface WatchedAgentOptions {
	readonly world: World;
	readonly agent: Agent;
	readonly settings: AgentOptions;
	readonly truth: RunTruth;
	readonly monotonicMs: () => number;
	readonly wallMs: () => number;
	readonly isSynchronised: () => boolean;
}

export interface WatchedAgent {
	/** For the driver. */
	readonly agent: Agent;
	/** The frame that the next PUBLISH has to be. */
	takeHanded(): Handed | undefined;
	buffered(): number;
	inFlight(): number;
	/** Barriers that have not returned. */
	barriers(): number;
	isDraining(): boolean;
	/** Compares the books; where it ran when it should have, looks for what should have happened by now. */
	audit(isOnTime: boolean): void;
	/** Compares the ranges of a status with the fates. */
	checkLosses(ranges: readonly LossRange[]): void;
}

/** How late anything may be that waits for a timer: coarse timers, and an event loop that is busy. */
const LATE_MS = 400;
const NEVER = Number.POSITIVE_INFINITY;

export function createWatchedAgent(options: WatchedAgentOptions): WatchedAgent {
	const { world, agent, settings, truth, monotonicMs } = options;
	const { capacity, atRisk, maxReadings } = settings;
	const life: Life = {
		...{ isUp: false, upSinceMs: 0, payloadMax: settings.maxBytes, stopAtMs: NEVER, stopSinceMs: NEVER },
		isFinished: false,
	};
	const buffer = createNaiveBuffer({ world, agent, settings, truth, life });
	const window = createNaiveWindow(world, truth);
	const rate = createNaiveRate(settings);
	const sourceOf: number[] = [];
	/** By its first reading: up to where a range of losses has been held against the truth. */
	const checkedTo = new Map<number, number>();
	/** Since when readings wait for their frame, whichever of them are still there. */
	let waitingMs = 0;
	let statusDueMs = NEVER;
	/** Wall minus monotonic clock when it was told to stop. */
	let stopOffsetMs = 0;

	const count = (fate: number): number => truth.counts[fate] as number;

	function perform(effect: Effect, nowMs: number): void {
		switch (effect.kind) {
			case "send":
				send(effect, nowMs);
				return;
			case "barrier":
				if (!life.isUp || window.barriers().length > 0) fail("bounded", "a barrier while another is under way");
				window.barrierSent(nowMs);
				return;
			case "status":
				if (!life.isUp) fail("prompt", "a status without a link");
				statusDueMs = nowMs + settings.statusIntervalMs;
				window.statusSent(nowMs);
				return;
			case "close":
				window.checkDead(nowMs);
				return;
			case "finish":
				finish(nowMs);
				return;
		}
	}

	function send({ readings, payload, expiryS }: Effect & { kind: "send" }, nowMs: number): void {
		const seq = buffer.oldestSeq();
		if (!life.isUp || life.isFinished) fail("at-most-once", "a frame goes though no link is up");
		if (readings < 1 || readings > maxReadings) fail("bounded", `a frame of ${readings} readings`);
		if (payload.length > life.payloadMax) fail("wire", `${payload.length} bytes, the broker takes ${life.payloadMax}`);
		if (count(FLIGHT) + readings > atRisk) fail("at-risk", `${count(FLIGHT)} in flight and ${readings} more`);
		if (window.bytes() + payload.length > WINDOW_BYTES_MAX) fail("at-risk", `${window.bytes()} bytes in flight`);
		const oldestMs = checkTaken(seq, readings, nowMs);
		const expectedS = Math.ceil((oldestMs + settings.ttlMs - nowMs) / 1000);
		if (expiryS !== expectedS) fail("fresh", `expiry of ${expiryS} s instead of ${expectedS} s`);
		buffer.take(seq, seq + readings);
		rate(readings, nowMs);
		noteFrame(seq, readings, payload.length);
		window.add({
			...{
				truth,
				seq,
				readings,
				expiryS,
				sentBefore: truth.sent,
				bytes: payload.length,
				sentMs: nowMs,
				isTaken: false,
			},
			offsetMs: options.wallMs() - nowMs,
			synchronised: options.isSynchronised(),
		});
		truth.setFate(seq, seq + readings, FLIGHT);
		if (count(BUFFERED) > 0) waitingMs = truth.capturedMs(buffer.oldestSeq());
		world.totals.handOvers += readings;
		world.totals.frames += 1;
		if (count(FLIGHT) === atRisk) reach(world, "window exactly full");
	}

	/** The readings of a frame are the oldest, unbroken and fresh; when the first of them was captured. */
	function checkTaken(seq: number, readings: number, nowMs: number): number {
		let oldestMs = NEVER;
		for (let i = seq; i < seq + readings; i++) {
			if (i >= truth.stamped || truth.fate(i) !== BUFFERED) fail("at-most-once", `reading ${i} was not in the buffer`);
			const capturedMs = truth.capturedMs(i);
			if (nowMs - capturedMs >= settings.ttlMs) fail("fresh", `reading ${i} is sent ${nowMs - capturedMs} ms old`);
			if (capturedMs < oldestMs) oldestMs = capturedMs;
		}
		return oldestMs;
	}

	function noteFrame(seq: number, readings: number, bytes: number): void {
		if (readings === 1) reach(world, "frame of one reading");
		if (readings === maxReadings) reach(world, "frame full");
		else if (seq + readings < truth.stamped) {
			const isCut = life.payloadMax < settings.maxBytes && bytes * 2 > life.payloadMax;
			if (truth.fate(seq + readings) !== BUFFERED) reach(world, "frame that ends at a gap");
			else if (isCut) reach(world, "frame cut to the broker's limit");
		}
		if (settings.maxRate > 0 && count(BUFFERED) > readings) reach(world, "frame held back by the rate");
		if (window.framesSent() % atRisk === 0 && count(FLIGHT) > 0)
			reach(world, "flight across the wrap of the window's ring");
		if (seq >= 2 ** 32) reach(world, "seq beyond 2^32");
		if (!options.isSynchronised()) reach(world, "frame without a synchronised clock");
		const firstMs = truth.capturedMs(seq) + options.wallMs() - monotonicMs();
		if (firstMs < 0) reach(world, "wall clock before 1970");
		if (Math.abs(firstMs - 2 ** 31 * 1000) < 60_000) reach(world, "frame at the end of 2038's seconds");
		for (let i = seq + 1; i < seq + readings; i++) {
			if (truth.capturedMs(i) >= truth.capturedMs(i - 1)) continue;
			reach(world, "readings captured out of order");
			return;
		}
	}

	function finish(nowMs: number): void {
		const offsetMs = options.wallMs() - nowMs;
		if (Math.abs(offsetMs - stopOffsetMs) > 1) reach(world, "clock stepped while draining");
		const isDrained = count(BUFFERED) === 0 && count(FLIGHT) === 0;
		if (!isDrained && nowMs < life.stopAtMs) fail("clean-end", "it ended before everything was sent and confirmed");
		while (count(BUFFERED) > 0) buffer.settle(buffer.oldestSeq(), SHUTDOWN);
		life.isFinished = true;
	}

	const watched: Agent = {
		...agent,
		stream(name, source) {
			const index = agent.stream(name, source);
			sourceOf[index] = source;
			return index;
		},
		offer(stream, value, capturedMs) {
			const source = sourceOf[stream] as number;
			if (count(BUFFERED) === 0) waitingMs = capturedMs;
			const seq = truth.offer(stream, source, capturedMs);
			const wantsAttention = agent.offer(stream, value, capturedMs);
			buffer.push(seq, source, value);
			return wantsAttention;
		},
		linkUp(nowMs, payloadBytesMax) {
			agent.linkUp(nowMs, payloadBytesMax);
			[life.isUp, life.upSinceMs] = [true, nowMs];
			life.payloadMax = Math.min(settings.maxBytes, payloadBytesMax);
			statusDueMs = nowMs;
		},
		linkDown() {
			agent.linkDown();
			if (count(BUFFERED) === capacity) reach(world, "link down with a full buffer");
			window.down();
			life.isUp = false;
		},
		pingSent(nowMs) {
			const isTaken = agent.pingSent(nowMs);
			if (isTaken) window.barrierSent(nowMs);
			return isTaken;
		},
		pingReturned(nowMs) {
			const isTaken = agent.pingReturned(nowMs);
			if (isTaken) window.barrierReturned(nowMs);
			return isTaken;
		},
		next(nowMs) {
			if (!life.isFinished) buffer.expire(nowMs);
			const effect = agent.next(nowMs);
			buffer.dropOversize(nowMs);
			if (effect !== null) perform(effect, nowMs);
			return effect;
		},
		stop(deadlineMs) {
			const isSecond = life.stopAtMs < NEVER;
			if (isSecond && deadlineMs < life.stopAtMs && !life.isFinished) reach(world, "second stop cuts the drain short");
			if (!isSecond && !life.isUp) reach(world, "stop without a link");
			if (!isSecond && count(FLIGHT) > 0 && count(BUFFERED) > 0) reach(world, "stop with the window closed");
			if (!isSecond) stopOffsetMs = options.wallMs() - monotonicMs();
			life.stopAtMs = deadlineMs;
			life.stopSinceMs = Math.min(life.stopSinceMs, monotonicMs());
			agent.stop(deadlineMs);
		},
	};

	function checkBooks(): void {
		const books = agent.books();
		const { dropped } = books;
		const isTrue =
			books.balanced &&
			books.stamped === truth.stamped &&
			books.buffered === count(BUFFERED) &&
			books.sent === truth.sent &&
			books.inFlight === count(FLIGHT) &&
			books.confirmed === truth.past + count(CONFIRMED) &&
			books.uncertain === count(UNCERTAIN) &&
			dropped.overflow === count(OVERFLOW) &&
			dropped.expired === count(EXPIRED) &&
			dropped.oversize === count(OVERSIZE) &&
			dropped.shutdown === count(SHUTDOWN);
		if (!isTrue)
			fail("conservation", `books ${JSON.stringify(books)}, truth ${truth.stamped} ${[...truth.counts].join(" ")}`);
		if (count(BUFFERED) > capacity) fail("bounded", `${count(BUFFERED)} readings in ${capacity} slots`);
	}

	/** Nothing waits longer than it has to. */
	function checkPrompt(nowMs: number): void {
		if (life.isFinished) return;
		const oldestMs = count(BUFFERED) > 0 ? truth.capturedMs(buffer.oldestSeq()) : NEVER;
		if (nowMs > oldestMs + settings.ttlMs + LATE_MS) fail("fresh", `a reading of ${nowMs - oldestMs} ms waits`);
		if (nowMs > life.stopAtMs + LATE_MS) fail("clean-end", "the drain goes on beyond its time");
		if (!life.isUp) return;
		const barrier = window.barriers()[0];
		if (barrier && nowMs > barrier.sentMs + BARRIER_TIMEOUT_MS + LATE_MS) fail("prompt", "a dead link stays up");
		const dueMs = Math.max(life.upSinceMs, Math.min(waitingMs + settings.lingerMs, life.stopSinceMs));
		const isFree = count(BUFFERED) > 0 && oldestMs < nowMs && count(FLIGHT) === 0 && settings.maxRate === 0;
		if (isFree && nowMs > dueMs + LATE_MS) fail("prompt", `a reading waits for ${nowMs - oldestMs} ms`);
		if (barrier) return;
		const sentMs = Math.min(window.oldestSentMs(), window.statusSentMs());
		if (nowMs > sentMs + settings.confirmMs + LATE_MS)
			fail("prompt", `no barrier ${nowMs - sentMs} ms after a message`);
		if (window.statusSentMs() === NEVER && nowMs > statusDueMs + LATE_MS) fail("prompt", "a status is late");
	}

	function checkLosses(ranges: readonly LossRange[]): void {
		let end = -1;
		let lost = 0;
		let isWhole = true;
		for (const [from, to, reason] of ranges) {
			if (from <= end || to < from || to >= truth.stamped) fail("losses", `range ${from}-${to} ${reason} after ${end}`);
			end = to;
			lost += to - from + 1;
			if (reason === "mixed") {
				isWhole = false;
				reach(world, "loss ledger full, oldest ranges mixed");
				continue;
			}
			const fate = reason === "uncertain" ? UNCERTAIN : FATE_OF[reason];
			// What was found lost for a reason stays so.
			const found = checkedTo.get(from) ?? from;
			checkedTo.set(from, to);
			for (let seq = found; seq <= to; seq++) {
				if (truth.fate(seq) !== fate) fail("losses", `reading ${seq} is not ${reason}, its fate is ${truth.fate(seq)}`);
			}
		}
		const all = count(UNCERTAIN) + count(OVERFLOW) + count(EXPIRED) + count(OVERSIZE) + count(SHUTDOWN);
		if (isWhole && lost !== all) fail("losses", `the ranges name ${lost} readings of ${all}`);
	}

	return {
		agent: watched,
		takeHanded: window.takeHanded,
		buffered: () => count(BUFFERED),
		inFlight: () => count(FLIGHT),
		barriers: () => window.barriers().length,
		isDraining: () => life.stopAtMs < NEVER && !life.isFinished,
		audit(isOnTime) {
			checkBooks();
			if (isOnTime) checkPrompt(monotonicMs());
		},
		checkLosses,
	};
}

/** `publish.max_rate` as a bucket of one frame or one second's worth: ends the simulation when more is spent than it holds. */
function createNaiveRate({ maxReadings, maxRate }: AgentOptions): (readings: number, nowMs: number) => void {
	const burst = Math.max(1, Math.min(maxReadings, maxRate));
	let tokens = burst;
	let tokensMs = 0;
	return (readings, nowMs) => {
		if (maxRate === 0) return;
		tokens = Math.min(burst, tokens + ((nowMs - tokensMs) * maxRate) / 1000) - readings;
		tokensMs = nowMs;
		if (tokens < -1) fail("bounded", `${readings} readings are more than max_rate allows now`);
	};
}
