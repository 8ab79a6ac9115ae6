// The self-check of a connection (CONTRACT, Guarantees): does a status of this run come back on its own topic?
// A barrier says that the broker took what was published; only this says that it hands it on. An ACL that denies a
// QoS 0 publish does so in silence.
import type { Log } from "../log.js";
import type { Connection } from "./connection.js";

/** How long a status may take to come back before the answer is no. It may still turn to yes after that. */
export const LOOPBACK_WAIT_MS = 10_000;

export interface Loopback {
	/** A connection is up, nothing is published on it yet: subscribe, if the broker lets us. */
	start(connection: Connection): void;
	message(topic: string, payload: Buffer): void;
	/** The connection is over; the last answer stands until the next one starts. */
	stop(): void;
	/** true, false, or null for unknown. */
	answer(): boolean | null;
}

/** Makes the check of one run's status topic. */
export function createLoopback(topic: string, run: string, log: Log): Loopback {
	let answer: boolean | null = null;
	let connection: Connection | null = null;
	let timer: NodeJS.Timeout | undefined;
	return {
		start(started) {
			answer = null;
			connection = started;
			started.subscribe(topic, (granted) => {
				if (!granted || answer === true) return;
				timer = setTimeout(() => {
					answer = false;
					log.warn("loopback_failed", { topic, hint: "the broker takes it but does not hand it back: see its ACL" });
				}, LOOPBACK_WAIT_MS);
			});
		},
		message(received, payload) {
			if (answer === true || received !== topic || !payload.includes(`"run":"${run}"`)) return;
			answer = true;
			clearTimeout(timer);
			connection?.unsubscribe(topic);
		},
		stop() {
			connection = null;
			clearTimeout(timer);
		},
		answer: () => answer,
	};
}
