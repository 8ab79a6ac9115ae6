import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CHECKSUMS } from "../../src/sources/binary/checksum.js";
import {
	answerBytes,
	encodeRequest,
	exceptionText,
	findAnswer,
	type ReadRequest,
} from "../../src/sources/modbus/rtu.js";
import "../support/seed.js";

/** The application protocol's own examples (6.3 and 6.4), as they go over a line to slave 17. */
const HOLDING: ReadRequest = { slave: 17, fn: 3, at: 107, count: 3 };
const INPUT: ReadRequest = { slave: 17, fn: 4, at: 8, count: 1 };
const HOLDING_ANSWER = withCrc("1103 06 022b 0000 0064");

function withCrc(hex: string): Buffer {
	const bytes = Buffer.from(`${hex.replaceAll(" ", "")}0000`, "hex");
	bytes.writeUInt16LE(CHECKSUMS["crc16-modbus"].over(bytes, 0, bytes.length - 2), bytes.length - 2);
	return bytes;
}

test("a request is as in the specification", () => {
	assert.is(Buffer.from(encodeRequest(HOLDING)).toString("hex"), "1103006b00037687");
	assert.is(Buffer.from(encodeRequest(INPUT)).toString("hex"), "110400080001b298");
});

test("an answer is found where it is, also behind noise, and its registers with it", () => {
	for (const noise of ["", "00", "ff00ff", "11", "1103", "110306", "11030611030611"]) {
		const bytes = Buffer.concat([Buffer.from(noise, "hex"), HOLDING_ANSWER, Buffer.of(0)]);
		const from = noise.length / 2;
		const expected = { is: "registers", dataAt: from + 3, from, to: from + HOLDING_ANSWER.length };
		assert.equal(findAnswer(bytes, bytes.length, HOLDING), expected, noise);
	}
	assert.is(HOLDING_ANSWER.length, answerBytes(3));
});

test("an exception is an answer", () => {
	const exception = withCrc("118302");
	assert.equal(findAnswer(exception, exception.length, HOLDING), { is: "exception", code: 2, from: 0, to: 5 });
	assert.is(exceptionText(2), "illegal data address");
	assert.is(exceptionText(99), "exception 99");
});

test("what is no answer says why", () => {
	const rows: readonly (readonly [string, Buffer, string])[] = [
		["nothing", Buffer.alloc(0), "empty"],
		["noise", Buffer.from("00ff00ff00", "hex"), "syntax"],
		["another slave", withCrc("1203 06 022b 0000 0064"), "syntax"],
		["another function", withCrc("1104 06 022b 0000 0064"), "syntax"],
		["another length", withCrc("1103 04 022b 0000"), "syntax"],
		["an exception of another function", withCrc("118402"), "syntax"],
		["the request itself, from an adapter that hears itself", Buffer.from(encodeRequest(HOLDING)), "syntax"],
		["a wrong CRC", Buffer.from("110306022b00000064ffff", "hex"), "checksum"],
		["half an answer", HOLDING_ANSWER.subarray(0, 7), "partial"],
		["half an exception", Buffer.from("1183", "hex"), "partial"],
		["a wrong answer, then half of one", Buffer.from("110306022b00000064ffff1103", "hex"), "checksum"],
	];
	for (const [name, bytes, reason] of rows) {
		assert.equal(findAnswer(bytes, bytes.length, HOLDING), { is: "missing", reason }, name);
	}
});

test("no bit of an answer can flip unseen", () => {
	for (let bit = 0; bit < HOLDING_ANSWER.length * 8; bit += 1) {
		const wrong = Buffer.from(HOLDING_ANSWER);
		wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7));
		assert.is(findAnswer(wrong, wrong.length, HOLDING).is, "missing", `bit ${bit}`);
	}
});

test("whatever comes, nothing is read beyond it, and half of an answer is none", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(HOLDING_ANSWER.length - 1), (noise, cut) => {
			const bytes = Buffer.concat([noise, HOLDING_ANSWER]);
			assert.is(findAnswer(bytes, noise.length + cut, HOLDING).is, "missing");
			assert.is(findAnswer(bytes, bytes.length, HOLDING).is, "registers");
		}),
	);
});

test.run();
