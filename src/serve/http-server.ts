// What a running program shows over node:http: documents by path, and one stream of events for its page. Read only:
// nothing a client sends changes anything, and no body is ever read. Every connection has a deadline and a place in a
// bounded set, so that whoever can reach the port can cost neither memory nor readings. Without clients it wakes nobody.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { hostname } from "node:os";
import type { Log } from "../log.js";
import { createHostCheck } from "./allowed-host.js";
import { createEvents, type Events, VIEWERS_MAX } from "./events.js";

/** Open connections; the next is closed at once. Beside the viewers, Prometheus and whoever asks for a document. */
export const CONNECTIONS_MAX = VIEWERS_MAX + 16;
/** Request line and headers; a browser sends under 2 KiB. With CONNECTIONS_MAX that is 384 KiB in all. */
export const HEADER_BYTES_MAX = 8_192;
/** From a connection to the end of its first headers: a client that trickles them keeps its place no longer. */
export const HEADERS_TIMEOUT_MS = 2_000;
/** From the end of a request's headers to the end of its answer, for a client that does not read. */
export const REQUEST_TIMEOUT_MS = 5_000;
/** From an answer to the end of the next request's headers on the same connection. */
export const KEEP_ALIVE_MS = 5_000;
/** A body this small is skipped and the connection kept; a longer one, or one of unknown length, ends it unread. */
export const BODY_BYTES_MAX = 4_096;
/** The longest answer. The largest status, 64 sources with an error each and 64 losses, is about 40 KiB. */
export const RESPONSE_BYTES_MAX = 1_048_576;

/** What is served: documents by path, made on each request, and the states that EVENTS_PATH sends to the page. */
export interface Site {
	readonly documents: ReadonlyMap<string, () => Answer>;
	readonly state: () => unknown;
}

