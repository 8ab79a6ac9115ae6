// 32 sensors of all kinds that a machine without any can have: lines, frames and a Modbus slave on pseudo terminals, programs
// that write into a pipe, and a /sys of files in a folder. Each has something new to say once a second.
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { plugLine } from "./pty.mjs";

/** How many sources there are. */
export const SENSORS = 32;

const EVERY = { every: "1s" };
const SECOND_MS = 1_000;

/** What a serial sensor says, by how it is read. */
const LINES = [
	{ parse: { as: "csv", fields: ["temperature", "humidity"] }, says: "21.5,45.1\n" },
	{ parse: { as: "json" }, says: '{"temperature":21.5,"humidity":45.1}\n' },
	{ parse: { as: "kv" }, says: "T=21.5 H=45.1\n" },
	{ parse: { as: "regex", pattern: "^T: (?<temperature>[0-9.]+) C$" }, says: "T: 21.5 C\n" },
	{ parse: { as: "nmea" }, says: "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\n" },
	{ parse: { as: "line" }, says: "21.5 degrees\n" },
	{ parse: { as: "binary", preset: "sds011" }, says: Buffer.from("aac0d4041d0a0000ffab", "hex") },
];

/** Starts them: the agent's settings, the root of their /sys, and how to switch them off. */
export async function plugSensors(context) {
	const { goodAnswer } = await import(pathToFileURL(join(context.build, "test/modbus/scene.js")).href);
	const folder = context.support.makeTempDir("bench-sensors");
	const write = (path, text) => {
		const file = join(folder, "sys", path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(`${file}.new`, text);
		renameSync(`${file}.new`, file); // who reads it meanwhile never finds it empty
	};
	const ports = await Promise.all(LINES.map(() => plugLine(context)));
	const bus = await plugLine(context, (asked) => {
		const [id, fn] = asked;
		bus.write(goodAnswer({ id, fn, at: asked.readUInt16BE(2), count: asked.readUInt16BE(4) }));
	});
	const pipes = ["p1", "p2", "p3", "p4"].map((name) => openPipe(folder, name));
	const chips = writeChips(write);
	const timer = setInterval(() => {
		ports.forEach(({ write: send }, i) => {
			send(LINES[i].says);
		});
		for (const { fd } of pipes) writeSync(fd, "T=21.5\n");
	}, SECOND_MS);
	return {
		sysRoot: join(folder, "sys"),
		sources: [
			...numbered("sim", 4, () => ({ rate: 1, streams: { level: { shape: "walk" } } })),
			...LINES.map(({ parse }, i) => ({ name: `line${i}`, type: "serial", path: ports[i].path, parse })),
			{
				...{ name: "meter", type: "modbus", path: bus.path },
				slaves: [{ id: 1, name: "meter", ...EVERY, registers: { voltage: { fn: 3, at: 7, type: "u16" } } }],
			},
			...pipes.map(({ name, path }) => ({ name, type: "exec", command: ["cat", path], parse: { as: "kv" } })),
			...chips,
			...numbered("thermal", 2, () => EVERY),
			...numbered("system", 4, () => ({ ...EVERY, disks: [] })),
		],
		unplug() {
			clearInterval(timer);
			for (const line of [...ports, bus]) line.unplug();
			for (const { fd } of pipes) closeSync(fd);
		},
	};
}

/** `iio`, `hwmon` and `onewire`, with their files, and the thermal zones. */
function writeChips(write) {
	write("class/thermal/thermal_zone0/type", "cpu-thermal\n");
	write("class/thermal/thermal_zone0/temp", "48312\n");
	return [
		...numbered("iio", 4, (i) => {
			write(`bus/iio/devices/iio:device${i}/name`, `adc${i}\n`);
			write(`bus/iio/devices/iio:device${i}/in_voltage0_raw`, "1234\n");
			write(`bus/iio/devices/iio:device${i}/in_voltage_scale`, "0.125000000\n");
			return { ...EVERY, device: `adc${i}`, channels: { voltage: "voltage0" } };
		}),
		...numbered("hwmon", 2, (i) => {
			write(`class/hwmon/hwmon${i}/name`, `chip${i}\n`);
			write(`class/hwmon/hwmon${i}/temp1_input`, "43250\n");
			return { ...EVERY, chip: `chip${i}` };
		}),
		...numbered("onewire", 4, (i) => {
			const id = `28-00000000000${i}`;
			write(`bus/w1/devices/w1_bus_master${i}/${id}/temperature`, "21437\n");
			return { ...EVERY, sensors: { temperature: id } };
		}),
	];
}

function numbered(type, count, settings) {
	return Array.from({ length: count }, (_, i) => ({ name: `${type}${i}`, type, ...settings(i) }));
}

/** Both ends open, so that a reader never finds it at its end. */
function openPipe(folder, name) {
	const path = join(folder, name);
	execFileSync("mkfifo", [path]);
	return { name, path, fd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK) };
}
