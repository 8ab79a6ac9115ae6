import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Log } from "../../src/log.js";
import {
	CONNECTIONS_MAX,
	createHttpServer,
	HEADER_BYTES_MAX,
	HEADERS_TIMEOUT_MS,
	type HttpServerOptions,
	RESPONSE_BYTES_MAX,
} from "../../src/serve/http-server.js";
import { type AgentReport, toStatus } from "../../src/wire/status.js";
import { sampleReport, sampleSite } from "./sample-report.js";

const test = suite("http server");

interface Reply {
	readonly code: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

async function withServer(
	{ report = sampleReport, ...changes }: Partial<HttpServerOptions> & { readonly report?: () => AgentReport },
	use: (port: number, logged: string[]) => Promise<void>,
): Promise<void> {
	const logged: string[] = [];
	const note = (event: string) => void logged.push(event);
	const log: Log = { error: note, warn: note, info: note, debug: note };
	const server = createHttpServer({
		listen: { host: "127.0.0.1", port: 0 },
		site: sampleSite(report),
		log,
		...changes,
	});
	const { port } = await server.start();
	try {
		await use(port, logged);
	} finally {
		await server.stop();
	}
}

function ask(port: number, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Reply> {
	return new Promise((resolve, reject) => {
		const request = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
			let body = "";
			response.setEncoding("utf8");
			response.on("data", (chunk) => {
				body += chunk;
			});
			response.on("end", () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body }));
		});
		request.on("error", reject);
		request.end();
	});
}

/** Connects; a reset is one way of being closed, so errors are no failures. */
async function open(port: number): Promise<{ socket: Socket; closed: Promise<void> }> {
	const socket = connect(port, "127.0.0.1");
	socket.on("error", () => {});
	const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
	await new Promise<void>((resolve) => {
		socket.once("connect", resolve);
		socket.once("close", () => resolve());
	});
	return { socket, closed };
}

/** Writes bytes as they are; resolves with all that came back once the server has closed the connection. */
async function raw(port: number, ...parts: (string | Buffer)[]): Promise<string> {
	const { socket, closed } = await open(port);
	let answer = "";
	socket.on("data", (chunk) => {
		answer += chunk.toString("latin1");
	});
	for (const part of parts) socket.write(part);
	await closed;
	return answer;
}

test("serves the four documents, each with its type and safe headers", async () => {
	await withServer({}, async (port) => {
		const types = {
			"/metrics": "text/plain; version=0.0.4; charset=utf-8",
			"/healthz": "application/json; charset=utf-8",
			"/status": "application/json; charset=utf-8",
			"/": "text/html; charset=utf-8",
		};
		for (const [path, type] of Object.entries(types)) {
			const { code, headers, body } = await ask(port, path);
			assert.is(code, 200, path);
			assert.is(headers["content-type"], type, path);
			assert.is(Number(headers["content-length"]), Buffer.byteLength(body), path);
			assert.is(headers["x-content-type-options"], "nosniff", path);
			assert.is(headers["cache-control"], "no-store", path);
			assert.is(headers["x-frame-options"], "DENY", path);
			assert.match(String(headers["content-security-policy"]), /^default-src 'none'/, path);
			assert.is(headers["access-control-allow-origin"], undefined, path);
			assert.is(headers["x-powered-by"], undefined, path);
		}
	});
});

test("/status is the status object, /metrics the text, with or without a query", async () => {
	await withServer({}, async (port) => {
		assert.equal(
			JSON.parse((await ask(port, "/status?t=1")).body),
			JSON.parse(JSON.stringify(toStatus(sampleReport()))),
		);
		assert.match((await ask(port, "/metrics")).body, /^tallywire_readings_stamped_total 1234567$/m);
	});
});

test("/healthz is 503 with the reason while the link is down", async () => {
	const report = () => sampleReport({ link: { connected: false, error: "refused" } });
	await withServer({ report }, async (port) => {
		const { code, body } = await ask(port, "/healthz");
		assert.is(code, 503);
		assert.equal(JSON.parse(body), { ok: false, reasons: ["not connected to the broker: refused"] });
	});
});

test("HEAD is GET without the body", async () => {
	await withServer({}, async (port) => {
		for (const path of ["/status", "/", "/nothing"]) {
			const [head, get] = [await ask(port, path, {}, "HEAD"), await ask(port, path)];
			assert.is(head.code, get.code);
			assert.is(head.headers["content-length"], get.headers["content-length"]);
			assert.is(head.body, "");
		}
	});
});

test("answers no other method", async () => {
	await withServer({}, async (port) => {
		for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
			const { code, headers } = await ask(port, "/status", {}, method);
			assert.is(code, 405, method);
			assert.is(headers.allow, "GET, HEAD", method);
		}
	});
});

test("serves nothing else, whatever the path", async () => {
	await withServer({}, async (port) => {
		for (const path of [
			"/../etc/passwd",
			"/%2e%2e/etc/passwd",
			"//status",
			"/status/",
			"/STATUS",
			"/index.html",
			"*",
		]) {
			assert.is((await ask(port, path)).code, 404, path);
		}
	});
});

