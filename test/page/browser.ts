// The system's Chromium without a screen, and pages in it that keep what went wrong in them.
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import * as assert from "uvu/assert";
import { buildDir } from "../support/process.js";
import { until } from "../support/wait.js";

/** Screenshots stay here until the next build; git ignores the folder. */
export const ARTEFACTS = join(buildDir, "artefacts");

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export interface Watched {
	readonly page: Page;
	/** Errors of the script, refusals of the policy, dialogs, and requests to anywhere else. */
	readonly trouble: string[];
	/** Keeps a picture of the whole page. */
	shoot(name: string): Promise<void>;
}

/** Starts the browser. */
export function startBrowser(): Promise<Browser> {
	const folders = (process.env["PATH"] ?? "").split(delimiter);
	const executablePath = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(existsSync);
	if (executablePath === undefined) throw new Error(`none of ${NAMES.join(", ")} is installed`);
	// Root has no sandbox to be put in.
	const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
	mkdirSync(ARTEFACTS, { recursive: true });
	return chromium.launch({ executablePath, args });
}

/** Opens a page in a context of its own. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
	const context = await browser.newContext({ viewport: { width: 1_200, height: 900 }, ...options });
	const page = await context.newPage();
	const trouble: string[] = [];
	page.on("pageerror", (error) => trouble.push(String(error)));
	page.on("console", (message) => trouble.push(message.text()));
	page.on("request", (request) => {
		if (!request.url().startsWith(url) && !request.url().startsWith("data:")) trouble.push(request.url());
	});
	page.on("dialog", (dialog) => {
		trouble.push(dialog.message());
		void dialog.dismiss();
	});
	await page.goto(url);
	return {
		page,
		trouble,
		async shoot(name) {
			await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), fullPage: true });
		},
	};
}

/** What an element shows. */
export function text(page: Page, id: string): Promise<string> {
	return page.locator(`#${id}`).innerText();
}

/** Resolves to what an element shows as soon as it matches. */
export async function says(page: Page, id: string, pattern: RegExp, timeoutMs?: number): Promise<string> {
	let last = "";
	return until(
		() => `#${id} to say ${pattern}, not ${last}`,
		async () => {
			last = await text(page, id);
			return pattern.test(last) && last;
		},
		timeoutMs,
	);
}

/** A name or value that would rather be markup. */
export const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

/** Texts whose contrast on their ground is below WCAG 2.2 AA, 1.4.3: 4.5 to 1. */
export const FAINT_TEXTS = `(() => {
	const rgb = (colour) => colour.match(/[\\d.]+/g).map(Number);
	const light = (colour) => {
		const [r, g, b] = rgb(colour).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ground = (node) => {
		const colour = getComputedStyle(node).backgroundColor;
		return rgb(colour)[3] === 0 && node.parentElement ? ground(node.parentElement) : colour;
	};
	const texts = [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility() && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
	return texts.flatMap((node) => {
		const [a, b] = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
		const contrast = (a + 0.05) / (b + 0.05);
		return contrast < 4.5 ? [node.textContent + " " + contrast.toFixed(2)] : [];
	});
})()`;

/** What hostile text became is text: no image, no second script, nor could it be more, were a line of the script wrong. */
export async function isInert({ page, trouble }: Pick<Watched, "page" | "trouble">): Promise<void> {
	assert.is(await page.locator("img").count(), 0);
	assert.is(await page.locator("script").count(), 1);
	const markup = "try { document.body.innerHTML = '<b>x</b>'; 'set' } catch (error) { error.name }";
	assert.is(await page.evaluate(markup), "TypeError");
	trouble.length = 0; // the browser has written down the refusal
}
