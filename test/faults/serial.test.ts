// From a sensor on a cable (a pair of pseudo terminals) to the broker by configuration: every line becomes readings or is
// counted as rejected with its reason, whatever happens to the cable (CONTRACT G2, G4, G9).
import { closeSync, constants, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Cable, createCable } from "../serial/pty.js";
import { createRandom, seed } from "../support/seed.js";
import { type DecodedReading, readingsOf } from "../support/subscriber.js";
import { makeTempDir } from "../support/temp-dir.js";
import { delay, until } from "../support/wait.js";
import { type Gateway, type Settings, sim, startWorld, type World } from "../support/world.js";

const test = suite<{ world: World; cables: Cable[] }>("a sensor on a cable");
const random = createRandom(seed);

test.before(async (context) => {
	context.world = await startWorld();
});

test.before.each((context) => {
	context.cables = [];
});

test.after.each(async ({ cables }) => {
	for (const cable of cables) await cable.dispose();
});

test.after(({ world }) => world.stop());

async function plugged(cables: Cable[]): Promise<Cable> {
	const cable = createCable();
	cables.push(cable);
	await cable.plug();
	return cable;
}

function serial(cable: Cable, name: string, more: Settings): Settings {
	return { name, type: "serial", path: cable.near, baud: 115_200, ...more };
}

