import { createHash } from "node:crypto";
import { createContext, runInContext } from "node:vm";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { health } from "../../src/serve/health.js";
import { createPage } from "../../src/serve/page.js";
import { PAGE_SCRIPT } from "../../src/serve/page-script.js";
import { toStatus } from "../../src/wire/status.js";
import { type SampleChanges, sampleReport } from "./sample-report.js";

const test = suite("page");

/** The little of a DOM that the page uses. There is no innerHTML to set: text can only be text. */
interface FakeElement {
	tag: string;
	className: string;
	textContent: string;
	children: FakeElement[];
	max?: number;
	value?: number;
	append(...children: FakeElement[]): void;
	replaceChildren(...children: FakeElement[]): void;
}

function createElement(tag: string): FakeElement {
	const element: FakeElement = {
		tag,
		className: "",
		textContent: "",
		children: [],
		append: (...children) => void element.children.push(...children),
		replaceChildren: (...children) => {
			element.children = children;
		},
	};
	return Object.seal(element.tag === "progress" ? Object.assign(element, { max: 0, value: 0 }) : element);
}

/** Runs the page's script on what the agent answers; the world moves on with `refresh` and `hide`. */
function openPage(answers: () => Record<string, unknown> | null) {
	const ids = [...createPage()().html.matchAll(/ id="([^"]+)"/g)].map(([, id = ""]) => id);
	const byId = new Map(ids.map((id) => [id, createElement("div")]));
	const timers = new Set<() => void>();
	let onVisibility = () => {};
	let fetches = 0;
	const document = {
		hidden: false,
		title: "",
		getElementById: (id: string) => byId.get(id),
		createElement,
		addEventListener: (_: string, listener: () => void) => {
			onVisibility = listener;
		},
	};
	const context = createContext({
		document,
		AbortSignal,
		Intl,
		setInterval: (callback: () => void) => {
			timers.add(callback);
			return callback;
		},
		clearInterval: (callback: () => void) => timers.delete(callback),
		fetch: async (path: string) => {
			fetches += 1;
			const body = answers()?.[path];
			if (body === undefined) throw new Error("no answer");
			return { json: async () => structuredClone(body) };
		},
	});
	runInContext(PAGE_SCRIPT, context);
	const settle = () => new Promise((resolve) => setImmediate(resolve));
	return {
		document,
		timers,
		settle,
		fetches: () => fetches,
		refresh: async () => {
			for (const timer of timers) timer();
			await settle();
		},
		setHidden: (hidden: boolean) => {
			document.hidden = hidden;
			onVisibility();
		},
		text: (id: string) => allText(byId.get(id)),
		className: (id: string) => byId.get(id)?.className,
	};
}

function allText(element: FakeElement | undefined): string {
	if (element === undefined) return "(no such element)";
	return [element.textContent, ...element.children.map(allText)].filter((text) => text !== "").join(" ");
}

function answersOf(changes: SampleChanges) {
	const report = sampleReport(changes);
	return { "/status": toStatus(report), "/healthz": health(report) };
}

test("is one small document without anything from elsewhere", () => {
	const { html } = createPage()();
	assert.ok(Buffer.byteLength(html) < 20_000, `${Buffer.byteLength(html)} bytes`);
	assert.not.match(html, /https?:|\/\/[a-z]|@import|url\(/i);
	assert.not.match(html, / on[a-z]+=| style=/i);
	assert.not.match(PAGE_SCRIPT, /innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(/);
	assert.is(html.split("<script").length, 2);
});

test("allows its own style and script by hash and nothing more", () => {
	const { html, contentSecurityPolicy } = createPage()();
	for (const tag of ["style", "script"]) {
		const content = html.slice(html.indexOf(`<${tag}>`) + tag.length + 2, html.indexOf(`</${tag}>`));
		const hash = createHash("sha256").update(content).digest("base64");
		assert.ok(contentSecurityPolicy.includes(`${tag}-src 'sha256-${hash}'`), tag);
	}
	assert.match(contentSecurityPolicy, /^default-src 'none'; /);
	assert.not.match(contentSecurityPolicy, /unsafe|\*/);
});

test("is made once", () => {
	const page = createPage();
	assert.is(page(), page());
});

test("says that all is well, with the counters on the way", async () => {
	const page = openPage(() => answersOf({}));
	await page.settle();
	assert.is(page.className("verdict"), "good");
	assert.match(page.text("verdict-title"), /All is well/);
	assert.is(page.text("device"), "pi-7f3a");
	for (const count of ["1,234,567", "1,234,550", "1,234,400", "65,536"])
		assert.ok(page.text("way").includes(count), count);
	assert.match(page.text("lost"), /overflow 3 expired 2 oversize 0 shutdown 0 uncertain 10 rejected 0/);
	assert.match(page.text("losses"), /100 102 3 overflow/);
	assert.match(page.text("window"), /140 in flight/);
});

test("shows rates from the second answer on, and none across a restart", async () => {
	let changes: SampleChanges = {};
	const page = openPage(() => answersOf(changes));
	await page.settle();
	assert.not.match(page.text("way"), /\/s/);
	changes = { books: { stamped: 1_234_767 }, uptimeMs: 65_000 };
	await page.refresh();
	assert.match(page.text("way"), /100\/s/);
	changes = { books: { stamped: 5 }, uptimeMs: 1_000, facts: { run: "another" } };
	await page.refresh();
	assert.not.match(page.text("way"), /\/s/);
});

test("says what is wrong: link, sources, no answer", async () => {
	let answers: Record<string, unknown> | null = answersOf({ link: { connected: false, error: "refused" } });
	const page = openPage(() => answers);
	await page.settle();
	assert.is(page.className("verdict"), "bad");
	assert.match(page.text("reasons"), /not connected to the broker: refused/);
	assert.match(page.document.title, /^! /);
	answers = answersOf({ sources: [{}, { name: "door", up: false, error: "unplugged" }] });
	await page.refresh();
	assert.match(page.text("verdict-title"), /not from every source/);
	assert.match(page.text("reasons"), /door: unplugged/);
	assert.match(page.text("sources"), /down: unplugged/);
	answers = null;
	await page.refresh();
	assert.match(page.text("verdict-title"), /does not answer/);
	answers = answersOf({});
	await page.refresh();
	assert.match(page.text("verdict-title"), /All is well/);
});

test("shows a hostile name or error as the text that it is", async () => {
	const hostile = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>';
	const page = openPage(() =>
		answersOf({ facts: { device: hostile }, sources: [{ name: hostile, up: false, error: hostile }] }),
	);
	await page.settle();
	assert.is(page.text("device"), hostile);
	assert.ok(page.text("sources").includes(`down: ${hostile}`));
	assert.ok(page.text("reasons").includes(hostile));
});

test("asks only while somebody looks", async () => {
	const page = openPage(() => answersOf({}));
	await page.settle();
	assert.is(page.timers.size, 1);
	assert.is(page.fetches(), 2);
	page.setHidden(true);
	assert.is(page.timers.size, 0);
	page.setHidden(false);
	await page.settle();
	assert.is(page.timers.size, 1);
	assert.is(page.fetches(), 4);
});

test.run();
