// What the reading buffer ought to do, worked out the slow way from the fates of all readings: who gives way, what expires.
import type { Agent, AgentOptions } from "../../src/core/agent.js";
import { ARENA_BYTES_MIN } from "../../src/core/limits.js";
import type { Value } from "../../src/core/value.js";
import { BUFFERED, EXPIRED, FLIGHT, OVERFLOW, OVERSIZE, type RunTruth, SHUTDOWN } from "./run-truth.js";
import { storedBytes } from "./sources.js";
import { createTextRoom } from "./text-room.js";
import { fail } from "./violation.js";
import { reach, type World } from "./world.js";

/** What both naive halves of the agent have to know of its life. */
export interface Life {
	isUp: boolean;
	upSinceMs: number;
	payloadMax: number;
	/** Infinity until it is told to stop. */
	stopAtMs: number;
	stopSinceMs: number;
	isFinished: boolean;
}

export interface NaiveBuffer {
	/** Takes a reading in that was stamped a moment ago. */
	push(seq: number, source: number, value: Value): void;
	expire(nowMs: number): void;
	/** Readings that were dropped because they alone fit no message of this broker. */
	dropOversize(nowMs: number): void;
	/** A reading leaves the buffer unsent. */
	settle(seq: number, fate: number): void;
	/** Readings leave it because they are sent. */
	take(from: number, to: number): void;
	/** The lowest seq in it, or the next one to come. */
	oldestSeq(): number;
}

/** What is on top of a text in a frame, at the most: names, keys, numbers. */
const FRAME_OVERHEAD_BYTES = 400;

export interface NaiveBufferOptions {
	readonly world: World;
	/** Asked only how much text made overflow, which depends on how the text lies. */
	readonly agent: Agent;
	readonly settings: AgentOptions;
	readonly truth: RunTruth;
	readonly life: Life;
}

export function createNaiveBuffer({ world, agent, settings, truth, life }: NaiveBufferOptions): NaiveBuffer {
	const { capacity, ttlMs, policy } = settings;
	const held = new Uint32Array(64);
	const oldestOf = new Float64Array(64).fill(truth.past);
	const room = createTextRoom(capacity);
	let sources = 0;
	let oldest = truth.past;
	const count = (fate: number): number => truth.counts[fate] as number;

	function oldestSeq(): number {
		while (oldest < truth.stamped && truth.fate(oldest) !== BUFFERED) oldest += 1;
		return oldest;
	}

	function leave(seq: number): void {
		const source = truth.source(seq);
		held[source] = (held[source] as number) - 1;
		room.free(seq);
	}

	function settle(seq: number, fate: number): void {
		leave(seq);
		truth.setFate(seq, seq + 1, fate);
	}

	function longest(): number {
		let most = 0;
		for (let source = 1; source < sources; source++) {
			if ((held[source] as number) > (held[most] as number)) most = source;
		}
		return most;
	}

	function oldestOfSource(source: number): number {
		let seq = oldestOf[source] as number;
		while (truth.fate(seq) !== BUFFERED || truth.source(seq) !== source) seq += 1;
		oldestOf[source] = seq;
		return seq;
	}

	function newestOfSource(source: number): number {
		let seq = truth.stamped - 1;
		while (truth.fate(seq) !== BUFFERED || truth.source(seq) !== source) seq -= 1;
		return seq;
	}

	function overflow(seq: number): void {
		settle(seq, OVERFLOW);
		if (!life.isUp) reach(world, "overflow without a link");
		else if (count(FLIGHT) > 0) reach(world, "overflow while the window is closed");
		if (life.stopAtMs < Number.POSITIVE_INFINITY) reach(world, "overflow while draining");
	}

	/** A slot for `seq` in a full buffer: whether it has one. */
	function giveWay(seq: number, source: number): boolean {
		held[source] = (held[source] as number) - 1;
		const most = longest();
		const isOwn = (held[source] as number) >= (held[most] as number);
		held[source] = (held[source] as number) + 1;
		const from = isOwn ? source : most;
		if (!isOwn) reach(world, "overflow of another source's reading");
		if (policy === "drop-oldest") {
			overflow(oldestOfSource(from));
			return true;
		}
		if (isOwn) reach(world, "overflow of the reading that came");
		overflow(isOwn ? seq : newestOfSource(from));
		return !isOwn;
	}

	/** Text may find no room in its ring: how much that drops is asked, whether it had to is checked. */
	function pushText(seq: number, bytes: number): void {
		const more = agent.books().dropped.overflow - count(OVERFLOW);
		for (let i = 0; i < more; i++) {
			if (!room.mayBeFull(bytes))
				fail("conservation", `reading ${seq} of ${bytes} bytes made others overflow without need`);
			if (count(BUFFERED) < capacity) reach(world, "overflow of text with slots to spare");
			overflow(policy === "drop-oldest" ? oldestSeq() : seq);
		}
		if (truth.fate(seq) === BUFFERED) room.store(seq, bytes);
	}

	function noteExpired(expired: number, before: number): void {
		if (!life.isUp) reach(world, "expiry without a link");
		else if (count(FLIGHT) > 0) reach(world, "expiry while the window is closed");
		if (life.stopAtMs < Number.POSITIVE_INFINITY) reach(world, "expiry while draining");
		if (expired === before && before > 3) reach(world, "expiry of a whole buffer at once");
	}

	function expire(nowMs: number): void {
		const before = count(BUFFERED);
		while (count(BUFFERED) > 0 && nowMs - truth.capturedMs(oldestSeq()) >= ttlMs) settle(oldestSeq(), EXPIRED);
		if (count(BUFFERED) < before) noteExpired(before - count(BUFFERED), before);
	}

	return {
		push(seq, source, value) {
			const bytes = storedBytes(value);
			held[source] = (held[source] as number) + 1;
			if (source >= sources) sources = source + 1;
			if (life.isFinished) {
				reach(world, "reading after the end");
				settle(seq, SHUTDOWN);
			} else if (bytes > ARENA_BYTES_MIN) {
				reach(world, "oversize for the buffer");
				settle(seq, OVERSIZE);
			} else if ((count(BUFFERED) <= capacity || giveWay(seq, source)) && bytes > 0) pushText(seq, bytes);
		},
		expire,
		dropOversize(nowMs) {
			const bytesOf = (seq: number): number => storedBytes(truth.valueAt(seq)) + FRAME_OVERHEAD_BYTES;
			if (count(BUFFERED) === 0 || bytesOf(oldestSeq()) < life.payloadMax) return;
			for (let more = agent.books().dropped.oversize - count(OVERSIZE); more > 0 && count(BUFFERED) > 0; more--) {
				const bytes = bytesOf(oldestSeq());
				if (bytes < life.payloadMax) fail("conservation", `${bytes} bytes are oversize for ${life.payloadMax}`);
				settle(oldestSeq(), OVERSIZE);
				reach(world, "oversize for the broker");
				expire(nowMs);
			}
		},
		settle,
		take(from, to) {
			for (let seq = from; seq < to; seq++) leave(seq);
		},
		oldestSeq,
	};
}
