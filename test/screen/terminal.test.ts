import { EventEmitter } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createTerminal, REDRAW_MS, type TerminalOptions } from "../../src/screen/terminal.js";

const test = suite("terminal");

function createWorld() {
	let nowMs = 0;
	const written: string[] = [];
	const killed: unknown[] = [];
	const out = { columns: 80, rows: 24, writableNeedDrain: false, write: (text: string) => written.push(text) > 0 };
	const events = Object.assign(new EventEmitter(), {
		pid: 42,
		kill: (...call: unknown[]) => killed.push(call) > 0,
	});
	const terminal = createTerminal({
		out: out as unknown as TerminalOptions["out"],
		events: events as unknown as TerminalOptions["events"],
		nowMs: () => nowMs,
	});
	return {
		terminal,
		out,
		events,
		killed,
		advance: (ms: number) => {
			nowMs += ms;
		},
		take: () => written.splice(0).join(""),
	};
}

const LEAVE = "\u001b[?1049l";

test("enters the alternate screen and gives the user's own back, once", () => {
	const { terminal, take, events } = createWorld();
	terminal.enter();
	terminal.enter();
	assert.is(take().split("\u001b[?1049h").length, 2);
	terminal.leave();
	terminal.leave();
	const left = take();
	assert.is(left.split(LEAVE).length, 2);
	assert.ok(left.includes("\u001b[?25h") && left.includes("\u001b[?7h"));
	assert.equal(events.eventNames(), []);
});

test("draws the first screen whole and then only the lines that changed", () => {
	const { terminal, take, advance } = createWorld();
	terminal.enter();
	take();
	assert.ok(terminal.draw(["one", "two", "three"]));
	assert.is(take(), "\u001b[2J\u001b[1;1H\u001b[Kone\u001b[2;1H\u001b[Ktwo\u001b[3;1H\u001b[Kthree");
	advance(REDRAW_MS);
	assert.ok(terminal.draw(["one", "2"]));
	assert.is(take(), "\u001b[2;1H\u001b[K2\u001b[3;1H\u001b[K");
	advance(REDRAW_MS);
	assert.ok(terminal.draw(["one", "2"]));
	assert.is(take(), "");
});

test("draws at most four times a second, and never ahead of a slow terminal", () => {
	const { terminal, out, take, advance } = createWorld();
	terminal.enter();
	let drawn = 0;
	for (let ms = 0; ms < 1_000; ms += 10, advance(10)) drawn += Number(terminal.draw([String(ms)]));
	assert.is(drawn, 4);
	take();
	out.writableNeedDrain = true;
	advance(1_000);
	assert.not.ok(terminal.draw(["late"]));
	assert.is(take(), "");
});

test("draws all again after a change of size, and no line below the last row", () => {
	const { terminal, out, take, advance } = createWorld();
	terminal.enter();
	terminal.draw(["one", "two"]);
	take();
	out.rows = 1;
	advance(REDRAW_MS);
	terminal.draw(["one", "two"]);
	assert.is(take(), "\u001b[2J\u001b[1;1H\u001b[Kone");
	assert.equal(terminal.size(), { columns: 80, rows: 1 });
});

test("draws nothing outside the alternate screen", () => {
	const { terminal, take } = createWorld();
	assert.not.ok(terminal.draw(["one"]));
	assert.is(take(), "");
});

test("restores the screen when the process ends", () => {
	const { terminal, events, take } = createWorld();
	terminal.enter();
	events.emit("exit", 1);
	assert.ok(take().includes(LEAVE));
});

test("restores the screen on a signal, and sends it again only where nobody else listens", () => {
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
		const alone = createWorld();
		alone.terminal.enter();
		alone.events.emit(signal, signal);
		assert.ok(alone.take().includes(LEAVE), signal);
		assert.equal(alone.killed, [[42, signal]]);
		const shared = createWorld();
		shared.events.on(signal, () => {});
		shared.terminal.enter();
		shared.events.emit(signal, signal);
		assert.ok(shared.take().includes(LEAVE), signal);
		assert.equal(shared.killed, []);
	}
});

test("takes 80 x 24 where the terminal does not say", () => {
	const { terminal, out } = createWorld();
	Object.assign(out, { columns: 0, rows: undefined });
	assert.equal(terminal.size(), { columns: 80, rows: 24 });
});

test.run();
