// What comes back on a Modbus line: an answer is taken only where slave, function, length and CRC are those asked for, and
// what was found in the first bytes that held it stays found, whatever comes behind.
import * as assert from "uvu/assert";
import { answerBytes, findAnswer, type ReadRequest } from "../../../src/sources/modbus/rtu.js";
import type { Target } from "../fuzz.js";

const REQUESTS: readonly ReadRequest[] = [
	{ slave: 1, fn: 3, at: 0, count: 2 },
	{ slave: 1, fn: 4, at: 7, count: 1 },
	{ slave: 17, fn: 3, at: 107, count: 125 },
];

/** Of an input: each of its beginnings is looked at. */
const INPUT_BYTES_MAX = 300;

/** CRC-16 of the serial line guide, 6.2.2, bit by bit. */
function crc(bytes: Uint8Array): number {
	let sum = 0xffff;
	for (const byte of bytes) {
		sum ^= byte;
		for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >> 1) ^ 0xa001 : sum >> 1;
	}
	return sum;
}

function checkAnswer(input: Buffer, request: ReadRequest): string {
	const answer = findAnswer(input, input.length, request);
	for (let length = 0; length < input.length; length++) {
		const before = findAnswer(input, length, request);
		if (before.is === "missing") continue;
		assert.equal(before, findAnswer(input, before.to, request), "found as soon as it is whole");
		assert.ok(answer.is !== "missing" && answer.from <= before.from, "what was found stays found");
	}
	if (answer.is === "missing") return `${answer.reason} ${input.length.toString(2).length}`;
	const bytes = input.subarray(answer.from, answer.to);
	assert.is(crc(bytes.subarray(0, -2)), bytes.readUInt16LE(bytes.length - 2));
	assert.is(bytes[0], request.slave);
	if (answer.is === "exception") {
		assert.equal([bytes.length, bytes[1], bytes[2]], [5, request.fn | 0x80, answer.code]);
		return `exception ${answer.code & 7}`;
	}
	assert.equal([bytes.length, bytes[1], bytes[2]], [answerBytes(request.count), request.fn, 2 * request.count]);
	assert.is(answer.dataAt, answer.from + 3);
	return `registers ${answer.from.toString(2).length}`;
}

export const modbus: Target = {
	name: "modbus",
	words: ["\x01\x03\x04", "\x01\x83", "\x01\x04\x02", "\x01\x84\x02", "\x11\x03\xfa", "\x00", "\xff"],
	feed: (input) => REQUESTS.map((request, i) => `${i} ${checkAnswer(input.subarray(0, INPUT_BYTES_MAX), request)}`),
};
