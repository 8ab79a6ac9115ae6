// `as: binary`: frames instead of lines. Owns what becomes of a frame, each field a reading, and the request that makes a
// sensor speak which only answers.

import { createSampler } from "../sampling/sampler.js";
import type { Intake, Send } from "../serial/kept-port.js";
import type { SerialWorld, Timer } from "../serial/world.js";
import type { SourceHost } from "../source.js";
import { createFrameFinder } from "./frame-finder.js";
import { type BinaryFormat, createBinaryFormat } from "./frame-format.js";
import { readNumber, scaled } from "./number.js";
import type { BinarySettings } from "./settings.js";

/** How often a sensor is asked that has a request of its own. */
const REQUEST_EVERY_MS = 5_000;

/** Makes the intake. Settings with a problem throw. */
export function createBinaryIntake(
	settings: BinarySettings,
	maxLine: number,
	host: SourceHost,
	world: Pick<SerialWorld, "setTimer" | "clearTimer">,
): Intake {
	const format = createBinaryFormat(settings, maxLine);
	const fields = format.fields.map((field) => ({ ...field, stream: host.stream(field.name, field.unit) }));
	const finder = createFrameFinder({
		format,
		onFrame(view, at, capturedMs) {
			for (const field of fields) {
				host.offer(field.stream, scaled(readNumber(field.type, view, at + field.at), field), capturedMs);
			}
		},
		onReject: (reason) => host.reject(reason),
	});
	const asker = createAsker(format, settings.request?.everyMs ?? REQUEST_EVERY_MS, host, world);
	return {
		begin: asker.start,
		push: finder.push,
		end() {
			asker.stop();
			finder.reset();
		},
	};
}

/** Writes the request at its interval, for as long as the port is open. */
function createAsker(
	{ request }: BinaryFormat,
	everyMs: number,
	host: SourceHost,
	world: Pick<SerialWorld, "setTimer" | "clearTimer">,
): { start(send: Send): void; stop(): void } {
	if (request === null) return { start: () => undefined, stop: () => undefined };
	let write: Send = () => false;
	const sampler = createSampler({
		everyMs,
		now: host.now,
		async sample() {
			if (!write(request)) host.reject("missed");
		},
		onMissed(instants) {
			for (let instant = 0; instant < instants; instant += 1) host.reject("missed");
		},
		timers: { setTimeout: world.setTimer, clearTimeout: (timer) => world.clearTimer(timer as Timer) },
	});
	return {
		start(send) {
			write = send;
			sampler.start();
		},
		stop: sampler.stop,
	};
}
