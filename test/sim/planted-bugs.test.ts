// The simulation has to find mistakes: each of the planted bugs can still be planted, and some of them, others each day,
// are. `scripts/planted-bugs` plants them all.

import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { projectDir, runProcess } from "../support/process.js";

const SAMPLE = 8;
/** Below the limit of the file. */
const TIMEOUT_MS = 140_000;

async function plantedBugs(...args: string[]): Promise<string> {
	const { code, stdout, stderr } = await runProcess(
		process.execPath,
		[join(projectDir, "scripts/planted-bugs.mjs"), ...args],
		{
			timeoutMs: TIMEOUT_MS,
		},
	);
	assert.is(code, 0, `${stdout}${stderr}`);
	return stdout;
}

test("every planted bug can still be planted", async () => {
	const output = await plantedBugs("--check");
	const [all, total] = (/^(\d+) of (\d+) bugs can be planted$/m.exec(output) ?? []).slice(1).map(Number);
	assert.is(all, total);
	assert.ok((total ?? 0) >= 50);
});

test("the bugs of the day are found", async () => {
	const output = await plantedBugs("--sample", String(SAMPLE), "--jobs", "2");
	console.log(output);
	assert.match(output, new RegExp(`^${SAMPLE} of ${SAMPLE} found`, "m"));
});

test.run();
