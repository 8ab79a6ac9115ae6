// The agent's page in a browser: what it says, in an outage too, and what it makes of hostile text. The figures are made
// up here, except where an agent, a broker and a proxy between them are the story.
import type { Browser } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Log } from "../../src/log.js";
import { agentSite } from "../../src/serve/agent-site.js";
import { EVENT_INTERVAL_MS, VIEWERS_MAX } from "../../src/serve/events.js";
import { createHttpServer } from "../../src/serve/http-server.js";
import type { AgentView } from "../../src/wire/agent-view.js";
import { NO_LOSS, type SampleChanges, SOURCE, sampleReport, sampleView } from "../serve/sample-report.js";
import { until } from "../support/wait.js";
import { sim, startWorld } from "../support/world.js";
import {
	ARTEFACTS,
	FAINT_TEXTS,
	HOSTILE,
	isInert,
	openPage,
	says,
	startBrowser,
	text,
	type Watched,
} from "./browser.js";

const test = suite<{ browser: Browser }>("the agent's page");

const LOG: Log = { error() {}, warn() {}, info() {}, debug() {} };

test.before(async (context) => {
	context.browser = await startBrowser();
	console.log(`pictures are in ${ARTEFACTS}`);
});

test.after(({ browser }) => browser.close());

/** An agent's server whose view the test makes; `asked` counts how often it was asked for. */
async function serve(view: () => AgentView, port = 0) {
	let asked = 0;
	const site = agentSite({
		report: () => view().report,
		view() {
			asked += 1;
			return view();
		},
	});
	const server = createHttpServer({ listen: { host: "127.0.0.1", port }, site, log: LOG });
	const { port: taken } = await server.start();
	return { url: `http://127.0.0.1:${taken}`, port: taken, asked: () => asked, stop: server.stop };
}

/** A view at work: 100 readings a second. */
function workingView(changes: SampleChanges = {}, more: Partial<AgentView> = {}): () => AgentView {
	const startedMs = performance.now();
	return () => {
		const elapsedMs = performance.now() - startedMs;
		const readings = Math.round(elapsedMs / 10);
		const { books } = sampleReport();
		const report = sampleReport({
			uptimeMs: 63_000 + elapsedMs,
			...changes,
			books: {
				stamped: books.stamped + readings,
				sent: books.sent + readings,
				confirmed: books.confirmed + readings,
				...changes.books,
			},
		});
		return sampleView({ ...report, timeMs: Date.now() }, more);
	};
}

async function withPage(
	browser: Browser,
	view: () => AgentView,
	use: (watched: Watched, asked: () => number) => Promise<void>,
	options: Parameters<typeof openPage>[2] = {},
): Promise<void> {
	const server = await serve(view);
	const watched = await openPage(browser, server.url, options);
	try {
		await use(watched, server.asked);
		assert.equal(watched.trouble, []);
	} finally {
		await watched.page.context().close();
		await server.stop();
	}
}

test("says at the first glance that all is well, and shows the way of a reading with its rates", async ({
	browser,
}) => {
	await withPage(browser, workingView(), async ({ page, shoot }) => {
		await says(page, "verdict-title", /^All is well$/);
		assert.is(await page.locator("#verdict").getAttribute("class"), "good");
		assert.is(await page.title(), "pi-7f3a – Tallywire");
		assert.is(await text(page, "way-sources"), "1 of 1");
		assert.match(await text(page, "way-capacity"), /of 65,536/);
		assert.match(await text(page, "way-oldest"), /oldest 1 s of 10 min/);
		assert.match(await text(page, "way-window"), /of 1,024/);
		assert.match(await text(page, "way-dropped"), /3 overflow, 2 expired/);
		assert.is(await page.locator("#window-fill").getAttribute("aria-valuetext"), "140 of 1,024");
		for (const flow of ["flow-in", "flow-out", "flow-done"]) await says(page, flow, /^(9\d|10\d|110)\/s$/);
		await shoot("well-light");
	});
});

test("shows streams with a line, sources, losses of the last hour, the link's history and the clock", async ({
	browser,
}) => {
	const minutes = Array.from({ length: 61 }, (_, i) => ({ ...NO_LOSS, uncertain: i === 40 ? 7 : i === 12 ? 3 : 0 }));
	const view = workingView({ sources: [{ rejected: { checksum: 4 } }] }, { lossMinutes: minutes });
	await withPage(browser, view, async ({ page, shoot }) => {
		await says(page, "streams", /env\.temperature\s+21\.37\s*°C\s+now\s+env\.note\s+open\s+2 s ago/);
		const line = page.locator("#streams path.line");
		await until("three points", async () => ((await line.getAttribute("d")) ?? "").split("L").length >= 3);
		assert.match((await page.locator("#streams svg").getAttribute("aria-label")) ?? "", /always 21\.37/);
		assert.match(await text(page, "sources"), /env\s+serial\s+up for 1 min\s+700\s+0\/s\s+checksum 4\s+0\s+0/);
		assert.match(await text(page, "lost"), /uncertain\s+10\s+10\s/);
		assert.is((await page.locator("#lost path.bars").getAttribute("d"))?.split("M").length, 3);
		assert.match(await text(page, "link"), /mqtt:\/\/broker\.example:1883/);
		assert.match(
			await text(page, "link-events"),
			/50 s ago\s+Connected\s+51 s ago\s+No connection: refused \(3 times\)/,
		);
		assert.match(await text(page, "clock"), /synchronised\s+yes[\s\S]*the same/);
		assert.match(await text(page, "losses"), /100\s+102\s+3\s+overflow/);
		await shoot("well-streams");
	});
});

