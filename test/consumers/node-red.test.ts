// The function node that README.md gives for Node-RED: called as Node-RED calls one (its text is the body of a function of
// `msg`), and inside Node-RED itself where that is installed: on the PATH, or where TALLYWIRE_NODE_RED says.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { Decoder } from "cbor-x";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Frame } from "../../src/core/frame.js";
import { createFrameEncoder } from "../../src/wire/frame.js";
import { freePort } from "../support/free-port.js";
import { type Broker, startBroker } from "../support/mosquitto.js";
import { projectDir, runProcess, startProcess } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";

interface ReadingMessage {
	readonly topic: string;
	readonly payload: unknown;
	readonly time: number;
	readonly seq: number;
	readonly device: string;
}

const text = readFileSync(join(projectDir, "test/consumers/node-red-function.txt"), "utf8");
const frame: Frame = {
	device: "pi-7f3a",
	run: "AAAAAAAAAAA",
	seq: 7,
	sent: 7,
	timeMs: 1_790_000_000_123,
	clockSynchronised: true,
	streams: ["env.t", "door.open", "log.line"],
	stream: [0, 1, 0, 2, 0, 0],
	dt: [0, 5, -1, 0, 3, 0],
	value: [21.37, true, 1e300, "text", 4, -98_765_432_101.5],
};
const READINGS = [
	["env.t", 21.37, 0, 7],
	["door.open", true, 5, 8],
	["env.t", 1e300, 4, 9],
	["log.line", "text", 4, 10],
	["env.t", 4, 7, 11],
	["env.t", -98_765_432_101.5, 7, 12],
];
const FORMATS = ["cbor", "json"] as const;

function encoded(format: (typeof FORMATS)[number], device = frame.device): Buffer {
	return Buffer.from(createFrameEncoder(format)({ ...frame, device }));
}

function inShort(messages: readonly ReadingMessage[]): unknown[] {
	return messages.map(({ topic, payload, time, seq }) => [topic, payload, time - frame.timeMs, seq]);
}

test("README.md shows the function that is tested here", () => {
	const readme = readFileSync(join(projectDir, "README.md"), "utf8");
	assert.ok(readme.includes(`\`\`\`js\n${text.trimEnd()}\n\`\`\`\n`));
});

test("the function node gives each reading as it was, in either format", () => {
	const cbor = new Decoder({ mapsAsObjects: true, useRecords: false });
	for (const payload of [encoded("cbor"), cbor.decode(encoded("cbor")), JSON.parse(encoded("json").toString())]) {
		const sandbox = { msg: { payload }, Buffer, cbor };
		const [messages] = runInNewContext(`(function (msg) {${text}\n})(msg)`, sandbox) as [ReadingMessage[]];
		assert.equal(inShort(messages), READINGS);
	}
});

/** A flow of the nodes that come with Node-RED: frames in, a line for each reading into `file`. */
function flow(broker: Broker, file: string): object[] {
	const node = (id: string, type: string, to: string | null, settings: object): object => ({
		...{ id, type, z: "tab", wires: to === null ? [] : [[to]], x: 100, y: 100 },
		...settings,
	});
	return [
		{ id: "tab", type: "tab", label: "readings" },
		{ id: "broker", type: "mqtt-broker", broker: broker.host, port: String(broker.port), protocolVersion: "5" },
		node("in", "mqtt in", "readings", {
			...{ topic: "tallywire/+/data", qos: "0", datatype: "auto-detect", broker: "broker", inputs: 0 },
		}),
		node("readings", "function", "line", { func: text, outputs: 1, libs: [{ var: "cbor", module: "cbor-x" }] }),
		node("line", "function", "file", { func: "msg.payload = JSON.stringify(msg); return msg;", outputs: 1, libs: [] }),
		node("file", "file", null, { filename: file, filenameType: "str", appendNewline: true, overwriteFile: "false" }),
	];
}

/** A folder of Node-RED's with the flow in it, and the module that its editor would have installed there. */
function makeUserDir(broker: Broker, output: string): string {
	const folder = makeTempDir("node-red");
	mkdirSync(join(folder, "node_modules"));
	symlinkSync(join(projectDir, "node_modules/cbor-x"), join(folder, "node_modules/cbor-x"));
	writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies: { "cbor-x": "*" } }));
	writeFileSync(join(folder, "flows.json"), JSON.stringify(flow(broker, output)));
	const settings = { flowFile: "flows.json", uiHost: "127.0.0.1", telemetry: { enabled: false } };
	writeFileSync(join(folder, "settings.js"), `module.exports = ${JSON.stringify(settings)};\n`);
	return folder;
}

async function publish(broker: Broker, payload: Buffer): Promise<void> {
	const target = ["-h", broker.host, "-p", String(broker.port), "-t", "tallywire/pi-7f3a/data", "-s"];
	const publisher = startProcess("mosquitto_pub", target, { stdin: true });
	publisher.write(payload);
	publisher.endInput();
	assert.is((await publisher.exited).code, 0);
}

const command = process.env["TALLYWIRE_NODE_RED"] ?? "node-red";
const version = /v\d+\.\d+\.\d+/.exec((await runProcess(command, ["--version"])).stdout)?.[0];

if (version === undefined) console.log("node-red is not installed: the function is tried without it");
else {
	test(`inside Node-RED ${version} it gives the same, from both formats`, async () => {
		const broker = await startBroker();
		const output = join(makeTempDir("readings"), "readings");
		const folder = makeUserDir(broker, output);
		const port = String(await freePort());
		const running = startProcess(command, ["-u", folder, "-s", join(folder, "settings.js"), "-p", port]);
		const messagesOf = (device: string): ReadingMessage[] => {
			const lines = existsSync(output) ? readFileSync(output, "utf8").split("\n").slice(0, -1) : [];
			return lines.map((line) => JSON.parse(line)).filter((message) => message.device === device);
		};
		try {
			await running.waitForOutput(/Connected to broker/, 60_000);
			for (const format of FORMATS) {
				const isThere = async (): Promise<boolean> => {
					await publish(broker, encoded(format, format));
					return messagesOf(format).length >= READINGS.length;
				};
				await until(() => `readings from ${format}:\n${running.stdout()}${running.stderr()}`, isThere, 15_000);
				assert.equal(inShort(messagesOf(format).slice(0, READINGS.length)), READINGS, format);
			}
		} finally {
			await running.kill();
			await broker.stop();
		}
	});
}

test.run();
