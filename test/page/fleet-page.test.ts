// The page of `reconcile --http` in a browser: what it says of a fleet, and what it makes of hostile text. The figures are
// made up here, except where the command, a broker and an agent are the story.
import { request } from "node:http";
import type { Browser } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Log } from "../../src/log.js";
import { fleetSite } from "../../src/observe/fleet-site.js";
import { ROWS_MAX } from "../../src/observe/fleet-state.js";
import type { Observation } from "../../src/observe/observer.js";
import { createHttpServer } from "../../src/serve/http-server.js";
import { bigFleet, observationOf, wellFleet } from "../observe/fleets.js";
import { freePort } from "../support/free-port.js";
import { startTallywire } from "../support/process.js";
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

const test = suite<{ browser: Browser }>("the fleet's page");

const LOG: Log = { error() {}, warn() {}, info() {}, debug() {} };
const BROKER = "mqtt://broker.example:1883";

test.before(async (context) => {
	context.browser = await startBrowser();
	console.log(`pictures are in ${ARTEFACTS}`);
});

test.after(({ browser }) => browser.close());

async function withPage(
	browser: Browser,
	observe: () => Observation,
	use: (watched: Watched) => Promise<void>,
	options: Parameters<typeof openPage>[2] = {},
): Promise<void> {
	const site = fleetSite({ brokerUrl: BROKER, observe });
	const server = createHttpServer({ listen: { host: "127.0.0.1", port: 0 }, site, log: LOG });
	const { port } = await server.start();
	const watched = await openPage(browser, `http://127.0.0.1:${port}`, options);
	try {
		await use(watched);
		assert.equal(watched.trouble, []);
	} finally {
		await watched.page.context().close();
		await server.stop();
	}
}

test("says at the first glance that all is well, and shows rates with a line", async ({ browser }) => {
	await withPage(browser, wellFleet(), async ({ page, shoot }) => {
		await says(page, "verdict-title", /^All is well$/);
		assert.is(await text(page, "verdict-detail"), "Every reading of every device is accounted for, and none was lost.");
		assert.is(await page.locator("#verdict").getAttribute("class"), "good");
		assert.is(await page.title(), "Fleet – Tallywire");
		assert.is(await text(page, "broker"), BROKER);
		assert.is(await text(page, "facts"), "3 devices · 3 new · observed 1 h");
		assert.is(await text(page, "slo"), "99.5 % of the decided readings arrive");
		assert.is(await text(page, "success"), "100 %");
		assert.is(await text(page, "budget"), "100 %");
		assert.is(await page.locator("#budget-spent").getAttribute("aria-valuenow"), "0");
		await says(page, "undecided", /^(29\d|30\d)\/s, 0 not decided yet$/);
		await says(page, "devices", /pi-1\s+100 %\s+[\d,]+\s+(9\d|10\d)\/s\s+nothing\s+100 %\s+now\s+new/);
		const line = page.locator("#received-chart path.line");
		await until("three points", async () => ((await line.getAttribute("d")) ?? "").split("L").length >= 3);
		assert.match(await text(page, "doors"), /At the device\s+0\s+nothing lost here/);
		assert.is(await page.locator("#lost-bar").isVisible(), false);
		assert.match(await text(page, "latency"), /half within\s+100 ms/);
		await shoot("fleet-well-light");
	});
});

const LOSSY: () => Observation = () => observationOf({ refused: { cbor: 2 } });

