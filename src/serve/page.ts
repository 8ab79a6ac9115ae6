// A page: one document with no asset from anywhere, made when it is first asked for. Its style and script are allowed by
// their SHA-256 and nothing else may run; text that comes from outside cannot become markup, since the policy lets no
// script set any (Trusted Types). What pages share is in page-style.ts and page-script.ts; a page adds its own parts.
import { createHash } from "node:crypto";
import { type Answer, HTML_TYPE } from "./http-server.js";
import { PAGE_SCRIPT } from "./page-script.js";
import { PAGE_STYLE } from "./page-style.js";

/** What one page has of its own. */
export interface PageParts {
	/** Markup of the header, and of the main part below the verdict. */
	readonly header: string;
	readonly main: string;
	/** Markup of the links at the end. */
	readonly footer: string;
	/** After the shared style. */
	readonly style: string;
	/** After the shared script; calls `watch(show)`, see page-script.ts. */
	readonly script: string;
}

/** The document of a page, made on the first call of what it returns and kept from then on. */
export function pageDocument(parts: PageParts): () => Answer {
	let answer: Answer | null = null;
	return () => {
		answer ??= build(parts);
		return answer;
	};
}

function build(parts: PageParts): Answer {
	const style = `${PAGE_STYLE}${parts.style}`;
	const script = `${PAGE_SCRIPT}${parts.script}`;
	const policy = [
		"default-src 'none'",
		`style-src ${hashSource(style)}`,
		`script-src ${hashSource(script)}`,
		"connect-src 'self'",
		"img-src data:",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	];
	return {
		code: 200,
		type: HTML_TYPE,
		body: html(parts, style, script),
		headers: { "Content-Security-Policy": policy.join("; ") },
	};
}

/** https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hashSource(text: string): string {
	return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** The verdict comes first. Only its title is spoken by a screen reader when it changes; figures below it may run. */
function html({ header, main, footer }: PageParts, style: string, script: string): string {
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tallywire</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>${header}</header>
<main>
<section id="verdict" class="wait" aria-labelledby="verdict-title">
<h2 id="verdict-title" aria-live="polite">Connecting</h2>
<p id="verdict-detail">Waiting for the first figures.</p>
<p id="verdict-advice" hidden></p>
<ul id="verdict-others" hidden></ul>
</section>
${main}
</main>
<footer>${footer}</footer>
<noscript>This page needs its script. The documents linked above do not.</noscript>
<script type="module">${script}</script>
</body>
</html>
`;
}
