// Which module makes which type of source. Loaded only when a configuration names the type, so that an agent
// without GPIO never needs onoff and one without a serial port never needs serialport.
import type { CreateSource } from "./source.js";

export const SOURCE_TYPES = ["gpio", "serial", "sim"] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

const loaders: Readonly<Record<SourceType, () => Promise<CreateSource>>> = {
	gpio: async () => (await import("./gpio/gpio.js")).createGpioSource as CreateSource,
	serial: async () => (await import("./serial/serial.js")).createSerialSource as CreateSource,
	sim: async () => (await import("./sim/sim.js")).createSimSource as CreateSource,
};

/** The factory of a source type, loaded on demand. */
export function loadSource(type: SourceType): Promise<CreateSource> {
	return loaders[type]();
}
