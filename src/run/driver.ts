// Drives the core: gives it time and link events, performs its effects one by one, and keeps one timer for the next.
// The only place where the pure agent meets clocks and I/O.
import type { Agent, Effect } from "../core/agent.js";
import type { Value } from "../core/value.js";
import type { Uplink, UplinkEvents } from "../uplink/uplink.js";
import type { BlackBox } from "./black-box.js";
import { nodeScheduler, type Scheduler } from "./scheduler.js";

/** Node fires a timer beyond 2^31 - 1 ms at once; whatever is further off is looked at again then. */
const TIMER_MS_MAX = 2_147_483_647;

/** How old the record of what was stamped may be: 10 ms of readings that a killed run took with it. */
const RECORD_MS = 10;

export interface DriverOptions {
	readonly agent: Agent;
	readonly uplink: Uplink;
	readonly blackBox: BlackBox;
	readonly nowMs: () => number;
	readonly wallMs: () => number;
	readonly clockSynchronised: () => boolean;
	/** The status payload that fits the broker's `payloadBytesMax`. */
	readonly status: (payloadBytesMax: number) => Uint8Array;
	/** Every reading is sent and confirmed, or time is up. Called once, after `stop`. */
	readonly finished: () => void;
	/** Node's event loop unless given. */
	readonly scheduler?: Scheduler;
}

export interface Driver extends UplinkEvents {
	offer(stream: number, value: Value, capturedMs: number): void;
	/** Drains for at most `timeoutMs`, then calls `finished`. */
	stop(timeoutMs: number): void;
	/** Publishes a status now, outside its interval. */
	publishStatus(): void;
}

/** Makes a driver; nothing happens until something is offered or the link comes up. */
export function createDriver(options: DriverOptions): Driver {
	const { agent, uplink, nowMs, scheduler = nodeScheduler } = options;
	const { flushSoon, recordSoon } = createRecorder(options, scheduler);
	let pumping = false;
	let payloadBytesMax = 0;
	let cancelTimer = (): void => {};
	let timerAtMs = Number.POSITIVE_INFINITY;

	function pump(): void {
		if (pumping) return; // an effect reported back (a link that went down): the loop below sees it
		pumping = true;
		agent.setClock(nowMs(), options.wallMs(), options.clockSynchronised());
		let performed = 0;
		for (let effect = agent.next(nowMs()); effect; effect = agent.next(nowMs()), performed++) perform(effect);
		pumping = false;
		arm();
		if (performed > 0) flushSoon();
		else recordSoon();
	}

	function perform(effect: Effect): void {
		uplink.hold();
		switch (effect.kind) {
			case "send":
				uplink.publishFrame(effect.payload, effect.expiryS);
				return;
			case "barrier":
				uplink.ping();
				return;
			case "status":
				publishStatus();
				return;
			case "close":
				uplink.close("no answer to a ping: the link is dead");
				return;
			case "finish":
				cancelTimer(); // nothing is left to wake for
				options.finished();
		}
	}

	function publishStatus(): void {
		const payload = options.status(payloadBytesMax);
		// One larger than the broker takes would end every connection as soon as it is up; HTTP still has it.
		if (payload.length <= payloadBytesMax) uplink.publishStatus(payload);
	}

	/** One timer: moved only when it has to fire earlier, since an early look costs less than a new timer each frame. */
	function arm(): void {
		const wakeMs = agent.wakeAtMs();
		if (wakeMs >= timerAtMs || wakeMs === Number.POSITIVE_INFINITY) return;
		cancelTimer();
		timerAtMs = wakeMs;
		const delayMs = Math.min(TIMER_MS_MAX, Math.max(1, Math.ceil(wakeMs - nowMs())));
		cancelTimer = scheduler.after(delayMs, wake);
	}

	function wake(): void {
		timerAtMs = Number.POSITIVE_INFINITY;
		pump();
	}

	return {
		offer(stream, value, capturedMs) {
			if (agent.offer(stream, value, capturedMs)) pump();
			else recordSoon();
		},
		up(bytesMax) {
			payloadBytesMax = bytesMax;
			agent.linkUp(nowMs(), bytesMax);
			pump();
		},
		down() {
			agent.linkDown();
			pump();
		},
		pingSent() {
			if (!agent.pingSent(nowMs())) uplink.close("the broker answers no ping");
			arm(); // or a link that dies now is found dead when something else happens to wake us
		},
		pingReturned() {
			if (!agent.pingReturned(nowMs())) uplink.close("an answer to a ping that was never sent: not a broker");
			pump();
		},
		stop(timeoutMs) {
			agent.stop(nowMs() + timeoutMs);
			pump();
		},
		publishStatus,
	};
}

/** Keeps the black box up with the books at as few writes as its promise allows. */
function createRecorder({ agent, uplink, blackBox }: DriverOptions, scheduler: Scheduler) {
	let flushing = false;
	let recording = false;
	return {
		/**
		 * When the callback that is running is done: the counters go on record, then all that it sent leaves in one write.
		 * In this order, so that a run that dies in between never sent more than it says.
		 */
		flushSoon(): void {
			if (flushing) return;
			flushing = true;
			scheduler.soon(() => {
				flushing = false;
				blackBox.record(agent.books());
				uplink.release();
			});
		},
		/** What was only stamped is seen by nobody outside: it goes on record a moment later, many readings at once. */
		recordSoon(): void {
			if (recording) return;
			recording = true;
			scheduler.after(RECORD_MS, () => {
				recording = false;
				blackBox.record(agent.books());
			});
		},
	};
}
