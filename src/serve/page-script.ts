// The script that all pages share, as text: it runs in a browser, is allowed by its hash, and has no module to load.
// A page's own script follows it and ends in `watch(...)`. Text is set with textContent; there is no way to markup.
// Nodes are kept from one state to the next, so that a selection, a focus and a scroll position stay where they are.

export const PAGE_SCRIPT = `const SILENCE_MS = 4000;
const AGAIN_MS = 5000;
const number = new Intl.NumberFormat("en");

function byId(id) {
	return document.getElementById(id);
}

function set(node, text) {
	const next = String(text);
	if (node.textContent !== next) node.textContent = next;
}

function setClass(node, name) {
	if (node.className !== name) node.className = name;
}

function count(value) {
	return number.format(value);
}

/** Two digits that count, as a rate is never known better. */
function rate(perSecond) {
	if (perSecond === null) return "–";
	return number.format(perSecond < 10 ? Math.round(perSecond * 10) / 10 : Math.round(perSecond)) + "/s";
}

/** In the two largest units; the second is left out where it is nothing. */
function duration(ms) {
	const s = Math.floor(ms / 1000);
	if (s < 60) return s + " s";
	if (s < 3600) return units(Math.floor(s / 60), " min", s % 60, " s");
	if (s < 172800) return units(Math.floor(s / 3600), " h", Math.floor(s / 60) % 60, " min");
	return units(Math.floor(s / 86400), " days", Math.floor(s / 3600) % 24, " h");
}

function units(large, largeUnit, small, smallUnit) {
	return large + largeUnit + (small > 0 ? " " + small + smallUnit : "");
}

function ago(ms) {
	return ms < 1000 ? "now" : duration(ms) + " ago";
}

/** As many children of this tag as needed, the old ones kept. */
function children(parent, tag, wanted) {
	while (parent.children.length > wanted) parent.lastElementChild.remove();
	while (parent.children.length < wanted) parent.append(document.createElement(tag));
	return Array.from(parent.children);
}

/** Fills the body of a table. A cell is a text or { text, className, head, unit, line, bars, label },
 * or one that shows itself: { show, className }. */
function fill(body, rows) {
	children(body, "tr", rows.length).forEach((tr, i) => {
		rows[i].forEach((given, j) => {
			const cell = typeof given === "object" ? given : { text: given };
			let td = tr.children[j];
			if (!td) {
				td = document.createElement(cell.head ? "th" : "td");
				if (cell.head) td.scope = "row";
				tr.append(td);
			}
			setClass(td, cell.className || "");
			if (cell.show) cell.show(td);
			else if (cell.line || cell.bars) draw(td, cell);
			else if (cell.unit !== undefined) setWithUnit(td, cell);
			else set(td, cell.text);
		});
	});
}

function setWithUnit(td, cell) {
	if (td.children.length !== 1 || td.childNodes.length !== 2) {
		td.replaceChildren(document.createTextNode(""), document.createElement("small"));
	}
	if (td.firstChild.data !== cell.text) td.firstChild.data = cell.text;
	set(td.lastChild, cell.unit);
}

const CHART_WIDTH = 120;
const CHART_HEIGHT = 24;
const SVG = "http://www.w3.org/2000/svg";

/** A line through numbers (null is a gap; "ground" is a value it stands on), or bars from the ground; the newest at the right end of "slots" places. */
function draw(td, cell) {
	let svg = td.firstElementChild;
	if (!svg) {
		svg = document.createElementNS(SVG, "svg");
		svg.setAttribute("viewBox", "0 0 " + CHART_WIDTH + " " + CHART_HEIGHT);
		svg.setAttribute("preserveAspectRatio", "none");
		svg.setAttribute("role", "img");
		svg.append(document.createElementNS(SVG, "path"));
		td.replaceChildren(svg);
	}
	const d = cell.bars ? barPath(cell.bars, cell.slots) : linePath(cell.line, cell.slots, cell.ground);
	const path = svg.firstElementChild;
	if (path.getAttribute("d") !== d) path.setAttribute("d", d);
	path.setAttribute("class", cell.line ? "line" : cell.bars.some((value) => value > 0) ? "bars" : "none");
	if (svg.getAttribute("aria-label") !== cell.label) svg.setAttribute("aria-label", cell.label);
}

function place(i, length, slots) {
	return (((slots - length + i) * CHART_WIDTH) / (slots - 1)).toFixed(1);
}

function linePath(values, slots, ground) {
	const known = values.filter((value) => value !== null);
	const least = Math.min.apply(null, ground === undefined ? known : known.concat(ground));
	const span = Math.max.apply(null, known) - least;
	let pen = "M";
	return values
		.map((value, i) => {
			if (value === null) {
				pen = "M";
				return "";
			}
			const y = span > 0 ? CHART_HEIGHT - 2 - ((value - least) / span) * (CHART_HEIGHT - 4) : CHART_HEIGHT / 2;
			const point = pen + place(i, values.length, slots) + " " + y.toFixed(1);
			pen = "L";
			return point;
		})
		.join("");
}

function barPath(values, slots) {
	const most = Math.max.apply(null, values);
	return (
		values
			.map((value, i) => {
				const height = value > 0 ? Math.max(3, (value / most) * CHART_HEIGHT) : 0;
				return height > 0 ? "M" + place(i, values.length, slots) + " " + CHART_HEIGHT + "v" + -height.toFixed(1) : "";
			})
			.join("") || "M0 " + CHART_HEIGHT + "h" + CHART_WIDTH
	);
}

/** A definition list: [term, text, className]. */
function facts(list, entries) {
	children(list, "div", entries.length).forEach((div, i) => {
		if (!div.firstChild) div.append(document.createElement("dt"), document.createElement("dd"));
		set(div.firstChild, entries[i][0]);
		set(div.lastChild, entries[i][1]);
		setClass(div.lastChild, entries[i][2] || "");
	});
}

/** A meter: a div with one child, whose width is the part of the whole. */
function meter(node, value, max, text) {
	const part = max > 0 ? Math.min(1, value / max) : 0;
	node.setAttribute("aria-valuenow", String(Math.round(part * 100)));
	node.setAttribute("aria-valuetext", text);
	node.firstElementChild.style.width = (part * 100).toFixed(1) + "%";
	setClass(node, "meter" + (part > 0.8 ? " full" : ""));
}

/** The first glance: the worst problem in full, the others in a line each; "well" is what to say when there is none. */
function showVerdict(problems, well) {
	const first = problems[0] || well;
	setClass(byId("verdict"), first.level);
	set(byId("verdict-title"), first.title);
	set(byId("verdict-detail"), first.detail);
	const advice = byId("verdict-advice");
	advice.hidden = !first.advice;
	labelled(advice, "What to do:", first.advice || "");
	const others = byId("verdict-others");
	const rest = problems.slice(1);
	others.hidden = rest.length === 0;
	children(others, "li", rest.length).forEach((li, i) => {
		labelled(li, rest[i].title + ".", rest[i].detail + " " + rest[i].advice);
	});
}

function labelled(node, label, text) {
	if (!node.firstElementChild) node.replaceChildren(document.createElement("b"), document.createTextNode(""));
	set(node.firstElementChild, label);
	const after = " " + text;
	if (node.lastChild.data !== after) node.lastChild.data = after;
}

/** Calls show(state) with each state while the page is in sight. "lost" is the problem to tell when none comes. */
function watch(show, lost) {
	let events = null;
	let heardMs = performance.now();
	let triedMs = 0;
	let full = false;

	function open() {
		if (events) events.close();
		triedMs = performance.now();
		events = new EventSource("/events");
		events.onmessage = (event) => {
			heardMs = performance.now();
			full = false;
			setClass(document.body, "");
			show(JSON.parse(event.data));
		};
	}

	/** An EventSource does not say why it was refused. */
	async function ask() {
		triedMs = performance.now();
		try {
			const answer = await fetch("/events", { method: "HEAD", cache: "no-store" });
			full = answer.status === 503;
			if (answer.ok) open();
		} catch {
			full = false;
		}
	}

	function look() {
		if (document.hidden) return;
		const nowMs = performance.now();
		if (events.readyState === EventSource.CLOSED && nowMs - triedMs > AGAIN_MS) ask();
		if (nowMs - heardMs < SILENCE_MS) return;
		setClass(document.body, "stale");
		const detail = "The figures below are from " + ago(nowMs - heardMs) + ".";
		showVerdict([
			full
				? {
						level: "warn",
						title: "Too many look at this page already",
						detail: detail,
						advice: "Close another one; this one tries again by itself.",
					}
				: { level: "bad", title: lost.title, detail: detail, advice: lost.advice },
		]);
		if (!document.title.startsWith("! ")) document.title = "! " + document.title;
	}

	function follow() {
		if (events) events.close();
		if (document.hidden) return;
		heardMs = performance.now();
		open();
	}

	document.addEventListener("visibilitychange", follow);
	setInterval(look, 1000);
	follow();
}
`;