const LOOKS = [
	["dark", { colorScheme: "dark" }],
	["phone", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 }],
	["phone-dark", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
] as const;

for (const [look, options] of LOOKS) {
	test(`fits and can be read: ${look}`, async ({ browser }) => {
		const sources = [{}, { name: "door", type: "gpio", up: false, error: "no such pin: GPIO99", stateAgeMs: 9_000 }];
		await withPage(
			browser,
			workingView({ sources }),
			async ({ page, shoot }) => {
				await says(page, "verdict-title", /^Source door does not work$/);
				assert.is(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
				assert.equal(await page.evaluate(FAINT_TEXTS), []);
				await shoot(`well-${look}`);
			},
			options,
		);
	});
}

test("is there for a keyboard and a screen reader", async ({ browser }) => {
	await withPage(browser, workingView(), async ({ page }) => {
		await says(page, "verdict-title", /^All is well$/);
		for (const landmark of ["banner", "main", "contentinfo"] as const) {
			assert.is(await page.getByRole(landmark).count(), 1, landmark);
		}
		assert.is(await page.locator("[aria-live], [role=status], [role=alert]").count(), 1);
		assert.is(await page.locator("#verdict-title").getAttribute("aria-live"), "polite");
		assert.is(await page.locator("thead th:not([scope=col]), tbody th:not([scope=row])").count(), 0);
		const sections = await page.locator("section").count();
		assert.is((await page.getByRole("region").count()) >= sections, true, "every section has a name");
		assert.is(await page.getByRole("meter", { name: "buffer fill" }).count(), 1);
		const focused: unknown[] = [];
		for (let i = 0; i < 10; i++) {
			await page.keyboard.press("Tab");
			focused.push(await page.evaluate("document.activeElement.id || document.activeElement.textContent.slice(0, 7)"));
		}
		const [streams, last] = [focused.indexOf("streams-scroll"), focused.indexOf("Metrics")];
		assert.ok(streams === 0 && last > streams && last < 10, focused.join(", "));
	});
});

test("moves nothing for who wants less motion", async ({ browser }) => {
	for (const [reducedMotion, moves] of [
		["no-preference", true],
		["reduce", false],
	] as const) {
		await withPage(
			browser,
			workingView(),
			async ({ page }) => {
				await says(page, "flow-in", /\d\/s/);
				const running = "document.getAnimations().filter((one) => one.playState === 'running').length > 0";
				assert.is(await page.evaluate(running), moves, reducedMotion);
			},
			{ reducedMotion },
		);
	}
});

test("says what to do before anything has come", async ({ browser }) => {
	const none = { stamped: 0, buffered: 0, sent: 0, confirmed: 0, inFlight: 0, uncertain: 0, losses: [] };
	const dropped = { overflow: 0, expired: 0, oversize: 0, shutdown: 0 };
	const books = { ...none, dropped, oldestAgeMs: 0 };
	const sources = [{ readings: 0 }];
	const view = workingView({ books, sources, uptimeMs: 20_000 }, { latest: [], streams: 0 });
	await withPage(browser, view, async ({ page, shoot }) => {
		await says(page, "verdict-title", /^No reading has come yet$/);
		assert.match(await text(page, "verdict-advice"), /What to do: Check that the sensors are powered/);
		assert.is(await text(page, "no-streams"), "No reading yet.");
		assert.is(await page.locator("#streams-scroll").isVisible(), false);
		assert.match(await text(page, "flow-in"), /–|0\/s/);
		await shoot("no-stream-yet");
	});
});

test("shows hostile names, values and errors as the text that they are", async ({ browser }) => {
	const latest = [
		{ name: `env.${HOSTILE}`, value: HOSTILE, ageMs: 0 },
		{ name: "env.__proto__", value: 1, ageMs: 0 },
		{ name: "env.constructor", value: "\u202Egnp.exe", ageMs: 0 },
	];
	const changes = {
		facts: { device: HOSTILE, units: { "env.__proto__": HOSTILE } },
		sources: [{ name: HOSTILE, up: false, error: HOSTILE }],
		link: { events: [{ kind: "failed", reason: HOSTILE, times: 1, firstAgeMs: 0, lastAgeMs: 0 }] as const },
	};
	await withPage(browser, workingView(changes, { latest, streams: 3 }), async ({ page, trouble, shoot }) => {
		await says(page, "verdict-title", /^No source works/);
		assert.is(await text(page, "device"), HOSTILE);
		for (const id of ["verdict-detail", "streams", "sources", "link-events"]) {
			assert.ok((await text(page, id)).includes(HOSTILE), id);
		}
		await shoot("hostile");
		await isInert({ page, trouble });
	});
});

test("holds as many streams, sources and losses as it may get", async ({ browser }) => {
	const latest = Array.from({ length: 256 }, (_, i) => ({ name: `line.sensor_${i}`, value: i / 10, ageMs: i * 100 }));
	const sources = Array.from({ length: 64 }, (_, i) => ({
		...SOURCE,
		name: `line${i}`,
		up: i % 9 > 0,
		error: "no such file",
	}));
	const losses = Array.from({ length: 64 }, (_, i) => [i * 10, i * 10 + 3, "expired"] as const);
	const view = workingView({ sources, books: { losses } }, { latest, streams: 300 });
	await withPage(browser, view, async ({ page, shoot }) => {
		await says(page, "verdict-title", /^8 sources do not work$/);
		assert.is(await text(page, "streams-note"), "the first 256 of 300");
		assert.is(await page.locator("#streams tr").count(), 256);
		assert.is(await page.locator("#sources tr").count(), 64);
		assert.is(await page.locator("#losses tr").count(), 64);
		assert.is(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
		await shoot("many");
	});
});

test("asks for nothing while it is not in sight", async ({ browser }) => {
	await withPage(browser, workingView(), async ({ page }, asked) => {
		await says(page, "verdict-title", /^All is well$/);
		const turn = (hidden: boolean) =>
			page.evaluate(
				`Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
				document.dispatchEvent(new Event("visibilitychange"))`,
			);
		await turn(true);
		// Two states may be on their way; after that there is silence.
		let before = -1;
		await until(
			"silence",
			async () => {
				const same = asked() === before;
				before = asked();
				await new Promise((resolve) => setTimeout(resolve, 2 * EVENT_INTERVAL_MS));
				return same;
			},
			10_000,
		);
		await turn(false);
		await until("the next state", () => asked() > before);
	});
});

test("says that the agent is gone, and goes on when it is back", async ({ browser }) => {
	const first = await serve(workingView());
	const { page, shoot } = await openPage(browser, first.url);
	await says(page, "verdict-title", /^All is well$/);
	await first.stop();
	await says(page, "verdict-title", /^The agent does not answer$/, 10_000);
	assert.match(await text(page, "verdict-detail"), /from \d+ s ago/);
	assert.match(await page.title(), /^! /);
	await shoot("agent-gone");
	const second = await serve(workingView({ facts: { run: "another" } }), first.port);
	await says(page, "verdict-title", /^All is well$/, 15_000);
	await page.context().close();
	await second.stop();
});

test(`tells the viewer after ${VIEWERS_MAX} others, and lets it in when one leaves`, async ({ browser }) => {
	const server = await serve(workingView());
	const others = Array.from({ length: VIEWERS_MAX }, () => new AbortController());
	// Kept, as fetch hangs up on an answer that is collected.
	const answers = await Promise.all(others.map(({ signal }) => fetch(`${server.url}/events`, { signal })));
	const { page, shoot } = await openPage(browser, server.url);
	await says(page, "verdict-title", /^Too many look/, 15_000);
	await shoot("too-many");
	others[0]?.abort();
	await says(page, "verdict-title", /^All is well$/, 15_000);
	await page.context().close();
	assert.ok(answers.every(({ ok }) => ok));
	for (const other of others) other.abort();
	await server.stop();
});

test("shows an outage with what to do, and its end", async ({ browser }) => {
	const world = await startWorld();
	const gateway = await world.start("pi-7f3a", { sources: [sim(50)] }, { http: true });
	await gateway.delivers(50);
	const { page, trouble, shoot } = await openPage(browser, gateway.httpUrl);
	await says(page, "verdict-title", /^All is well$/);
	await says(page, "streams", /lab\.value\s+[\d.]+\s+now/);
	await says(page, "flow-in", /^\d+\/s$/);
	await gateway.proxy.refuse(true);
	gateway.proxy.cut();
	await says(page, "verdict-title", /^The broker cannot be reached, so readings wait in the buffer$/);
	const detail = await says(page, "verdict-detail", /[\d,]+ of 65,536 readings wait, the oldest for \d+ s of 10 min/);
	assert.match(detail, /No connection to mqtt:\/\/localhost:\d+ for \d+ s: connection (refused|reset|closed)/);
	assert.match(await text(page, "verdict-advice"), /tallywire doctor/);
	assert.is(await text(page, "flow-out"), "no link");
	assert.is(await page.locator("#verdict").getAttribute("class"), "bad");
	await says(page, "link-events", /No connection: .*\(\d+ times\)[\s\S]*Connection lost/);
	await shoot("outage");
	await gateway.proxy.refuse(false);
	// What was on its way when the link was cut may be lost; the page says so for a minute or two.
	await says(page, "verdict-title", /^(All is well|Some readings may be lost)$/);
	await says(page, "flow-out", /^\d[\d.]*\/s$/);
	assert.match(await text(page, "link-events"), /^(now|\d+ s ago)\s+Connected/);
	await shoot("outage-over");
	assert.equal(trouble, []);
	await page.context().close();
	await gateway.end();
	await world.stop();
});

test.run();
