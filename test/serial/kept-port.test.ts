import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createKeptPort, type Send } from "../../src/sources/serial/kept-port.js";
import type { Source } from "../../src/sources/source.js";
import { createFakeWorld, type FakeWorld, SETTINGS } from "./fake-world.js";

const test = suite("kept port");

interface Scene {
	readonly world: FakeWorld;
	readonly source: Source;
	/** What the intake was told, in order. */
	readonly told: string[];
	send(bytes: Uint8Array): boolean;
}

async function begin(): Promise<Scene> {
	const world = createFakeWorld();
	const told: string[] = [];
	const sends: Send[] = [];
	const source = createKeptPort(SETTINGS, { now: world.now, up: () => {}, down: () => {} }, world, {
		begin(send) {
			sends.push(send);
			told.push("begin");
		},
		push: (bytes, length) => told.push(bytes.toString("latin1", 0, length)),
		end: () => told.push("end"),
	});
	source.start();
	await world.advance(0);
	return { world, source, told, send: (bytes) => sends[0]?.(bytes) ?? false };
}

test("what came before a write is handed on before it", async () => {
	const { world, source, told, send } = await begin();
	world.port().receive("first");
	world.port().receive("during the pause"); // waits for the next read
	assert.equal(told, ["begin", "first"]);
	assert.ok(send(Buffer.from("question")));
	assert.equal(told, ["begin", "first", "during the pause"]);
	assert.equal(
		world.port().written.map((bytes) => Buffer.from(bytes).toString()),
		["question"],
	);
	await source.stop();
});

test("a write that the kernel does not take, or to a port that is gone, says so", async () => {
	const { world, source, send } = await begin();
	world.port().isFull = true;
	assert.not(send(Buffer.from("x")));
	world.port().isFull = false;
	assert.ok(send(Buffer.from("x")));
	world.place = { device: "b", access: "rw" };
	await world.advance(2_000);
	assert.is(world.ports.length, 2);
	assert.not(send(Buffer.from("x")), "a connection that ended writes to nothing any more");
	await source.stop();
	assert.not(send(Buffer.from("x")));
	assert.equal(
		world.ports.map(({ written }) => written.length),
		[1, 0],
	);
});

test("every beginning has its end, and what came last is before it", async () => {
	const { world, source, told } = await begin();
	world.port().hangUp();
	await world.advance(2_000);
	world.port().receive("a");
	world.port().receive("b");
	await source.stop();
	await source.stop();
	assert.equal(told, ["begin", "end", "begin", "a", "b", "end"]);
});

test.run();