test("refuses a forged Host and a foreign Origin", async () => {
	await withServer({}, async (port) => {
		for (const host of ["evil.example", "evil.example:9464", "127.0.0.1.evil.example", "192.168.1.7"]) {
			const { code, body } = await ask(port, "/status", { Host: host });
			assert.is(code, 421, host);
			assert.not.match(body, /pi-7f3a/);
		}
		assert.is((await ask(port, "/status", { Host: "localhost:1" })).code, 200);
		assert.is((await ask(port, "/status", { Origin: "http://evil.example" })).code, 403);
		assert.is((await ask(port, "/status", { Origin: "null" })).code, 403);
		assert.is((await ask(port, "/status", { Origin: `http://localhost:${port}` })).code, 200);
		assert.match(await raw(port, "GET /status HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 421 /);
		assert.match(await raw(port, "GET /status HTTP/1.1\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 400 /);
	});
});

test("closes one connection too many at once, and serves again when one has gone", async () => {
	await withServer({}, async (port, logged) => {
		const clients = [];
		for (let i = 0; i < CONNECTIONS_MAX; i += 1) clients.push(await open(port));
		assert.is(await raw(port, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n"), "");
		assert.equal(logged, ["http_refused"]);
		const [first] = clients;
		first?.socket.resume();
		first?.socket.end("GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
		await first?.closed;
		assert.is((await ask(port, "/healthz")).code, 200);
		for (const { socket } of clients) socket.destroy();
	});
});

test("closes a client that trickles its headers, and one that says nothing", async () => {
	await withServer({}, async (port) => {
		const startedMs = performance.now();
		const silent = raw(port);
		const { socket, closed } = await open(port);
		socket.resume();
		socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n");
		const trickle = setInterval(() => socket.write("X: y\r\n"), 50);
		await Promise.all([silent, closed]);
		clearInterval(trickle);
		const tookMs = performance.now() - startedMs;
		assert.ok(tookMs >= HEADERS_TIMEOUT_MS - 100, `${tookMs} ms`);
	});
});

test("answers 431 to a giant header and closes", async () => {
	await withServer({}, async (port) => {
		const giant = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(HEADER_BYTES_MAX * 2)}\r\n\r\n`;
		assert.match(await raw(port, giant), /^HTTP\/1\.1 431 /);
		const endless = Buffer.alloc(4_000_000, "x");
		const answer = await raw(port, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", endless);
		assert.ok(answer === "" || answer.startsWith("HTTP/1.1 431 "), answer.slice(0, 100));
		assert.is((await ask(port, "/healthz")).code, 200);
	});
});

test("answers 400 to what is no HTTP and closes", async () => {
	await withServer({}, async (port) => {
		assert.match(await raw(port, "\u0016\u0003\u0001 not http\r\n\r\n"), /^HTTP\/1\.1 400 /);
	});
});

test("reads no body: a small one is skipped, a long or endless one ends the connection", async () => {
	await withServer({}, async (port) => {
		const head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
		const last = `${head}Connection: close\r\n\r\n`;
		const skipped = await raw(port, `${head}Content-Length: 3\r\n\r\nabc${last}`);
		assert.is(skipped.split("HTTP/1.1 200").length - 1, 2);
		const long = await raw(port, `${head}Content-Length: 5000000\r\n\r\n`, "x");
		assert.match(long, /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n/s);
		assert.match(await raw(port, `${head}Transfer-Encoding: chunked\r\n\r\n`), /^HTTP\/1\.1 200 .*Connection: close/s);
		const expecting = await raw(port, `${head}Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n`);
		assert.not.match(expecting, /100 Continue/);
	});
});

test("keeps a connection for the next request", async () => {
	await withServer({}, async (port) => {
		const one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
		const answer = await raw(port, `${one}\r\n${one}\r\n${one}Connection: close\r\n\r\n`);
		assert.is(answer.split("HTTP/1.1 200").length - 1, 3);
	});
});

test("bounds its answers", async () => {
	const error = "x".repeat(RESPONSE_BYTES_MAX);
	await withServer({ report: () => sampleReport({ sources: [{ up: false, error }] }) }, async (port) => {
		const { code, body } = await ask(port, "/status");
		assert.is(code, 500);
		assert.ok(body.length < 100);
	});
});

test("says what to do about a port that is taken, and about one it may not have", async () => {
	const other = createServer();
	other.listen(0, "127.0.0.1");
	await once(other, "listening");
	const address = other.address();
	const port = typeof address === "object" && address !== null ? address.port : 0;
	const silent: Log = { error() {}, warn() {}, info() {}, debug() {} };
	const options = { site: sampleSite(sampleReport), log: silent };
	const failures = [
		[
			{ host: "127.0.0.1", port },
			/^http: another program listens on 127\.0\.0\.1:\d+; set http\.listen to a free port/,
		],
		[{ host: "192.0.2.1", port: 0 }, /^http: 192\.0\.2\.1:0 is no address of this machine/],
	] as const;
	for (const [listen, message] of failures) {
		const server = createHttpServer({ ...options, listen });
		try {
			await server.start();
			assert.unreachable();
		} catch (error) {
			assert.match((error as Error).message, message);
		}
		await server.stop();
	}
	other.close();
});

test("stops with clients still connected", async () => {
	let ended = Promise.resolve();
	await withServer({}, async (port) => {
		const { socket, closed } = await open(port);
		socket.write("GET / HTTP/1.1\r\n");
		ended = closed;
	});
	await ended;
});

test.run();
