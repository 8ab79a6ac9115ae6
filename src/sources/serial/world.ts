// All that a kept port uses of the machine, so that a test can be the machine.
import type { Machine } from "../source.js";
import { openPort } from "./binding.js";
import { type Located, locatePath, locatePort } from "./locate.js";
import type { PortSettings } from "./settings.js";

export type Timer = { readonly timer: unknown };

export interface SerialWorld {
	/** Looks for the port of the settings. */
	locate(): Located;
	/** Looks at the path of a port that is open. */
	look(path: string): Located;
	readonly open: typeof openPort;
	setTimer(callback: () => void, delayMs: number): Timer;
	clearTimer(timer: Timer): void;
	/** From 0 to before 1. */
	random(): number;
}

/** The machine itself. */
export function createSerialWorld(settings: PortSettings, machine: Machine): SerialWorld {
	return {
		locate: () => locatePort(settings, machine),
		look: locatePath,
		open: openPort,
		setTimer: (callback, delayMs) => ({ timer: setTimeout(callback, delayMs) }),
		clearTimer: ({ timer }) => clearTimeout(timer as NodeJS.Timeout),
		random: Math.random,
	};
}
