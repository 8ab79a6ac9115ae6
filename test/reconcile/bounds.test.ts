import { test } from "uvu";
import * as assert from "uvu/assert";
import { CANDIDATES_MAX, DEVICES_MAX } from "../../src/reconcile/limits.js";
import { createRandom, seed } from "../support/seed.js";
import { floodWithNames, framesPerSecond, QUIET_DEVICES, quietDeviceBytes } from "./fleet-load.js";

const INVENTED = 1_000_000;
/** 16,384 devices of 1 KiB, 1,024 candidates, and what a collector leaves: far below what 10^6 of anything would take. */
const GROWTH_BYTES_MAX = 32 * 1_048_576;
const QUIET_BYTES_MAX = 1_024;

test(`${INVENTED} invented devices and runs stay under their bound, and change no real device's account`, () => {
	const { account, nowMs, grownBytes, before, after } = floodWithNames(createRandom(seed), INVENTED);
	console.log(`${INVENTED} invented names: the heap grew by ${(grownBytes / 1_048_576).toFixed(1)} MiB`);
	assert.ok(grownBytes < GROWTH_BYTES_MAX, `grew by ${grownBytes}`);
	assert.equal(after, before);
	const { candidates, quarantine, devices } = account.report(nowMs + 1_000);
	assert.ok(devices.length <= DEVICES_MAX && candidates.runs <= CANDIDATES_MAX);
	assert.ok(quarantine.candidatesEvicted > INVENTED / 2 && quarantine.devicesEvicted > 0);
	assert.is(devices.find(({ device }) => device === "real-0")?.tally.received, 30);
});

test(`a quiet device without a gap takes at most ${QUIET_BYTES_MAX} bytes`, () => {
	const each = quietDeviceBytes();
	console.log(`a quiet device takes ${each.toFixed(0)} bytes, of ${QUIET_DEVICES}`);
	assert.ok(each <= QUIET_BYTES_MAX, `${each} bytes`);
});

test("every frame of a quiet fleet is accounted for, at a rate that is said and not judged", () => {
	const rate = framesPerSecond(10);
	console.log(`${Math.round(rate)} frames of 10 readings accounted for per second, ${QUIET_DEVICES} devices`);
});

test.run();
