// The script of the agent's page, behind the shared one: what the states of agent-state.ts look like.

export const AGENT_SCRIPT = `
/** States that a rate is taken over: 5 s smooth a sensor that sends in bursts. */
const RATE_STATES = 6;
/** Values of a stream that are kept while the page is open. */
const HISTORY = 120;
/** A line begins this wide, so that its first points can be seen. */
const SLOTS_MIN = 30;
/** Whole minutes of losses and the one that runs. */
const MINUTES = 61;

const LOSSES = [
	["overflow", "the buffer was full"],
	["expired", "older than the buffer keeps a reading"],
	["oversize", "does not fit a message"],
	["shutdown", "still waiting when the run ended"],
	["uncertain", "sent on a connection that ended before the broker confirmed them; they may have arrived"],
	["rejected", "input that never became a reading"],
];

const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 15 });
const EVENT_WORDS = { up: "Connected", down: "Connection lost", failed: "No connection", refused: "Login refused" };

let states = [];
let histories = new Map();

function show(state) {
	const status = state.status;
	const newest = states[states.length - 1];
	if (newest && newest.status.run !== status.run) {
		states = [];
		histories = new Map();
	}
	states.push(state);
	if (states.length > RATE_STATES) states.shift();
	set(byId("device"), status.device);
	set(
		byId("facts"),
		"Version " +
			status.version +
			" · board " +
			status.board +
			" · run " +
			status.run +
			" · up " +
			duration(state.uptime_ms),
	);
	document.title = (state.problems.length > 0 ? "! " : "") + status.device + " – Tallywire";
	showVerdict(state.problems, {
		level: "good",
		title: "All is well",
		detail: "Readings reach the broker, and every one is accounted for.",
	});
	showWay(state);
	showStreams(state);
	showSources(state);
	showLost(state);
	showLink(state);
	showClock(status);
	showRanges(status.losses);
}

/** Of a counter, over the states at hand; null from the first one alone. */
function perSecond(pick) {
	const oldest = states[0];
	const newest = states[states.length - 1];
	const elapsedMs = newest.uptime_ms - oldest.uptime_ms;
	return elapsedMs > 0 ? Math.max(0, ((pick(newest) - pick(oldest)) * 1000) / elapsedMs) : null;
}

function showWay(state) {
	const { status, link } = state;
	const { buffer } = status;
	const working = status.sources.filter((source) => source.up).length;
	set(byId("way-sources"), working + " of " + status.sources.length);
	set(byId("way-stamped"), count(status.stamped) + " stamped");
	showExit("way-rejected", [["rejected", status.rejected]]);
	showFill("way-buffered", "buffer-fill", status.buffered, buffer.capacity);
	set(byId("way-capacity"), "wait, of " + count(buffer.capacity));
	const oldest = status.buffered > 0 ? "oldest " + duration(state.oldest_age_ms) + " of " : "kept for ";
	set(byId("way-oldest"), oldest + duration(buffer.ttl_ms));
	showExit("way-dropped", Object.entries(status.dropped));
	showFill("way-inflight", "window-fill", status.in_flight, state.at_risk);
	set(byId("way-window"), "in flight, of " + count(state.at_risk));
	showExit("way-uncertain", [["uncertain", status.uncertain]]);
	set(byId("way-confirmed"), count(status.confirmed));
	set(byId("way-broker"), (link.up ? "link up " : "no link for ") + duration(link.age_ms));
	showFlow("flow-in", "stamped", true);
	showFlow("flow-out", "sent", link.up);
	showFlow("flow-done", "confirmed", link.up);
}

function showFill(figure, bar, value, max) {
	set(byId(figure), count(value));
	meter(byId(bar), value, max, count(value) + " of " + count(max));
}

function showFlow(id, counter, open) {
	const value = perSecond((one) => one.status[counter]);
	setClass(byId(id), "flow" + (!open ? " cut" : value > 0 ? " runs" : ""));
	set(byId(id).firstElementChild, open ? rate(value) : "no link");
}

/** What left the way here. */
function showExit(id, counts) {
	const some = counts.filter((entry) => entry[1] > 0);
	const text = some.map((entry) => count(entry[1]) + " " + entry[0]).join(", ");
	set(byId(id), some.length > 0 ? "↳ " + text : "nothing lost here");
	setClass(byId(id), some.length > 0 ? "exit lost" : "exit");
}

function showStreams(state) {
	byId("no-streams").hidden = state.latest.length > 0;
	byId("streams-scroll").hidden = state.latest.length === 0;
	set(
		byId("streams-note"),
		state.streams > state.latest.length && state.latest.length > 0
			? "the first " + count(state.latest.length) + " of " + count(state.streams)
			: state.latest.length > 0
				? count(state.latest.length)
				: "",
	);
	fill(
		byId("streams"),
		state.latest.map((stream) => {
			const [name, value, ageMs] = stream;
			const cells = [{ text: name, head: true }, valueCell(value, state.status.units[name])];
			cells.push(chartCell(name, value), { text: ago(ageMs), className: "number" });
			return cells;
		}),
	);
}

function valueCell(value, unit) {
	const text =
		typeof value === "number" ? precise.format(value) : value === true ? "true" : value === false ? "false" : value;
	return {
		text: text,
		className: typeof value === "string" ? "value number text" : "value number",
		unit: unit === "Cel" ? "°C" : unit || "",
	};
}

/** Numbers and booleans have a line, as they were once a second. */
function chartCell(name, value) {
	const history = histories.get(name) || [];
	histories.set(name, history);
	history.push(typeof value === "string" ? null : Number(value));
	if (history.length > HISTORY) history.shift();
	const known = history.filter((one) => one !== null);
	if (known.length === 0) return { text: "", className: "chart" };
	const from = precise.format(Math.min.apply(null, known));
	const to = precise.format(Math.max.apply(null, known));
	return {
		line: history,
		slots: Math.max(SLOTS_MIN, history.length),
		className: "chart",
		label: from === to ? "always " + from : "between " + from + " and " + to,
	};
}

function showSources(state) {
	const sources = state.status.sources;
	byId("no-sources").hidden = sources.length > 0;
	byId("sources").closest(".scroll").hidden = sources.length === 0;
	fill(
		byId("sources"),
		sources.map((source, i) => {
			const more = state.sources[i];
			const since = duration(more.age_ms);
			const text = source.up
				? "up for " + since
				: source.error === null
					? "starting for " + since
					: "down for " + since + ": " + source.error;
			const reasons = Object.entries(more.rejected).map((entry) => entry[0] + " " + count(entry[1]));
			return [
				{ text: source.name, head: true },
				source.type,
				{ text: text, className: source.up ? "good-text text" : "bad-text text" },
				{ text: count(source.readings), className: "number" },
				{ text: rate(perSecond((one) => one.status.sources[i].readings)), className: "number" },
				{ text: reasons.join(", ") || "0", className: reasons.length > 0 ? "text" : "zero" },
				number0(source.filtered),
				number0(source.restarts),
			];
		}),
	);
}

function number0(value) {
	return { text: count(value), className: value > 0 ? "number" : "number zero" };
}

function showLost(state) {
	const status = state.status;
	fill(
		byId("lost"),
		LOSSES.map((loss) => {
			const [reason, meaning] = loss;
			const minutes = state.minutes[reason];
			const hour = minutes ? minutes.reduce((sum, one) => sum + one, 0) : 0;
			const total = reason in status.dropped ? status.dropped[reason] : status[reason];
			return [
				{ text: reason, head: true },
				{ text: count(hour), className: hour > 0 ? "number bad-text value" : "number zero" },
				{
					bars: minutes || [0],
					slots: MINUTES,
					className: "chart",
					label: hour > 0 ? count(hour) + " in the last hour" : "none",
				},
				number0(total),
				{ text: meaning, className: "soft text" },
			];
		}),
	);
	const previous = status.previous;
	byId("previous").hidden = previous === null;
	if (previous !== null) {
		set(
			byId("previous"),
			"The run before this one (" +
				previous.run +
				") died without its last word: " +
				count(previous.stamped) +
				" readings stamped, " +
				count(previous.confirmed) +
				" of them confirmed.",
		);
	}
}

function showLink(state) {
	const link = state.link;
	const mqtt = state.status.mqtt;
	const back = mqtt.loopback === null ? "not known" : mqtt.loopback ? "yes" : "no";
	facts(byId("link"), [
		["broker", link.url],
		[link.up ? "connected for" : "not connected for", duration(link.age_ms), link.up ? "good-text" : "bad-text"],
		["connections", count(mqtt.connects)],
		["refused logins", count(mqtt.auth_failures), mqtt.auth_failures > 0 ? "bad-text" : ""],
		["messages sent", count(link.frames) + ", " + size(link.frame_bytes)],
		["own status comes back", back, mqtt.loopback === false ? "warn-text" : ""],
	]);
	byId("no-events").hidden = link.events.length > 0;
	byId("events-scroll").hidden = link.events.length === 0;
	fill(
		byId("link-events"),
		link.events
			.slice()
			.reverse()
			.map((event) => {
				const [kind, reason, times, , lastMs] = event;
				const what = EVENT_WORDS[kind] + (reason ? ": " + reason : "");
				return [
					ago(lastMs),
					{
						text: what + (times > 1 ? " (" + count(times) + " times)" : ""),
						className: kind === "up" ? "good-text text" : "bad-text text",
					},
				];
			}),
	);
}

function size(bytes) {
	const units = ["bytes", "kB", "MB", "GB", "TB"];
	let power = 0;
	for (; bytes >= 1000 && power < units.length - 1; power += 1) bytes /= 1000;
	return (power > 0 && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)) + " " + units[power];
}

function showClock(status) {
	const differenceMs = status.time - Date.now();
	const off = Math.abs(differenceMs) > 2000;
	facts(byId("clock"), [
		["time on the device", new Date(status.time).toLocaleString()],
		["synchronised", status.clock ? "yes" : "no", status.clock ? "good-text" : "warn-text"],
		[
			"beside this browser's clock",
			off ? duration(Math.abs(differenceMs)) + (differenceMs > 0 ? " ahead" : " behind") : "the same",
			off ? "warn-text" : "",
		],
	]);
}

function showRanges(losses) {
	byId("no-losses").hidden = losses.length > 0;
	byId("losses-scroll").hidden = losses.length === 0;
	fill(
		byId("losses"),
		losses
			.slice()
			.reverse()
			.map((range) => {
				const [from, to, reason] = range;
				return [
					{ text: count(from), className: "number" },
					{ text: count(to), className: "number" },
					{ text: count(to - from + 1), className: "number" },
					reason,
				];
			}),
	);
}

watch(show, {
	title: "The agent does not answer",
	advice:
		"Check that it runs: systemctl status tallywire on the device, and journalctl -u tallywire for its last words.",
});
`;
