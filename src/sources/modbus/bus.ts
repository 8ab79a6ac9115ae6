// The master of a Modbus line: one request at a time, in order of when each slave is due. Owns the line's silence, the time
// that an answer may take, and what becomes of everything that comes: an answer, or a rejection. Nothing is asked twice:
// the next poll takes the place of one that failed.
import { Buffer } from "node:buffer";
import type { RejectReason } from "../../core/value.js";
import type { Intake, Send } from "../serial/kept-port.js";
import { PAUSE_MAX_MS } from "../serial/pacing.js";
import type { SerialWorld, Timer } from "../serial/world.js";
import type { SourceHost } from "../source.js";
import { planReads, type Read, readValue } from "./reads.js";
import {
	type Answer,
	answerBytes,
	encodeRequest,
	exceptionText,
	findAnswer,
	REGISTERS_MAX,
	REQUEST_BYTES,
} from "./rtu.js";
import { fieldOf, type ModbusSettings, type SlaveSettings } from "./settings.js";
import { createSlave, dueMs, endPoll, nextSlave, restart, type Slave } from "./slave.js";

/** The silence before a request: 3.5 characters, and 1.75 ms above 19,200 baud ("MODBUS over serial line", 2.5.1.1). */
const SILENCE_CHARS = 3.5;
const SILENCE_MS_MIN = 1.75;
/** What is kept after a request: an answer, and as much noise before it. What comes beyond that is noise for certain. */
const HEARD_BYTES_MAX = 2 * answerBytes(REGISTERS_MAX);

interface Bus {
	readonly host: SourceHost;
	readonly world: Pick<SerialWorld, "setTimer" | "clearTimer">;
	readonly slaves: readonly Slave[];
	readonly timeoutMs: number;
	/** How long a byte is on the line. */
	readonly byteMs: number;
	readonly heard: Buffer;
	readonly view: DataView;
	heardBytes: number;
	/** Null while the port is not open. */
	send: Send | null;
	asked: { readonly slave: Slave; readonly read: Read } | null;
	/** Why there is no answer, if nothing else comes. */
	reason: RejectReason;
	/** Until the next request, or until the answer is late. */
	timer: Timer | null;
	/** When the last request was done with, one way or the other. */
	settledMs: number;
	/** From when on the line has been silent for long enough. */
	silentMs: number;
	/** What came unasked since the last request is counted. */
	isStrayCounted: boolean;
	/** What was last said of the source: null is up, undefined nothing. */
	reported: string | null | undefined;
}

/** Makes the bus. Settings with a problem (see modbus.ts) are not for it. */
export function createBus(settings: ModbusSettings, host: SourceHost, world: Bus["world"]): Intake {
	const { baud, parity, stopBits, timeoutMs } = settings;
	const heard = Buffer.alloc(HEARD_BYTES_MAX);
	const bus: Bus = {
		host,
		world,
		slaves: settings.slaves.map((slave) => slaveOf(slave, host)),
		timeoutMs,
		byteMs: ((1 + 8 + (parity === "none" ? 0 : 1) + stopBits) * 1_000) / baud,
		heard,
		view: new DataView(heard.buffer, heard.byteOffset, heard.length),
		heardBytes: 0,
		send: null,
		asked: null,
		reason: "empty",
		timer: null,
		settledMs: 0,
		silentMs: 0,
		isStrayCounted: false,
		reported: undefined,
	};
	return {
		begin: (send) => begin(bus, send),
		push: (bytes, length, capturedMs) => hear(bus, bytes, length, capturedMs),
		end: () => end(bus),
	};
}

function slaveOf(slave: SlaveSettings, host: SourceHost): Slave {
	const shown = `slave ${slave.id}${slave.name === undefined ? "" : ` (${slave.name})`}`;
	return createSlave(
		shown,
		slave.everyMs,
		planReads(slave, (register) => host.stream(fieldOf(slave, register))),
	);
}

function begin(bus: Bus, send: Send): void {
	const nowMs = bus.host.now();
	bus.send = send;
	bus.reported = undefined;
	for (const slave of bus.slaves) restart(slave, nowMs);
	bus.settledMs = nowMs;
	bus.silentMs = nowMs + silenceOf(bus);
	rest(bus);
}

function end(bus: Bus): void {
	if (bus.asked !== null) bus.host.reject("partial");
	bus.asked = null;
	bus.send = null;
	setTimer(bus, null, 0);
}

function silenceOf({ byteMs }: Bus): number {
	return Math.max(SILENCE_MS_MIN, SILENCE_CHARS * byteMs);
}

/** Waits until a slave is due and the line is silent. */
function rest(bus: Bus): void {
	const nowMs = bus.host.now();
	const slave = nextSlave(bus.slaves, nowMs);
	if (slave === undefined) return;
	setTimer(bus, () => ask(bus), Math.max(bus.silentMs, dueMs(slave)) - nowMs);
}

