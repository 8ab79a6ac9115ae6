// A broker over WebSocket may announce a message of any length, and the library would gather all of it before anybody
// sees a byte: the bound has to be the library's own.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { subscribe } from "../../src/consume/subscribe.js";

/** Takes the handshake (RFC 6455, 4.2.2) and announces a binary frame of 64 MiB. */
function announce(socket: Duplex, key: string): void {
	const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
	const answer = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
	socket.write([...answer, `Sec-WebSocket-Accept: ${accept}`, "Sec-WebSocket-Protocol: mqtt", "", ""].join("\r\n"));
	socket.write(Buffer.from("827f0000000004000000", "hex"));
}

test("a message of 64 MiB over WebSocket ends the connection when it is announced", async () => {
	const server = createServer();
	server.on("upgrade", (request, socket) => announce(socket, String(request.headers["sec-websocket-key"])));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const reason = new Promise<string>((resolve) => {
		const subscription = subscribe({
			broker: { url: `ws://127.0.0.1:${port}` },
			name: "test",
			topics: ["#"],
			random: Math.random,
			nowMs: () => performance.now(),
			events: {
				message: () => undefined,
				up: () => undefined,
				down(end) {
					subscription.stop();
					resolve(end.reason);
				},
			},
		});
	});
	assert.match(await reason, /Max payload size exceeded/);
	server.close();
	server.closeAllConnections();
});

test.run();
