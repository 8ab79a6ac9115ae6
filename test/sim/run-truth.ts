// The truth about one run, reading by reading, kept outside the agent: what was offered and when, and what became of it.
// Every change of fate is logged, so that what anybody could know at an earlier moment can be worked out afterwards.
import type { DropReason, Value } from "../../src/core/value.js";
import { fail } from "./violation.js";

export const BUFFERED = 0;
export const FLIGHT = 1;
export const CONFIRMED = 2;
export const UNCERTAIN = 3;
export const OVERFLOW = 4;
export const EXPIRED = 5;
export const OVERSIZE = 6;
export const SHUTDOWN = 7;
const FATES = 8;

export const FATE_OF: Readonly<Record<DropReason, number>> = {
	overflow: OVERFLOW,
	expired: EXPIRED,
	oversize: OVERSIZE,
	shutdown: SHUTDOWN,
};

/** Fates that may follow each, as bits: nothing ever goes back. */
const NEXT = new Uint8Array(FATES);
NEXT[BUFFERED] = (1 << FLIGHT) | (1 << OVERFLOW) | (1 << EXPIRED) | (1 << OVERSIZE) | (1 << SHUTDOWN);
NEXT[FLIGHT] = (1 << CONFIRMED) | (1 << UNCERTAIN);

/** Marks beside the fate. */
export const RECEIVED = 1;
/** A range of reason `uncertain` that reached the reconciler named it. */
export const NAMED = 2;

export interface RunTruth {
	readonly device: string;
	readonly run: string;
	/** Readings before the first one of this simulation, all of them sent and confirmed. */
	readonly past: number;
	/** True time at which the run began, ms. */
	readonly startedMs: number;
	/** Next seq. */
	stamped: number;
	/** How many readings have each fate now. */
	readonly counts: Float64Array;
	/** Readings handed to the transport, those of the past included. */
	sent: number;
	/** Of those, how many the black box has on record. */
	recordedSent: number;
	/** End of the newest reading that the broker parsed. */
	takenTo: number;
	readonly nameOf: (stream: number) => string;
	valueAt(seq: number): Value;
	offer(stream: number, source: number, capturedMs: number): number;
	capturedMs(seq: number): number;
	stream(seq: number): number;
	source(seq: number): number;
	fate(seq: number): number;
	setFate(from: number, to: number, fate: number): void;
	mark(from: number, to: number, mark: number): void;
	isMarked(seq: number, mark: number): boolean;
	/** A point in the log: what is known there. */
	logLength(): number;
	/** The fates at a point in the log, by seq - past. */
	fatesAt(logLength: number): Uint8Array;
	stampedAt(logLength: number): number;
}

export interface RunTruthOptions {
	readonly device: string;
	readonly run: string;
	readonly past: number;
	readonly startedMs: number;
	readonly nameOf: (stream: number) => string;
	/** What a reading of this stream holds. */
	readonly readingOf: (stream: number, seq: number) => Value;
}

/** Makes the truth of a run in which nothing has happened. */
export function createRunTruth(options: RunTruthOptions): RunTruth {
	const { device, run, past, startedMs } = options;
	let captured = new Float64Array(64);
	let streams = new Uint16Array(64);
	let sources = new Uint8Array(64);
	let fates = new Uint8Array(64);
	let marks = new Uint8Array(64);
	/** from, to (ends excluded), fate, and the stamped readings before it. */
	let log = new Float64Array(64);
	let logLength = 0;
	const counts = new Float64Array(FATES);

	function grow(): void {
		const size = captured.length * 2;
		const [c, st, so, f, m] = [captured, streams, sources, fates, marks];
		captured = new Float64Array(size);
		captured.set(c);
		streams = new Uint16Array(size);
		streams.set(st);
		sources = new Uint8Array(size);
		sources.set(so);
		fates = new Uint8Array(size);
		fates.set(f);
		marks = new Uint8Array(size);
		marks.set(m);
	}

	function write(from: number, to: number, fate: number): void {
		if (logLength + 4 > log.length) {
			const larger = new Float64Array(log.length * 2);
			larger.set(log);
			log = larger;
		}
		log[logLength++] = from;
		log[logLength++] = to;
		log[logLength++] = fate;
		log[logLength++] = truth.stamped;
	}

	const truth: RunTruth = {
		device,
		run,
		past,
		startedMs,
		stamped: past,
		counts,
		sent: past,
		recordedSent: past,
		takenTo: past,
		nameOf: options.nameOf,
		valueAt: (seq) => options.readingOf(streams[seq - past] as number, seq),
		offer(stream, source, capturedMs) {
			const at = truth.stamped - past;
			if (at === captured.length) grow();
			captured[at] = capturedMs;
			streams[at] = stream;
			sources[at] = source;
			fates[at] = BUFFERED;
			counts[BUFFERED] = (counts[BUFFERED] as number) + 1;
			truth.stamped += 1;
			return truth.stamped - 1;
		},
		capturedMs: (seq) => captured[seq - past] as number,
		stream: (seq) => streams[seq - past] as number,
		source: (seq) => sources[seq - past] as number,
		fate: (seq) => fates[seq - past] as number,
		setFate(from, to, fate) {
			for (let at = from - past; at < to - past; at++) {
				const before = fates[at] as number;
				if (((NEXT[before] as number) & (1 << fate)) === 0)
					fail("at-most-once", `reading ${at + past}: fate ${before} became ${fate}`);
				fates[at] = fate;
				counts[before] = (counts[before] as number) - 1;
			}
			counts[fate] = (counts[fate] as number) + to - from;
			if (fate === FLIGHT) truth.sent += to - from;
			write(from, to, fate);
		},
		mark(from, to, mark) {
			for (let at = from - past; at < to - past; at++) marks[at] = (marks[at] as number) | mark;
		},
		isMarked: (seq, mark) => ((marks[seq - past] as number) & mark) !== 0,
		logLength: () => {
			// A point of its own, even where only stamping has happened since the last one.
			if (logLength === 0 || log[logLength - 1] !== truth.stamped) write(past, past, BUFFERED);
			return logLength;
		},
		fatesAt(length) {
			const known = new Uint8Array(length === 0 ? 0 : (log[length - 1] as number) - past);
			for (let i = 0; i < length; i += 4) {
				known.fill(log[i + 2] as number, (log[i] as number) - past, (log[i + 1] as number) - past);
			}
			return known;
		},
		stampedAt: (length) => (length === 0 ? past : (log[length - 1] as number)),
	};
	return truth;
}
