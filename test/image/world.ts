// What a gateway in the emulator talks to: a broker on this host, two accounts of what it sends, and its settings.
import { type Broker, startBroker } from "../support/mosquitto.js";
import { type Reconciler, startReconciler } from "../support/reconciler.js";
import { type Subscriber, startSubscriber } from "../support/subscriber.js";
import { type Gateway, HOST } from "./emulator.js";

/** Emulation on a busy machine; two idle cores need a tenth of it. */
export const START_TIMEOUT_MS = 900_000;

export interface World {
	readonly broker: Broker;
	readonly subscriber: Subscriber;
	readonly reconciler: Reconciler;
}

/** Starts broker, subscriber and reconciler for `use`, and ends them whatever becomes of it. */
export async function inWorld(use: (world: World) => Promise<void>): Promise<void> {
	const broker = await startBroker();
	const subscriber = await startSubscriber(broker);
	const reconciler = await startReconciler(broker);
	try {
		await use({ broker, subscriber, reconciler });
	} finally {
		await reconciler.kill();
		await subscriber.stop();
		await broker.stop();
	}
}

/** A configuration for the card: 40 readings a second to the broker on the host; `username` with the password of the card. */
export function settings(broker: Broker, username?: string): string {
	const login = `, username: ${username}, password_file: /run/credentials/tallywire.service/tallywire.password`;
	return [
		`mqtt: { url: "mqtt://${HOST}:${broker.port}"${username === undefined ? "" : login} }`,
		"status: { interval: 2s }",
		'http: { listen: "0.0.0.0:9464" }',
		"sources:",
		"  - name: lab",
		"    type: sim",
		"    rate: 20",
		"    streams: { a: { shape: sine, min: 0, max: 9, period: 1m }, b: { shape: sine, min: 0, max: 9, period: 9s } }",
		"",
	].join("\r\n");
}

/** Resolves with the run of the first frame that is of none of `before`, and the seconds since power-on. */
export async function firstReading(
	{ subscriber }: Pick<World, "subscriber">,
	gateway: Gateway,
	device: string,
	before: ReadonlySet<string> = new Set(),
): Promise<{ readonly run: string; readonly seconds: number }> {
	const run = await subscriber.waitFor(
		`a reading of ${device}; its console:\n${gateway.console().slice(-2_000)}`,
		() => {
			if (!gateway.running.isRunning()) throw new Error(`QEMU has ended: ${gateway.running.stderr()}`);
			return [...subscriber.device(device).runs.keys()].find((id) => !before.has(id));
		},
		START_TIMEOUT_MS,
	);
	return { run, seconds: (performance.now() - gateway.startedMs) / 1_000 };
}

/** A figure, as the runner prints it. */
export function measured(text: string): void {
	console.log(`measured: ${text}`);
}
