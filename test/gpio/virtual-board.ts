// The virtual board from the inside: its simulated chip, driven by $VB_SIM, a gpio source on it, and the runner of these
// tests. They are no *.test files: they need a kernel of their own. Prints `N passed, N failed` last.
// Edges are 30 ms apart where it is fast: the simulated chip's interrupts come with the 10 ms tick.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { resolveLine } from "../../src/boards/gpio-lines.js";
import { loadBoard } from "../../src/boards/load.js";
import type { BackendName } from "../../src/sources/gpio/backend.js";
import { createGpioSource, type GpioSettings } from "../../src/sources/gpio/gpio.js";
import type { Source, SourceHost } from "../../src/sources/source.js";
import { SLOWNESS } from "../board/slowness.js";

export const EDGE_MS = 30 * SLOWNESS;
export const SYS = "/sys";
const config = "/sys/kernel/config/gpio-sim/board";
const live = join(config, "live");
export const machine = { sysRoot: SYS, devRoot: "/dev", board: process.env["VB_BOARD"] ?? "rpi-3b" };

export type Settings = Omit<GpioSettings, "name" | "type">;

export interface Recorded {
	readonly source: Source;
	readonly offers: { field: string; value: unknown; atMs: number }[];
	readonly events: string[];
	/** The back end of each `up`. */
	readonly backends: (string | undefined)[];
	values(): unknown[];
}

const sources: Source[] = [];

/** How often a slow board kept one of libgpiod's programs waiting; the source has told so, and tries again. */
let late = 0;

/** A gpio source and all that it told. */
export function record(settings: Settings, name = "door"): Recorded {
	const offers: Recorded["offers"] = [];
	const events: string[] = [];
	const backends: Recorded["backends"] = [];
	const fields: string[] = [];
	const host: SourceHost = {
		now: () => performance.now(),
		stream: (field) => fields.push(field) - 1,
		offer: (stream, value, atMs) => offers.push({ field: fields[stream] ?? "?", value, atMs }),
		reject: (reason) => events.push(`reject ${reason}`),
		up(backend) {
			events.push("up");
			backends.push(backend);
		},
		down(error) {
			if (SLOWNESS > 1 && / gave no answer in /.test(error)) late += 1;
			else events.push(`down ${error}`);
		},
	};
	const source = createGpioSource({ name, type: "gpio", ...settings }, host, machine);
	sources.push(source);
	return { source, offers, events, backends, values: () => offers.map(({ value }) => value) };
}

/** Where the inputs are driven; the chip's folder is a new one after each time it was taken away. */
let sim = process.env["VB_SIM"] ?? "";

/** Takes the chip away, or brings it back. */
export function setLive(isLive: boolean): void {
	writeFileSync(live, isLive ? "1" : "0");
	const device = dirname(sim);
	const chip = isLive ? readdirSync(device).find((name) => name.startsWith("gpiochip")) : undefined;
	if (chip !== undefined) sim = join(device, chip);
}

/** GPIO4 belongs to a driver: a hog of the simulated chip. */
function holdLine4(): void {
	setLive(false);
	mkdirSync(join(config, "bank0/line4/hog"));
	writeFileSync(join(config, "bank0/line4/hog/name"), "relay-driver");
	writeFileSync(join(config, "bank0/line4/hog/direction"), "input");
	setLive(true);
}

export function drive(line: number, level: 0 | 1): void {
	writeFileSync(`${sim}/sim_gpio${line}/pull`, level === 1 ? "pull-up" : "pull-down");
}

export async function pulses(line: number, count: number, highMs = EDGE_MS, lowMs = EDGE_MS): Promise<void> {
	for (let index = 0; index < count; index += 1) {
		drive(line, 1);
		await wait(highMs);
		drive(line, 0);
		await wait(lowMs);
	}
}

export function numberOf(pin: string): number {
	const board = loadBoard(machine.board);
	assert.ok(board.ok);
	const line = resolveLine(board.board, pin, SYS);
	assert.ok(line.ok, line.ok ? "" : line.message);
	return line.number;
}

/** Waits for the source to say something for the first time, which has to be that it works. */
export async function opened(recorded: Recorded): Promise<void> {
	recorded.source.start();
	await until(() => recorded.events.length > 0);
	assert.equal(recorded.events.join("; "), "up");
}

const LIMIT_MS = 30_000 * SLOWNESS;

/** Waits for a condition, in steps of a tick, for half a minute or longer; what then does not hold is the caller's to say. */
export async function until(condition: () => boolean): Promise<void> {
	for (const endMs = performance.now() + LIMIT_MS; performance.now() < endMs && !condition(); ) await wait(10);
}

export interface BoardTest {
	readonly name: string;
	run(): Promise<void>;
}

/** Runs them in order and ends the process. `VB_ONLY` is a part of the names of those to run. */
export async function runOnBoard(backend: BackendName, tests: readonly BoardTest[]): Promise<never> {
	holdLine4();
	const chosen = tests.filter(({ name }) => name.includes(process.env["VB_ONLY"] ?? ""));
	let passed = 0;
	for (const { name, run } of chosen) {
		try {
			await run();
			passed += 1;
			console.log(`ok    ${backend}: ${name}`);
		} catch (error) {
			for (const source of sources) await source.stop(); // or it would hold the next one's line
			console.log(`FAIL  ${backend}: ${name}\n      ${error instanceof Error ? error.message : String(error)}`);
		}
	}
	if (late > 0) console.log(`measured: ${late} times a program of libgpiod's was too slow, and was started again`);
	console.log(`${passed} passed, ${chosen.length - passed} failed`);
	process.exit(passed === chosen.length && passed > 0 ? 0 : 1);
}