function ask(bus: Bus): void {
	const nowMs = bus.host.now();
	const slave = nextSlave(bus.slaves, nowMs);
	const read = slave?.reads[slave.nextRead];
	if (slave === undefined || read === undefined || bus.send === null) return;
	// Noise holds a request back, but not for ever: then its answer is looked for in the noise.
	const heldMs = nowMs - Math.max(bus.settledMs, dueMs(slave));
	if (heldMs < 0 || (nowMs < bus.silentMs && heldMs < bus.timeoutMs)) {
		rest(bus);
		return;
	}
	const isSent = bus.send(encodeRequest(read.request));
	bus.heardBytes = 0;
	bus.reason = "empty";
	bus.isStrayCounted = false;
	bus.asked = { slave, read };
	if (!isSent) {
		giveUp(bus, "missed", "could not be asked: the port takes no bytes");
		return;
	}
	const wireMs = (REQUEST_BYTES + answerBytes(read.request.count)) * bus.byteMs;
	setTimer(
		bus,
		() => giveUp(bus, bus.reason, PROBLEMS[bus.reason] ?? bus.reason),
		wireMs + bus.timeoutMs + PAUSE_MAX_MS,
	);
}

/** Takes what came: for the answer while there is one to come, else as noise. */
function hear(bus: Bus, bytes: Buffer, length: number, capturedMs: number): void {
	if (bus.asked === null) {
		stray(bus);
		// What comes behind it is read up to a pause later.
		bus.silentMs = capturedMs + PAUSE_MAX_MS + silenceOf(bus);
		return;
	}
	const room = HEARD_BYTES_MAX - bus.heardBytes;
	bus.heardBytes += bytes.copy(bus.heard, bus.heardBytes, 0, Math.min(length, room));
	const answer = findAnswer(bus.heard, bus.heardBytes, bus.asked.read.request);
	if (answer.is === "missing") {
		bus.reason = answer.reason;
		return;
	}
	if (answer.from > 0 || answer.to < bus.heardBytes || length > room) stray(bus);
	take(bus, bus.asked, answer, capturedMs);
}

function stray(bus: Bus): void {
	if (!bus.isStrayCounted) bus.host.reject("syntax");
	bus.isStrayCounted = true;
}

function take(
	bus: Bus,
	{ slave, read }: NonNullable<Bus["asked"]>,
	answer: Exclude<Answer, { readonly is: "missing" }>,
	capturedMs: number,
): void {
	const { at, count, fn } = read.request;
	if (answer.is === "registers") {
		for (const value of read.values) {
			bus.host.offer(value.stream, readValue(value, at, bus.view, answer.dataAt), capturedMs);
		}
	} else {
		bus.host.reject("unsupported");
		const registers = `${count === 1 ? "register" : "registers"} ${at}${count === 1 ? "" : ` to ${at + count - 1}`}`;
		slave.problem ??= `refuses ${registers} (fn ${fn}): ${exceptionText(answer.code)}`;
	}
	settle(bus, slave);
}

const PROBLEMS: Readonly<Partial<Record<RejectReason, string>>> = {
	empty: "does not answer: check its id, its power, baud, parity and the wires",
	checksum: "answers with a wrong checksum: check the wires, their ends and the baud",
	partial: "gives half an answer: check baud, parity and the wires",
	syntax: "gives no answer to what was asked: check baud and parity, and that each id is there once",
};

/** The read failed. Unless a whole answer came, one may still come: the slave is left alone, with what else was due. */
function giveUp(bus: Bus, reason: RejectReason, problem: string): void {
	const { asked } = bus;
	if (asked === null) return;
	const { slave } = asked;
	bus.host.reject(reason);
	slave.problem ??= problem;
	if (reason !== "checksum") {
		slave.isAway = true;
		reject(bus, slave.reads.length - slave.nextRead - 1);
		slave.nextRead = slave.reads.length - 1;
	}
	settle(bus, slave);
}

/** The read is done, one way or the other: what comes next? */
function settle(bus: Bus, slave: Slave): void {
	const nowMs = bus.host.now();
	bus.asked = null;
	bus.settledMs = nowMs;
	bus.silentMs = nowMs + silenceOf(bus);
	slave.nextRead += 1;
	if (slave.nextRead === slave.reads.length) {
		reject(bus, endPoll(slave, nowMs, bus.timeoutMs));
		report(bus);
	}
	rest(bus);
}

function reject(bus: Bus, missed: number): void {
	for (let count = 0; count < missed; count += 1) bus.host.reject("missed");
}

/** The source is up when every slave is; before each has been asked, only a failure is news. */
function report(bus: Bus): void {
	const bad = bus.slaves.filter(({ error }) => typeof error === "string");
	const [first] = bad;
	if (first === undefined) {
		if (bus.reported === null || bus.slaves.some(({ error }) => error === undefined)) return;
		bus.reported = null;
		bus.host.up();
		return;
	}
	const more = bad.length === 1 ? "" : ` (and ${bad.length - 1} more)`;
	const error = `${first.shown} ${first.error}${more}`;
	if (error !== bus.reported) bus.host.down(error);
	bus.reported = error;
}

function setTimer(bus: Bus, callback: (() => void) | null, delayMs: number): void {
	if (bus.timer !== null) bus.world.clearTimer(bus.timer);
	bus.timer = callback === null ? null : bus.world.setTimer(callback, Math.max(1, Math.ceil(delayMs)));
}
