// Which module makes which type of source. Loaded only when a configuration names the type, so that an agent
// without GPIO never needs onoff and one without a serial port never needs serialport.
import type { CreateSource } from "./source.js";

export const SOURCE_TYPES = [
	"exec",
	"gpio",
	"hwmon",
	"iio",
	"modbus",
	"onewire",
	"serial",
	"sim",
	"system",
	"thermal",
] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

const loaders: Readonly<Record<SourceType, () => Promise<CreateSource>>> = {
	exec: async () => (await import("./exec/exec.js")).createExecSource as CreateSource,
	gpio: async () => (await import("./gpio/gpio.js")).createGpioSource as CreateSource,
	hwmon: async () => (await import("./hwmon/hwmon.js")).createHwmonSource as CreateSource,
	iio: async () => (await import("./iio/iio.js")).createIioSource as CreateSource,
	modbus: async () => (await import("./modbus/modbus.js")).createModbusSource as CreateSource,
	onewire: async () => (await import("./onewire/onewire.js")).createOnewireSource as CreateSource,
	serial: async () => (await import("./serial/serial.js")).createSerialSource as CreateSource,
	sim: async () => (await import("./sim/sim.js")).createSimSource as CreateSource,
	system: async () => (await import("./system/system.js")).createSystemSource as CreateSource,
	thermal: async () => (await import("./thermal/thermal.js")).createThermalSource as CreateSource,
};

/** The factory of a source type, loaded on demand. */
export function loadSource(type: SourceType): Promise<CreateSource> {
	return loaders[type]();
}
