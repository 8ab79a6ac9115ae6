// What libgpiod's programs are asked, and what they print, in both generations.
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
	type GpiodSyntax,
	gpiodSyntax,
	parseChips,
	parseEdge,
	parseHolder,
	parseLevel,
	type WatchedLine,
} from "../../src/sources/gpio/gpiod-syntax.js";

function syntax(version: string): GpiodSyntax {
	const found = gpiodSyntax(`gpiomon (libgpiod) v${version}\nCopyright (C) 2017-2023 Bartosz Golaszewski\n`);
	assert.ok(found !== null);
	return found;
}

const LINE: WatchedLine = { node: "gpiochip0", offset: 17, edge: "both", bias: null, kernelDebounceMs: 0 };

test("the version decides; what is neither 1 nor 2 is not spoken to", () => {
	assert.is(syntax("1.6.3").canDebounce, false);
	assert.is(syntax("2.2.1").canDebounce, true);
	assert.is(syntax("2.0-rc1").version, "2.0-rc1");
	for (const text of ["gpiomon (libgpiod) v3.0", "gpiomon 2.2", ""]) assert.is(gpiodSyntax(text), null);
});

test("libgpiod 1: chip and offset last, short edges, bias `disable`", () => {
	const one = syntax("1.6.3");
	assert.is(one.monitor(LINE).join(" "), "gpiomon --line-buffered --format=%e %s %n gpiochip0 17");
	assert.is(
		one.monitor({ ...LINE, edge: "falling", bias: "disabled" }).join(" "),
		"gpiomon --line-buffered --format=%e %s %n --falling-edge --bias=disable gpiochip0 17",
	);
	assert.is(one.read({ ...LINE, bias: "pull-up" }).join(" "), "gpioget --bias=pull-up gpiochip0 17");
	assert.is(one.inspect(LINE).join(" "), "gpioinfo gpiochip0");
});

test("libgpiod 2: the chip as an option, a consumer, a debounce in µs", () => {
	const two = syntax("2.2.1");
	assert.is(
		two.monitor({ ...LINE, edge: "rising", bias: "pull-down", kernelDebounceMs: 2.5 }).join(" "),
		"gpiomon --chip gpiochip0 --consumer tallywire:gpiochip0:17 --format %e %S --edges rising --bias pull-down --debounce-period 2500us 17",
	);
	assert.is(two.read(LINE).join(" "), "gpioget --numeric --chip gpiochip0 17");
});

test("an edge of either: 1 rises, 0 (libgpiod 1) and 2 fall; nanoseconds have no leading zeros in 1 and all in 2", () => {
	assert.equal(parseEdge("1 6 181496192"), { isHigh: true, kernelMs: 6_181.496192 });
	assert.equal(parseEdge("0 7 70642816"), { isHigh: false, kernelMs: 7_070.642816 });
	assert.equal(parseEdge("2 12345.000000005"), { isHigh: false, kernelMs: 12_345_000.000005 });
	for (const line of ["", "3 1 1", "1 6", "1 6.1234567890", "1 6 1 ", "event: RISING EDGE", "1 99999999999 1"]) {
		assert.is(parseEdge(line), null, line);
	}
});

test("levels, chips and holders", () => {
	assert.equal(["1\n", "0\n", "", "active"].map(parseLevel), [true, false, null, null]);
	assert.equal(parseChips("gpiochip0 [pinctrl-rp1] (54 lines)\ngpiochip10 [a [b]] (1 line)\nelse\n"), [
		{ node: "gpiochip0", label: "pinctrl-rp1", count: 54 },
		{ node: "gpiochip10", label: "a [b]", count: 1 },
	]);
	const one = `gpiochip0 - 54 lines:
	line   1:      unnamed       unused   input  active-high
	line  17:     "GPIO17"    "gpiomon"   input  active-high [used]
	line  18:      unnamed "my relay" output  active-high [used]
	line  19:      unnamed      sysfs   input  active-high [used]`;
	assert.equal(
		[1, 17, 18, 19, 20].map((offset) => parseHolder(one, offset)),
		[null, "gpiomon", "my relay", "sysfs", null],
	);
	const two = `gpiochip0 - 54 lines:
	line   1:	unnamed         	input
	line  17:	"GPIO17"        	input consumer="my relay"
	line  18:	unnamed         	output consumer=gpiomon`;
	assert.equal(
		[1, 17, 18].map((offset) => parseHolder(two, offset)),
		[null, "my relay", "gpiomon"],
	);
});

test.run();
