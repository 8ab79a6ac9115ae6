// The checksums of sensors' frames: how each is worked out over a range of bytes, and how it stands in the frame.
import type { NumberType } from "./number.js";

interface Checksum {
	/** How it stands in the frame. */
	readonly type: NumberType;
	/** Over the bytes from `from` to before `to`. */
	readonly over: (bytes: Uint8Array, from: number, to: number) => number;
}

export const CHECKSUMS = {
	sum8: { type: "u8", over: (bytes, from, to) => sum(bytes, from, to) & 0xff },
	/** Two's complement: the sum with this byte is 0. */
	"sum8-negated": { type: "u8", over: (bytes, from, to) => -sum(bytes, from, to) & 0xff },
	sum16be: { type: "u16be", over: (bytes, from, to) => sum(bytes, from, to) & 0xffff },
	sum16le: { type: "u16le", over: (bytes, from, to) => sum(bytes, from, to) & 0xffff },
	xor: { type: "u8", over: xor },
	/** CRC-8/SMBUS: polynomial 0x07. */
	crc8: { type: "u8", over: (bytes, from, to) => crc(CRC8, 0, bytes, from, to) },
	/** CRC-8/MAXIM-DOW, of 1-Wire: polynomial 0x31, reflected. */
	"crc8-maxim": { type: "u8", over: (bytes, from, to) => crc(CRC8_MAXIM, 0, bytes, from, to) },
	/** CRC-16/MODBUS: polynomial 0x8005, reflected, from 0xffff; the low byte first. */
	"crc16-modbus": { type: "u16le", over: (bytes, from, to) => crc(CRC16, 0xffff, bytes, from, to) },
} satisfies Readonly<Record<string, Checksum>>;

export type ChecksumName = keyof typeof CHECKSUMS;

// One table step is a byte: shift the register by 8, which leaves nothing of one of 8 bits, and mix in the entry.
const CRC8 = Uint16Array.from({ length: 256 }, (_, byte) => {
	let register = byte;
	for (let bit = 0; bit < 8; bit += 1) register = ((register << 1) & 0xff) ^ (register & 0x80 ? 0x07 : 0);
	return register;
});
const CRC8_MAXIM = reflectedTable(0x8c); // 0x31, its bits the other way round
const CRC16 = reflectedTable(0xa001); // 0x8005, its bits the other way round

function reflectedTable(polynomial: number): Uint16Array {
	return Uint16Array.from({ length: 256 }, (_, byte) => {
		let register = byte;
		for (let bit = 0; bit < 8; bit += 1) register = (register >> 1) ^ (register & 1 ? polynomial : 0);
		return register;
	});
}

function crc(table: Uint16Array, start: number, bytes: Uint8Array, from: number, to: number): number {
	let register = start;
	for (let at = from; at < to; at += 1) {
		register = (register >> 8) ^ (table[(register ^ (bytes[at] as number)) & 0xff] as number);
	}
	return register;
}

function sum(bytes: Uint8Array, from: number, to: number): number {
	let total = 0;
	for (let at = from; at < to; at += 1) total += bytes[at] as number;
	return total;
}

function xor(bytes: Uint8Array, from: number, to: number): number {
	let mixed = 0;
	for (let at = from; at < to; at += 1) mixed ^= bytes[at] as number;
	return mixed;
}
