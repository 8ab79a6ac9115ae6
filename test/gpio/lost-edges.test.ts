// The kernel's interrupts against the edges that arrived: a loss is told once, and never one too many.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createLostEdges, interruptsOf } from "../../src/sources/gpio/lost-edges.js";
import { createRandom, seed } from "../support/seed.js";

test("what had taken place at a check and did not arrive until the next is lost, once", () => {
	const edges = createLostEdges(100);
	for (const atMs of [1, 2, 3]) edges.arrived(atMs);
	assert.is(edges.check(105, 10), 0, "the two may still be on their way");
	edges.arrived(20);
	assert.is(edges.check(106, 30), 2);
	assert.is(edges.check(106, 40), 0);
	assert.is(edges.check(106, 50), 0);
});

test("edges that are late are waited for, and silence is waited for no longer than one check", () => {
	const edges = createLostEdges(0);
	assert.is(edges.check(4, 10), 0);
	for (const atMs of [1, 2]) edges.arrived(atMs);
	assert.is(edges.check(4, 20), 0, "they still come in");
	for (const atMs of [3, 4]) edges.arrived(atMs);
	assert.is(edges.check(4, 30), 0);
	assert.is(edges.check(9, 40), 0);
	assert.is(edges.check(9, 50), 5);
});

test("a count that began too high hides losses, and invents none", () => {
	const edges = createLostEdges(3);
	for (const atMs of [1, 2]) edges.arrived(atMs);
	assert.is(edges.check(3, 10), 0);
	assert.is(edges.check(3, 20), 0);
});

test("random losses and delays: never more than were lost, and in the end all of them", () => {
	const random = createRandom(seed);
	for (let round = 0; round < 200; round += 1) {
		const edges = createLostEdges(7);
		const onTheirWay: number[] = [];
		let [interrupts, lost, told] = [7, 0, 0];
		for (let nowMs = 1; nowMs < 500; nowMs += 1) {
			if (random() < 0.5) {
				interrupts += 1;
				if (random() < 0.1) lost += 1;
				else onTheirWay.push(nowMs);
			}
			while (onTheirWay.length > 0 && random() < 0.6) edges.arrived(onTheirWay.shift() ?? 0);
			if (nowMs % 40 === 0) told += edges.check(interrupts, nowMs);
			assert.ok(told <= lost, `seed ${seed}, round ${round}: ${told} told, ${lost} lost`);
		}
		for (const atMs of onTheirWay) edges.arrived(atMs);
		for (let check = 0; check < 3; check += 1) told += edges.check(interrupts, 1_000 + check);
		assert.is(told, lost, `seed ${seed}, round ${round}`);
	}
});

const TEXT = `           CPU0       CPU1
 31:     100234          7     GICv2 100 Level     timer
 52:         10          5  pinctrl-bcm2835  17 Edge      gpiomon
 53:          2          0  pinctrl-bcm2835  27 Edge      gpiomon
 54:          9          1  pinctrl-bcm2835  22 Edge      tallywire:gpiochip0:22
IPI0:          1          2       Rescheduling interrupts
`;

test("the line's row of /proc/interrupts: all processors together; two rows that fit are none", () => {
	assert.is(interruptsOf(TEXT, "gpiomon", 17), 15);
	assert.is(interruptsOf(TEXT, "gpiomon", 27), 2);
	assert.is(interruptsOf(TEXT, "tallywire:gpiochip0:22", 22), 10);
	assert.is(interruptsOf(TEXT, "gpiomon", 4), null);
	assert.is(interruptsOf(TEXT.replace("27 Edge", "17 Edge"), "gpiomon", 17), null);
	assert.is(interruptsOf("", "gpiomon", 17), null);
	assert.is(interruptsOf("           CPU0       \n 64:         10   irq_sim  17  gpiomon\n", "gpiomon", 17), 10);
});

test.run();
