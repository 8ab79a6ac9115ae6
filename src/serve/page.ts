// The page at `/`: one document, no asset from anywhere, made when it is first asked for. Its style and script are
// allowed by their SHA-256 and nothing else may run. Whatever comes from outside (names, errors) is set as text.
// It asks /status and /healthz every 2 s, and only while somebody looks at it.
import { createHash } from "node:crypto";
import { PAGE_SCRIPT } from "./page-script.js";
import { PAGE_STYLE } from "./page-style.js";

export interface Page {
	readonly html: string;
	readonly contentSecurityPolicy: string;
}

/** Makes the page on the first call of what it returns; the text is kept from then on. */
export function createPage(): () => Page {
	let page: Page | null = null;
	return () => {
		page ??= buildPage();
		return page;
	};
}

function buildPage(): Page {
	return {
		html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tallywire</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
${BODY}
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`,
		contentSecurityPolicy: [
			"default-src 'none'",
			`style-src ${hashSource(PAGE_STYLE)}`,
			`script-src ${hashSource(PAGE_SCRIPT)}`,
			"connect-src 'self'",
			"img-src data:",
			"base-uri 'none'",
			"form-action 'none'",
			"frame-ancestors 'none'",
		].join("; "),
	};
}

/** https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hashSource(text: string): string {
	return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const BODY = `<header>
<h1>Tallywire <span id="device"></span></h1>
<p id="facts"></p>
</header>
<main>
<section id="verdict" role="status"><strong id="verdict-title">Loading</strong><ul id="reasons"></ul></section>
<section aria-labelledby="h-way"><h2 id="h-way">The way of a reading</h2><ol id="way"></ol><p id="window"></p></section>
<section aria-labelledby="h-lost"><h2 id="h-lost">Not delivered</h2><dl id="lost"></dl></section>
<section aria-labelledby="h-sources"><h2 id="h-sources">Sources</h2>
<div class="scroll"><table><thead><tr><th>source</th><th>type</th><th>state</th><th>readings</th><th>rejected</th>
<th>filtered</th><th>restarts</th></tr></thead><tbody id="sources"></tbody></table></div></section>
<section aria-labelledby="h-link"><h2 id="h-link">Link and clock</h2><dl id="link"></dl></section>
<section aria-labelledby="h-losses"><h2 id="h-losses">Newest losses</h2>
<div class="scroll"><table><thead><tr><th>from seq</th><th>to seq</th><th>readings</th><th>reason</th></tr></thead>
<tbody id="losses"></tbody></table></div></section>
<noscript>The page needs its script; <a href="/status">the status</a> and <a href="/metrics">the metrics</a> do not.</noscript>
</main>
<footer><a href="/status">status</a> <a href="/healthz">health</a> <a href="/metrics">metrics</a></footer>`;
