// A gateway's network in the demo: a relay between its agent and the embedded broker that can be cut and stalled by a key.
import { createServer, connect as dial, type Server, type Socket } from "node:net";

const HOST = "127.0.0.1";

/** How long a cut link swallows what is sent into it before both ends learn of it: as a pulled cable, or a router that restarts. */
export const CUT_MS = 1_500;

export interface DemoLink {
	readonly url: string;
	/** From now on everything is lost; CUT_MS later the connections are reset. The agent comes back by itself. */
	cut(): void;
	/** Lets nothing through in either direction until it is called again; connections stay up. Says whether it is stalled. */
	toggleStall(): boolean;
	/** How it is, in a word for the screen. */
	state(): "cut" | "stalled" | "up";
	stop(): void;
}

/** Listens on a free port of loopback and relays to the broker's. */
export async function startLink(brokerPort: number): Promise<DemoLink> {
	const sockets = new Set<Socket>();
	let stalled = false;
	let cut: NodeJS.Timeout | null = null;

	function relay(near: Socket): void {
		const far = dial(brokerPort, HOST);
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			sockets.add(from);
			from.setNoDelay(true);
			from.on("data", (chunk) => {
				if (cut === null && !to.write(chunk)) from.pause();
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
	const port = await listen(server);
	return {
		url: `mqtt://${HOST}:${port}`,
		cut() {
			cut ??= setTimeout(() => {
				cut = null;
				for (const socket of sockets) socket.resetAndDestroy();
			}, CUT_MS);
		},
		toggleStall() {
			stalled = !stalled;
			for (const socket of sockets) stalled ? socket.pause() : socket.resume();
			return stalled;
		},
		state: () => (cut !== null ? "cut" : stalled ? "stalled" : "up"),
		stop() {
			if (cut !== null) clearTimeout(cut);
			server.close();
			for (const socket of sockets) socket.destroy();
		},
	};
}

function listen(server: Server): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, HOST, () => {
			const address = server.address();
			if (address === null || typeof address === "string") reject(new Error("the relay listens on no port"));
			else resolve(address.port);
		});
	});
}
