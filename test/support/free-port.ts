// Ports for servers that a test starts. They lie below the kernel's range for outgoing connections, so that a server
// that is stopped for a while finds its port free again.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const PORT_MIN = 12_000;
const PORT_MAX = 32_000;
const ATTEMPTS_MAX = 100;

/** A TCP port of 127.0.0.1 that was free a moment ago. Whoever binds it must still be ready to be too late. */
export async function freePort(): Promise<number> {
	for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
		const port = randomInt(PORT_MIN, PORT_MAX);
		if (await isFree(port)) return port;
	}
	throw new Error(`no free port in ${ATTEMPTS_MAX} attempts`);
}

function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
	});
}
