// The power goes at random instants: while it starts, and while it sends. Every time it comes back by itself, as a new run;
// nothing comes twice, and both accounts agree. The starts differ in nothing that the guest is given: the same clock (1970, no
// board of the list has one that outlives a cut), no source of randomness, no seed; a run that repeats would show here.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createRandom, seed } from "../support/seed.js";
import { delay } from "../support/wait.js";
import { boot, writeCard } from "./emulator.js";
import { firstReading, inWorld, measured, settings, type World } from "./world.js";

const CUTS = Number(process.env["TALLYWIRE_CUTS"] ?? 20);
const DEVICE = "tw-a28f975366d7";

/** A third of the cuts come while it starts. */
const DURING_START = 1 / 3;
/** The others up to this long after the first reading of the run. */
const SENDING_MS = 8_000;

test(`comes back from ${CUTS} power cuts, each time as a new run, and nothing comes twice`, () => inWorld(cutAndJudge));

async function cutAndJudge(world: World): Promise<void> {
	const random = createRandom(seed);
	const card = await writeCard({ "tallywire.yaml": settings(world.broker) });
	const hash = await card.hash();
	const account = world.subscriber.device(DEVICE);
	let [comebacks, duringStart, startMs] = [0, 0, 0];
	const comeBack = async (): Promise<() => Promise<void>> => {
		await world.subscriber.settle(); // one that was cut while it started may have sent something, too
		const before = new Set(account.runs.keys());
		const gateway = await boot(card, { board: "virt" });
		const { run, seconds } = await firstReading(world, gateway, DEVICE, before);
		startMs = Math.max(startMs, seconds * 1_000);
		comebacks += 1;
		console.error(`start ${comebacks}: run ${run} after ${seconds.toFixed(0)} s`); // the whole takes long
		return gateway.cutPower;
	};
	let cutPower = await comeBack();
	for (let cut = 1; cut <= CUTS; cut += 1) {
		await delay(random() * SENDING_MS);
		await cutPower();
		if (cut < CUTS && random() < DURING_START) {
			const gateway = await boot(card, { board: "virt" });
			await delay(random() * startMs);
			await gateway.cutPower();
			cut += 1;
			duringStart += 1;
		}
		cutPower = await comeBack();
	}
	await delay(SENDING_MS);
	await cutPower();
	await world.subscriber.settle();
	const all = [...account.runs.values()];
	assert.ok(all.length >= comebacks, `${all.length} runs of ${comebacks} starts`);
	assert.equal(
		all.filter(({ duplicates, disorder }) => duplicates + disorder > 0),
		[],
	);
	assert.equal(world.subscriber.malformed, []);
	await world.reconciler.agreesWith([account]);
	assert.is(await card.hash(), hash, "the card is not what it was");
	const readings = all.reduce((sum, run) => sum + run.received, 0);
	measured(
		`${CUTS} power cuts, ${duringStart} of them during the start: ${all.length} runs, ${readings} readings, 0 twice`,
	);
}

test.run();
