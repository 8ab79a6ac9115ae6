import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as limits from "../../src/core/limits.js";
import { projectDir } from "../support/process.js";

const folder = join(projectDir, "src");
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const code = files.filter((file) => file !== "core/limits.ts").map((file) => readFileSync(join(folder, file), "utf8"));

test("every bound has its reason above it, is a whole number, and is held somewhere", () => {
	const text = readFileSync(join(folder, "core/limits.ts"), "utf8");
	for (const [name, value] of Object.entries(limits)) {
		assert.ok(Number.isInteger(value) && value > 0, name);
		assert.match(text, new RegExp(`\\*/\nexport const ${name} = `));
		assert.ok(
			code.some((file) => new RegExp(`\\b${name}\\b`).test(file)),
			`${name} is used nowhere`,
		);
	}
	assert.ok(Object.keys(limits).length >= 15);
});

test("the bounds fit each other", () => {
	assert.ok(limits.SOURCES_MAX * limits.STREAMS_PER_SOURCE_MAX <= limits.STREAMS_MAX);
	assert.ok(limits.STREAMS_MAX <= 2 ** 16, "a stream's index has 16 bits");
	assert.ok(limits.WINDOW_BYTES_MIN < limits.WINDOW_BYTES_START && limits.WINDOW_BYTES_START < limits.WINDOW_BYTES_MAX);
	assert.ok(limits.BARRIER_QUICK_MS < limits.BARRIER_SLOW_MS && limits.BARRIER_SLOW_MS < limits.BARRIER_TIMEOUT_MS);
	assert.ok(limits.CAPACITY_MAX * limits.ARENA_BYTES_PER_SLOT < 2 ** 27, "an arena's handle fits a double");
});

test("the configuration takes no more than the core does", () => {
	const schema = readFileSync(join(folder, "config/schema.json"), "utf8");
	const maximum = (key: string): number => Number(new RegExp(`"${key}": \\{[^}]*"maximum": (\\d+)`).exec(schema)?.[1]);
	assert.is(maximum("capacity"), limits.CAPACITY_MAX);
	assert.is(maximum("at_risk"), limits.AT_RISK_MAX);
	assert.is(maximum("max_bytes"), limits.WINDOW_BYTES_MAX);
	assert.is(Number(/"maxItems": (\d+)/.exec(schema)?.[1]), limits.SOURCES_MAX);
});

test.run();
