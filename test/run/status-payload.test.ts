import { test } from "uvu";
import * as assert from "uvu/assert";
import type { LossRange } from "../../src/core/value.js";
import { statusPayload } from "../../src/run/status-payload.js";
import type { Status } from "../../src/wire/status.js";

const LOSSES = Array.from({ length: 64 }, (_, i): LossRange => [10 * i, 10 * i + 5, i % 2 ? "uncertain" : "expired"]);

/** Only what the payload may leave out matters here. */
const STATUS = {
	v: 1,
	stamped: 1_000,
	units: { "env.temperature": "Cel" },
	losses: LOSSES,
	sources: [],
} as unknown as Status;

function lossesWithin(bytesMax: number, losses = LOSSES): LossRange[] {
	return JSON.parse(Buffer.from(statusPayload({ ...STATUS, losses }, bytesMax)).toString()).losses;
}

test("all that fits is told", () => {
	assert.equal(JSON.parse(Buffer.from(statusPayload(STATUS, 65_536)).toString()), STATUS);
});

test("loss ranges that do not fit are told as mixed", () => {
	assert.equal(lossesWithin(1_000), [[0, 565, "mixed"], ...LOSSES.slice(-7)]);
	assert.equal(lossesWithin(100), [[0, 635, "mixed"]]);
});

test("a range that is mixed already may end behind the next one", () => {
	assert.equal(lossesWithin(100, [[0, 700, "mixed"], ...LOSSES.slice(10)]), [[0, 700, "mixed"]]);
});

test("one range and none stay as they are", () => {
	assert.equal(lossesWithin(10, [[3, 4, "expired"]]), [[3, 4, "expired"]]);
	assert.equal(lossesWithin(10, []), []);
});

test.run();
