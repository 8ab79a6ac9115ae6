// The script of the fleet's page, behind the shared one: what the states of fleet-state.ts look like.

export const FLEET_SCRIPT = `
/** States that a rate is taken over. */
const RATE_STATES = 6;
/** States that are kept while the page is open: five minutes, where one comes each second. */
const HISTORY = 300;
/** A line begins this wide, so that its first points can be seen. */
const SLOTS_MIN = 60;
/** After a longer pause nobody looked, and the lines begin anew. */
const PAUSE_MS = 15000;

const shares = new Intl.NumberFormat("en", { maximumFractionDigits: 4 });

let states = [];
let rates = [];
let losses = [];

function show(state) {
	remember(state);
	const { devices } = state;
	set(byId("broker"), state.broker);
	set(
		byId("facts"),
		[
			count(devices.heard) + (devices.heard === 1 ? " device" : " devices"),
			some(devices.offline, "offline"),
			some(state.is_observing ? devices.silent : 0, "silent"),
			some(devices.new, "new"),
			"observed " + duration(state.observed_ms),
		]
			.filter(Boolean)
			.join(" · "),
	);
	document.title = (state.problems.length > 0 ? "! " : "") + "Fleet – Tallywire";
	showVerdict(state.problems, state.well);
	showObjective(state);
	showFlow(state);
	showBurn(state.objective.windows);
	showLost(state);
	showDevices(state);
	showLatency(state);
	showNoticed(state.noticed);
}

function some(value, what) {
	return value > 0 ? count(value) + " " + what : "";
}

/** Never rounded up: what is not all is not shown as all. */
function percent(share) {
	return shares.format(Math.floor(share * 1000000) / 10000) + " %";
}

function span(ms) {
	if (ms < 1) return "under 1 ms";
	if (ms < 1000) return Math.round(ms) + " ms";
	return ms < 60000 ? shares.format(Math.round(ms / 100) / 10) + " s" : duration(ms);
}

/** A large fleet's state is sent more than once. */
function remember(state) {
	const newest = states[states.length - 1];
	const elapsedMs = newest ? state.at_ms - newest.at_ms : -1;
	if (elapsedMs === 0) return;
	if (elapsedMs < 0 || elapsedMs > PAUSE_MS) {
		states = [];
		rates = [];
		losses = [];
	} else {
		rates.push((Math.max(0, state.readings.received - newest.readings.received) * 1000) / elapsedMs);
		losses.push(Math.max(0, state.readings.lost - newest.readings.lost));
		if (rates.length > HISTORY) {
			rates.shift();
			losses.shift();
		}
	}
	states.push({
		at_ms: state.at_ms,
		readings: state.readings,
		received: new Map(state.rows.map((row) => [row.device, row.received])),
	});
	if (states.length > RATE_STATES) states.shift();
}

/** Readings a second, over the states at hand; null from the first one alone. */
function perSecond(pick) {
	const newest = states[states.length - 1];
	const oldest = states.find((state) => pick(state) !== undefined);
	if (!oldest || oldest === newest) return null;
	return (Math.max(0, pick(newest) - pick(oldest)) * 1000) / (newest.at_ms - oldest.at_ms);
}

function showObjective({ objective, readings, devices }) {
	const { success, is_missed, budget_left } = objective;
	set(byId("slo"), percent(objective.slo) + " of the decided readings arrive");
	set(byId("success"), success === null ? "–" : percent(success));
	setClass(byId("success"), is_missed ? "figure bad-text" : "figure");
	const verdict = success === null ? "nothing decided yet" : is_missed ? "missed: " : "met: ";
	const decided = count(readings.received) + " of " + count(readings.decided);
	set(byId("decided"), success === null ? verdict : verdict + decided);
	set(byId("budget"), budget(success, budget_left));
	setClass(byId("budget"), success !== null && !(budget_left >= 0) ? "figure bad-text" : "figure");
	const spent = success === null ? 0 : budget_left === null ? 1 : 1 - budget_left;
	meter(byId("budget-spent"), spent, 1, budget(success, budget_left) + " left");
	const below = devices.below > 0 ? count(devices.below) + " of " + count(devices.heard) : "no";
	set(byId("below"), below + (devices.heard === 1 ? " device" : " devices") + " below the objective");
}

function budget(success, left) {
	if (success === null) return "–";
	if (left === null) return "none";
	return left < -99.99 ? "< -9,999 %" : count(Math.floor(left * 100)) + " %";
}

function showFlow({ readings }) {
	const received = perSecond((state) => state.readings.received);
	set(byId("received"), count(readings.received));
	set(byId("undecided"), rate(received) + ", " + count(readings.pending) + " not decided yet");
	const line = rates.length > 0 ? rates : [null];
	chart("received-chart", { line: line, ground: 0, label: "received a second: " + rate(received) });
	const lately = losses.reduce((sum, one) => sum + one, 0);
	set(byId("lost"), count(readings.lost));
	setClass(byId("lost"), readings.lost > 0 ? "figure bad-text" : "figure");
	set(byId("lost-lately"), count(lately) + " while you look");
	chart("lost-chart", { bars: losses.length > 0 ? losses : [0], label: "lost while you look: " + count(lately) });
}

function chart(id, drawn) {
	draw(byId(id), Object.assign(drawn, { slots: Math.max(SLOTS_MIN, rates.length) }));
}

function showBurn(windows) {
	fill(
		byId("burn"),
		windows.map((window) => [
			{ text: duration(window.long_ms), head: true },
			{ text: burn(window.long), className: "number value" },
			burn(window.short) + " over " + duration(window.short_ms),
			{ text: shares.format(window.alert_rate), className: "number soft" },
			{ text: window.is_alert ? "alert" : "", className: "bad-text value" },
		]),
	);
}

function burn(pace) {
	return pace === null ? "no budget" : pace.toFixed(1);
}

function showLost(state) {
	const { lost, unobserved } = state.readings;
	children(byId("doors"), "li", state.doors.length + 1).forEach((li, i) => {
		if (!li.firstChild) {
			li.append(document.createElement("h3"), document.createElement("p"), document.createElement("p"));
			li.children[1].className = "figure";
			li.lastChild.className = "soft";
		}
		const door = state.doors[i] || { door: "", words: "unobserved", lost: unobserved };
		setClass(li, door.door);
		set(li.firstChild, door.words.charAt(0).toUpperCase() + door.words.slice(1));
		set(li.children[1], count(door.lost));
		const causes = state.causes.filter((one) => one.door === door.door && one.lost > 0);
		const named = causes.map((one) => one.cause + " " + count(one.lost)).join(", ");
		set(li.lastChild, state.doors[i] ? named || "nothing lost here" : "missed by this program: nobody's loss");
	});
	byId("lost-bar").hidden = lost === 0;
	stack(
		byId("lost-bar"),
		state.causes.map((one) => [one.cause, one.lost, one.door]),
		lost,
	);
	const words = new Map(state.doors.map((door) => [door.door, door.words]));
	fill(
		byId("causes"),
		state.causes.map((one) => [
			{ text: one.cause, head: true },
			{ text: count(one.lost), className: one.lost > 0 ? "number value" : "number zero" },
			{ text: one.lost > 0 ? percent(one.lost / lost) : "–", className: one.lost > 0 ? "number" : "number zero" },
			{ text: words.get(one.door), className: one.door + " door" },
			{ text: one.meaning, className: "soft text" },
		]),
	);
}

/** A bar in parts: [name, readings, door], of a whole. */
function stack(node, parts, whole) {
	const some = parts.filter((part) => part[1] > 0);
	const label = some.map((part) => part[0] + " " + count(part[1])).join(", ");
	if (node.getAttribute("aria-label") !== label) node.setAttribute("aria-label", label);
	node.setAttribute("role", "img");
	children(node, "i", some.length).forEach((i, at) => {
		setClass(i, some[at][2]);
		i.style.width = ((some[at][1] / whole) * 100).toFixed(2) + "%";
	});
	return label;
}

function showDevices(state) {
	const { rows, devices } = state;
	const left = devices.heard - rows.length;
	byId("no-devices").hidden = rows.length > 0;
	byId("devices-scroll").hidden = rows.length === 0;
	set(
		byId("devices-note"),
		left > 0
			? "the worst " + count(rows.length) + "; " + count(left) + " more are no worse"
			: rows.length > 1
				? "the worst first"
				: "",
	);
	const doors = new Map(state.causes.map((one) => [one.cause, one.door]));
	const lost = rows.map((row) => Object.values(row.lost).reduce((sum, one) => sum + one, 0));
	const worst = Math.max.apply(null, lost);
	fill(
		byId("devices"),
		rows.map((row) => {
			const decided = row.success !== null;
			const parts = Object.entries(row.lost).map((entry) => [entry[0], entry[1], doors.get(entry[0])]);
			return [
				{ text: row.device, head: true },
				{ text: decided ? percent(row.success) : "–", className: row.is_missed ? "number bad-text value" : "number" },
				{ text: count(row.received), className: "number" },
				{ text: rate(perSecond((one) => one.received.get(row.device))), className: "number" },
				{ show: (td) => showLoss(td, parts, worst), className: "lost" },
				{
					text: budget(row.success, row.budget_left),
					className: decided && !(row.budget_left >= 0) ? "number bad-text" : "number",
				},
				{
					text: row.freshness_ms === null ? "–" : ago(row.freshness_ms),
					className: row.is_silent ? "number warn-text" : "number",
				},
				{ text: row.notes.join(", "), className: row.is_silent ? "text warn-text" : "text soft" },
			];
		}),
	);
}

/** As long as this loss is beside the worst. */
function showLoss(td, parts, worst) {
	if (!td.firstChild) {
		td.append(document.createElement("div"), document.createElement("span"));
		td.firstChild.className = "stack";
	}
	td.firstChild.hidden = parts.length === 0;
	set(td.lastChild, stack(td.firstChild, parts, worst) || "nothing");
}

function showLatency({ latency, stalest_ms }) {
	const known = latency.p50 !== null;
	byId("no-latency").hidden = known;
	const stalest = ["stalest device", stalest_ms === null ? "none" : "newest reading " + ago(stalest_ms)];
	facts(
		byId("latency"),
		known
			? [
					["half within", span(latency.p50)],
					["95 % within", span(latency.p95)],
					["99 % within", span(latency.p99)],
					["readings measured", count(latency.readings)],
					stalest,
				]
			: [stalest],
	);
}

function showNoticed(noticed) {
	byId("no-noticed").hidden = noticed.length > 0;
	byId("noticed-scroll").hidden = noticed.length === 0;
	fill(
		byId("noticed"),
		noticed.map((entry) => {
			const [what, times, meaning, isWrong] = entry;
			return [
				{ text: what, head: true },
				{ text: count(times), className: isWrong ? "number bad-text value" : "number" },
				{ text: meaning, className: "soft text" },
			];
		}),
	);
}

watch(show, {
	title: "The reconciler does not answer",
	advice: "Check that it runs, and its journal for its last words. What it misses meanwhile is nobody's loss.",
});
`;
