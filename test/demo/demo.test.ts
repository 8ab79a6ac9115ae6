// The bundled program as somebody who has just cloned it sees it, without a terminal.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startTallywire } from "../support/process.js";

test("cut, stalled and flooded, every reading is received or its loss is explained, none twice", async () => {
	const demo = startTallywire(["demo", "--for", "16s", "--cut", "--stall", "--flood"]);
	const { code } = await demo.exited;
	const out = demo.stdout();
	assert.is(code, 0, demo.stderr());
	const stamped = countIn(/([\d,]+) readings stamped/, out);
	const received = countIn(/reconciler: ([\d,]+) received/, out);
	const lost = countIn(/([\d,]+) lost \(/, out);
	assert.ok(stamped > 25_000, out); // more than the buffer holds, even where the machine is busy
	assert.is(received + lost, stamped, out);
	assert.match(out, /lost \(overflow [\d,]+, expired [\d,]+, uncertain [\d,]+\), 0 twice, 0 unexplained\.\n$/);
});

function countIn(pattern: RegExp, text: string): number {
	const match = pattern.exec(text);
	assert.ok(match, `${pattern} in ${text}`);
	return Number(match?.[1]?.replaceAll(",", ""));
}

test.run();