export interface Answer {
	readonly code: number;
	readonly type: string;
	readonly body: string;
	readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpServerOptions {
	/** Port 0 takes a free one. */
	readonly listen: { readonly host: string; readonly port: number };
	readonly site: Site;
	readonly log: Log;
}

export interface HttpServer {
	/** Listens. Rejects with an Error whose message tells a person what to do; the agent goes on without HTTP. */
	start(): Promise<{ readonly port: number }>;
	/** Closes the port and every connection. */
	stop(): Promise<void>;
}

/** Where a page finds its events. */
export const EVENTS_PATH = "/events";

export const HTML_TYPE = "text/html; charset=utf-8";
export const JSON_TYPE = "application/json; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";

/** In place of an answer: the events, which have no end. */
const WATCH = Symbol("watch");

const HEADERS: Readonly<Record<string, string>> = {
	"Cache-Control": "no-store",
	"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy": "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy": "no-referrer",
	"X-Content-Type-Options": "nosniff",
	"X-Frame-Options": "DENY",
};

/** Makes the server; nothing is opened before `start`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
	const { listen, site, log } = options;
	const isAllowedHost = createHostCheck(listen.host, hostname());
	const events = createEvents(site.state, () => performance.now());
	const server = createServer({
		maxHeaderSize: HEADER_BYTES_MAX,
		// Node looks for late requests by polling all connections; the deadlines below need no timer while there are none.
		headersTimeout: 0,
		requestTimeout: 0,
		keepAliveTimeout: KEEP_ALIVE_MS,
		connectionsCheckingInterval: 2_147_483_647,
	});
	server.maxConnections = CONNECTIONS_MAX;
	const deadlines = createDeadlines(server);

	function respond(request: IncomingMessage, response: ServerResponse): void {
		deadlines.set(request.socket, REQUEST_TIMEOUT_MS);
		response.once("finish", () => deadlines.set(request.socket, KEEP_ALIVE_MS));
		const answer = refusal(request, isAllowedHost) ?? find(request, site, events);
		if (answer !== WATCH) {
			send(request, response, bounded(answer));
			return;
		}
		response.writeHead(200, { ...HEADERS, "Content-Type": "text/event-stream" });
		if (request.method === "HEAD") {
			response.end();
			return;
		}
		deadlines.clear(request.socket); // a viewer has those of events.ts
		events.send(response);
	}

	server.on("request", respond);
	// Instead of inviting a body with "100 Continue", and of Node's own 417 for whatever else is expected.
	server.on("checkContinue", respond);
	server.on("checkExpectation", respond);
	server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket));
	server.on("drop", () => log.warn("http_refused", { connections: CONNECTIONS_MAX }));

	return {
		start: () => start(server, listen, log),
		stop: () =>
			new Promise((resolve) => {
				// An error here says only that it was not listening.
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

function start(server: Server, listen: HttpServerOptions["listen"], log: Log): Promise<{ port: number }> {
	return new Promise((resolve, reject) => {
		const failed = (error: NodeJS.ErrnoException): void => {
			reject(new Error(`http: ${reasonOf(error, listen)}`, { cause: error }));
		};
		server.once("error", failed);
		server.listen({ host: listen.host, port: listen.port }, () => {
			server.off("error", failed);
			// Accepting can fail later (no descriptors left); the next connection is tried all the same.
			server.on("error", (error) => log.warn("http_error", { error: error.message }));
			resolve({ port: (server.address() as AddressInfo).port });
		});
	});
}

function reasonOf(error: NodeJS.ErrnoException, { host, port }: HttpServerOptions["listen"]): string {
	const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
	switch (error.code) {
		case "EADDRINUSE":
			return `another program listens on ${where}; set http.listen to a free port, or http: false`;
		case "EACCES":
			return `no permission to listen on ${where}; ports below 1024 need it, set http.listen to a higher one`;
		case "EADDRNOTAVAIL":
			return `${where} is no address of this machine; set http.listen to one that is, or to 127.0.0.1`;
		case "ENOTFOUND":
		case "EAI_AGAIN":
			return `the name ${host} cannot be resolved; set http.listen to an address`;
		default:
			return `cannot listen on ${where}: ${error.message}`;
	}
}

/** One timer per connection: a client that is late is cut off. */
function createDeadlines(server: Server) {
	const timers = new WeakMap<Socket, NodeJS.Timeout>();

	function set(socket: Socket, delayMs: number): void {
		clear(socket);
		if (socket.destroyed) return;
		const timer = setTimeout(() => socket.destroy(), delayMs);
		timer.unref();
		timers.set(socket, timer);
	}

	function clear(socket: Socket): void {
		clearTimeout(timers.get(socket));
	}

	server.on("connection", (socket: Socket) => {
		set(socket, HEADERS_TIMEOUT_MS);
		socket.once("close", () => clear(socket));
	});
	return { set, clear };
}

/** What is said to a request that gets nothing here, or undefined. */
function refusal(
	{ headers, method }: IncomingMessage,
	isAllowedHost: (authority: string | undefined) => boolean,
): Answer | undefined {
	if (!isAllowedHost(headers.host)) {
		return text(421, "this Host is not served here; use localhost, or the address of this machine");
	}
	// Only a page of another site sends a foreign Origin, and it could not read the answer anyway.
	if (headers.origin !== undefined && !isAllowedHost(headers.origin.replace(/^https?:\/\//, ""))) {
		return text(403, "not for other sites");
	}
	if (method !== "GET" && method !== "HEAD") {
		return { ...text(405, "only GET and HEAD"), headers: { Allow: "GET, HEAD" } };
	}
	return undefined;
}

function find({ headers, url = "" }: IncomingMessage, { documents }: Site, events: Events): Answer | typeof WATCH {
	const path = url.replace(/\?.*$/s, "");
	const document = documents.get(path);
	if (document) return document();
	if (path !== EVENTS_PATH) return text(404, `try ${[...documents.keys()].join(", ")} or ${EVENTS_PATH}`);
	// An image of another site sends no Origin; it would see nothing, but take a viewer's place.
	if (headers["sec-fetch-site"] === "cross-site") return text(403, "not for other sites");
	return events.hasRoom() ? WATCH : text(503, `${VIEWERS_MAX} viewers look already; try again later`);
}

function text(code: number, message: string): Answer {
	return { code, type: TEXT, body: `${message}\n` };
}

function bounded(full: Answer): Answer {
	if (Buffer.byteLength(full.body) <= RESPONSE_BYTES_MAX) return full;
	return text(500, `the answer is longer than ${RESPONSE_BYTES_MAX} bytes`);
}

function send(request: IncomingMessage, response: ServerResponse, { code, type, body, headers }: Answer): void {
	if (!isBodySmall(request)) response.shouldKeepAlive = false;
	const bytes = Buffer.from(body);
	response.writeHead(code, { ...HEADERS, ...headers, "Content-Type": type, "Content-Length": bytes.byteLength });
	response.end(request.method === "HEAD" ? undefined : bytes);
	// Node skips what is left of a body before the next request; a long one ends the connection instead.
	if (!isBodySmall(request)) response.once("finish", () => request.socket.destroySoon());
}

function isBodySmall({ headers }: IncomingMessage): boolean {
	return headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) <= BODY_BYTES_MAX;
}

/** What is no HTTP, or too long. The answer is short and the connection ends; its deadline ends it for certain. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
	if (!socket.writable) {
		socket.destroy();
		return;
	}
	const line = error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
	socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
