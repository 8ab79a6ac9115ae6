// The log: one line an event whatever is in it, of each kind only so many, in the form that its reader can take, and never a
// secret.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createLog, type LogFields, type LogOptions } from "../../src/log.js";
import { freePort } from "../support/free-port.js";
import { startBroker } from "../support/mosquitto.js";
import { type Agent, startAgent } from "../support/process.js";
import "../support/seed.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";

/** Unicode's own word for what may break a terminal or reorder a line; the log has a table written out. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const FIELD_CHARS_MAX = 500;

interface Scene {
	readonly lines: string[];
	readonly log: ReturnType<typeof createLog>;
	nowMs: number;
	backlog: number;
}

function open(options: Partial<LogOptions> = {}): Scene {
	const lines: string[] = [];
	const scene = { lines, nowMs: 0, backlog: 0 };
	const write = (line: string): number => {
		if (line !== "") lines.push(line);
		return scene.backlog;
	};
	const log = createLog({ level: "info", json: false, write, nowMs: () => scene.nowMs, ...options });
	return Object.assign(scene, { log });
}

/** A strict reader of logfmt: `key=value` or `key="value"` with JSON's escapes, one blank between. */
function parseLogfmt(line: string): Record<string, unknown> {
	const fields: Record<string, unknown> = {};
	let rest = line;
	while (rest !== "") {
		const pair = /^([a-z_]+)=([^\s"=]+|"(?:[^"\\]|\\.)*")(?: (?=.)|$)/u.exec(rest);
		assert.ok(pair, `no logfmt: ${JSON.stringify(rest)}`);
		const [all = "", key = "", value = ""] = pair ?? [];
		fields[key] = value.startsWith('"') ? JSON.parse(value) : value;
		rest = rest.slice(all.length);
	}
	return fields;
}

const NASTY = [
	"\u001b[2J\u001b]0;owned\u0007",
	'" level=error event=forged x="',
	"one\ntwo\r\nthree\u2028four\u0085",
	"\u202egnirts\u2066",
	"\ud800 \udc00 \ud83d",
	"\\",
	'\\"',
	"",
	" ",
	"=",
	"null",
	"\u0000\u007f\u009b31m\ufeff\u200b",
	"\u{1f600}".repeat(300),
];
const text = fc.oneof(
	fc.constantFrom(...NASTY),
	fc.string({ unit: "binary", maxLength: 600 }),
	fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 600 }).map((units) => String.fromCharCode(...units)),
	fc.array(fc.constantFrom(...NASTY), { maxLength: 5 }).map((parts) => parts.join("")),
);

function expected(value: string): string {
	const cut = value.length > FIELD_CHARS_MAX ? `${value.slice(0, FIELD_CHARS_MAX)}…` : value;
	return cut.replace(UNPRINTABLE, "\ufffd");
}

for (const json of [false, true]) {
	test(`whatever text a field holds, one line comes out that parses back (${json ? "JSON" : "logfmt"})`, () => {
		const property = fc.property(text, text, fc.integer(), (reason, line, count) => {
			const { lines, log } = open({ json });
			const fields: LogFields = { reason, count, line, up: false, error: null };
			log.warn("source_down", fields);
			assert.is(lines.length, 1);
			const [shown = ""] = lines;
			assert.ok(shown.endsWith("\n"));
			assert.is(shown.slice(0, -1).search(UNPRINTABLE), -1, JSON.stringify(shown));
			const parsed = json ? JSON.parse(shown) : parseLogfmt(shown.slice(0, -1));
			const [number, off, none] = json ? [count, false, null] : [String(count), "false", "null"];
			const said = { reason: expected(reason), count: number, line: expected(line), up: off, error: none };
			assert.equal(parsed, { level: "warn", event: "source_down", ...said });
		});
		fc.assert(property, { numRuns: 500 });
	});
}

test("a flood of one kind is held back and counted, and another kind is still heard", () => {
	const scene = open();
	for (let i = 0; i < 1_000; i += 1) scene.log.warn("source_down", { i });
	scene.log.info("link_up");
	assert.is(scene.lines.length, 11);
	assert.is(scene.lines.at(-1), "level=info event=link_up\n");
	scene.nowMs = 10_000;
	scene.log.warn("source_down", { i: 1_000 });
	assert.is(scene.lines.at(-1), "level=warn event=source_down i=1000 held_back=990\n");
});

test("lines are held back while nobody takes them, and counted when somebody does", () => {
	const scene = open();
	scene.backlog = 70_000;
	for (const event of ["a", "b", "b", "b"]) scene.log.info(event);
	assert.is(scene.lines.length, 1, "the first found out");
	scene.backlog = 0;
	scene.log.info("b");
	scene.log.info("b");
	assert.is(scene.lines.at(-1), "level=info event=b held_back=4\n");
});

test("what is below the level is not written", () => {
	const { lines, log } = open({ level: "warn" });
	log.debug("a");
	log.info("b");
	log.warn("c");
	log.error("d");
	assert.equal(
		lines.map((line) => parseLogfmt(line.trimEnd())["event"]),
		["c", "d"],
	);
});

/** An agent that finds no broker, its stderr and $JOURNAL_STREAM made by a line of shell. */
async function loggedThrough(shell: string): Promise<string> {
	const mqtt = { url: `mqtt://127.0.0.1:${await freePort()}` };
	const agent = startAgent({ device: "journal", mqtt, sources: [] }, { through: ["sh", "-c", shell, "sh"] });
	await agent.waitForOutput(/link_down/);
	await agent.stop();
	return agent.stderr();
}

test("it is JSON where stderr is the journal, and logfmt where only the variable was handed on", async () => {
	const [journal, terminal] = await Promise.all([
		loggedThrough('JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec "$@"'),
		loggedThrough('JOURNAL_STREAM=8:4711 exec "$@"'),
	]);
	const events = journal
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line).event);
	for (const event of ["start", "link_down", "end"]) assert.ok(events.includes(event), `${event} in ${events}`);
	for (const line of terminal.trimEnd().split("\n")) assert.type(parseLogfmt(line)["event"], "string");
});

test("no secret is printed, whatever the environment asks to be told", async () => {
	const secret = "canary-of-the-mine";
	const broker = await startBroker({ users: [{ username: "gateway", password: secret }] });
	const file = join(makeTempDir("secret"), "password");
	writeFileSync(file, secret);
	const start = (device: string, mqtt: object): Agent =>
		startAgent(
			{ device, log: { level: "debug" }, mqtt: { url: broker.url, username: "gateway", ...mqtt }, sources: [] },
			{ env: { CANARY: secret, DEBUG: "*", NODE_DEBUG: "net,tls,http,stream,timer" } },
		);
	const agents = [
		start("by-file", { password_file: file }),
		start("by-variable", { password: `\${CANARY}` }),
		start("refused", { password: `\${CANARY}`, username: "stranger" }),
		start("nobody-there", { password_file: file, url: `mqtts://127.0.0.1:${await freePort()}` }),
	];
	try {
		const saying = (event: string): number => agents.filter((agent) => agent.stderr().includes(event)).length;
		await until("two links", () => saying("event=link_up") === 2, 20_000);
		await until("two refusals", () => saying("event=link_down") === 2, 20_000);
		for (const agent of agents) {
			assert.is((await agent.stop()).code, 0);
			assert.not.match(agent.stderr() + agent.stdout(), secret);
		}
	} finally {
		await Promise.all(agents.map((agent) => agent.kill()));
		await broker.stop();
	}
});

test.run();