/** Writes any number of bytes to the far end, waiting where the line is full. */
async function pour(cable: Cable, bytes: Uint8Array): Promise<void> {
	const file = openSync(cable.far, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
	let at = 0;
	await until(
		() => `the line to take ${bytes.length - at} bytes more`,
		() => {
			try {
				at += writeSync(file, bytes, at, Math.min(1_024, bytes.length - at));
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
			}
			return at === bytes.length;
		},
		20_000,
	);
	closeSync(file);
}

interface SourceCounts {
	readonly name: string;
	readonly up: boolean;
	readonly readings: number;
	readonly rejected: number;
	readonly filtered: number;
	readonly restarts: number;
	readonly error: string | null;
}

async function source(gateway: Gateway, name: string): Promise<SourceCounts> {
	const { sources } = await gateway.status();
	const found = (sources as unknown as SourceCounts[]).find((one) => one.name === name);
	if (found === undefined) throw new Error(`no source ${name}`);
	return found;
}

function counted(gateway: Gateway, name: string, holds: (counts: SourceCounts) => boolean): Promise<SourceCounts> {
	return until(
		() => `${name} to count; ${gateway.agent.stderr().slice(-500)}`,
		async () => {
			const counts = await source(gateway, name);
			return holds(counts) && counts;
		},
		20_000,
	);
}

/** Rejections by reason, as /metrics has them. */
async function rejections(gateway: Gateway, name: string): Promise<Record<string, number>> {
	const text = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
	const found = text.matchAll(/^tallywire_readings_rejected_total\{source="([^"]*)",reason="([^"]*)"\} (\d+)$/gm);
	return Object.fromEntries([...found].filter(([, of]) => of === name).map(([, , reason, n]) => [reason, Number(n)]));
}

function readings(gateway: Gateway, source: string): readonly DecodedReading[] {
	return [...gateway.account.runs.values()]
		.flatMap(({ frames }) => frames.flatMap(readingsOf))
		.filter(({ stream }) => stream.startsWith(`${source}.`));
}

const pairs = (list: readonly DecodedReading[]): readonly unknown[] => list.map(({ stream, value }) => [stream, value]);

test("lines of csv, json and name=value arrive as the values they are, in order, with their units", async ({
	world,
	cables,
}) => {
	const [csv, json, kv] = await Promise.all([plugged(cables), plugged(cables), plugged(cables)]);
	const env = serial(csv, "env", {
		baud: 9_600,
		parse: { as: "csv", fields: ["temperature", "humidity"] },
		units: { temperature: "Cel" },
	});
	const sources = [env, serial(json, "gps", { parse: { as: "json" } }), serial(kv, "tank", { parse: { as: "kv" } })];
	const gateway = await world.start("formats", { sources }, { http: true });
	await counted(gateway, "env", ({ up }) => up);
	csv.write("21.37,55\r\n-0.5,1e3\r\n");
	json.write('{"fix":true,"at":{"lat":48.137154,"lon":11.576124},"sats":9,"mode":"3d"}\n');
	kv.write("T=21.5 H=50\nlevel: 0.125; state=ok\n");
	await gateway.delivers(4 + 5 + 4);
	const status = await gateway.end();
	assert.equal(pairs(readings(gateway, "env")), [
		["env.temperature", 21.37],
		["env.humidity", 55],
		["env.temperature", -0.5],
		["env.humidity", 1_000],
	]);
	assert.equal(pairs(readings(gateway, "gps")), [
		["gps.fix", true],
		["gps.at.lat", 48.137154],
		["gps.at.lon", 11.576124],
		["gps.sats", 9],
		["gps.mode", "3d"],
	]);
	assert.equal(pairs(readings(gateway, "tank")), [
		["tank.T", 21.5],
		["tank.H", 50],
		["tank.level", 0.125],
		["tank.state", "ok"],
	]);
	assert.equal(status["units"], { "env.temperature": "Cel" });
	assert.is(status["rejected"], 0);
});

test("a cable that is unplugged in the middle of a line is one lost line, and readings go on when it is back", async ({
	world,
	cables,
}) => {
	const cable = await plugged(cables);
	const sources = [serial(cable, "env", { parse: { as: "csv", fields: ["t"] } }), sim(100)];
	const gateway = await world.start("unplugged", { sources }, { http: true });
	await counted(gateway, "env", ({ up }) => up);
	for (let round = 0; round < 3; round += 1) {
		cable.write(`${round}.5\n${round}.`);
		await counted(gateway, "env", (now) => now.readings === round + 1);
		await delay(30); // the half line has to be read before it can be lost
		cable.unplug();
		const down = await counted(gateway, "env", ({ up }) => !up);
		assert.match(down.error ?? "", /plugged in|no such|not there|hung up|gone/i);
		await cable.plug();
		await counted(gateway, "env", ({ up }) => up);
	}
	cable.write("99.5\n");
	await counted(gateway, "env", (now) => now.readings === 4);
	const status = await gateway.end();
	assert.equal(
		readings(gateway, "env").map(({ value }) => value),
		[0.5, 1.5, 2.5, 99.5],
	);
	const [env, lab] = status.sources as unknown as SourceCounts[];
	assert.equal([env?.readings, env?.rejected, env?.restarts], [4, 3, 3]);
	assert.is(lab?.restarts, 0);
	assert.is(status.confirmed, status.stamped);
});

const BAD_LINES: readonly (readonly [line: string | Uint8Array, reason: string])[] = [
	["NaN\n", "value"],
	["-Infinity\r\n", "value"],
	["1e999\n", "value"],
	["21,5\n", "syntax"],
	['"open\n', "syntax"],
	[Uint8Array.of(0xff, 0xfe, 0x0a), "encoding"],
	["12\u001b[2J\n", "encoding"],
	[`${"7".repeat(65)}\n`, "too_long"],
	[`${"x".repeat(100_000)}\n`, "too_long"],
];

test("what is no reading is counted once, with its reason, and harms nothing after it", async ({ world, cables }) => {
	const cable = await plugged(cables);
	const env = serial(cable, "env", { parse: { as: "csv", fields: ["t"] }, max_line: 64 });
	const gateway = await world.start("bad-lines", { sources: [env] }, { http: true });
	await counted(gateway, "env", ({ up }) => up);
	const expected: Record<string, number> = {};
	let good = 0;
	for (const [line, reason] of BAD_LINES) {
		await pour(cable, Buffer.from(line));
		await pour(cable, Buffer.from(`${good}\n\n`));
		good += 1;
		expected[reason] = (expected[reason] ?? 0) + 1;
	}
	// A character in two halves, a number at the edge of a double, and the longest line there may be.
	await pour(cable, Uint8Array.of(0xc3));
	await delay(30);
	await pour(cable, Uint8Array.of(0xa9, 0x0a));
	await pour(cable, Buffer.from(`1.7976931348623157e308\n-0\n${"y".repeat(64)}\n`));
	await counted(gateway, "env", (now) => now.readings === good + 4);
	assert.equal(sorted(await rejections(gateway, "env")), sorted(expected));
	const status = await gateway.end();
	assert.equal(
		readings(gateway, "env").map(({ value }) => value),
		[...Array.from({ length: good }, (_, index) => index), "é", Number.MAX_VALUE, 0, "y".repeat(64)],
	);
	assert.is(status["rejected"], BAD_LINES.length);
});

const sorted = (counts: Readonly<Record<string, number>>): unknown => Object.entries(counts).sort();

test("noise is counted line by line and never ends the program", async ({ world, cables }) => {
	const cable = await plugged(cables);
	const gateway = await world.start("noise", { sources: [serial(cable, "env", {})] }, { http: true });
	await counted(gateway, "env", ({ up }) => up);
	// Line ends are more frequent than in true noise, so that there is something to count.
	const noise = Uint8Array.from({ length: 60_000 }, () => (random() < 0.02 ? 0x0a : Math.floor(random() * 256)));
	noise[noise.length - 1] = 0x0a;
	const lines = Buffer.from(noise).toString("latin1").split("\n");
	const expected = lines.filter((line) => line !== "" && line !== "\r").length;
	await pour(cable, noise);
	const now = await counted(gateway, "env", (counts) => counts.readings + counts.rejected >= expected);
	assert.is(now.readings + now.rejected, expected, `seed ${seed}`);
	assert.is(now.restarts, 0);
	const status = await gateway.end();
	assert.is(status.confirmed, now.readings);
});

test("a sensor that invents names gets 256 streams and no more", async ({ world, cables }) => {
	const cable = await plugged(cables);
	const source = serial(cable, "env", { parse: { as: "kv" } });
	const gateway = await world.start("names", { sources: [source] }, { http: true });
	await counted(gateway, "env", ({ up }) => up);
	const names = Array.from({ length: 300 }, (_, index) => `n${index}=${index}\n`).join("");
	await pour(cable, Buffer.from(names));
	await pour(cable, Buffer.from(names));
	await counted(gateway, "env", (now) => now.readings + now.rejected >= 600);
	assert.equal(await rejections(gateway, "env"), { stream: 88 });
	const status = await gateway.end();
	assert.is(status.confirmed, 512);
	assert.is(new Set(readings(gateway, "env").map(({ stream }) => stream)).size, 256);
});

test("a port that floods does not starve a quiet one", async ({ world, cables }) => {
	const [loud, quiet] = await Promise.all([plugged(cables), plugged(cables)]);
	const sources = [
		serial(loud, "loud", { parse: { as: "csv", fields: ["v"] } }),
		serial(quiet, "quiet", { parse: { as: "csv", fields: ["n"] } }),
	];
	const mqtt = { url: world.broker.url }; // the proxy would only take processor time from the flood
	const gateway = await world.start("flood", { sources }, { mqtt, http: true });
	await counted(gateway, "quiet", ({ up }) => up);
	await counted(gateway, "loud", ({ up }) => up);
	const flood = loud.run("exec yes 21.5");
	for (let n = 0; n < 30; n += 1) {
		quiet.write(`${n}\n`);
		await delay(40);
	}
	const now = await counted(gateway, "quiet", (counts) => counts.readings >= 30);
	flood.kill("SIGKILL");
	assert.equal([now.readings, now.rejected], [30, 0]);
	const status = await gateway.end();
	assert.ok(status.stamped > 20_000, `a flood of ${status.stamped} readings`);
	const arrived = readings(gateway, "quiet").map(({ value }) => Number(value));
	// Where the flood is more than the link carries, the buffer overflows, and its policy knows no sources.
	const carried = status.sent / status.stamped;
	assert.ok(arrived.length >= 30 * carried * 0.3, `${arrived.length} of 30 quiet readings, ${carried} of all`);
	if (status.dropped["overflow"] === 0) assert.is(arrived.length, 30);
	assert.equal(
		arrived,
		[...arrived].sort((a, b) => a - b),
	);
});

test("limits filter what is inside both of them, and count it", async ({ world, cables }) => {
	const cable = await plugged(cables);
	const limits = { t: { min_interval: "1h", deadband: 0.5 } };
	const env = serial(cable, "env", { parse: { as: "csv", fields: ["t", "h"] }, limits });
	const gateway = await world.start("limits", { sources: [env] }, { http: true });
	await counted(gateway, "env", ({ up }) => up);
	cable.write("20,1\n20.25,2\n20.5,3\n21.5,4\n21.25,5\n19,6\n");
	const now = await counted(gateway, "env", ({ readings, filtered }) => readings + filtered >= 12);
	assert.equal([now.readings, now.filtered, now.rejected], [9, 3, 0]);
	const status = await gateway.end();
	assert.is(status.stamped, 9);
	assert.equal(
		readings(gateway, "env")
			.filter(({ stream }) => stream === "env.t")
			.map(({ value }) => value),
		[20, 21.5, 19],
	);
});

test("a port that is missing, or none at all, is a state with a reason; the other sources run", async ({
	world,
	cables,
}) => {
	const cable = createCable();
	cables.push(cable);
	const file = join(makeTempDir("port"), "file");
	writeFileSync(file, "21.5\n");
	const sources = [
		serial(cable, "later", { parse: { as: "line" } }),
		{ name: "file", type: "serial", path: file, parse: { as: "line" } },
		sim(200),
	];
	const gateway = await world.start("missing", { sources }, { http: true });
	await gateway.delivers(50);
	const later = await counted(gateway, "later", ({ error }) => error !== null);
	assert.is(later.up, false);
	assert.ok(later.error?.includes(cable.near), later.error ?? "");
	const wrong = await counted(gateway, "file", ({ error }) => error !== null);
	assert.equal([wrong.up, wrong.readings], [false, 0]);
	assert.is((await fetch(`${gateway.httpUrl}/healthz`)).status, 200, "one source works");
	await cable.plug();
	await counted(gateway, "later", ({ up }) => up);
	cable.write("here\n");
	await counted(gateway, "later", (now) => now.readings === 1);
	const status = await gateway.end();
	assert.is((status.sources as unknown as SourceCounts[])[0]?.restarts, 0, "its first time up is no restart");
	assert.is(status.confirmed, status.stamped);
});

test.run();
