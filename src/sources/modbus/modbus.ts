// The source `modbus`: registers of Modbus RTU slaves on a serial port. The port is kept as a serial source keeps it
// (../serial/kept-port.ts); who is asked when is in bus.ts, the bytes are in rtu.ts.
import { STREAMS_PER_SOURCE_MAX } from "../../core/limits.js";
import { isFieldName } from "../host.js";
import { createKeptPort } from "../serial/kept-port.js";
import { checkPlace, type SerialProblem } from "../serial/locate.js";
import { createSerialWorld, type SerialWorld } from "../serial/world.js";
import type { CreateSource, Source, SourceHost } from "../source.js";
import { createBus } from "./bus.js";
import { fieldOf, type ModbusSettings, type RegisterSettings, wordsOf } from "./settings.js";

/** Throws all that is wrong with the settings, one `path: message` a line. */
export const createModbusSource: CreateSource<ModbusSettings> = (settings, host, machine) => {
	const problems = checkModbusSettings(settings);
	if (problems.length > 0) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
	return createModbusMaster(settings, host, createSerialWorld({ ...settings, dataBits: 8 }, machine));
};

/** Makes the source. A port that is open is not yet a slave that answers: only the bus says `up`. */
export function createModbusMaster(settings: ModbusSettings, host: SourceHost, world: SerialWorld): Source {
	const portHost = { now: host.now, up: () => undefined, down: host.down };
	return createKeptPort({ ...settings, dataBits: 8 }, portHost, world, createBus(settings, host, world));
}

/** Everything that is wrong with the settings beyond what a schema can say. */
export function checkModbusSettings(settings: ModbusSettings): readonly SerialProblem[] {
	const problems = checkPlace("modbus", settings);
	const ids = new Set<number>();
	const fields = new Set<string>();
	for (const [index, slave] of settings.slaves.entries()) {
		const path = `slaves.${index}`;
		if (ids.has(slave.id)) problems.push({ path: `${path}.id`, message: `slave ${slave.id} is there twice` });
		ids.add(slave.id);
		for (const [name, register] of Object.entries(slave.registers)) {
			const field = fieldOf(slave, name);
			const add = (message: string): unknown => problems.push({ path: `${path}.registers.${name}`, message });
			if (!isFieldName(field)) add(`${JSON.stringify(field)} cannot name a stream`);
			if (fields.has(field)) add(`the field ${field} is there twice; give each slave a name`);
			fields.add(field);
			const message = checkRegister(register, slave.maxRegisters);
			if (message !== null) add(message);
		}
	}
	if (fields.size > STREAMS_PER_SOURCE_MAX) {
		problems.push({
			path: "slaves",
			message: `${fields.size} registers; at most ${STREAMS_PER_SOURCE_MAX} in a source`,
		});
	}
	return problems;
}

const REGISTER_LAST = 65_535;

function checkRegister({ at, type, order }: RegisterSettings, maxRegisters: number): string | null {
	const words = wordsOf(type);
	if (words === 1 && order !== undefined) return `order is of the two words of 32 bits; ${type} has one`;
	if (at + words - 1 > REGISTER_LAST) return `a ${type} at ${at} ends behind the last register, ${REGISTER_LAST}`;
	return words > maxRegisters ? `a ${type} takes ${words} registers, max_registers is ${maxRegisters}` : null;
}
