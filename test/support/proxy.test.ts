import { connect, createServer, type Server, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { freePort } from "./free-port.js";
import { startProxy } from "./proxy.js";
import { delay, until } from "./wait.js";

interface End {
	readonly socket: Socket;
	received(): string;
	error(): string | undefined;
	hasEnded(): boolean;
	isClosed(): boolean;
}

function watch(socket: Socket): End {
	let received = "";
	let error: string | undefined;
	let hasEnded = false;
	let isClosed = false;
	socket.setEncoding("utf8").on("data", (text) => {
		received += text;
	});
	socket.on("error", (problem: NodeJS.ErrnoException) => {
		error = problem.code;
	});
	socket.on("end", () => {
		hasEnded = true;
	});
	socket.on("close", () => {
		isClosed = true;
	});
	return { socket, received: () => received, error: () => error, hasEnded: () => hasEnded, isClosed: () => isClosed };
}

async function startWorld() {
	const servers: End[] = [];
	const server: Server = createServer((socket) => servers.push(watch(socket)));
	const port = await freePort();
	await new Promise<void>((resolve) => {
		server.listen(port, "127.0.0.1", resolve);
	});
	const proxy = await startProxy({ host: "127.0.0.1", port });
	const dial = (): End => watch(connect(proxy.port, proxy.host));
	const join = async (): Promise<readonly [End, End]> => {
		const count = servers.length;
		const client = dial();
		const far = await until("the connection to arrive", () => servers[count]);
		return [client, far];
	};
	const stop = async (): Promise<void> => {
		await proxy.stop();
		for (const { socket } of servers) socket.destroy();
		server.close();
	};
	return { proxy, dial, join, servers, stop };
}

const isReset = (end: End): boolean => end.error() === "ECONNRESET" && end.isClosed();

test("passes bytes both ways, and ends", async () => {
	const { proxy, join, stop } = await startWorld();
	const [client, server] = await join();
	client.socket.write("up");
	server.socket.write("down!");
	await until("both", () => server.received() === "up" && client.received() === "down!");
	assert.equal([proxy.bytesUp(), proxy.bytesDown(), proxy.connections(), proxy.open()], [2, 5, 1, 1]);
	client.socket.end("bye");
	await until("the end", () => server.hasEnded() && client.isClosed() && proxy.open() === 0);
	assert.is(server.received(), "upbye");
	assert.is(server.error(), undefined);
	await stop();
});

test("cut resets both sides, and the next connection works", async () => {
	const { proxy, join, stop } = await startWorld();
	const [client, server] = await join();
	proxy.cut();
	await until("resets", () => isReset(client) && isReset(server));
	const [next, far] = await join();
	next.socket.write("again");
	await until("bytes", () => far.received() === "again");
	await stop();
});

test("cutAfterBytes passes exactly that many, then resets", async () => {
	const { proxy, join, stop } = await startWorld();
	const [client, server] = await join();
	client.socket.write("12345");
	await until("bytes", () => server.received() === "12345");
	proxy.cutAfterBytes(3);
	client.socket.write("abcdef");
	// Bytes and a reset that come at once look like bytes and an end to Node, so only the client's side is certain.
	await until("resets", () => isReset(client) && server.isClosed());
	assert.is(server.received(), "12345abc");
	const [next, far] = await join();
	next.socket.write("x".repeat(100));
	await until("bytes", () => far.received().length === 100);
	await stop();
});

test("closeFin ends both sides without an error", async () => {
	const { proxy, join, stop } = await startWorld();
	const [client, server] = await join();
	proxy.closeFin();
	await until("ends", () => client.isClosed() && server.isClosed());
	assert.equal([client.error(), server.error()], [undefined, undefined]);
	await stop();
});

test("a stall holds one direction until it is resumed, and loses nothing", async () => {
	const { proxy, join, stop } = await startWorld();
	const [client, server] = await join();
	proxy.stall("up");
	client.socket.write("x".repeat(300_000));
	server.socket.write("down");
	await until("the other direction", () => client.received() === "down");
	assert.is(server.received(), "");
	proxy.resume();
	await until("all bytes", () => server.received().length === 300_000);
	await stop();
});

test("the black hole eats bytes and ends in silence, and new connections get no answer", async () => {
	const { proxy, join, dial, servers, stop } = await startWorld();
	const [client, server] = await join();
	proxy.blackhole(true);
	client.socket.write("lost");
	server.socket.write("lost");
	const late = dial();
	late.socket.write("hello?");
	await until("a connection", () => late.socket.readyState === "open");
	client.socket.end();
	await delay(50);
	assert.equal([client.received(), server.received(), server.hasEnded(), servers.length], ["", "", false, 1]);
	proxy.blackhole(false);
	const [next, far] = await join();
	next.socket.write("found");
	await until("bytes", () => far.received() === "found");
	assert.is(server.received(), "");
	await stop();
});

test("refuse makes the kernel refuse, and leaves what is up", async () => {
	const { proxy, join, dial, stop } = await startWorld();
	const [client, server] = await join();
	await proxy.refuse(true);
	await proxy.refuse(true);
	const late = dial();
	await until("a refusal", () => late.error() === "ECONNREFUSED");
	client.socket.write("still");
	await until("bytes", () => server.received() === "still");
	await proxy.refuse(false);
	await join();
	await stop();
});

test("slow limits the rate and adds latency", async () => {
	const { proxy, join, stop } = await startWorld();
	const [client, server] = await join();
	proxy.slow({ bytesPerSecond: 10_000, latencyMs: 50 });
	const startedMs = performance.now();
	client.socket.write("x".repeat(2_000));
	await until("all bytes", () => server.received().length === 2_000);
	const tookMs = performance.now() - startedMs;
	assert.ok(tookMs >= 200, `2,000 bytes at 10,000/s and 50 ms of latency took ${tookMs} ms`);
	proxy.slow(null);
	client.socket.write("y".repeat(1_000_000));
	await until("all bytes", () => server.received().length === 1_002_000);
	await stop();
});

test("a fault of one direction leaves the other as it is", async () => {
	const { proxy, join, stop } = await startWorld();
	const [client, server] = await join();
	const bothSay = (text: string): void => {
		for (const { socket } of [client, server]) socket.write(text);
	};
	proxy.slow({ latencyMs: 60_000 }, "up");
	bothSay("a");
	await until("the quick direction", () => client.received() === "a");
	assert.is(server.received(), "");
	const [second, far] = await join();
	proxy.slow(null);
	proxy.blackhole(true, "down");
	second.socket.write("up");
	far.socket.write("down");
	await until("the direction that is whole", () => far.received() === "up");
	assert.is(second.received(), "");
	proxy.blackhole(false, "down");
	const [third, end] = await join();
	proxy.cutAfterBytes(2, "down");
	end.socket.write("123");
	await until("the cut", () => isReset(end) && third.isClosed());
	await stop();
});

test("a reset of one side tells the other nothing", async () => {
	for (const direction of ["up", "down"] as const) {
		const { proxy, join, stop } = await startWorld();
		const [client, server] = await join();
		proxy.cut(direction);
		const [told, untold] = direction === "up" ? [server, client] : [client, server];
		await until("the reset", () => isReset(told));
		untold.socket.write("anybody there?");
		await delay(50);
		assert.equal([untold.isClosed(), untold.hasEnded(), untold.received()], [false, false, ""], direction);
		await stop();
	}
});

test("slices pass as small pieces, jitter keeps the order, and a slow end comes later", async () => {
	const { proxy, join, stop } = await startWorld();
	const [client, server] = await join();
	const sizes: number[] = [];
	server.socket.on("data", (text: string) => sizes.push(text.length));
	proxy.slow({ sliceBytes: 5, jitterMs: 20, closeMs: 200 });
	for (let number = 0; number < 20; number += 1) client.socket.write(`${number} `);
	const startedMs = performance.now();
	client.socket.end();
	await until("the end", () => server.hasEnded());
	assert.is(server.received(), Array.from({ length: 20 }, (_, number) => `${number} `).join(""));
	assert.ok(sizes.length > 5, `${sizes}`);
	assert.ok(performance.now() - startedMs >= 200);
	await stop();
});

test("cut closes a connection whose end is under way too", async () => {
	const { proxy, join, stop } = await startWorld();
	const [client, server] = await join();
	server.socket.pause();
	client.socket.end("x".repeat(10_000_000));
	await until("the proxy to hold all it may", () => proxy.bytesUp() > 100_000);
	proxy.closeFin("up");
	proxy.cut();
	await until("the end", () => proxy.open() === 0);
	// A handle that is left would keep this process from ending, which the runner reports.
	await stop();
});

test("what a connection began with is kept", async () => {
	const { proxy, join, stop } = await startWorld();
	for (const text of ["A", "BA"]) {
		const [client, server] = await join();
		client.socket.write(text);
		await until("bytes", () => server.received() === text);
	}
	assert.equal(proxy.greetings(), [0x41, 0x42]);
	await stop();
});

test.run();
