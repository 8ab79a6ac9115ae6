// A consumer without our code: read_frames.py with Debian's cbor2 and paho against a real broker. README.md shows the same
// text.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Frame } from "../../src/core/frame.js";
import type { Value } from "../../src/core/value.js";
import { createFrameEncoder } from "../../src/wire/frame.js";
import { startBroker } from "../support/mosquitto.js";
import { projectDir, runProcess, startProcess } from "../support/process.js";
import { until } from "../support/wait.js";

const SCRIPT = join(projectDir, "test/consumers/read_frames.py");
const LINES_MAX = 15;

const VALUES: readonly Value[] = [
	...[21.37, -0.5, 52.520008, 0, 7, -3, 1e300, Math.PI, 2 ** 40, 2 ** 53 - 1, 123_456.789],
	...[true, false, "Grüße, 'x'", "", new Uint8Array([1, 255])],
];
const STREAMS = ["env.t", "gps.lat", "log.line"];

const frame: Frame = {
	device: "pi-7f3a",
	run: "AbCdEfGhI_-",
	seq: 5_000_000_000,
	sent: 4,
	timeMs: 1_790_000_000_123,
	clockSynchronised: true,
	streams: STREAMS,
	stream: VALUES.map((_, i) => i % 3),
	dt: VALUES.map((_, i) => (i === 0 ? 0 : i - 4)),
	value: [...VALUES],
};

/** A value as Python prints it. */
const READERS: readonly ((printed: string, value: Value) => boolean)[] = [
	(printed, value) => typeof value === "number" && Number(printed) === value,
	(printed, value) => typeof value === "boolean" && printed === (value ? "True" : "False"),
	(printed, value) => typeof value === "string" && (printed === `'${value}'` || printed === `"${value}"`),
	(printed, value) => value instanceof Uint8Array && printed === "b'\\x01\\xff'",
];

/** The system's own first: that is the one Debian's packages are for. */
const PYTHONS = ["/usr/bin/python3", "python3"];
let python = "";

test("python3 with cbor2 and paho is here", async () => {
	for (const candidate of PYTHONS) {
		const { code } = await runProcess(candidate, ["-c", "import cbor2, paho.mqtt.subscribe"]);
		if (code === 0 && python === "") python = candidate;
	}
	assert.ok(python, "to see the Python consumer at work: apt-get install python3 python3-cbor2 python3-paho-mqtt");
});

test(`a consumer of at most ${LINES_MAX} lines of Python reads every value as it was`, async () => {
	const lines = readFileSync(SCRIPT, "utf8")
		.split("\n")
		.filter((line) => line.trim() !== "");
	assert.ok(lines.length <= LINES_MAX, `${lines.length} lines`);
	assert.ok(python, "no python3 to run it");
	const broker = await startBroker();
	const running = startProcess(python, [SCRIPT, broker.host, String(broker.port)]);
	const publish = async (): Promise<void> => {
		const target = ["-h", broker.host, "-p", String(broker.port), "-t", "tallywire/pi-7f3a/data", "-s"];
		const publisher = startProcess("mosquitto_pub", target, { stdin: true });
		publisher.write(createFrameEncoder("cbor")(frame));
		publisher.endInput();
		assert.is((await publisher.exited).code, 0);
	};
	try {
		await until(
			() => `readings: ${running.stderr()}`,
			async () => {
				if (running.isRunning()) await publish();
				return running.stdout().split("\n").length > VALUES.length;
			},
			15_000,
		);
	} finally {
		await running.kill();
		await broker.stop();
	}
	const printed = running.stdout().split("\n").slice(0, VALUES.length);
	let timeMs = frame.timeMs;
	printed.forEach((line, i) => {
		timeMs += frame.dt[i] ?? 0;
		const before = `pi-7f3a AbCdEfGhI_- ${frame.seq + i} ${timeMs} ${STREAMS[i % 3]} `;
		assert.ok(line.startsWith(before), `${line} is reading ${i}`);
		const value = VALUES[i] ?? 0;
		assert.ok(
			READERS.some((reads) => reads(line.slice(before.length), value)),
			`${line} holds ${value}`,
		);
	});
});

test("README.md shows this very consumer", () => {
	const file = join(projectDir, "README.md");
	const text = existsSync(file) ? readFileSync(file, "utf8") : "";
	const block = /^```python\n(.*?)^```$/ms.exec(text)?.[1];
	if (block === undefined) console.log("README.md has no block of Python to compare");
	else assert.is(block, readFileSync(SCRIPT, "utf8"));
});

test.run();
