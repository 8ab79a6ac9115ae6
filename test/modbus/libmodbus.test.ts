// The master against slaves that share no code with it: libmodbus, over pseudo terminals (slaves.py).
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createModbusSource } from "../../src/sources/modbus/modbus.js";
import type { SlaveSettings } from "../../src/sources/modbus/settings.js";
import type { Source } from "../../src/sources/source.js";
import { createRecording } from "../parse/recording-host.js";
import { projectDir, type Running, runProcess, startProcess } from "../support/process.js";
import { until } from "../support/wait.js";
import { SETTINGS } from "./scene.js";

const test = suite<{ server: Running | null; source: Source | null }>("Modbus with libmodbus");

/** The system's own first: that is the one Debian's package is for. */
const PYTHON = "/usr/bin/python3";
const SCRIPT = join(projectDir, "test/modbus/slaves.py");

test.before.each((context) => {
	context.server = null;
	context.source = null;
});

test.after.each(async ({ server, source }) => {
	await source?.stop();
	await server?.stop();
});

test("python3 and libmodbus are here", async () => {
	const { code } = await runProcess(PYTHON, ["-c", "import ctypes; ctypes.CDLL('libmodbus.so.5')"]);
	assert.is(code, 0, "to see an independent Modbus at work: apt-get install python3 libmodbus5");
});

/** Where every slave answers: a loaded machine may take its time. */
const PATIENT_MS = 10_000;

/** Two words of a float, the high one first. */
function wordsOf(float: number): readonly [number, number] {
	const bytes = Buffer.alloc(4);
	bytes.writeFloatBE(float);
	return [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
}

const [high, low] = wordsOf(49.98);

const SLAVES = [
	{ id: 1, holding: [2_301, 65_535, ...Array(123).fill(7)], input: [high, low, low, high] },
	{ id: 17, holding: [1, 0xe240], input: [] },
];

const ASKED: readonly SlaveSettings[] = [
	{
		id: 1,
		name: "meter",
		everyMs: 100,
		maxRegisters: 125,
		registers: {
			voltage: { fn: 3, at: 0, type: "u16", decimals: 1 },
			balance: { fn: 3, at: 1, type: "i16" },
			last: { fn: 3, at: 124, type: "u16" },
			frequency: { fn: 4, at: 0, type: "f32" },
			turned: { fn: 4, at: 2, type: "f32", order: "little" },
		},
	},
	{
		id: 17,
		everyMs: 200,
		maxRegisters: 125,
		registers: { energy: { fn: 3, at: 0, type: "u32", decimals: 3 } },
	},
];

async function connect(
	context: { server: Running | null; source: Source | null },
	slaves: readonly SlaveSettings[],
	timeoutMs: number,
): Promise<ReturnType<typeof createRecording>> {
	const server = startProcess(PYTHON, [SCRIPT, JSON.stringify(SLAVES)]);
	context.server = server;
	const [path] = await server.waitForOutput(/\/dev\/pts\/\d+/);
	const recording = createRecording(() => performance.now());
	context.source = createModbusSource({ ...SETTINGS, path, slaves, timeoutMs }, recording.host, {
		sysRoot: "/sys",
		devRoot: "/dev",
		board: "generic-linux",
	});
	context.source.start();
	return recording;
}

test("reads several slaves, both functions and every type", async (context) => {
	const recording = await connect(context, ASKED, PATIENT_MS);
	const latest = (): Record<string, unknown> => Object.fromEntries(recording.readings);
	await until("a hundred readings", () => recording.readings.length >= 100, 20_000);
	assert.equal(latest(), {
		"meter.voltage": 230.1,
		"meter.balance": -1,
		"meter.last": 7,
		"meter.frequency": 49.98,
		"meter.turned": 49.98,
		energy: 123.456,
	});
	assert.ok(recording.readings.filter(([field]) => field === "energy").length >= 5);
	assert.equal(recording.states, ["up"]);
	assert.ok(
		recording.rejects.every((reason) => reason === "missed"),
		recording.rejects.join(),
	);
});

test("a register that is not there is refused by name, an id that is not there does not answer; the others go on", async (context) => {
	const wrong: SlaveSettings = {
		id: 17,
		everyMs: 100,
		maxRegisters: 125,
		registers: { energy: { fn: 3, at: 0, type: "u32" }, nothing: { fn: 4, at: 9, type: "u16" } },
	};
	const nobody: SlaveSettings = { ...wrong, id: 9, name: "nobody" };
	const recording = await connect(context, [wrong, nobody, ...ASKED.slice(0, 1)], 500);
	await until("both are counted", () =>
		["unsupported", "empty"].every((one) => recording.rejects.includes(one as "empty")),
	);
	await until("the others go on", () => recording.readings.length > 50, 20_000);
	const told = recording.states.join("\n");
	assert.match(told, /slave 17 refuses register 9 \(fn 4\): illegal data address/);
	assert.match(told, /\(and 1 more\)/);
	assert.ok(recording.readings.some(([field, value]) => field === "energy" && value === 123_456));
	assert.not(recording.states.includes("up"));
});

test("a full answer of 125 registers arrives whole", async (context) => {
	const registers = Object.fromEntries(
		Array.from({ length: 125 }, (_, at) => [`r${at}`, { fn: 3, at, type: "u16" } as const]),
	);
	const recording = await connect(context, [{ id: 1, everyMs: 100, maxRegisters: 125, registers }], PATIENT_MS);
	await until("three answers", () => recording.readings.length >= 375, 20_000);
	assert.equal(
		recording.readings.slice(0, 125).map(([, value]) => value),
		SLAVES[0]?.holding,
	);
	assert.ok(
		recording.rejects.every((reason) => reason === "missed"),
		recording.rejects.join(),
	);
});

test.run();
