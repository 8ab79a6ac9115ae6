// README.md claims what files and tests of this project show: what it names has to be there.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { projectDir } from "../support/process.js";

test("every file and folder that README.md names is there", () => {
	const text = readFileSync(join(projectDir, "README.md"), "utf8");
	const named = text.match(/(?<![\w/.-])(?:src|test|scripts|boards)\/[\w./-]*[\w/]/g) ?? [];
	assert.ok(named.length > 10, `only ${named.length} were found`);
	assert.equal(
		[...new Set(named)].filter((path) => !existsSync(join(projectDir, path))),
		[],
	);
});

test.run();
