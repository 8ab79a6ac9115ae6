// The demo's network: a relay between the agent and the embedded broker that can be cut and stalled by a key.
import { createServer, connect as dial, type Socket } from "node:net";

const HOST = "127.0.0.1";

export interface DemoLink {
	readonly url: string;
	/** Resets every connection, as a router that restarts does. The agent comes back by itself. */
	cut(): void;
	/** Lets nothing through in either direction until it is called again; connections stay up. Says whether it is stalled. */
	toggleStall(): boolean;
	stop(): void;
}

/** Listens on a free port of loopback and relays to the broker's. */
export function startLink(brokerPort: number): Promise<DemoLink> {
	const sockets = new Set<Socket>();
	let stalled = false;

	function relay(near: Socket): void {
		const far = dial(brokerPort, HOST);
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			sockets.add(from);
			from.setNoDelay(true);
			from.on("data", (chunk) => {
				if (!to.write(chunk)) from.pause();
			});
			to.on("drain", () => {
				if (!stalled) from.resume();
			});
			from.on("error", () => to.destroy()); // the other half goes with it; both ends see a connection that ended
			from.on("close", () => {
				sockets.delete(from);
				to.destroy();
			});
			if (stalled) from.pause();
		}
	}

	const server = createServer(relay);
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, HOST, () => {
			const address = server.address();
			if (address === null || typeof address === "string") return reject(new Error("the relay listens on no port"));
			resolve({
				url: `mqtt://${HOST}:${address.port}`,
				cut() {
					for (const socket of sockets) socket.resetAndDestroy();
				},
				toggleStall() {
					stalled = !stalled;
					for (const socket of sockets) stalled ? socket.pause() : socket.resume();
					return stalled;
				},
				stop() {
					server.close();
					for (const socket of sockets) socket.destroy();
				},
			});
		});
	});
}
