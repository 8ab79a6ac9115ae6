// From the name of a pin to the kernel's number, whatever the base is; and every refusal with its words.
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findLine, resolveLine } from "../../src/boards/gpio-lines.js";
import { type Board, boardIds, loadBoard } from "../../src/boards/load.js";
import { type ChipFixture, makeSysfs, makeTree } from "./sysfs-tree.js";

function board(id: string): Board {
	const loaded = loadBoard(id);
	assert.ok(loaded.ok);
	return loaded.board;
}

const BASES = [0, 399, 458, 512, 569, 571];
const PIS = boardIds().filter((id) => id.startsWith("rpi-"));

/** The chips of a Pi with its header's chip at `base`, among the others that such a kernel shows. */
function piChips(own: Board, base: number): ChipFixture[] {
	const label = own.chips[0]?.label ?? "";
	const others = label === "pinctrl-rp1" ? [32, 4, 17, 6] : label === "pinctrl-bcm2711" ? [8] : [];
	const header = { label, base, count: label === "pinctrl-bcm2711" ? 58 : 54 };
	return [header, ...others.map((count, index) => ({ label: `other-${index}`, base: 1_000 + index * 40, count }))];
}

for (const id of PIS) {
	test(`every header pin of ${id} is the right number under bases ${BASES.join(", ")}`, () => {
		const own = board(id);
		for (const base of BASES) {
			const sysRoot = makeSysfs(piChips(own, base));
			for (const [pin, wired] of own.pins) {
				const resolved = resolveLine(own, `pin ${pin}`, sysRoot);
				const gpio = /^GPIO(\d+)$/.exec(wired)?.[1];
				if (gpio === undefined || Number(gpio) < 2) {
					assert.not(resolved.ok, `pin ${pin} is ${wired}`);
					continue;
				}
				assert.ok(resolved.ok, resolved.ok ? "" : resolved.message);
				assert.is(resolved.number, base + Number(gpio), `pin ${pin} under base ${base}`);
				assert.is(resolved.lineName, wired);
				const byLabel = resolveLine(own, `${own.chips[0]?.label}:${gpio}`, sysRoot);
				for (const other of [resolveLine(own, wired, sysRoot), byLabel]) {
					assert.is(other.ok && other.number, resolved.number);
				}
			}
		}
	});
}

test("the BeagleBone's chips are told apart by device, since Linux 5.15 rotated labels and numbers", () => {
	const bone = board("beaglebone-black");
	const chips = (order: readonly string[], base: number) =>
		makeSysfs(
			order.map((device, index) => ({
				label: `gpio-${index * 32}-${index * 32 + 31}`,
				base: base + index * 32,
				count: 32,
				device,
			})),
		);
	const old = chips(["44e07000.gpio", "4804c000.gpio", "481ac000.gpio", "481ae000.gpio"], 0);
	const rotated = chips(["4804c000.gpio", "481ac000.gpio", "481ae000.gpio", "44e07000.gpio"], 512);
	const number = (pin: string, root: string) => {
		const line = resolveLine(bone, pin, root);
		return line.ok ? line.number : line.message;
	};
	assert.equal(
		["P9_12", "GPIO1_28", "pin P9_12", "4804c000.gpio:28"].map((pin) => number(pin, old)),
		[60, 60, 60, 60],
	);
	assert.equal(
		["P9_12", "P9_42", "P8_07"].map((pin) => number(pin, rotated)),
		[512 + 28, 512 + 96 + 7, 512 + 32 + 2],
	);
	// Given by the kernel's label it is the kernel's chip, and what the board needs there is still refused.
	assert.is(number("gpio-0-31:28", rotated), 540);
	assert.match(
		String(number("gpio-0-31:3", rotated)),
		/^gpio-0-31:3 \(GPIO1_3\) is reserved on BeagleBone Black: the data lines of the eMMC/,
	);
});

test("the Orange Pi's and the ROCK Pi's lines, whatever the order of the chips", () => {
	const orange = makeSysfs([
		{ label: "1f02c00.pinctrl", base: 0, count: 32 },
		{ label: "1c20800.pinctrl", base: 512, count: 224 },
	]);
	const rock = makeSysfs(
		[4, 2, 0, 1, 3].map((bank, index) => ({ label: `gpio${bank}`, base: 600 + index * 32, count: 32 })),
	);
	const cases: readonly (readonly [string, string, string, number])[] = [
		["orangepi-zero", "pin 7", orange, 512 + 6],
		["orangepi-zero", "PG7", orange, 512 + 6 * 32 + 7],
		["orangepi-zero", "PL3", orange, 3],
		["rock-pi-4", "GPIO2_B3", rock, 632 + 8 + 3],
		["rock-pi-4", "pin 11", rock, 600 + 16 + 2],
		["rock-pi-4", "pin 32", rock, 728 + 16],
	];
	for (const [id, pin, root, number] of cases) {
		const line = resolveLine(board(id), pin, root);
		assert.is(line.ok ? line.number : line.message, number, `${id} ${pin}`);
	}
});

