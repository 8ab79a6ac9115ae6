// A master on a fake port with a fake clock, and a line full of slaves that do what a test says.
import { Buffer } from "node:buffer";
import { CHECKSUMS } from "../../src/sources/binary/checksum.js";
import { createModbusMaster } from "../../src/sources/modbus/modbus.js";
import type { ModbusSettings, SlaveSettings } from "../../src/sources/modbus/settings.js";
import type { Source } from "../../src/sources/source.js";
import { createRecording, type Recording } from "../parse/recording-host.js";
import { createFakeWorld, type FakeWorld } from "../serial/fake-world.js";

export const SETTINGS: ModbusSettings = {
	name: "line",
	type: "modbus",
	path: "/dev/ttyUSB0",
	baud: 9_600,
	stopBits: 1,
	parity: "none",
	rtscts: false,
	timeoutMs: 500,
	slaves: [],
};

export interface Asked {
	readonly atMs: number;
	readonly id: number;
	readonly fn: number;
	readonly at: number;
	readonly count: number;
}

/** What a slave does: bytes, and how many ms after the request; null is silence. */
export type Behaviour = (asked: Asked) => { readonly bytes: Uint8Array; readonly afterMs: number } | null;

export interface Scene extends Recording {
	readonly world: FakeWorld;
	readonly source: Source;
	readonly asked: Asked[];
	/** Lets time pass, ms by ms, with the slaves at work. */
	run(ms: number): Promise<void>;
}

export function slave(id: number, more: Partial<SlaveSettings> = {}): SlaveSettings {
	return {
		id,
		everyMs: 1_000,
		maxRegisters: 125,
		registers: { [`r${id}`]: { fn: 3, at: 0, type: "u16" } },
		...more,
	};
}

/** An answer with a CRC: each register has its own number. */
export function goodAnswer({ id, fn, at, count }: Asked): Buffer {
	const bytes = Buffer.alloc(5 + 2 * count);
	bytes.set([id, fn, 2 * count]);
	for (let word = 0; word < count; word += 1) bytes.writeUInt16BE(at + word, 3 + 2 * word);
	return sealed(bytes);
}

export function exception({ id, fn }: Asked, code: number): Buffer {
	return sealed(Buffer.from([id, fn | 0x80, code, 0, 0]));
}

function sealed(bytes: Buffer): Buffer {
	bytes.writeUInt16LE(CHECKSUMS["crc16-modbus"].over(bytes, 0, bytes.length - 2), bytes.length - 2);
	return bytes;
}

export const answering: Behaviour = (asked) => ({ bytes: goodAnswer(asked), afterMs: 20 });

export async function begin(settings: Partial<ModbusSettings>, behave: Behaviour = answering): Promise<Scene> {
	const world = createFakeWorld();
	const recording = createRecording(world.now);
	const source = createModbusMaster({ ...SETTINGS, ...settings }, recording.host, world);
	const asked: Asked[] = [];
	const coming: { readonly dueMs: number; readonly bytes: Uint8Array; readonly port: number }[] = [];
	let heard = 0;

	function listen(): void {
		const { written } = world.port();
		for (; heard < written.length; heard += 1) {
			const bytes = Buffer.from(written[heard] as Uint8Array);
			const one = {
				atMs: world.now(),
				id: bytes.readUInt8(0),
				fn: bytes.readUInt8(1),
				at: bytes.readUInt16BE(2),
				count: bytes.readUInt16BE(4),
			};
			asked.push(one);
			const answer = behave(one);
			if (answer === null) continue;
			coming.push({ dueMs: world.now() + answer.afterMs, bytes: answer.bytes, port: world.ports.length });
			coming.sort((a, b) => a.dueMs - b.dueMs);
		}
	}

	source.start();
	await world.advance(0);
	return {
		...recording,
		world,
		source,
		asked,
		async run(ms) {
			for (let passed = 0; passed < ms; passed += 1) {
				const ports = world.ports.length;
				await world.advance(1);
				if (world.ports.length > ports) heard = 0;
				listen();
				for (let next = coming[0]; next !== undefined && next.dueMs <= world.now(); next = coming[0]) {
					coming.shift();
					if (next.port === world.ports.length) world.port().receive(next.bytes);
				}
			}
		},
	};
}
