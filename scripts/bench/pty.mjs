// A serial line without a sensor: socat's pseudo terminal, fed from a file, piece by piece, or not at all.
import { spawn } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";

const lines = new Set();
process.on("exit", () => {
	for (const socat of lines) socat.kill("SIGKILL");
});

/**
 * Resolves when the near end is there. The far end stays open, so the line does not hang up by itself. `onBytes` gets what
 * is written into the near end.
 */
export async function plugLine({ support }, onBytes) {
	const path = join(support.makeTempDir("bench-pty"), "near");
	const ends = [...(onBytes ? [] : ["-u"]), "-", `pty,raw,echo=0,link=${path}`];
	const socat = spawn("socat", ends, { stdio: ["pipe", onBytes ? "pipe" : "ignore", "inherit"] });
	socat.stdout?.on("data", onBytes);
	lines.add(socat);
	socat.stdin.on("error", () => undefined); // unplugged before it had read everything
	await support.until("socat's pseudo terminal", () => existsSync(path));
	return {
		path,
		/** Resolves when the last byte of the file has been given to socat. */
		feed: (file) =>
			new Promise((resolve, reject) => {
				const bytes = createReadStream(file);
				bytes.once("error", reject).once("end", resolve).pipe(socat.stdin, { end: false });
			}),
		write: (bytes) => void socat.stdin.write(bytes),
		unplug() {
			lines.delete(socat);
			socat.kill("SIGKILL");
		},
	};
}
