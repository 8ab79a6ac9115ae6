import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkModbusSettings, createModbusSource } from "../../src/sources/modbus/modbus.js";
import { REGISTERS_MAX } from "../../src/sources/modbus/rtu.js";
import schema from "../../src/sources/modbus/schema.json" with { type: "json" };
import type { ModbusSettings, RegisterSettings, SlaveSettings } from "../../src/sources/modbus/settings.js";
import serial from "../../src/sources/serial/schema.json" with { type: "json" };
import { createRecording } from "../parse/recording-host.js";
import { SETTINGS, slave } from "./scene.js";

function withRegisters(
	registers: Readonly<Record<string, Partial<RegisterSettings>>>,
	maxRegisters = 125,
): SlaveSettings {
	const filled = Object.entries(registers).map(([name, own]) => [name, { fn: 3, at: 0, type: "u16", ...own }] as const);
	return slave(1, { maxRegisters, registers: Object.fromEntries(filled) });
}

test("finds what a schema cannot", () => {
	const many = Object.fromEntries(Array.from({ length: 129 }, (_, n) => [`r${n}`, { at: n }]));
	const rows: readonly (readonly [Partial<ModbusSettings>, readonly string[]])[] = [
		[{ slaves: [slave(1), slave(2)] }, []],
		[{ slaves: [slave(1)], usb: { vendor: "0403", product: "6001" } }, ["usb"]],
		[{ slaves: [slave(1), slave(1, { name: "b" })] }, ["slaves.1.id"]],
		[{ slaves: [slave(1), slave(2, { registers: slave(1).registers })] }, ["slaves.1.registers.r1"]],
		[{ slaves: [slave(1), slave(2, { name: "b", registers: slave(1).registers })] }, []],
		[{ slaves: [withRegisters({ "a\n": {} })] }, ["slaves.0.registers.a\n"]],
		[{ slaves: [withRegisters({ a: { at: 65_535, type: "u32" } })] }, ["slaves.0.registers.a"]],
		[{ slaves: [withRegisters({ a: { at: 65_534, type: "u32" }, b: { at: 65_535 } })] }, []],
		[{ slaves: [withRegisters({ a: { order: "little" } })] }, ["slaves.0.registers.a"]],
		[{ slaves: [withRegisters({ a: { type: "f32" } }, 1)] }, ["slaves.0.registers.a"]],
		[{ slaves: [withRegisters(many), { ...withRegisters(many), id: 2, name: "b" }] }, ["slaves"]],
	];
	for (const [settings, paths] of rows) {
		const problems = checkModbusSettings({ ...SETTINGS, ...settings });
		assert.equal(
			problems.map(({ path }) => path),
			paths,
			JSON.stringify(settings).slice(0, 200),
		);
	}
});

test("settings with a problem make no source", () => {
	const { path: _, ...nowhere } = SETTINGS;
	const machine = { sysRoot: "/sys", devRoot: "/dev", board: "generic-linux" };
	assert.throws(() => createModbusSource(nowhere, createRecording().host, machine), "path: a modbus source needs");
});

test("its port is set as every other serial port", () => {
	for (const key of ["path", "usb", "baud", "stop_bits", "parity", "rtscts"] as const) {
		assert.equal(schema.properties[key], serial.properties[key], key);
	}
	assert.is(schema.properties.slaves.items.properties.max_registers.maximum, REGISTERS_MAX);
});

test.run();
