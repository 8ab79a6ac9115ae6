// The page as a document; what it shows is for test/page, in a browser.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FLEET_PAGE } from "../../src/observe/fleet-page.js";
import { AGENT_PAGE } from "../../src/serve/agent-page.js";
import { type PageParts, pageDocument } from "../../src/serve/page.js";
import { PAGE_SCRIPT } from "../../src/serve/page-script.js";
import { projectDir } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";

const test = suite("page");

/** Every page there is. */
const PAGES: Readonly<Record<string, PageParts>> = { agent: AGENT_PAGE, fleet: FLEET_PAGE };

const BIOME = join(projectDir, "node_modules/@biomejs/biome/bin/biome");

/** It has to come quickly over a bad link too. */
const PAGE_BYTES_MAX = 60_000;

for (const [name, parts] of Object.entries(PAGES)) {
	const document = pageDocument(parts);
	const html = document().body;
	const policy = document().headers?.["Content-Security-Policy"] ?? "";

	test(`${name}: is one small document without anything from elsewhere, made once`, () => {
		assert.ok(Buffer.byteLength(html) < PAGE_BYTES_MAX, `${Buffer.byteLength(html)} bytes`);
		const namespace = "http://www.w3.org/2000/svg"; // a name, never fetched
		assert.not.match(html.replace(namespace, ""), /https?:|\/\/[a-z]|@import|url\(/i);
		assert.not.match(html, / on[a-z]+=| style=/i);
		assert.is(html.split("<script").length, 2);
		assert.is(html.split("<style").length, 2);
		assert.is(document(), document());
	});

	test(`${name}: allows its own style and script by hash, no markup from text, and nothing more`, () => {
		for (const [, tag = "", content = ""] of html.matchAll(/<(style|script)[^>]*>(.*?)<\/\1>/gs)) {
			const hash = createHash("sha256").update(content).digest("base64");
			assert.ok(policy.includes(`${tag}-src 'sha256-${hash}'`), tag);
		}
		assert.match(policy, /^default-src 'none'; /);
		assert.match(policy, /; require-trusted-types-for 'script'; trusted-types 'none'$/);
		assert.not.match(policy, /unsafe|\*/);
	});

	test(`${name}: the script knows no way from text to markup or code, and is checked like every file`, () => {
		const script = `${PAGE_SCRIPT}${parts.script}`;
		assert.not.match(script, /innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(/);
		const folder = makeTempDir("page");
		writeFileSync(join(folder, "page.js"), script);
		// Inside a template literal of TypeScript there can be none of its own.
		const style = ["--skip=style/useTemplate", "--indent-style=tab", "--line-width=120"];
		const args = [BIOME, "check", "--error-on-warnings", ...style, "page.js"];
		const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder });
		assert.is(status, 0, String(stderr));
	});

	test(`${name}: everything the script looks for is in the markup, once`, () => {
		const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id ?? "");
		assert.is(new Set(ids).size, ids.length);
		const wanted = [...html.matchAll(/byId\("([^"]+)"\)/g)].map(([, id]) => id ?? "");
		assert.ok(wanted.length > 5);
		assert.equal(
			wanted.filter((id) => !ids.includes(id)),
			[],
		);
	});
}

test.run();