test("shows what was lost, by door and cause, what it costs, and the worst device first", async ({ browser }) => {
	await withPage(browser, LOSSY, async ({ page, shoot }) => {
		await says(page, "verdict-title", /^The error budget burns too fast$/);
		assert.match(
			await text(page, "verdict-detail"),
			/^Loss was 6\.7 times what the objective allows over 6 h, and 6\.7 times over 30 min\.$/,
		);
		assert.match(await text(page, "verdict-advice"), /What to do: Buffers are full/);
		assert.match(
			await text(page, "verdict-others"),
			/The objective is missed\. 96\.6666 % of 3,000 .* and 99\.5 % should. Most were lost at the device: overflow, 40 of 100\./,
		);
		assert.match(
			await text(page, "verdict-others"),
			/Device ill is below .*95 % of its .*lost: overflow 40, downstream 40, unc/,
		);
		assert.is(await text(page, "decided"), "missed: 2,900 of 3,000");
		assert.is(await text(page, "budget"), "-567 %");
		assert.match(await text(page, "burn"), /6 h\s+6\.7\s+6\.7 over 30 min\s+6\s+alert/);
		assert.match(await text(page, "doors"), /At the device\s+40\s+overflow 40\s+On the way\s+20\s+uncertain 20/);
		assert.match(
			await text(page, "causes"),
			/downstream\s+40\s+40 %\s+after the broker\s+the broker took it and did not/,
		);
		assert.is(await page.locator("#lost-bar").getAttribute("aria-label"), "overflow 40, uncertain 20, downstream 40");
		assert.is(await page.locator("#lost-bar i").count(), 3);
		const [first] = await page.locator("#devices tr").allInnerTexts();
		assert.match(first ?? "", /^ill\s+95 %\s+1,900\s+–\s+overflow 40, uncertain 20, downstream 40\s+-900 %\s/);
		assert.match(await text(page, "noticed"), /messages not decoded\s+2\s+cbor 2/);
		assert.match(await page.title(), /^! /);
		await shoot("fleet-lossy-light");
	});
});

const LOOKS = [
	["dark", { colorScheme: "dark" }],
	["phone", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 }],
	["phone-dark", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
] as const;

