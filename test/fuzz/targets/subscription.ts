// A hostile broker for the commands that consume: the subscription with MQTT.js, the reconciler's observer and its
// account, against a socket that says whatever the input says. Each connection ends with a reason and another follows,
// messages come one at a time and only from who has let us in, and what has been counted can be shown and saved.
import * as assert from "uvu/assert";
import { type Message, type SubscribeEvents, subscribe } from "../../../src/consume/subscribe.js";
import { UNPRINTABLE } from "../../../src/core/unprintable.js";
import { createObserver } from "../../../src/observe/observer.js";
import { createAccount, limitsOf } from "../../../src/reconcile/account.js";
import { createObjectives } from "../../../src/reconcile/objectives.js";
import { jsonReport } from "../../../src/reconcile/report.js";
import { fromState, toState } from "../../../src/reconcile/state.js";
import { textReport } from "../../../src/screen/fleet-report.js";
import type { Target } from "../fuzz.js";
import {
	BROKER_WORDS,
	checkReason,
	type HostileBroker,
	kindOf,
	openHostileBroker,
	play,
	turn,
} from "./hostile-broker.js";

/** In the first byte of an input: each message takes a while. */
const IS_SLOW = 64;

/** Turns of the event loop that a message takes then: it may outlive its connection. */
const SLOW_TURNS = 100;

/** Connections made with each input: nothing of the first may be left in the second. */
const CONNECTIONS = 2;
/** Of the kind where the broker says no more than that it does not take this version of MQTT. */
const REFUSALS_MAX = 4;
/** So small that an input can pass them. */
const LIMITS = { devicesMax: 2, candidatesMax: 2 };
const SLO = 0.99;

/** The reconciler on a connection, with everything it may not do asserted as it happens. */
function createConsumer(isSlow: boolean) {
	const account = createAccount(LIMITS);
	const objectives = createObjectives(SLO);
	const observer = createObserver({ prefix: "p", account, objectives });
	const reasons: string[] = [];
	let [messages, ups] = [0, 0];
	let [isUp, isTaking, isOver] = [false, false, false];
	const broken: string[] = [];
	// What is thrown in an event is MQTT.js' to catch: a broken rule is kept for the end.
	const must = (holds: boolean, rule: string): void => void (holds || broken.push(rule));

	async function takeSlowly(): Promise<void> {
		isTaking = true;
		for (let i = 0; i < SLOW_TURNS; i++) await turn();
		isTaking = false;
	}

	const events: SubscribeEvents = {
		message(message: Message) {
			must(!isTaking, "one message at a time");
			must(!isOver, "none after the end");
			messages += 1;
			observer.take(message);
			return isSlow ? takeSlowly() : undefined;
		},
		up() {
			must(!isUp && !isOver, "up once a connection");
			isUp = true;
			ups += 1;
			observer.up(Date.now());
		},
		down({ reason, retryMs }) {
			must(!isOver && retryMs >= 0, "down while it is wanted");
			isUp = false;
			reasons.push(reason);
			observer.down(reason, Date.now());
		},
	};

	/** What there is at the end, each part of it checked. */
	function conclude(): readonly string[] {
		isOver = true;
		assert.equal(broken, []);
		assert.ok(ups <= reasons.length && !isUp, "each connection that came up has ended");
		for (const reason of reasons) checkReason(reason);
		const { report, objectives: judged, observedMs, refused } = observer.observe(Date.now());
		const context = { observedMs, refused, objectives: judged };
		assert.ok(report.devices.length <= 2 * LIMITS.devicesMax && account.fleet.candidates.size <= LIMITS.candidatesMax);
		assert.not(UNPRINTABLE.test(textReport(report, context).replaceAll("\n", "")), "a report steers no terminal");
		assert.ok(JSON.stringify(jsonReport(report, context)).length > 0);
		const saved = JSON.parse(JSON.stringify(toState(account.fleet, objectives, Date.now())));
		const restored = fromState(saved, limitsOf(LIMITS), SLO);
		assert.ok(restored.ok, restored.ok ? "" : `what is saved can be loaded: ${restored.why}`);
		const kinds = [...Object.keys(refused), ...reasons.map(kindOf)];
		return [`${ups} ${Math.min(3, messages)} ${report.devices.length} ${account.fleet.candidates.size}`, ...kinds];
	}

	return { events, conclude };
}

/** As many connections as are made with each input, and one more: it comes again, whatever it was told. */
async function playAll(broker: HostileBroker, input: Buffer): Promise<void> {
	let [played, refusals] = [0, 0];
	while (played < CONNECTIONS) {
		const { isVersionRefused } = await play(await broker.accept(), input);
		if (isVersionRefused) assert.ok(++refusals < REFUSALS_MAX, "a version that was refused is not insisted on");
		else played += 1;
	}
	(await broker.accept()).destroy();
}

/** Opens the broker's port for one campaign. */
export async function createSubscriptionTarget(): Promise<Target> {
	const broker = await openHostileBroker();

	return {
		name: "subscription",
		words: [
			...BROKER_WORDS,
			...[`\x90\x06\x1d\x1d\x00\x00\x00\x00`, `\x90\x06\x1d\x1d\x00\x00\x80\x00`, `\x90\x05\x1d\x1d\x00\x00\x00`],
			...["p/d/data", "p/d/status", "p/d/state", "p/../data", "online", "\x31", "\x23\x00\x01", "\x03\x00\x0acbor"],
		],
		async feed(input) {
			const [flags = 0] = input;
			const consumer = createConsumer((flags & IS_SLOW) !== 0);
			const subscription = subscribe({
				broker: { url: `mqtt://127.0.0.1:${broker.port}` },
				name: "fuzz",
				topics: ["p/+/data", "p/+/status", "p/+/state"],
				events: consumer.events,
				random: () => 0,
				nowMs: () => performance.now(),
			});
			try {
				await playAll(broker, input);
			} finally {
				subscription.stop();
				broker.leave();
			}
			return consumer.conclude();
		},
		end: broker.close,
	};
}
