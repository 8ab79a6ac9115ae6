// What is in flight and what confirms it, the slow way: frames and barriers of the connection that is up, in order. A
// barrier that returns confirms only what the broker has parsed, or the simulation ends here.
import { BARRIER_SLOW_MS, BARRIER_TIMEOUT_MS } from "../../src/core/limits.js";
import { CONFIRMED, type RunTruth, UNCERTAIN } from "./run-truth.js";
import { fail } from "./violation.js";
import { reach, type World } from "./world.js";

/** A frame on its way, as it was when it was handed over. */
export interface Handed {
	readonly truth: RunTruth;
	readonly seq: number;
	readonly readings: number;
	/** Readings of the run sent before it. */
	readonly sentBefore: number;
	readonly expiryS: number;
	/** Wall minus monotonic clock at that instant, ms, and whether it was synchronised. */
	readonly offsetMs: number;
	readonly synchronised: boolean;
	readonly bytes: number;
	readonly sentMs: number;
	/** The broker has parsed it. */
	isTaken: boolean;
}

interface Barrier {
	readonly frames: number;
	readonly sentMs: number;
	readonly coversStatus: boolean;
}

export interface NaiveWindow {
	bytes(): number;
	framesSent(): number;
	barriers(): readonly Barrier[];
	/** When the oldest frame in flight was sent; Infinity when none is. */
	oldestSentMs(): number;
	/** When the status went that no barrier has confirmed yet; Infinity when there is none. */
	statusSentMs(): number;
	add(frame: Handed): void;
	statusSent(nowMs: number): void;
	barrierSent(nowMs: number): void;
	barrierReturned(nowMs: number): void;
	/** The agent closes the link because it is dead. */
	checkDead(nowMs: number): void;
	down(): void;
	/** The frame that the next PUBLISH has to be. */
	takeHanded(): Handed | undefined;
}

export function createNaiveWindow(world: World, truth: RunTruth): NaiveWindow {
	const flights: Handed[] = [];
	const handed: Handed[] = [];
	const barriers: Barrier[] = [];
	let framesSent = 0;
	let framesDone = 0;
	let bytes = 0;
	let statusSentMs = Number.POSITIVE_INFINITY;
	return {
		bytes: () => bytes,
		framesSent: () => framesSent,
		barriers: () => barriers,
		oldestSentMs: () => flights[0]?.sentMs ?? Number.POSITIVE_INFINITY,
		statusSentMs: () => statusSentMs,
		add(frame) {
			flights.push(frame);
			handed.push(frame);
			framesSent += 1;
			bytes += frame.bytes;
		},
		statusSent(nowMs) {
			statusSentMs = nowMs;
		},
		barrierSent(nowMs) {
			barriers.push({ frames: framesSent, sentMs: nowMs, coversStatus: statusSentMs < Number.POSITIVE_INFINITY });
			if (barriers.length === 2) reach(world, "two barriers under way");
		},
		barrierReturned(nowMs) {
			const barrier = barriers.shift();
			if (barrier === undefined) fail("confirmed", "a PINGRESP that answers nothing is taken for an answer");
			for (; framesDone < barrier.frames; framesDone++) {
				const { seq, readings, isTaken, bytes: size } = flights.shift() as Handed;
				if (!isTaken) fail("confirmed", `readings ${seq} to ${seq + readings - 1} are not with the broker`);
				bytes -= size;
				truth.setFate(seq, seq + readings, CONFIRMED);
			}
			if (barrier.coversStatus) statusSentMs = Number.POSITIVE_INFINITY;
			if (nowMs - barrier.sentMs > BARRIER_SLOW_MS) reach(world, "barrier slower than 3 s");
		},
		checkDead(nowMs) {
			const first = barriers[0];
			if (first === undefined || nowMs < first.sentMs + BARRIER_TIMEOUT_MS) fail("prompt", "a live link is closed");
			reach(world, "dead link found by an unanswered barrier");
		},
		down() {
			for (const { seq, readings, isTaken } of flights) {
				reach(world, isTaken ? "uncertain reading that the broker has" : "uncertain reading that is lost");
				truth.setFate(seq, seq + readings, UNCERTAIN);
			}
			framesDone = framesSent;
			bytes = 0;
			flights.length = 0;
			barriers.length = 0;
			handed.length = 0;
			statusSentMs = Number.POSITIVE_INFINITY;
		},
		takeHanded: () => handed.shift(),
	};
}
