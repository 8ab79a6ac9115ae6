// A line on which everything goes wrong, over a real pseudo terminal: whatever a slave does, a reading is the answer to the
// question that was asked last, and every question ends as one answer or one rejection. Only an answer that is late by more
// than another timeout could pass for another: nothing in it says to which question it belongs.
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createModbusSource } from "../../src/sources/modbus/modbus.js";
import { createRecording } from "../parse/recording-host.js";
import { createCable, until } from "../serial/pty.js";
import { createRandom, seed } from "../support/seed.js";
import { type Asked, exception, goodAnswer, SETTINGS, slave } from "./scene.js";

const TIMEOUT_MS = 100;
const QUESTIONS = 120;
const NOISE = Buffer.from("0001ff0103aa", "hex");

/** What a slave may do with a question: what it writes, and when. The number in a good answer is that of the question. */
const DEEDS: Readonly<Record<string, (good: Buffer, asked: Asked) => readonly (readonly [number, Buffer])[]>> = {
	answers: (good) => [[0, good]],
	"answers in pieces": (good) => [
		[0, good.subarray(0, 2)],
		[20, good.subarray(2)],
	],
	"answers behind noise": (good) => [[0, Buffer.concat([NOISE, good, NOISE])]],
	"answers too late": (good) => [[TIMEOUT_MS + 30, good]],
	"answers too late, in pieces": (good) => [
		[TIMEOUT_MS - 20, good.subarray(0, 4)],
		[TIMEOUT_MS + 30, good.subarray(4)],
	],
	"answers with a wrong CRC": (good) => [[0, Buffer.concat([good.subarray(0, -1), Buffer.of((good.at(-1) ?? 0) ^ 1)])]],
	"answers half": (good) => [[0, good.subarray(0, 5)]],
	"answers as another": (_, asked) => [[0, goodAnswer({ ...asked, id: asked.id + 1 })]],
	refuses: (_, asked) => [[0, exception(asked, 4)]],
	"makes noise": () => [[0, NOISE]],
	"says nothing": () => [],
};

test("a reading is always the answer to the last question, and every question ends once", async () => {
	const cable = createCable();
	await cable.plug();
	const far = openSync(cable.far, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
	const random = createRandom(seed);
	const recording = createRecording(() => performance.now());
	let questions = 0;
	/** The question that was the last when a reading came. */
	const readings: { value: number; question: number; id: number; capturedMs: number }[] = [];
	const askedMs: number[] = [];
	const source = createModbusSource(
		{
			...SETTINGS,
			baud: 115_200,
			path: cable.near,
			timeoutMs: TIMEOUT_MS,
			slaves: [slave(1, { everyMs: 20 }), slave(2, { everyMs: 30 }), slave(3, { everyMs: 200 })],
		},
		{
			...recording.host,
			offer(stream, value, capturedMs) {
				recording.host.offer(stream, value, capturedMs);
				readings.push({ value: Number(value), question: questions, id: stream + 1, capturedMs });
			},
		},
		{ sysRoot: "/sys", devRoot: "/dev", board: "generic-linux" },
	);
	const pending: Promise<void>[] = [];
	const answers = { given: 0, refused: 0 };

	function answer(asked: Asked): void {
		questions += 1;
		askedMs[questions] = performance.now();
		const names = Object.keys(DEEDS);
		// A good answer is as likely as all else, so that nobody is away for long.
		const name = random() < 0.5 ? "answers" : (names[Math.floor(random() * names.length)] as string);
		if (/^answers(?: in pieces| behind noise)?$/.test(name)) answers.given += 1;
		if (name === "refuses") answers.refused += 1;
		for (const [afterMs, bytes] of DEEDS[name]?.(goodAnswer({ ...asked, at: questions }), asked) ?? []) {
			if (afterMs === 0) writeSync(far, bytes);
			else pending.push(wait(afterMs).then(() => void writeSync(far, bytes)));
		}
	}

	try {
		source.start();
		const request = Buffer.alloc(8);
		while (questions < QUESTIONS) {
			let bytes = 0;
			await until(() => {
				try {
					bytes += readSync(far, request, bytes, request.length - bytes, null);
				} catch {
					// nothing there yet
				}
				return bytes === request.length;
			}, "a question");
			answer({ atMs: 0, id: request.readUInt8(0), fn: 3, at: 0, count: 1 });
		}
		const asked = questions;
		await source.stop();
		await Promise.all(pending);
		for (const { value, question, id, capturedMs } of readings) {
			const lateMs = capturedMs - (askedMs[value] ?? 0);
			if (lateMs > 2 * TIMEOUT_MS) continue; // the machine stood still
			assert.is(value, question, `a reading of slave ${id} is of question ${value}, the last was ${question}`);
		}
		// On a loaded machine an answer may be late that was not meant to be; the last question may have been cut off.
		assert.ok(readings.length <= answers.given, `${readings.length} readings of ${answers.given} answers`);
		assert.ok(readings.length > asked / 4, `${readings.length} readings of ${asked} questions`);
		const failed = recording.rejects.filter((reason) => reason !== "missed").length;
		assert.ok(readings.length + failed >= asked - 1, `${readings.length} and ${failed} of ${asked}`);
	} finally {
		await source.stop();
		closeSync(far);
		await cable.dispose();
	}
});

test.run();
