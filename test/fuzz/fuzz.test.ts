// A fixed number of damaged inputs for every target: half of them the same in each run, half of them new. The corpus goes
// first, and with it each input that once found something.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { seed } from "../support/seed.js";
import { fuzz, readCorpus } from "./fuzz.js";
import { TARGETS } from "./targets.js";

const FIXED_SEED = 1;

const test = suite("fuzz");

for (const [name, { make, inputs }] of Object.entries(TARGETS)) {
	test(`${name} takes ${inputs} damaged inputs`, async () => {
		const target = await make();
		const seeds = readCorpus(name);
		assert.ok(seeds.length > 0, "there is a corpus");
		for (const each of [FIXED_SEED, seed]) {
			const report = await fuzz(target, seeds, { seed: each, more: (fed) => fed < inputs / 2 });
			console.log(`${name}: ${report.inputs} inputs, ${report.kept} kept, slowest ${report.slowestMs.toFixed(1)} ms`);
			assert.ok(report.kept > 3, "damage leads to behaviour that is new");
		}
		await target.end?.();
	});
}

test.run();
