// A stream may be named, and may say, whatever its device likes. On a terminal that is shown and steers nothing; a program
// behind a pipe gets it to the byte.
import { Readable, Writable } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { RunIo } from "../../src/commands/command.js";
import { createDecode } from "../../src/commands/decode.js";
import { OUTPUT_FORMATS } from "../../src/decode/output-format.js";
import { createFrameEncoder } from "../../src/wire/frame.js";
import { mixedFrame } from "./rate.js";

/** Sets the title, clears the screen (with an 8-bit CSI too), and turns the direction of reading. */
const HOSTILE = "\u001b]0;owned\u0007\u001b[2J\u009b2J\u202e\u007f";

const frame = {
	...mixedFrame(0, 1),
	streams: [`env.${HOSTILE}`],
	stream: [0],
	dt: [0],
	value: [`text ${HOSTILE} end`],
};

async function decode(as: string, isTTY: boolean): Promise<string> {
	const pieces: string[] = [];
	const stdout = new Writable({
		write(chunk, _, done) {
			pieces.push(chunk.toString());
			done();
		},
	});
	const io = { stdout: () => {}, stderr: () => {}, cwd: "/", onStop: () => {} } as unknown as RunIo;
	const stdin = Readable.from([createFrameEncoder("cbor")(frame)]);
	assert.is(await createDecode({ stdin, stdout: Object.assign(stdout, { isTTY }) })(["--as", as], io), 0);
	return pieces.join("");
}

for (const as of OUTPUT_FORMATS) {
	test(`${as} on a terminal has no character that could steer it`, async () => {
		const shown = await decode(as, true);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
		assert.not.match(shown, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
		assert.match(shown, /text .*2J.* end/);
		assert.is(shown.split("\n").length, (await decode(as, false)).split("\n").length);
	});
}

test("into a pipe it goes as it is", async () => {
	assert.ok((await decode("csv", false)).includes(`text ${HOSTILE} end`));
	assert.is(JSON.parse(await decode("ndjson", false)).value, `text ${HOSTILE} end`);
});

test.run();
