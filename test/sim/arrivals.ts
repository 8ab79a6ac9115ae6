// What is checked of every message the broker takes: it is the next one that was handed over, and says what is true.

import type { StatusSeen } from "../../src/wire/decode-status.js";
import type { DecodedFrame } from "../../src/wire/decoded.js";
import type { HandedStatus } from "./messages.js";
import type { Handed } from "./naive-window.js";
import { CONFIRMED, EXPIRED, OVERFLOW, OVERSIZE, SHUTDOWN, UNCERTAIN } from "./run-truth.js";
import { isSame } from "./sources.js";
import { fail } from "./violation.js";

/** A frame against what was handed over, reading by reading. */
export function checkFrame(frame: DecodedFrame, handed: Handed, expiryS: number | undefined, device: string): void {
	const { truth } = handed;
	const n = frame.stream.length;
	if (frame.device !== device || frame.run !== truth.run) fail("wire", `a frame of ${frame.device} ${frame.run}`);
	if (frame.seq !== handed.seq || n !== handed.readings) {
		fail("order", `readings ${frame.seq}+${n} came, ${handed.seq}+${handed.readings} were handed over`);
	}
	if (frame.sent !== handed.sentBefore) fail("explained", `sent ${frame.sent} where ${handed.sentBefore} were`);
	if (frame.seq < truth.takenTo) fail("at-most-once", `reading ${frame.seq} comes again`);
	truth.takenTo = frame.seq + n;
	handed.isTaken = true;
	if (truth.recordedSent < handed.sentBefore + n) fail("previous", `reading ${frame.seq} left before it was on record`);
	if (expiryS !== handed.expiryS || expiryS < 1)
		fail("fresh", `Message Expiry Interval ${expiryS}, not ${handed.expiryS}`);
	if (frame.clockSynchronised !== handed.synchronised) fail("honest-time", `clock ${frame.clockSynchronised}`);
	const timeMs = Math.max(0, Math.round(truth.capturedMs(frame.seq) + handed.offsetMs));
	if (Math.abs(frame.timeMs - timeMs) > 1) fail("honest-time", `time ${frame.timeMs} instead of ${timeMs}`);
	checkReadings(frame, truth);
}

function checkReadings(frame: DecodedFrame, truth: Handed["truth"]): void {
	let beforeMs = Math.round(truth.capturedMs(frame.seq));
	for (let i = 0; i < frame.stream.length; i++) {
		const seq = frame.seq + i;
		const capturedMs = Math.round(truth.capturedMs(seq));
		if (frame.dt[i] !== capturedMs - beforeMs) fail("honest-time", `reading ${seq}: dt ${frame.dt[i]}`);
		beforeMs = capturedMs;
		const name = frame.streams[frame.stream[i] as number];
		if (name !== truth.nameOf(truth.stream(seq))) fail("content", `reading ${seq} is of ${name}`);
		const value = frame.value[i];
		if (value === undefined || !isSame(value, truth.valueAt(seq))) fail("content", `reading ${seq} is ${value}`);
	}
}

/** A status against the truth at the moment when it was made. */
export function checkStatus(status: StatusSeen, { run, counts, previous, isLast }: HandedStatus, device: string): void {
	const { truth } = run;
	if (status.device !== device || status.run !== truth.run) fail("wire", `a status of ${status.device} ${status.run}`);
	if (status.state !== (isLast ? "offline" : "online")) fail("clean-end", `state ${status.state}`);
	const { dropped } = status;
	const isTrue =
		status.balanced &&
		status.stamped === counts.stamped &&
		status.sent === counts.sent &&
		status.confirmed === truth.past + (counts.fates[CONFIRMED] as number) &&
		status.uncertain === counts.fates[UNCERTAIN] &&
		dropped.overflow === counts.fates[OVERFLOW] &&
		dropped.expired === counts.fates[EXPIRED] &&
		dropped.oversize === counts.fates[OVERSIZE] &&
		dropped.shutdown === counts.fates[SHUTDOWN];
	if (!isTrue) fail("conservation", `a status says ${JSON.stringify({ ...status, losses: [], sources: [] })}`);
	if (JSON.stringify(status.previous) !== JSON.stringify(previous)) {
		fail("previous", `${JSON.stringify(status.previous)} instead of ${JSON.stringify(previous)}`);
	}
}