test("names are taken as people write them: any case, blanks around", () => {
	for (const pin of ["GPIO17", "gpio17", " GPIO17 ", "pin 11", "Pin  11", "PIN 11", "pinctrl-bcm2711:17"]) {
		const found = findLine(board("rpi-4b"), pin);
		assert.is(found.ok && found.line.name, "GPIO17", pin);
	}
});

const REFUSED: readonly (readonly [id: string, pin: string, message: RegExp])[] = [
	["rpi-4b", "pin 6", /^pin 6 is ground, not a GPIO line$/],
	["rpi-4b", "pin 1", /^pin 1 is 3V3, not a GPIO line$/],
	["rpi-4b", "pin 41", /^there is no pin 41: pins of Raspberry Pi 4 Model B: 1 to 40$/],
	["rpi-4b", "17", /^"17" may be a line or a pin: write GPIO17 for the line, or "pin 17"/],
	[
		"rpi-4b",
		"GPI17",
		/^"GPI17" is no line of Raspberry Pi 4 Model B: say it like GPIO2, "pin 3" or pinctrl-bcm2711:5$/,
	],
	["rpi-4b", "GPIO58", /is no line of/],
	["rpi-4b", "", /is no line of/],
	["rpi-4b", "GPIO0", /^GPIO0 is reserved on Raspberry Pi 4 Model B: ID_SD and ID_SC/],
	["rpi-4b", "pin 27", /^pin 27 \(GPIO0\) is reserved on Raspberry Pi 4 Model B: ID_SD/],
	["rpi-4b", "pinctrl-bcm2711:1", /^GPIO1 is reserved/],
	["rpi-5", "GPIO30", /^GPIO30 is reserved on Raspberry Pi 5: not on the header/],
	["rpi-cm4", "GPIO44", /is reserved on Raspberry Pi Compute Module 4/],
	["rpi-4b", "pinctrl-bcm2711:x", /after the chip's label and a colon stands the offset/],
	["beaglebone-black", "P8_03", /^P8_03 \(GPIO1_6\) is reserved on BeagleBone Black: the data lines of the eMMC/],
	["beaglebone-black", "P9_33", /^P9_33 is analog input 4, not a GPIO line$/],
	["laptop", "pin 11", /^there is no pin 11: a laptop or desktop has no header that is known here$/],
];

for (const [id, pin, message] of REFUSED) {
	test(`${id}: "${pin}" is refused before any kernel is asked`, () => {
		const found = findLine(board(id), pin);
		assert.match(found.ok ? "accepted" : found.message, message);
	});
}

test("none or two chips that fit, or a chip too small: refused with the list of chips", () => {
	const pi = board("rpi-5");
	const say = (chips: readonly ChipFixture[], pin = "GPIO17") => {
		const line = resolveLine(pi, pin, makeSysfs(chips));
		return line.ok ? "accepted" : line.message;
	};
	const rp1 = { label: "pinctrl-rp1", count: 54 };
	assert.is(
		say([{ label: "pinctrl-bcm2835", base: 512, count: 54 }]),
		'GPIO17: no GPIO chip labelled "pinctrl-rp1"; there are: pinctrl-bcm2835 (512 to 565)',
	);
	assert.match(say([]), /there are: none$/);
	assert.is(
		say([
			{ ...rp1, base: 512 },
			{ ...rp1, base: 600 },
		]),
		'GPIO17: 2 GPIO chips labelled "pinctrl-rp1": pinctrl-rp1 (512 to 565), pinctrl-rp1 (600 to 653)',
	);
	assert.is(say([{ label: "pinctrl-rp1", base: 512, count: 10 }]), "GPIO17: pinctrl-rp1 has 10 lines, offsets 0 to 9");
	assert.match(say([{ ...rp1, base: 0 }], "ch341:3"), /^ch341:3: no GPIO chip labelled "ch341"/);
});

test("a kernel without GPIO in sysfs is told so", () => {
	const line = resolveLine(board("rpi-5"), "GPIO17", join(makeTree({}), "sys"));
	assert.match(line.ok ? "" : line.message, /^this kernel has no GPIO in sysfs/);
});

test("without a profile the device tree's own line names serve, and any chip by label and offset", () => {
	const names = ["", "STATUS_LED", "DOOR", "DUP"];
	const root = makeSysfs([
		{ label: "soc", base: 700, count: 4, names },
		{ label: "pmic", base: 800, count: 2, names: ["DUP"] },
	]);
	const say = (pin: string) => {
		const line = resolveLine(board("generic-linux"), pin, root);
		return line.ok ? line.number : line.message;
	};
	assert.is(say("DOOR"), 702);
	assert.is(say("pmic:1"), 801);
	assert.is(say("DUP"), '2 GPIO lines are called "DUP": soc:3, pmic:0');
	assert.match(
		String(say("WINDOW")),
		/^no GPIO line is called "WINDOW" here; write \{chip label\}:\{offset\}\. Chips: soc \(700 to 703\)/,
	);
	assert.match(String(say("pmic:2")), /^pmic:2: pmic has 2 lines/);
});

test("a line that works under a condition says which", () => {
	const found = findLine(board("rpi-3b"), "pin 8");
	assert.match(found.ok ? (found.line.caution ?? "") : "", /TXD and RXD of the header's UART/);
});

test.run();
