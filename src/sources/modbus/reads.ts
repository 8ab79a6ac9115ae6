// Which requests read the registers of a slave. Owns that neighbours come with one request, that no number is ever torn
// between two, and that no register is asked for that nobody wants: some devices refuse a read that touches one they lack.
import { type NumberType, readNumber, scaled } from "../binary/number.js";
import type { StreamId } from "../source.js";
import type { ReadRequest } from "./rtu.js";
import { type RegisterSettings, type SlaveSettings, wordsOf } from "./settings.js";

export interface Read {
	readonly request: ReadRequest;
	readonly values: readonly RegisterValue[];
}

export interface RegisterValue extends RegisterSettings {
	readonly stream: StreamId;
}

/** The reads of one slave, in order of function and register. */
export function planReads(slave: SlaveSettings, streamOf: (register: string) => StreamId): readonly Read[] {
	const values = Object.entries(slave.registers)
		.map(([name, register]): RegisterValue => ({ ...register, stream: streamOf(name) }))
		.sort((a, b) => a.fn - b.fn || a.at - b.at);
	const reads: { fn: 3 | 4; at: number; count: number; values: RegisterValue[] }[] = [];
	for (const value of values) {
		const end = value.at + wordsOf(value.type);
		const last = reads.at(-1);
		const joins = last?.fn === value.fn && value.at <= last.at + last.count && end - last.at <= slave.maxRegisters;
		if (last !== undefined && joins) {
			last.count = Math.max(last.count, end - last.at);
			last.values.push(value);
		} else reads.push({ fn: value.fn, at: value.at, count: end - value.at, values: [value] });
	}
	return reads.map(({ fn, at, count, values }) => ({ request: { slave: slave.id, fn, at, count }, values }));
}

const TYPES: Readonly<Record<RegisterSettings["type"], NumberType>> = {
	u16: "u16be",
	i16: "i16be",
	u32: "u32be",
	i32: "i32be",
	f32: "f32be",
};

/** A number that has its low word first, turned round. */
const turned = new DataView(new ArrayBuffer(4));

/** A value out of registers of which the first is `first`, from `dataAt` on. */
export function readValue(value: RegisterValue, first: number, view: DataView, dataAt: number): number {
	const at = dataAt + 2 * (value.at - first);
	if (value.order !== "little") return scaled(readNumber(TYPES[value.type], view, at), value);
	turned.setUint16(0, view.getUint16(at + 2));
	turned.setUint16(2, view.getUint16(at));
	return scaled(readNumber(TYPES[value.type], turned, 0), value);
}
