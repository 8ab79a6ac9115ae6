// Frames out of inputs of every form, cut into pieces at every place, with noise between them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFrameInput, type InputFormatName } from "../../src/decode/detect-input.js";
import { LINE_BYTES_MAX } from "../../src/decode/hex-lines.js";
import { createRandom, seed } from "../support/seed.js";
import { array, double, frameBytes, hex, longFrame, text, uint } from "./cbor.js";

const jsonFrame = (seq: number): string =>
	JSON.stringify({
		v: 1,
		device: "d",
		run: "AAAAAAAAAAA",
		seq,
		sent: 0,
		time: 0,
		streams: ["a.b"],
		stream: [0],
		dt: [0],
		value: ["}{"],
	});
const cborFrame = (seq: number): Buffer => frameBytes({ seq: uint(seq) });
const line = (payload: Uint8Array, topic = ""): string => `${topic}${Buffer.from(payload).toString("hex")}\n`;

interface Seen {
	readonly seqs: number[];
	readonly problems: string[];
	readonly places: string[];
}

function read(input: Uint8Array, format: InputFormatName, piece: () => number): Seen {
	const seen: Seen = { seqs: [], problems: [], places: [] };
	const splitter = createFrameInput(format, (problem, where) => {
		seen.problems.push(problem);
		seen.places.push(where);
	});
	for (let at = 0; at < input.length; ) {
		const length = piece();
		for (const frame of splitter.push(input.subarray(at, at + length))) seen.seqs.push(frame.seq);
		at += length;
	}
	for (const frame of splitter.end()) seen.seqs.push(frame.seq);
	return seen;
}

const FORMS: readonly (readonly [string, Buffer, readonly string[]])[] = [
	["CBOR in a row", Buffer.concat([1, 2, 3].map(cborFrame)), []],
	["CBOR, a line feed behind each", Buffer.concat([1, 2, 3].flatMap((seq) => [cborFrame(seq), hex("0a")])), []],
	["JSON in a row", Buffer.from([1, 2, 3].map(jsonFrame).join("")), []],
	["JSON, one a line", Buffer.from([1, 2, 3].map((seq) => `${jsonFrame(seq)}\r\n`).join("")), []],
	["JSON and CBOR", Buffer.concat([Buffer.from(jsonFrame(1)), cborFrame(2), Buffer.from(jsonFrame(3))]), []],
	["hexadecimal", Buffer.from([1, 2, 3].map((seq) => line(cborFrame(seq))).join("")), []],
	["hexadecimal in capitals", Buffer.from([1, 2, 3].map((seq) => line(cborFrame(seq)).toUpperCase()).join("")), []],
	[
		"hexadecimal without a last line feed",
		Buffer.from(
			[1, 2, 3]
				.map((seq) => line(cborFrame(seq)))
				.join("")
				.trimEnd(),
		),
		[],
	],
	["hexadecimal of JSON", Buffer.from([1, 2, 3].map((seq) => line(Buffer.from(jsonFrame(seq)))).join("")), []],
	[
		"hexadecimal of another system",
		Buffer.from(
			[1, 2, 3]
				.map((seq) => line(cborFrame(seq)))
				.join("")
				.replaceAll("\n", "\r\n\r\n"),
		),
		[],
	],
	["topics", Buffer.from([1, 2, 3].map((seq) => line(cborFrame(seq), "tallywire/a b/data ")).join("")), []],
	[
		"topics, status and state among them",
		Buffer.from(
			`t/d/state ${Buffer.from("online").toString("hex")}\n${line(cborFrame(1), "t/d/data ")}t/d/status 7b7d\nt/d/state \n${line(cborFrame(2), "t/d/data ")}${line(cborFrame(3), "renamed ")}`,
		),
		[],
	],
	[
		"lines that are none",
		Buffer.from(`xyz\n${line(cborFrame(1))}abc\n${line(cborFrame(2))}t 00\n${line(cborFrame(3))}`),
		["not_hex", "not_hex", "not_a_map"],
	],
	[
		"a line too long",
		Buffer.from(`${line(cborFrame(1))}${"a".repeat(LINE_BYTES_MAX + 1)}\n${line(cborFrame(2))}${line(cborFrame(3))}`),
		["too_large"],
	],
	[
		"a payload too large",
		Buffer.from(`${line(cborFrame(1))}${line(Buffer.alloc(65_537))}${line(cborFrame(2))}${line(cborFrame(3))}`),
		["too_large"],
	],
	["noise before", Buffer.concat([hex("ff00aaaa6176"), cborFrame(1), cborFrame(2), cborFrame(3)]), ["indefinite"]],
	[
		"noise between",
		Buffer.concat([cborFrame(1), hex("000102"), cborFrame(2), Buffer.alloc(100_000), cborFrame(3)]),
		["not_a_map", "not_a_map"],
	],
	[
		"a frame cut short",
		Buffer.concat([
			cborFrame(1),
			frameBytes({ later: text("x".repeat(40)) }).subarray(0, -20),
			cborFrame(2),
			cborFrame(3),
			Buffer.alloc(10),
		]),
		["utf8", "not_a_map"],
	],
	[
		"a frame with a wrong field",
		Buffer.concat([cborFrame(1), frameBytes({ v: uint(2) }), cborFrame(2), cborFrame(3)]),
		["version"],
	],
	[
		"JSON with a wrong field",
		Buffer.from([jsonFrame(1), jsonFrame(9).replace('"seq":9', '"seq":-1'), jsonFrame(2), jsonFrame(3)].join("\n")),
		["range"],
	],
	[
		"a length that swallows the rest",
		Buffer.concat([cborFrame(1), frameBytes({ value: array(hex("7affffffff")) }), cborFrame(2), cborFrame(3)]),
		["truncated"],
	],
	[
		"an end in the middle",
		Buffer.concat([cborFrame(1), cborFrame(2), cborFrame(3), cborFrame(4).subarray(0, 30)]),
		["truncated"],
	],
	["large frames", Buffer.concat([1, 2, 3].map((seq) => longFrame(5_000, double(0.1), { seq: uint(seq) }))), []],
];

