// The stream of states: one a second for all who look, nothing for nobody, and a bound on who and how long.
import { get, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { mock } from "node:test";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Log } from "../../src/log.js";
import { createEvents, EVENT_INTERVAL_MS, VIEW_MS_MAX, VIEWER_STALL_MS, VIEWERS_MAX } from "../../src/serve/events.js";
import { createHttpServer, EVENTS_PATH, JSON_TYPE } from "../../src/serve/http-server.js";
import { until } from "../support/wait.js";

const test = suite("events");

const LOG: Log = { error() {}, warn() {}, info() {}, debug() {} };

/** Longer than what the kernel holds of a connection that is not read. */
const LONG = "x".repeat(16_000_000);

interface Served {
	readonly port: number;
	/** How often a state was asked for. */
	readonly made: () => number;
}

async function withEvents(use: (served: Served) => Promise<void>, state: () => unknown = () => ({})): Promise<void> {
	let made = 0;
	const site = {
		documents: new Map([["/status", () => ({ code: 200, type: JSON_TYPE, body: "{}" })]]),
		state() {
			made += 1;
			return { made, state: state() };
		},
	};
	const server = createHttpServer({ listen: { host: "127.0.0.1", port: 0 }, site, log: LOG });
	const { port } = await server.start();
	try {
		await use({ port, made: () => made });
	} finally {
		await server.stop();
	}
}

/** Looks; what came so far is in `text()`. */
async function look(port: number, headers: Record<string, string> = {}) {
	let all = "";
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		get({ host: "127.0.0.1", port, path: EVENTS_PATH, headers, agent: false }, resolve).on("error", reject);
	});
	response.setEncoding("utf8").on("data", (chunk: string) => {
		all += chunk;
	});
	response.on("error", () => {}); // the server stops
	return {
		code: response.statusCode,
		headers: response.headers,
		text: () => all,
		states: () => [...all.matchAll(/^data: (.*)\n\n/gm)].map(([, json = ""]) => JSON.parse(json)),
		leave: () => response.destroy(),
	};
}

function headOf(port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		const asked = request({ host: "127.0.0.1", port, path: EVENTS_PATH, method: "HEAD", agent: false }, (response) => {
			response.resume();
			resolve(response.statusCode ?? 0);
		});
		asked.on("error", reject).end();
	});
}

test("sends the whole state at once and then once a second, made once for all", async () => {
	await withEvents(async ({ port, made }) => {
		const first = await look(port);
		assert.is(first.code, 200);
		assert.is(first.headers["content-type"], "text/event-stream");
		assert.is(first.headers["cache-control"], "no-store");
		await until("the first state", () => first.states().length > 0);
		assert.is(made(), 1);
		const others = await Promise.all(Array.from({ length: 5 }, () => look(port)));
		await until("three states", () => [first, ...others].every((viewer) => viewer.states().length >= 3));
		// The others began with the state that was there, and got the same ones as the first from then on.
		assert.equal(others[4]?.states().slice(0, 3), first.states().slice(0, 3));
		assert.is(made(), first.states().length);
		assert.match(first.text(), /^retry: \d+\n\ndata: /);
	});
});

test("makes nothing while nobody looks, and no more for those who come and go", async () => {
	await withEvents(async ({ port, made }) => {
		assert.is(await headOf(port), 200);
		assert.is(made(), 0);
		const startedMs = performance.now();
		for (let i = 0; i < 50; i++) {
			const viewer = await look(port);
			await until("a state", () => viewer.states().length > 0);
			viewer.leave();
		}
		const seconds = Math.ceil((performance.now() - startedMs) / EVENT_INTERVAL_MS);
		assert.ok(made() <= seconds + 1, `${made()} in ${seconds} s`);
		const viewer = await look(port);
		await until("a second state", () => viewer.states().length > 1);
		viewer.leave();
		// One tick may have been on its way when the last viewer left.
		await new Promise((resolve) => setTimeout(resolve, 2 * EVENT_INTERVAL_MS));
		const before = made();
		await new Promise((resolve) => setTimeout(resolve, 2 * EVENT_INTERVAL_MS));
		assert.is(made(), before);
	});
});

test(`serves ${VIEWERS_MAX} viewers, tells the next one so, and answers other requests beside them`, async () => {
	await withEvents(async ({ port }) => {
		const viewers = await Promise.all(Array.from({ length: VIEWERS_MAX }, () => look(port)));
		await until("a state for each", () => viewers.every((viewer) => viewer.states().length > 0));
		const late = await look(port);
		assert.is(late.code, 503);
		await until("why", () => late.text() === `${VIEWERS_MAX} viewers look already; try again later\n`);
		assert.is(await headOf(port), 503);
		assert.is((await fetch(`http://127.0.0.1:${port}/status`)).status, 200);
		viewers[7]?.leave();
		await until("a place", async () => (await headOf(port)) === 200);
		assert.is((await look(port)).code, 200);
	});
});

