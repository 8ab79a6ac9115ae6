// The system's Chromium without a screen, and pages in it that keep what went wrong in them.
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { buildDir } from "../support/process.js";

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