for (const [name, input, problems] of FORMS) {
	test(`${name}, whole and in pieces`, () => {
		const random = createRandom(seed);
		const whole = read(input, "auto", () => input.length);
		assert.equal(whole.problems, problems);
		assert.equal(whole.seqs, [1, 2, 3]);
		const pieces = [() => 1 + Math.floor(random() * 200), () => 65_536, ...(input.length < 5_000 ? [() => 1] : [])];
		for (const piece of pieces) assert.equal(read(input, "auto", piece), whole, `seed ${seed}`);
	});
}

test("a place is a line, or a byte of the input", () => {
	const lines = read(Buffer.from(`${line(cborFrame(1))}\nzz\n${line(cborFrame(1).subarray(0, 9))}`), "auto", () => 10);
	assert.equal(lines.places, ["line 3", "line 4, byte 0 of the payload"]);
	const raw = read(Buffer.concat([cborFrame(1), hex("00"), cborFrame(2)]), "auto", () => 10);
	assert.equal(raw.places, [`byte ${cborFrame(1).length}`]);
});

test("a form that is named is not guessed", () => {
	const named = read(Buffer.from(`${line(cborFrame(1), "ä/data ")}`), "hex", () => 1_000);
	assert.equal(named.seqs, [1]);
	assert.equal(read(Buffer.from(line(cborFrame(1))), "raw", () => 1_000).seqs, []);
});

test("nothing but white space is nothing", () => {
	assert.equal(
		read(Buffer.from(" \n\r\n"), "auto", () => 1),
		{ seqs: [], problems: [], places: [] },
	);
});

test("noise of any kind gives problems and no more", () => {
	const random = createRandom(seed);
	for (let i = 0; i < 200; i++) {
		const noise = Buffer.from(Array.from({ length: 3_000 }, () => Math.floor(random() * 256)));
		for (const format of ["auto", "hex", "raw"] as const) {
			const seen = read(noise, format, () => 1 + Math.floor(random() * 999));
			assert.ok(seen.problems.length > 0 && seen.seqs.length === 0, `seed ${seed}, number ${i}`);
		}
	}
});

test.run();
