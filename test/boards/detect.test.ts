// Which board is this? From what real boards' device trees say.
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { detectBoard } from "../../src/boards/detect.js";
import { makeTree } from "./sysfs-tree.js";

function detect(compatible: string, model: string) {
	const root = makeTree({ "device-tree/compatible": `${compatible}\0`, "device-tree/model": `${model}\0` });
	return detectBoard({ procRoot: root, sysRoot: join(root, "no-sys"), platform: "linux" });
}

const BOARDS: readonly (readonly [compatible: string, model: string, id: string])[] = [
	["raspberrypi,model-zero-2-w\0brcm,bcm2837", "Raspberry Pi Zero 2 W Rev 1.0", "rpi-zero-2w"],
	["raspberrypi,3-model-a-plus\0brcm,bcm2837", "Raspberry Pi 3 Model A Plus Rev 1.0", "rpi-3a-plus"],
	["raspberrypi,3-model-b\0brcm,bcm2837", "Raspberry Pi 3 Model B Rev 1.2", "rpi-3b"],
	["raspberrypi,3-model-b-plus\0brcm,bcm2837", "Raspberry Pi 3 Model B Plus Rev 1.3", "rpi-3b-plus"],
	["raspberrypi,4-model-b\0brcm,bcm2711", "Raspberry Pi 4 Model B Rev 1.5", "rpi-4b"],
	["raspberrypi,400\0brcm,bcm2711", "Raspberry Pi 400 Rev 1.0", "rpi-400"],
	["raspberrypi,4-compute-module\0brcm,bcm2711", "Raspberry Pi Compute Module 4 Rev 1.1", "rpi-cm4"],
	["raspberrypi,5-model-b\0brcm,bcm2712", "Raspberry Pi 5 Model B Rev 1.0", "rpi-5"],
	["raspberrypi,500\0brcm,bcm2712", "Raspberry Pi 500 Rev 1.0", "rpi-5"],
	["raspberrypi,5-compute-module\0brcm,bcm2712", "Raspberry Pi Compute Module 5 Lite Rev 1.0", "rpi-cm5"],
	["ti,am335x-bone-black\0ti,am335x-bone\0ti,am33xx", "TI AM335x BeagleBone Black", "beaglebone-black"],
	[
		"ti,am335x-bone-black-wireless\0ti,am335x-bone-black\0ti,am33xx",
		"TI AM335x BeagleBone Black Wireless",
		"beaglebone-black",
	],
	["xunlong,orangepi-zero\0allwinner,sun8i-h2-plus", "Xunlong Orange Pi Zero", "orangepi-zero"],
	[
		"xunlong,orangepi-zero-no-flash\0xunlong,orangepi-zero\0allwinner,sun8i-h2-plus",
		"Xunlong Orange Pi Zero",
		"orangepi-zero",
	],
	["radxa,rockpi4b\0radxa,rockpi4\0rockchip,rk3399", "Radxa ROCK Pi 4B", "rock-pi-4"],
	// A tree whose strings nobody knows, but whose model is one: the longest beginning wins.
	["vendor,carrier\0brcm,bcm2837", "Raspberry Pi 3 Model B Plus Rev 1.3", "rpi-3b-plus"],
	["vendor,carrier\0brcm,bcm2711", "Raspberry Pi Compute Module 4 Rev 1.0 on a carrier", "rpi-cm4"],
];

for (const [compatible, model, id] of BOARDS) {
	test(`${JSON.stringify(compatible.split("\0")[0])}, "${model}" is ${id}`, () => {
		const detected = detect(compatible, model);
		assert.is(detected.id, id);
		assert.is(detected.model, model);
	});
}

for (const [compatible, model] of [
	["raspberrypi,model-zero-w\0brcm,bcm2835", "Raspberry Pi Zero W Rev 1.1"],
	["raspberrypi,model-zero\0brcm,bcm2835", "Raspberry Pi Zero Rev 1.3"],
	["raspberrypi,model-b-plus\0brcm,bcm2835", "Raspberry Pi Model B Plus Rev 1.2"],
	["raspberrypi,compute-module\0brcm,bcm2835", "Raspberry Pi Compute Module Rev 1.0"],
] as const) {
	test(`${model} is ARMv6, and that is said`, () => {
		const detected = detect(compatible, model);
		assert.is(detected.id, "generic-linux");
		assert.match(detected.note ?? "", new RegExp(`^${model} has an ARMv6 processor, for which Node is not built`));
	});
}

test("a board without a profile is generic-linux, with a note that says what was seen", () => {
	const detected = detect("pine64,pine64-plus\0allwinner,sun50i-a64", "Pine64+");
	assert.is(detected.id, "generic-linux");
	assert.match(detected.note ?? "", /^no profile for Pine64\+ \(pine64,pine64-plus, allwinner,sun50i-a64\)/);
});

test("a container that hides /proc/device-tree still has the tree in sysfs", () => {
	const root = makeTree({ "firmware/devicetree/base/compatible": "raspberrypi,5-model-b\0brcm,bcm2712\0" });
	assert.is(detectBoard({ procRoot: join(root, "none"), sysRoot: root, platform: "linux" }).id, "rpi-5");
});

test("a machine without a device tree is a laptop by its chassis or its battery, else generic", () => {
	const cases: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
		[{ "class/dmi/id/chassis_type": "10\n", "class/dmi/id/product_name": "ThinkPad X1\n" }, "laptop"],
		[{ "class/dmi/id/chassis_type": "3\n", "class/power_supply/BAT0/status": "Full\n" }, "laptop"],
		[{ "class/dmi/id/chassis_type": "23\n" }, "generic-linux"],
		[{}, "generic-linux"],
	];
	for (const [files, id] of cases) {
		const root = makeTree(files);
		assert.is(detectBoard({ procRoot: join(root, "proc"), sysRoot: root, platform: "linux" }).id, id);
	}
	const laptop = makeTree(cases[0]?.[0] ?? {});
	assert.is(detectBoard({ procRoot: laptop, sysRoot: laptop, platform: "linux" }).model, "ThinkPad X1");
});

test("what is no Linux is for trying out: laptop", () => {
	assert.is(detectBoard({ procRoot: "/none", sysRoot: "/none", platform: "darwin" }).id, "laptop");
});

test.run();
