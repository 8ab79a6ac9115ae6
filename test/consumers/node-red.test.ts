// The function node that README.md gives for Node-RED, called as Node-RED calls one (its text is the body of a function
// of `msg`), with a payload as cbor-x hands it on. Node-RED itself is not part of this.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { Decoder } from "cbor-x";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Frame } from "../../src/core/frame.js";
import { createFrameEncoder } from "../../src/wire/frame.js";
import { projectDir } from "../support/process.js";

interface ReadingMessage {
	readonly topic: string;
	readonly payload: unknown;
	readonly time: number;
	readonly seq: number;
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
	stream: [0, 1, 0, 2, 0],
	dt: [0, 5, -1, 0, 3],
	value: [21.37, true, 1e300, "text", 4],
};

test("the function node gives each reading as it was, in either format", () => {
	const decoder = new Decoder({ mapsAsObjects: true, useRecords: false });
	const payloads = [
		decoder.decode(createFrameEncoder("cbor")(frame)),
		JSON.parse(Buffer.from(createFrameEncoder("json")(frame)).toString()),
	];
	for (const payload of payloads) {
		const [messages] = runInNewContext(`(function (msg) {${text}\n})(msg)`, { msg: { payload } }) as [ReadingMessage[]];
		assert.equal(
			messages.map(({ topic, payload, time, seq }) => [topic, payload, time - frame.timeMs, seq]),
			[
				["env.t", 21.37, 0, 7],
				["door.open", true, 5, 8],
				["env.t", 1e300, 4, 9],
				["log.line", "text", 4, 10],
				["env.t", 4, 7, 11],
			],
		);
	}
});

test.run();