/** A viewer that reads nothing until it is told to. */
function lookWithoutReading(port: number): Socket {
	const socket = connect(port, "127.0.0.1");
	socket.on("error", () => {});
	socket.pause();
	socket.write(`GET ${EVENTS_PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
	return socket;
}

test("queues nothing for a viewer who is slow: it misses states, and goes on with the newest", async () => {
	await withEvents(
		async ({ port, made }) => {
			const socket = lookWithoutReading(port);
			// No longer than it takes: after VIEWER_STALL_MS it would be dropped, and on a busy machine states are seconds apart.
			await until("a state that it misses", () => made() > 1, 20_000);
			const behind = made();
			let last = "";
			const came: number[] = [];
			socket.on("data", (chunk: Buffer) => {
				const text = last + chunk.toString("latin1");
				const found = [...text.matchAll(/data: \{"made":(\d+),/g)];
				for (const [, number] of found) came.push(Number(number));
				last = found.length > 0 ? "" : text.slice(-40);
			});
			socket.resume();
			await until("a second state", () => came.length > 1, 20_000);
			assert.is(came[0], 1);
			assert.ok((came[1] ?? 0) > behind, `${came} after ${behind}`);
			socket.destroy();
		},
		() => LONG,
	);
});

test("drops a viewer who takes nothing for too long", async () => {
	await withEvents(
		async ({ port, made }) => {
			const socket = lookWithoutReading(port);
			const startedMs = performance.now();
			let last = 0;
			let changedMs = startedMs;
			await until(
				"nobody to make states for",
				() => {
					if (made() !== last) changedMs = performance.now();
					last = made();
					return last > 0 && performance.now() - changedMs > 2 * EVENT_INTERVAL_MS;
				},
				30_000,
			);
			assert.ok(changedMs - startedMs >= VIEWER_STALL_MS - EVENT_INTERVAL_MS, "it had its time");
			socket.destroy();
		},
		() => LONG,
	);
});

test("gives the places back that one connection took with requests behind each other", async () => {
	await withEvents(async ({ port }) => {
		const socket = connect(port, "127.0.0.1");
		socket.on("error", () => {});
		socket.resume();
		socket.write(`GET ${EVENTS_PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(VIEWERS_MAX + 1));
		await until("all places to be taken", async () => (await headOf(port)) === 503);
		socket.destroy();
		const viewers: Awaited<ReturnType<typeof look>>[] = [];
		await until(
			() => `${VIEWERS_MAX} places, not ${viewers.length}`,
			async () => {
				const viewer = await look(port);
				if (viewer.code === 200) viewers.push(viewer);
				return viewers.length === VIEWERS_MAX;
			},
			2 * VIEWER_STALL_MS,
		);
	});
});

test("ends a stream after its time, so that whoever left without a word is forgotten", () => {
	mock.timers.enable({ apis: ["setInterval"] });
	let nowMs = 0;
	let written = 0;
	let ended = false;
	const events = createEvents(
		() => ({}),
		() => nowMs,
	);
	const response = { writableLength: 0, once() {}, write: () => (written += 1), end: () => (ended = true) };
	events.send(response as unknown as ServerResponse);
	for (; nowMs < VIEW_MS_MAX - EVENT_INTERVAL_MS; nowMs += EVENT_INTERVAL_MS) mock.timers.tick(EVENT_INTERVAL_MS);
	assert.is(ended, false);
	nowMs = VIEW_MS_MAX;
	mock.timers.tick(EVENT_INTERVAL_MS);
	assert.is(ended, true);
	const before = written;
	mock.timers.tick(10 * EVENT_INTERVAL_MS);
	assert.is(written, before);
	mock.timers.reset();
});

test("refuses a forged Host, a foreign Origin, and a foreign page without one", async () => {
	await withEvents(async ({ port, made }) => {
		assert.is((await look(port, { Host: "evil.example" })).code, 421);
		assert.is((await look(port, { Origin: "http://evil.example" })).code, 403);
		assert.is((await look(port, { "Sec-Fetch-Site": "cross-site" })).code, 403);
		assert.is(made(), 0);
		assert.is((await look(port, { "Sec-Fetch-Site": "same-origin" })).code, 200);
	});
});

test.run();
