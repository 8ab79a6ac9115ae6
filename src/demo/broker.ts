// The embedded broker of the demo, on loopback only. aedes is an optional package, loaded here and nowhere else; a
// gateway uses a broker of its own. It has no async hooks, so that it answers pings in order (README.md, barriers).
import { createServer, type Server, type Socket } from "node:net";

/** The port that clients expect; where it is taken, by whatever, the demo stays away from it and takes a free one. */
const USUAL_PORT = 1883;
const HOST = "127.0.0.1";

export interface EmbeddedBroker {
	readonly url: string;
	stop(): Promise<void>;
}

/** Starts it. Rejects with an Error that says what to do when the package is not installed. */
export async function startEmbeddedBroker(): Promise<EmbeddedBroker> {
	const { Aedes } = await import("aedes").catch((cause: Error) => {
		throw new Error(
			"the embedded broker is not installed: npm install aedes, or tallywire run with a broker of your own",
			{
				cause,
			},
		);
	});
	const broker = await Aedes.createBroker();
	// aedes 1.2 numbers what is published and drops for a client whatever comes below its newest number. It stores a
	// retained message before it hands it on, so any frame overtakes it, and half of all statuses would be lost here.
	broker.on("client", (client) => Object.defineProperty(client, "duplicates", { get: () => ({}) }));
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
		broker.handle(socket);
	});
	const port = await listen(server, USUAL_PORT).catch(() => listen(server, 0));
	return {
		url: `mqtt://${HOST}:${port}`,
		async stop() {
			server.close();
			for (const socket of sockets) socket.destroy();
			await new Promise<void>((resolve) => broker.close(() => resolve()));
		},
	};
}

function listen(server: Server, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, HOST, () => {
			server.removeListener("error", reject);
			const address = server.address();
			if (address === null || typeof address === "string") reject(new Error("the broker listens on no port"));
			else resolve(address.port);
		});
	});
}
