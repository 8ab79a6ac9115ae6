// The script of the page, as text: it runs in a browser, is allowed by its hash, and has no module to load.
// Every text goes through `element(...)`, which sets textContent; there is no way to markup from data.

export const PAGE_SCRIPT = `"use strict";
const PERIOD_MS = 2000;
const number = new Intl.NumberFormat("en");
let before = null;
let timer = 0;
let busy = false;
let verdict = "";

function byId(id) { return document.getElementById(id); }

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = String(text);
  if (className) made.className = className;
  return made;
}

function row(cells) {
  const made = element("tr");
  made.append(...cells.map(function (cell) { return cell.tag ? element(cell.tag, cell.text, cell.className) : element("td", cell); }));
  return made;
}

function count(value) { return number.format(value); }

function duration(seconds) {
  const s = Math.floor(seconds);
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
  if (s < 172800) return Math.floor(s / 3600) + " h " + (Math.floor(s / 60) % 60) + " min";
  return Math.floor(s / 86400) + " days";
}

function perSecond(status, key) {
  if (before === null || before.run !== status.run || status.uptime_s <= before.uptime_s) return "";
  return count(Math.round((status[key] - before[key]) / (status.uptime_s - before.uptime_s))) + "/s";
}

function pairs(id, entries) {
  byId(id).replaceChildren(...entries.map(function (entry) {
    const made = element("div");
    made.append(element("dt", entry[0]), element("dd", entry[1], entry[2]));
    return made;
  }));
}

function step(name, value, rate, bar) {
  const made = element("li");
  made.append(element("span", name), element("b", count(value)), element("small", rate));
  if (bar) {
    const progress = element("progress");
    progress.max = bar;
    progress.value = value;
    made.append(progress);
  }
  return made;
}

function showVerdict(title, good, reasons) {
  // A screen reader speaks what changes here, so nothing is set anew that stays as it is.
  const said = JSON.stringify([title, reasons]);
  if (said === verdict) return;
  verdict = said;
  byId("verdict").className = good ? "good" : "bad";
  byId("verdict-title").textContent = title;
  byId("reasons").replaceChildren(...reasons.map(function (reason) { return element("li", reason); }));
}

function showWay(status) {
  const buffer = status.buffer;
  byId("way").replaceChildren(
    step("stamped", status.stamped, perSecond(status, "stamped")),
    step("buffered", status.buffered, "of " + count(buffer.capacity), buffer.capacity),
    step("sent", status.sent, perSecond(status, "sent")),
    step("confirmed", status.confirmed, perSecond(status, "confirmed")));
  byId("window").textContent = count(status.in_flight) + " in flight. The buffer keeps a reading for " +
    duration(buffer.ttl_ms / 1000) + ", policy " + buffer.policy + ".";
  const lost = Object.entries(status.dropped).concat([["uncertain", status.uncertain], ["rejected", status.rejected]]);
  pairs("lost", lost.map(function (entry) { return [entry[0], count(entry[1]), entry[1] > 0 ? "bad" : ""]; }));
}

function showSources(status) {
  byId("sources").replaceChildren(...status.sources.map(function (source) {
    const state = source.up ? "up" : "down: " + (source.error === null ? "starting" : source.error);
    return row([source.name, source.type, { tag: "td", text: state, className: source.up ? "good" : "bad" },
      count(source.readings), count(source.rejected), count(source.filtered), count(source.restarts)]);
  }));
}

function showLink(status) {
  const link = status.mqtt;
  const loopback = link.loopback === null ? "unknown" : link.loopback ? "messages come back" : "messages do not come back";
  pairs("link", [
    ["connects", count(link.connects)], ["disconnects", count(link.disconnects)],
    ["refused logins", count(link.auth_failures), link.auth_failures > 0 ? "bad" : ""],
    ["check", loopback, link.loopback === false ? "bad" : ""],
    ["clock", status.clock ? "synchronised" : "not synchronised", status.clock ? "" : "bad"],
    ["time on the device", new Date(status.time).toLocaleString()]]);
}

function showLosses(status) {
  const newest = status.losses.slice().reverse();
  byId("losses").replaceChildren(...newest.map(function (range) {
    return row([count(range[0]), count(range[1]), count(range[1] - range[0] + 1), range[2]]);
  }));
}

function show(status, health) {
  byId("device").textContent = status.device;
  byId("facts").textContent = status.version + ", board " + status.board + ", run " + status.run + ", up " + duration(status.uptime_s);
  document.title = (health.ok ? "" : "! ") + status.device + " - Tallywire";
  const down = status.sources.filter(function (source) { return !source.up; });
  const hints = down.map(function (source) { return source.name + ": " + (source.error === null ? "starting" : source.error); });
  if (!health.ok) showVerdict("Something is wrong", false, health.reasons);
  else if (down.length > 0) showVerdict("Readings flow, but not from every source", false, hints);
  else showVerdict("All is well: every reading is accounted for", true, []);
  showWay(status);
  showSources(status);
  showLink(status);
  showLosses(status);
  before = status;
}

async function read(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(5000) });
  return answer.json();
}

async function refresh() {
  if (busy) return;
  busy = true;
  try {
    const both = await Promise.all([read("/status"), read("/healthz")]);
    show(both[0], both[1]);
  } catch (error) {
    showVerdict("The agent does not answer", false, ["The figures below are the last that arrived."]);
  }
  busy = false;
}

function follow() {
  clearInterval(timer);
  if (document.hidden) return;
  timer = setInterval(refresh, PERIOD_MS);
  refresh();
}

document.addEventListener("visibilitychange", follow);
follow();
`;