for (const [look, options] of LOOKS) {
	test(`fits and can be read: ${look}`, async ({ browser }) => {
		await withPage(
			browser,
			LOSSY,
			async ({ page, shoot }) => {
				await says(page, "verdict-title", /^The error budget burns/);
				assert.is(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
				assert.equal(await page.evaluate(FAINT_TEXTS), []);
				await shoot(`fleet-lossy-${look}`);
			},
			options,
		);
	});
}

test("is there for a keyboard and a screen reader", async ({ browser }) => {
	await withPage(browser, LOSSY, async ({ page }) => {
		await says(page, "verdict-title", /^The error budget burns/);
		for (const landmark of ["banner", "main", "contentinfo"] as const) {
			assert.is(await page.getByRole(landmark).count(), 1, landmark);
		}
		assert.is(await page.locator("[aria-live], [role=status], [role=alert]").count(), 1);
		assert.is(await page.locator("thead th:not([scope=col]), tbody th:not([scope=row])").count(), 0);
		assert.is(await page.locator("[role=img]:not([aria-label])").count(), 0);
		assert.is((await page.getByRole("region").count()) >= (await page.locator("section").count()), true);
		assert.is(await page.getByRole("meter", { name: "error budget spent" }).count(), 1);
		const focused: unknown[] = [];
		for (let i = 0; i < 8; i++) {
			await page.keyboard.press("Tab");
			focused.push(await page.evaluate("document.activeElement.id || document.activeElement.textContent.slice(0, 7)"));
		}
		const [devices, last] = [focused.indexOf("devices-scroll"), focused.indexOf("Metrics")];
		assert.ok(devices > 0 && last > devices, focused.join(", "));
	});
});

test("says that nothing is observed, and what to do before a device was heard", async ({ browser }) => {
	await withPage(
		browser,
		() => observationOf({ trouble: "connection refused" }),
		async ({ page, shoot }) => {
			await says(page, "verdict-title", /^Nothing is observed$/);
			assert.is(
				await text(page, "verdict-detail"),
				"No subscription: connection refused. What is missed now is nobody's loss.",
			);
			assert.not.match(await text(page, "verdict"), /silent/);
			await shoot("fleet-not-observing");
		},
	);
	await withPage(
		browser,
		() => observationOf({}, null),
		async ({ page, shoot }) => {
			await says(page, "verdict-title", /^Listening; no device was heard yet$/);
			assert.match(await text(page, "verdict-advice"), /Start an agent that publishes to this broker/);
			assert.is(await text(page, "no-devices"), "No device was heard yet.");
			assert.is(await text(page, "success"), "–");
			assert.is(await text(page, "decided"), "nothing decided yet");
			await shoot("fleet-no-device");
		},
	);
});

test("shows hostile names and reasons as the text that they are", async ({ browser }) => {
	const observation = observationOf({ trouble: HOSTILE, refused: { [HOSTILE]: 1 } });
	const devices = observation.report.devices.map((device, i) => ({
		...device,
		device: [HOSTILE, "\u202Egnp.exe", "__proto__"][i] ?? "",
	}));
	const hostile = { ...observation, report: { ...observation.report, devices } };
	await withPage(
		browser,
		() => hostile,
		async ({ page, trouble, shoot }) => {
			await says(page, "verdict-title", /^Nothing is observed$/);
			for (const id of ["verdict-detail", "devices", "noticed"]) {
				assert.ok((await text(page, id)).includes(HOSTILE), id);
			}
			await shoot("fleet-hostile");
			await isInert({ page, trouble });
		},
	);
});

test("of very many devices it shows the worst, and says how many are no worse", async ({ browser }) => {
	const big = bigFleet(2_000);
	await withPage(
		browser,
		() => big,
		async ({ page, shoot }) => {
			await says(page, "verdict-title", /^The objective is missed$/);
			assert.is(await text(page, "devices-note"), `the worst ${ROWS_MAX}; 1,800 more are no worse`);
			assert.is(await page.locator("#devices tr").count(), ROWS_MAX);
			assert.is(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
			await shoot("fleet-many");
		},
	);
});

/** What a request that claims to be for `host` is answered. */
function statusFor(port: number, host: string): Promise<number | undefined> {
	return new Promise((resolve, reject) => {
		request({ port, path: "/", headers: { host } }, (response) => {
			response.resume();
			resolve(response.statusCode);
		})
			.on("error", reject)
			.end();
	});
}

test("the command's own: a loss with what to do, an outage of the broker, and its end", async ({ browser }) => {
	const world = await startWorld();
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	const reconciler = startTallywire(["reconcile", "--broker", world.broker.url, "--http", `127.0.0.1:${port}`]);
	await reconciler.waitForOutput(/event=observing /);
	// Room for two seconds: a busy machine alone drops nothing.
	const settings = { sources: [sim(500)], buffer: { capacity: 1_000 } };
	const gateway = await world.start("pi-7f3a", settings, { http: true });
	await gateway.delivers(50);
	const { page, trouble, shoot } = await openPage(browser, url);
	await says(page, "verdict-title", /^All is well$/);
	assert.is(await text(page, "broker"), world.broker.url);
	await says(page, "devices", /pi-7f3a\s+100 %\s+[\d,]+\s+[\d,]+\/s\s+nothing/);
	await gateway.proxy.refuse(true);
	gateway.proxy.cut();
	await until("drops", async () => ((await gateway.status())["dropped"] as { overflow: number }).overflow > 500);
	await gateway.proxy.refuse(false);
	await says(page, "verdict-title", /^The (error budget burns too fast|objective is missed)$/, 20_000);
	await says(page, "causes", /overflow\s+[\d,]+\s+[\d.]+ %\s+at the device/);
	assert.match(await text(page, "verdict-advice"), /Buffers are full/);
	await says(page, "lost-lately", /^[1-9][\d,]* while you look$/);
	await shoot("fleet-command-loss");
	assert.is(await statusFor(port, "rebound.example"), 421);
	assert.is(await statusFor(port, `localhost:${port}`), 200);
	await world.broker.stop();
	await says(page, "verdict-title", /^Nothing is observed$/, 10_000);
	await shoot("fleet-command-outage");
	await world.broker.restart();
	await says(page, "verdict-title", /^The (error budget|objective)/, 40_000);
	reconciler.signal("SIGTERM");
	await says(page, "verdict-title", /^The reconciler does not answer$/, 15_000);
	assert.equal(
		trouble.filter((line) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED/.test(line)),
		[],
	);
	await page.context().close();
	assert.is((await reconciler.exited).code, 0, reconciler.stderr());
	await world.stop();
});

test.run();
