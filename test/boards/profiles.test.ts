// Every board profile against its schema, and what the schema cannot say.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Board, boardIds, boardsFolder, expandNames, loadBoard } from "../../src/boards/load.js";
import { makeTree } from "./sysfs-tree.js";

const folder = boardsFolder() ?? "";
const schema = JSON.parse(readFileSync(join(dirname(folder), "src/boards/board.schema.json"), "utf8"));
const ajv = new Ajv2020({ allErrors: true });
const validate = ajv.compile(schema);
const validateHeader = ajv.compile({ ...schema.$defs.header, $defs: schema.$defs });
const read = (path: string) => JSON.parse(readFileSync(join(folder, path), "utf8"));

function board(id: string): Board {
	const loaded = loadBoard(id);
	assert.ok(loaded.ok, loaded.ok ? "" : loaded.message);
	return loaded.board;
}

test("every board that is promised has a profile", () => {
	const promised = [
		...["rpi-zero-2w", "rpi-3a-plus", "rpi-3b", "rpi-3b-plus", "rpi-4b", "rpi-400", "rpi-5", "rpi-cm4", "rpi-cm5"],
		...["beaglebone-black", "orangepi-zero", "rock-pi-4", "generic-linux", "laptop"],
	];
	assert.equal(boardIds(), promised.sort());
});

for (const id of boardIds()) {
	test(`boards/${id}.json obeys the schema, is loaded, and is called as its file`, () => {
		assert.ok(validate(read(`${id}.json`)), JSON.stringify(validate.errors));
		assert.is(read(`${id}.json`).id, id);
		assert.is(board(id).id, id);
	});

	test(`boards/${id}.json: serial ports take lines that it has, and the buffer stays under 2 % of the memory`, () => {
		const own = board(id);
		const names = new Set(own.chips.flatMap(({ lines }) => [...lines.keys()]));
		for (const uart of own.uarts) for (const pin of uart.pins) assert.ok(names.has(pin), `${uart.path}: ${pin}`);
		assert.ok(own.bufferCapacity * 43 <= own.memoryMb * 1_048_576 * 0.02, `${own.bufferCapacity} slots`);
		for (const name of own.cautions.keys()) assert.not(own.reserved.has(name), `${name} is reserved and a caution`);
	});
}

test("headers obey the schema", () => {
	for (const name of readdirSync(join(folder, "headers"))) {
		assert.ok(validateHeader(read(`headers/${name}`)), `${name}: ${JSON.stringify(validateHeader.errors)}`);
	}
});

test("no two boards are recognised by the same string", () => {
	const strings = boardIds().flatMap((id) => [...board(id).compatible, ...board(id).models]);
	assert.is(new Set(strings).size, strings.length);
});

test("a Pi's header has 40 pins: 28 lines GPIO0 to GPIO27, each once, and power and ground where every Pi has them", () => {
	for (const id of boardIds().filter((name) => name.startsWith("rpi-"))) {
		const { pins } = board(id);
		const lines = [...pins.values()].filter((name) => name.startsWith("GPIO")).sort();
		assert.is(pins.size, 40);
		assert.equal(lines, expandNames("GPIO{0-27}").slice().sort());
		assert.equal(
			[1, 17].map((pin) => pins.get(String(pin))),
			["3V3", "3V3"],
		);
		assert.equal(
			[2, 4].map((pin) => pins.get(String(pin))),
			["5V", "5V"],
		);
		for (const pin of [6, 9, 14, 20, 25, 30, 34, 39]) assert.is(pins.get(String(pin)), "ground");
		assert.equal(
			[11, 12, 13, 40].map((pin) => pins.get(String(pin))),
			["GPIO17", "GPIO18", "GPIO27", "GPIO21"],
		);
	}
});

test("the BeagleBone's header has 92 pins, and the ones of its manual", () => {
	const { pins } = board("beaglebone-black");
	assert.is(pins.size, 92);
	assert.equal(
		["P8_03", "P8_46", "P9_12", "P9_42", "P9_32", "P9_46"].map((pin) => pins.get(pin)),
		["GPIO1_6", "GPIO2_7", "GPIO1_28", "GPIO0_7", "analog 1V8", "ground"],
	);
});

test("the schema refuses what is no profile", () => {
	const good = read("rpi-4b.json");
	for (const [change, why] of [
		[{ ...good, id: "Pi 4" }, "an id with a blank"],
		[{ ...good, chips: [{ label: "x" }] }, "a chip without lines"],
		[{ ...good, header: { "0": "GPIO17" } }, "a pin 0"],
		[{ ...good, reserved: { GPIO0: "" } }, "a reservation without a reason"],
		[{ ...good, bufferCapacity: 5_000_000 }, "more than CAPACITY_MAX"],
		[{ ...good, gpio: {} }, "an unknown key"],
	] as const) {
		assert.not(validate(change), why);
	}
});

test("a damaged profile is named with all that is wrong with it", () => {
	const own = join(makeTree({}), "boards");
	mkdirSync(own);
	cpSync(join(folder, "headers"), join(own, "headers"), { recursive: true });
	const good = read("rpi-4b.json");
	const bad = {
		...good,
		id: "other",
		header: "no-such",
		reserved: { GPIO99: "why" },
		bufferCapacity: "many",
		uarts: {},
	};
	writeFileSync(join(own, "rpi-4b.json"), JSON.stringify(bad));
	writeFileSync(join(own, "broken.json"), "{");
	const loaded = loadBoard("rpi-4b", own);
	assert.not(loaded.ok);
	const message = loaded.ok ? "" : loaded.message;
	for (const part of [/^boards\/rpi-4b\.json: /, /id is "other"/, /header "no-such"/, /no chip has a line GPIO99/]) {
		assert.match(message, part);
	}
	assert.match(message, /bufferCapacity must be a whole number.*|uarts must be a list/);
	const broken = loadBoard("broken", own);
	assert.match(broken.ok ? "" : broken.message, /^boards\/broken\.json: /);
});

test("an unknown id is refused with the ids that there are, also one that leads out of the folder", () => {
	for (const id of ["rpi-6", "../package", "headers/rpi-40-pin"]) {
		const loaded = loadBoard(id);
		assert.match(loaded.ok ? "" : loaded.message, /^no board ".*"; there are: beaglebone-black, /);
	}
});

test("the folder is found from the compiled tree, from a bundle in dist, and beside the program; not from anywhere else", () => {
	const root = makeTree({
		"app/boards/generic-linux.json": "{}",
		"app/build/src/boards/load.js": "",
		"app/dist/tallywire.mjs": "",
		"elsewhere/a/b/c/d/x.js": "",
	});
	for (const from of ["app/build/src/boards", "app/dist", "app"]) {
		assert.is(boardsFolder(join(root, from)), join(root, "app/boards"));
	}
	assert.is(boardsFolder(join(root, "elsewhere/a/b/c/d")), null);
	assert.equal(boardIds(null), []);
	const loaded = loadBoard("rpi-4b", null);
	assert.match(loaded.ok ? "" : loaded.message, /the folder boards is missing/);
});

test.run();
