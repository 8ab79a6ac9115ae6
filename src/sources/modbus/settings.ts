// What a modbus source is told: schema.json as a type, with the defaults filled in. A register's `at` is what goes over the
// line: from 0, which is 30001 or 40001 in the papers that count from one.
import type { Scaling } from "../binary/number.js";
import type { PortSettings } from "../serial/settings.js";
import type { SourceSettings } from "../source.js";

export interface RegisterSettings extends Scaling {
	/** 3 reads holding registers, 4 input registers. */
	readonly fn: 3 | 4;
	readonly at: number;
	readonly type: "u16" | "i16" | "u32" | "i32" | "f32";
	/** Of 32 bits: which of the two words is first, the high one (big) unless given. */
	readonly order?: "big" | "little";
}

export interface SlaveSettings {
	readonly id: number;
	/** In front of its fields: `kitchen.voltage`. */
	readonly name?: string;
	readonly everyMs: number;
	/** Registers that it gives at once. */
	readonly maxRegisters: number;
	readonly registers: Readonly<Record<string, RegisterSettings>>;
}

export interface ModbusSettings extends SourceSettings, Omit<PortSettings, "dataBits"> {
	/** How long a slave may take to begin its answer. */
	readonly timeoutMs: number;
	readonly slaves: readonly SlaveSettings[];
}

/** The field of a register. */
export function fieldOf({ name }: Pick<SlaveSettings, "name">, register: string): string {
	return name === undefined ? register : `${name}.${register}`;
}

/** Registers of a number. */
export function wordsOf(type: RegisterSettings["type"]): 1 | 2 {
	return type === "u16" || type === "i16" ? 1 : 2;
}
