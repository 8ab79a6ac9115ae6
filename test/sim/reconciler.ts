// The subscriber and the real account behind it. It may be slow, so that the broker drops messages for it, be away, or go
// on from a saved state.
import { type Account, createAccount, limitsOf } from "../../src/reconcile/account.js";
import type { FleetReport } from "../../src/reconcile/indicators.js";
import { createObjectives } from "../../src/reconcile/objectives.js";
import { fromState, toState } from "../../src/reconcile/state.js";
import type { Message } from "./messages.js";
import type { Random } from "./random.js";
import type { RunRecord } from "./run-record.js";
import { FLIGHT, NAMED, RECEIVED, UNCERTAIN } from "./run-truth.js";
import { fail } from "./violation.js";
import { reach, type World } from "./world.js";

/** Messages that a broker keeps for a slow subscriber. */
const BACKLOG_MAX = 4;
const TICK_MS = 10_000;
const SLO = 0.995;

export interface Reconciler {
	/** A message from the broker. */
	take(message: Message): void;
	/** It loses its subscription, and has it again after `ms`. */
	leave(ms: number): void;
	/** It ends and another goes on from what it saved. */
	restart(ms: number): void;
	/** Takes one message each `ms`; 0 for as they come. */
	setPace(ms: number): void;
	/** What it says now, or after so many graces in which nothing more came. */
	report(silentGraces?: number): FleetReport;
	/** It was ever away: what passed meanwhile is nobody's. */
	wasAway(): boolean;
}

export interface ReconcilerOptions {
	readonly world: World;
	readonly random: Random;
	readonly graceMs: number;
	readonly runOf: (id: string) => RunRecord | undefined;
	readonly retained: () => Iterable<Message>;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
	const { world, random } = options;
	const { queue } = world;
	const limits = { graceMs: options.graceMs };
	const backlog: Message[] = [];
	let account: Account = createAccount(limits);
	let isHere = true;
	let wasAway = false;
	let paceMs = 0;
	let isPaced = false;
	const nowMs = (): number => Math.floor(world.epochMs + queue.nowMs());
	// It listened for a minute before the world began: the heads of all runs are watched.
	account.observing(nowMs() - 60_000);

	function tick(): void {
		account.tick(nowMs());
		for (const { current, ended } of account.fleet.devices.values()) {
			if (current?.folded || ended?.some(({ folded }) => folded !== null))
				reach(world, "detail given up by the account");
		}
		queue.after(TICK_MS, tick);
	}
	queue.after(random.between(0, TICK_MS), tick);

	function process(message: Message, isRetained: boolean): void {
		switch (message.kind) {
			case "frame":
				processFrame(message);
				return;
			case "status":
				processStatus(message, isRetained);
				return;
			case "state":
				account.state(message.device, message.state, nowMs(), isRetained);
		}
	}

	function processFrame({ frame, handed, device }: Message & { kind: "frame" }): void {
		const { truth } = handed;
		const run = options.runOf(truth.run) as RunRecord;
		const end = frame.seq + frame.stream.length;
		if (run.lastEnd >= 0) explain(run, frame.seq, frame.sent);
		[run.lastEnd, run.lastSent] = [end, frame.sent + frame.stream.length];
		truth.mark(frame.seq, end, RECEIVED);
		run.received += end - frame.seq;
		run.receivedTo = end;
		world.totals.received += end - frame.seq;
		account.frame(frame, device, nowMs());
	}

	/** What lies between two frames, by them alone and in truth (CONTRACT, Frame). */
	function explain({ truth, lastEnd, lastSent }: RunRecord, seq: number, sent: number): void {
		if (seq < lastEnd) fail("order", `reading ${seq} comes after ${lastEnd - 1}`);
		if (seq === lastEnd && sent === lastSent) return;
		let lost = 0;
		for (let at = lastEnd; at < seq; at++) if (truth.fate(at) >= FLIGHT && truth.fate(at) <= UNCERTAIN) lost += 1;
		if (sent - lastSent !== lost)
			fail("explained", `${lost} of ${seq - lastEnd} were lost on the way, not ${sent - lastSent}`);
	}

	function processStatus({ status, handed, device }: Message & { kind: "status" }, isRetained: boolean): void {
		const { run } = handed;
		run.isVouched = true;
		run.known = Math.max(run.known, handed.logLength);
		run.isKnownOver ||= handed.isLast;
		for (const [from, to, reason] of status.losses) {
			if (reason !== "uncertain" || (run.truth.isMarked(from, NAMED) && run.truth.isMarked(to, NAMED))) continue;
			run.truth.mark(from, to + 1, NAMED);
		}
		const before = status.previous === null ? undefined : options.runOf(status.previous.run);
		if (before !== undefined) {
			if (!before.isKnownOver) reach(world, "previous run told");
			before.known = Math.max(before.known, before.recorded);
			before.isKnownOver = true;
		}
		account.status(status, device, nowMs(), isRetained);
	}

	function drain(): void {
		isPaced = false;
		const message = backlog.shift();
		if (message !== undefined) process(message, false);
		if (backlog.length > 0) pace();
	}

	function pace(): void {
		if (isPaced) return;
		isPaced = true;
		queue.after(paceMs, drain);
	}

	function leave(ms: number): void {
		if (isHere) account.absent();
		isHere = false;
		wasAway = true;
		backlog.length = 0;
		queue.after(ms, comeBack);
	}

	function comeBack(): void {
		if (isHere) return;
		isHere = true;
		account.observing(nowMs());
		for (const message of options.retained()) {
			if (message.kind === "status") reach(world, "retained status for a reconciler that is back");
			process(message, true);
		}
	}

	return {
		take(message) {
			if (!isHere) {
				if (message.kind === "frame") reach(world, "reconciler absent while frames pass");
			} else if (paceMs === 0 && backlog.length === 0) process(message, false);
			else if (backlog.length < BACKLOG_MAX) {
				backlog.push(message);
				pace();
			} else if (message.kind === "frame") reach(world, "frame dropped for a slow subscriber");
			else if (message.kind === "status") reach(world, "status dropped for a slow subscriber");
		},
		leave,
		restart(ms) {
			leave(ms);
			const saved = JSON.parse(JSON.stringify(toState(account.fleet, createObjectives(SLO), nowMs())));
			const restored = fromState(saved, limitsOf(limits), SLO);
			if (!restored.ok) fail("verdict", `the reconciler's own state is refused: ${restored.why}`);
			account = createAccount(limits, restored.fleet);
			reach(world, "reconciler restored from its state");
		},
		setPace(ms) {
			paceMs = ms;
		},
		report(silentGraces = 0) {
			let atMs = nowMs();
			account.tick(atMs);
			for (let i = 0; i < silentGraces; i++) {
				atMs += options.graceMs;
				account.tick(atMs);
			}
			return account.report(atMs);
		},
		wasAway: () => wasAway,
	};
}
