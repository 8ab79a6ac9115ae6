// What anybody who reaches the port may send, to the server on a real socket. Every answer is one of those there are, of
// bounded length; the connection ends; nothing is changed by it, and the next client is served.
import { connect, type Socket } from "node:net";
import * as assert from "uvu/assert";
import type { Log } from "../../../src/log.js";
import { type Answer, createHttpServer, EVENTS_PATH, JSON_TYPE } from "../../../src/serve/http-server.js";
import type { Target } from "../fuzz.js";

const CODES = new Set(["200", "400", "403", "404", "405", "421", "431"]);

/** Inputs between two questions whether a good client is still served. */
const ASK_EVERY = 50;

const EMPTY_CHUNKS = "0\r\n\r\n";

const GOOD = "GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** Sends bytes, ends, and reads what comes back until the server has closed. */
function exchange(port: number, bytes: Buffer): Promise<string> {
	return new Promise((resolve) => {
		let answer = "";
		const socket: Socket = connect(port, "127.0.0.1", () => socket.end(bytes));
		socket.on("data", (chunk) => {
			answer += chunk.toString("latin1");
		});
		socket.on("error", () => {}); // a reset is one way of being closed
		socket.on("close", () => resolve(answer));
	});
}

/** The answers one behind the other, by their Content-Length. */
function answersIn(text: string, requests: string): string[] {
	const answers: string[] = [];
	for (let at = 0; at < text.length; ) {
		const headEnd = text.indexOf("\r\n\r\n", at);
		assert.ok(headEnd > 0, `no head: ${text.slice(at, at + 80)}`);
		const head = text.slice(at, headEnd);
		const code = /^HTTP\/1\.1 (\d{3}) [A-Z][A-Za-z -]+\r\n/.exec(head)?.[1] ?? "none";
		assert.ok(CODES.has(code), head);
		if (/^Content-Type: text\/event-stream$/m.test(head)) return [...answers, "events"];
		answers.push(code);
		const length = Number(/^Content-Length: (\d+)$/im.exec(head)?.[1] ?? Number.NaN);
		if (Number.isNaN(length)) {
			// Node's own, to a request of HTTP/1.1 without Host; then the connection ends.
			assert.match(head, /^Connection: close$/m);
			at = headEnd + 4 + (text.startsWith(EMPTY_CHUNKS, headEnd + 4) ? EMPTY_CHUNKS.length : 0);
			continue;
		}
		// To HEAD the length is told and nothing follows but the next answer.
		const isWhole = /^HEAD /.test(requests) && text.startsWith("HTTP/1.1 ", headEnd + 4);
		at = headEnd + 4 + (isWhole || headEnd + 4 === text.length ? 0 : length);
	}
	return answers;
}

/** Starts a server for one campaign. */
export async function createHttpTarget(): Promise<Target> {
	const logged: string[] = [];
	const note = (event: string): void => void logged.push(event);
	const log: Log = { error: note, warn: note, info: note, debug: note };
	const answer = (): Answer => ({ code: 200, type: JSON_TYPE, body: '{"device":"pi-7f3a"}' });
	const documents = new Map(["/", "/status", "/metrics", "/healthz"].map((path) => [path, answer]));
	const server = createHttpServer({
		listen: { host: "127.0.0.1", port: 0 },
		site: { documents, state: () => ({}) },
		log,
	});
	const { port } = await server.start();
	let inputs = 0;

	async function isServed(): Promise<void> {
		assert.match(await exchange(port, Buffer.from(GOOD)), /^HTTP\/1\.1 200 OK\r\n[\s\S]*"device":"pi-7f3a"/);
	}

	return {
		name: "http",
		words: [
			...[
				"GET ",
				"HEAD ",
				"POST ",
				"OPTIONS * ",
				"CONNECT ",
				"/status",
				"/metrics",
				"/healthz",
				EVENTS_PATH,
				"/../",
				"%00",
				"?",
			],
			...[" HTTP/1.1\r\n", " HTTP/1.0\r\n", "\r\n", "\r\n\r\n", "\n", "Host: localhost\r\n", "Host: evil\r\n"],
			...[
				"Content-Length: 5\r\n",
				"Transfer-Encoding: chunked\r\n",
				"Expect: 100-continue\r\n",
				"Upgrade: websocket\r\n",
			],
			...[
				"Connection: upgrade\r\n",
				"Connection: keep-alive\r\n",
				"Origin: http://evil\r\n",
				"0\r\n\r\n",
				"ffffffff\r\n",
			],
		],
		async feed(input) {
			inputs += 1;
			const text = await exchange(port, input);
			const answers = answersIn(text, input.toString("latin1"));
			// An answer for each end of a head at the most, and one for what is none.
			const heads = input.toString("latin1").split(/\n\r?\n/).length;
			assert.ok(answers.length <= heads, `${answers.length} answers to ${heads} heads`);
			if (inputs % ASK_EVERY === 0) await isServed();
			return [answers.slice(0, 3).join(" ")];
		},
		async end() {
			await isServed();
			await server.stop();
			assert.equal(logged, []);
		},
	};
}
